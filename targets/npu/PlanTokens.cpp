// What goes over the channels of a pixel: products of two activations, softmax, norms.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Planner.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "targets/npu/device/kernels.h"
#include <cmath>

using namespace mlir;
using namespace brisk;
using namespace brisk::npu;

using Axes = SmallVector<Axis, 4>;

//===--- views --------------------------------------------------------------===//

/// Axes of what a reshape makes of a tensor with these axes.
static std::optional<Axes> reshaped(ArrayRef<Axis> axes, Operation *op) {
  Axes result;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    for (const auto &group : collapse.getReassociationIndices()) {
      Axis merged{1, false, 0};
      for (int64_t i : group) {
        const Axis &axis = axes[i];
        if (axis.size == 1)
          continue;
        if (merged.size != 1 && (merged.isChannel != axis.isChannel || merged.stride != axis.stride * axis.size))
          return std::nullopt;
        merged = {merged.size * axis.size, axis.isChannel, axis.stride};
      }
      result.push_back(merged);
    }
    return result;
  }
  auto expand = cast<tensor::ExpandShapeOp>(op);
  result.resize(type.getRank());
  for (auto [axis, group] : llvm::zip(axes, expand.getReassociationIndices())) {
    int64_t stride = axis.stride;
    for (int64_t i : llvm::reverse(group)) {
      int64_t size = type.getDimSize(i);
      result[i] = {size, axis.isChannel && size > 1, size > 1 ? stride : 0};
      stride *= size;
    }
  }
  return result;
}

std::optional<View> Planner::viewOf(Value tensor) {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type || !type.hasStaticShape() || type.getRank() < 2)
    return std::nullopt;
  if (auto found = views.find(tensor); found != views.end())
    return found->second;
  if (auto found = known.find(tensor); found != known.end()) {
    const Extent &extent = plan.images[found->second].extent;
    Axes axes(type.getRank(), Axis{1, false, 0});
    axes[type.getRank() - 2] = {extent.width, false, 1};
    axes[type.getRank() - 1] = {extent.channels, true, 1};
    return extent.height == 1 ? std::optional(View{found->second, axes}) : std::nullopt;
  }
  Operation *def = tensor.getDefiningOp();
  if (def && isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(def)) {
    auto view = viewOf(def->getOperand(0));
    auto axes = view ? reshaped(view->axes, def) : std::nullopt;
    return axes ? std::optional(View{view->image, *axes}) : std::nullopt;
  }
  auto moved = dyn_cast_or_null<linalg::GenericOp>(def);
  if (!moved || !isElementwise(moved) || moved.getNumDpsInputs() != 1 ||
      moved.getBody()->getTerminator()->getOperand(0) != moved.getBody()->getArgument(0))
    return std::nullopt;
  AffineMap map = moved.getIndexingMapsArray()[0];
  auto view = map.isPermutation() ? viewOf(moved.getDpsInputs()[0]) : std::nullopt;
  if (!view)
    return std::nullopt;
  Axes axes(view->axes.size());
  for (auto [i, axis] : llvm::enumerate(view->axes))
    axes[map.getDimPosition(i)] = axis;
  return View{view->image, axes};
}

void Planner::rememberFloats(Value tensor, View view, ArrayRef<Attribute> table) {
  Floats result{std::move(view), std::vector<double>(256)};
  int flip = plan.images[result.view.image].isSigned ? 0x80 : 0;
  for (int i = 0; i < 256; ++i) {
    auto number = dyn_cast<FloatAttr>(table[i]);
    if (!number)
      return;
    result.values[i ^ flip] = number.getValueAsDouble();
  }
  floats[tensor] = std::move(result);
}

/// The step between floats that bytes stand for, where they are evenly spaced.
static std::optional<double> stepOf(const Floats &floats) {
  double step = (floats.values[255] - floats.values[0]) / 255;
  for (int i = 0; i < 256; ++i)
    if (std::fabs(floats.values[i] - floats.values[0] - step * i) > 1e-3 * step)
      return std::nullopt;
  return step > 0 ? std::optional(step) : std::nullopt;
}

void Planner::finish(linalg::GenericOp op, int image, Axes axes, std::vector<Attribute> table) {
  // As the image lies: what is 1, pixels, groups of channels, channels.
  SmallVector<unsigned> order(axes.size());
  std::iota(order.begin(), order.end(), 0);
  auto rank = [&](unsigned i) {
    return axes[i].size == 1 ? int64_t(1) << 40 : axes[i].isChannel ? axes[i].stride : 1 << 30;
  };
  llvm::stable_sort(order, [&](unsigned a, unsigned b) { return rank(a) > rank(b); });
  AffineMap map = AffineMap::getPermutationMap(order, op.getContext());
  Value result = op.getResult(0);
  if (table.empty())
    views[result] = {image, axes};
  else
    rememberFloats(result, {image, axes}, table);
  plan.replaced.push_back({result, image, std::move(table), map});
}

//===--- products of two activations ----------------------------------------===//

namespace {

/// What an elementwise op makes: a byte, or floats by a table of one.
struct Made {
  Value byte;
  std::vector<Attribute> table;
};

std::optional<Made> madeBy(linalg::GenericOp op, BodyReader &reader) {
  Value yielded = op.getBody()->getTerminator()->getOperand(0);
  if (yielded.getType().isInteger(8))
    return Made{yielded, {}};
  auto leaves = reader.bytesBehind(yielded);
  if (!leaves || leaves->size() != 1 || isa<BlockArgument>(leaves->front()))
    return std::nullopt;
  auto table = reader.tabulate(yielded, leaves->front());
  return table ? std::optional(Made{leaves->front(), *table}) : std::nullopt;
}

/// Sums of bytes, less a number each, over one axis.
struct ByteSums {
  Value bytes;
  unsigned axis;
  bool isSigned;
  double less = 0;
  SmallVector<Operation *> reshapes; // of the sums, last one first
};

std::optional<ByteSums> byteSumsOf(Value value) {
  ByteSums sums{};
  while (isa_and_nonnull<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(value.getDefiningOp())) {
    sums.reshapes.push_back(value.getDefiningOp());
    value = value.getDefiningOp()->getOperand(0);
  }
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || op.getNumDpsInputs() != 1 || op.getNumReductionLoops() != 1 || op.getNumResults() != 1)
    return std::nullopt;
  Block &body = *op.getBody();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddIOp>();
  if (!add || add.getLhs() != body.getArgument(1))
    return std::nullopt;
  Value summand = add.getRhs();
  if (auto difference = summand.getDefiningOp<arith::SubIOp>()) {
    APInt less;
    if (!matchPattern(difference.getRhs(), m_ConstantInt(&less)))
      return std::nullopt;
    sums.less = less.getSExtValue();
    summand = difference.getLhs();
  }
  Operation *extend = summand.getDefiningOp();
  if (!extend || !isa<arith::ExtSIOp, arith::ExtUIOp>(extend) || extend->getOperand(0) != body.getArgument(0) ||
      !extend->getOperand(0).getType().isInteger(8))
    return std::nullopt;
  AffineMap in = op.getIndexingMapsArray()[0], out = op.getIndexingMapsArray()[1];
  // The results' axes are those of the operand in order, but for one.
  if (!in.isPermutation() || !out.isProjectedPermutation())
    return std::nullopt;
  SmallVector<unsigned> kept;
  for (unsigned i = 0; i < in.getNumResults(); ++i) {
    if (op.getIteratorTypesArray()[in.getDimPosition(i)] == utils::IteratorType::reduction)
      sums.axis = i;
    else
      kept.push_back(in.getDimPosition(i));
  }
  if (kept.size() != out.getNumResults())
    return std::nullopt;
  for (unsigned i = 0; i < kept.size(); ++i)
    if (!llvm::is_contained(kept, out.getDimPosition(i)))
      return std::nullopt;
  sums.isSigned = isa<arith::ExtSIOp>(extend);
  sums.bytes = op.getDpsInputs()[0];
  return sums;
}

/// Which axes of the sums those of the bytes become: the op's own order.
Axes axesOfSums(const ByteSums &sums, linalg::GenericOp op, ArrayRef<Axis> bytes) {
  AffineMap in = op.getIndexingMapsArray()[0], out = op.getIndexingMapsArray()[1];
  Axes axes;
  for (unsigned i = 0; i < out.getNumResults(); ++i)
    for (unsigned j = 0; j < in.getNumResults(); ++j)
      if (in.getDimPosition(j) == out.getDimPosition(i))
        axes.push_back(bytes[j]);
  return axes;
}

} // namespace

bool Planner::visitProduct(linalg::GenericOp op) {
  if (!isElementwise(op))
    return false;
  BodyReader reader(op, 0, -1);
  auto made = madeBy(op, reader);
  auto q = made ? reader.quantized(made->byte) : std::nullopt;
  if (!q || q->real.constant.size() != 1)
    return false;
  // Which term is the product.
  linalg::GenericOp product;
  OpOperand *operand = nullptr;
  double factor = 0;
  bool isSigned[2];
  for (const Affine::Term &term : q->real.terms) {
    auto argument = dyn_cast<BlockArgument>(term.value);
    if (!argument || !argument.getType().isInteger(32) || term.factor.size() != 1)
      return false;
    auto def = op.getMatchingOpOperand(argument)->get().getDefiningOp<linalg::GenericOp>();
    if (!product && def && isProductOfBytes(def, isSigned[0], isSigned[1])) {
      product = def;
      operand = op.getMatchingOpOperand(argument);
      factor = term.factor[0];
    }
  }
  if (!product || factor <= 0 || factor >= 0.999 || !product->hasOneUse())
    return false;
  auto a = viewOf(product.getDpsInputs()[0]), b = viewOf(product.getDpsInputs()[1]);
  if (!a || !b || plan.images[a->image].isSigned != isSigned[0] || plan.images[b->image].isSigned != isSigned[1])
    return false;
  // What each loop walks in both and in the sums.
  SmallVector<AffineMap> maps = product.getIndexingMapsArray();
  if (!maps[2].isProjectedPermutation())
    return false;
  SmallVector<int64_t> ranges = product.getStaticLoopRanges();
  auto walked = [&](const View &view, AffineMap map, unsigned loop) -> const Axis * {
    for (unsigned i = 0; i < map.getNumResults(); ++i)
      if (auto dim = dyn_cast<AffineDimExpr>(map.getResult(i)); dim && dim.getPosition() == loop)
        return &view.axes[i];
    return nullptr;
  };
  int group = -1, row = -1, column = -1, summed = -1;
  for (unsigned loop = 0; loop < product.getNumLoops(); ++loop) {
    if (ranges[loop] == 1)
      continue;
    bool inA = walked(*a, maps[0], loop), inB = walked(*b, maps[1], loop);
    bool isSum = product.getIteratorTypesArray()[loop] == utils::IteratorType::reduction;
    int &role = isSum ? summed : inA && inB ? group : inA ? row : column;
    if (role >= 0 || (isSum && (!inA || !inB)))
      return false;
    role = loop;
  }
  if (row < 0 || column < 0 || summed < 0)
    return false;
  int64_t groups = group < 0 ? 1 : ranges[group], inputs = ranges[summed], outputs = ranges[column];
  auto is = [](const Axis *axis, bool isChannel, int64_t stride) {
    return axis && axis->isChannel == isChannel && axis->stride == stride;
  };
  bool isAcross = is(walked(*b, maps[1], column), false, 1) && is(walked(*b, maps[1], summed), true, 1);
  bool isAlong = is(walked(*b, maps[1], column), true, 1) && is(walked(*b, maps[1], summed), false, 1);
  const Image &x = plan.images[a->image], &w = plan.images[b->image];
  if ((!isAcross && !isAlong) || !is(walked(*a, maps[0], row), false, 1) || !is(walked(*a, maps[0], summed), true, 1) ||
      (group >= 0 && (!is(walked(*a, maps[0], group), true, inputs) ||
                      !is(walked(*b, maps[1], group), true, isAcross ? inputs : outputs))) ||
      x.extent.channels != groups * inputs || w.extent.channels != groups * (isAcross ? inputs : outputs) ||
      x.extent.width != ranges[row] || w.extent.width != (isAcross ? outputs : inputs) || inputs % 4 || outputs % 4 ||
      inputs / 4 * (outputs / 4) > NPU_PRODUCT_WEIGHTS || outputs / 4 > NPU_PRODUCT_OUTPUTS)
    return false;
  // Loops of the op that takes the sums, and what they walk.
  Axes axes(op.getNumLoops(), Axis{1, false, 0});
  AffineMap taken = op.getMatchingIndexingMap(operand);
  if (!taken.isPermutation())
    return false;
  for (unsigned i = 0; i < maps[2].getNumResults(); ++i) {
    int loop = maps[2].getDimPosition(i);
    if (ranges[loop] != 1)
      axes[taken.getDimPosition(i)] = {ranges[loop], loop != row, loop == group ? outputs : 1};
  }
  // Sums of bytes by themselves.
  double perX = 0, perW = 0, constant = q->real.constant[0];
  for (const Affine::Term &term : q->real.terms) {
    OpOperand *use = op.getMatchingOpOperand(cast<BlockArgument>(term.value));
    if (use == operand)
      continue;
    auto sums = byteSumsOf(use->get());
    auto view = sums ? viewOf(sums->bytes) : std::nullopt;
    if (!view || view->axes[sums->axis].stride != 1 || view->axes[sums->axis].size != inputs)
      return false;
    bool overPixels = !view->axes[sums->axis].isChannel;
    Value bare = use->get();
    for (size_t i = 0; i < sums->reshapes.size(); ++i)
      bare = bare.getDefiningOp()->getOperand(0);
    std::optional<Axes> walk = axesOfSums(*sums, bare.getDefiningOp<linalg::GenericOp>(), view->axes);
    for (Operation *reshape : llvm::reverse(sums->reshapes))
      walk = walk ? reshaped(*walk, reshape) : std::nullopt;
    bool ofX = view->image == a->image && sums->isSigned == isSigned[0] && !overPixels;
    bool ofW = view->image == b->image && sums->isSigned == isSigned[1] && overPixels == isAlong;
    AffineMap map = op.getMatchingIndexingMap(use);
    if (!walk || (!ofX && !ofW))
      return false;
    // What is left of x is rows, of w columns; groups are groups.
    auto fits = [&](bool isX) {
      for (auto [axis, expr] : llvm::zip(*walk, map.getResults())) {
        if (axis.size == 1)
          continue;
        auto dim = dyn_cast<AffineDimExpr>(expr);
        const Axis *own = dim ? &axes[dim.getPosition()] : nullptr;
        bool isGroup = axis.isChannel && axis.stride > 1;
        bool isOwn = own && (isX ? !own->isChannel : own->isChannel && own->stride == 1);
        if (isGroup ? !own || !own->isChannel || own->stride != outputs || own->size != axis.size
                    : !isOwn || axis.isChannel != overPixels)
          return false;
      }
      return true;
    };
    // Of a tensor by itself both may hold: where its sums are read tells which.
    if (ofX && fits(true))
      perX += term.factor[0];
    else if (ofW && fits(false))
      perW += term.factor[0];
    else
      return false;
    constant -= term.factor[0] * inputs * sums->less;
  }
  // Stored bytes of x are `fx` too large; those of w, less 128, are `hw` too small.
  double fx = x.isSigned ? 128 : 0, fw = w.isSigned ? 128 : 0, hw = 128 - fw, count = inputs;
  constant += -factor * count * fx * hw + factor * fx * 128 * count - perX * count * fx - perW * count * fw;
  double xFactor = hw + perX / factor, wFactor = perW / factor - fx;
  auto whole = [](double value) { return std::fabs(value - std::nearbyint(value)) < 1e-2; };
  if (!whole(xFactor) || !whole(wFactor) || (!isAcross && std::nearbyint(wFactor) != 0))
    return false;
  int image = addImage({1, x.extent.width, groups * outputs}, isSignedRange(*q));
  this->groups.unionSets(a->image, image);
  Step &step = addStep(Step::Product, op, {a->image, b->image}, image);
  step.loc = product.getLoc();
  step.groups = groups;
  step.sums = inputs;
  step.outputs = outputs;
  step.isAcross = isAcross;
  step.xFactor = static_cast<int>(std::nearbyint(xFactor));
  step.wFactor = static_cast<int>(std::nearbyint(wFactor));
  step.result = Quantized{{{{Value(), true, {factor}}}, {constant}}, q->offset, q->low, q->high};
  image = bounded(op, image, *q);
  finish(op, image, axes, std::move(made->table));
  return true;
}

//===--- over the channels of a pixel ---------------------------------------===//

/// The one reduction of a tensor over its axis `axis` by an op of type Op that takes the old result and `summand`.
template <typename... Ops> static bool reduces(linalg::GenericOp op, unsigned inputs, unsigned &axis, Value &summand) {
  if (!op || op.getNumDpsInputs() != inputs || op.getNumReductionLoops() != 1 || op.getNumResults() != 1)
    return false;
  AffineMap in = op.getIndexingMapsArray()[0], out = op.getIndexingMapsArray().back();
  if (!in.isIdentity() || out.getNumResults() + 1 != in.getNumResults())
    return false;
  for (unsigned i = 0; i < in.getNumResults(); ++i)
    if (op.getIteratorTypesArray()[i] == utils::IteratorType::reduction)
      axis = i;
  for (unsigned i = 0; i < out.getNumResults(); ++i)
    if (out.getResult(i) != getAffineDimExpr(i < axis ? i : i + 1, op.getContext()))
      return false;
  Block &body = *op.getBody();
  Operation *combine = body.getTerminator()->getOperand(0).getDefiningOp();
  Value old = body.getArguments().back();
  if (!combine || !isa<Ops...>(combine) || combine->getNumOperands() != 2 ||
      (combine->getOperand(0) != old && combine->getOperand(1) != old))
    return false;
  summand = combine->getOperand(combine->getOperand(0) == old ? 1 : 0);
  return summand != old;
}

/// The op that makes what `value`, an argument of `op`, reads; null where it reads otherwise than by the loops but
/// `axis`
/// (-1: all of them).
static linalg::GenericOp makerOf(linalg::GenericOp op, Value value, int axis, Value *tensor = nullptr) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBody())
    return nullptr;
  OpOperand *operand = op.getMatchingOpOperand(argument);
  SmallVector<AffineExpr> dims;
  for (unsigned i = 0; i < op.getNumLoops(); ++i)
    if (static_cast<int>(i) != axis)
      dims.push_back(getAffineDimExpr(i, op.getContext()));
  if (!op.isDpsInput(operand) ||
      op.getMatchingIndexingMap(operand) != AffineMap::get(op.getNumLoops(), 0, dims, op.getContext()))
    return nullptr;
  if (tensor)
    *tensor = operand->get();
  return operand->get().getDefiningOp<linalg::GenericOp>();
}

static Value yieldedBy(linalg::GenericOp op) { return op.getBody()->getTerminator()->getOperand(0); }

/// number / value, as one op.
static Value dividedInto(Value value, double number) {
  auto quotient = value.getDefiningOp<arith::DivFOp>();
  APFloat top(0.0f);
  if (quotient && matchPattern(quotient.getLhs(), m_ConstantFloat(&top)) && top.convertToDouble() == number)
    return quotient.getRhs();
  return nullptr;
}

bool Planner::visitSoftmax(linalg::GenericOp op) {
  if (!isElementwise(op))
    return false;
  BodyReader reader(op, 0, -1);
  Value power, share;
  for (Operation &inner : op.getBody()->without_terminator())
    if (isa<arith::MulFOp, arith::DivFOp>(inner) && !reader.opaque &&
        llvm::all_of(inner.getOperands(), [](Value v) { return isa<BlockArgument>(v) && v.getType().isF32(); })) {
      reader.opaque = inner.getResult(0);
      power = inner.getOperand(0);
      share = inner.getOperand(1);
    }
  if (!reader.opaque)
    return false;
  bool isQuotient = isa<arith::DivFOp>(reader.opaque.getDefiningOp());
  auto result = madeBy(op, reader);
  auto q = result ? reader.quantized(result->byte) : std::nullopt;
  if (!q || q->real.terms.size() != 1 || q->real.terms[0].value != reader.opaque ||
      q->real.terms[0].factor.size() != 1 || q->real.constant.size() != 1)
    return false;
  double one = q->real.terms[0].factor[0], zero = q->real.constant[0] + q->offset + (isSignedRange(*q) ? 128 : 0);
  if (std::fabs(zero) > 1e-3 || std::fabs(one - std::nearbyint(one)) > 1e-2 || one < 1 || one > 256.5 ||
      q->high - q->low != 255)
    return false;
  // exp(x - largest), and its sums.
  Value powers;
  auto exponent = makerOf(op, power, -1, &powers);
  if (!exponent && !isQuotient) {
    std::swap(power, share);
    exponent = makerOf(op, power, -1, &powers);
  }
  auto exp = exponent && isElementwise(exponent) ? yieldedBy(exponent).getDefiningOp<math::ExpOp>() : nullptr;
  auto difference = exp ? exp.getOperand().getDefiningOp<arith::SubFOp>() : nullptr;
  Value x;
  if (!difference || (makerOf(exponent, difference.getLhs(), -1, &x), !x) || !floats.count(x))
    return false;
  const Floats &from = floats[x];
  for (unsigned axis = 0; axis < op.getNumLoops(); ++axis) {
    const Axis &channels = from.view.axes[axis];
    if (!channels.isChannel || channels.stride != 1)
      continue;
    unsigned over;
    Value summand;
    linalg::GenericOp sum = makerOf(op, share, axis);
    if (sum && !isQuotient) {
      Value inner = dividedInto(yieldedBy(sum), 1);
      sum = inner && sum.getNumDpsInputs() == 1 && isElementwise(sum) ? makerOf(sum, inner, -1) : nullptr;
    }
    auto largest = makerOf(exponent, difference.getRhs(), axis);
    if (!reduces<arith::AddFOp>(sum, 1, over, summand) || over != axis || summand != sum.getBody()->getArgument(0) ||
        sum.getDpsInputs()[0] != powers || !reduces<arith::MaximumFOp, arith::MaxNumFOp>(largest, 1, over, summand) ||
        over != axis || summand != largest.getBody()->getArgument(0) || largest.getDpsInputs()[0] != x)
      return false;
    const Image &image = plan.images[from.view.image];
    auto step = stepOf(from);
    int64_t width = channels.size;
    if (!step || width % 4 || width > 2048 || image.extent.channels % width)
      return false;
    int input = from.view.image, output = addImage(image.extent, isSignedRange(*q));
    groups.unionSets(input, output);
    Step &made = addStep(Step::Softmax, op, {input}, output);
    made.groups = plan.images[input].extent.channels / width;
    made.sums = width;
    made.step = *step;
    made.result = *q;
    finish(op, output, from.view.axes, std::move(result->table));
    return true;
  }
  return false;
}

bool Planner::visitNorm(linalg::GenericOp op) {
  unsigned last = op.getNumLoops() - 1;
  auto extent = extentOf(op.getResult(0).getType());
  if (!isElementwise(op) || !extent || extent->height != 1)
    return false;
  BodyReader reader(op, last, extent->channels);
  arith::SubFOp centred;
  Value inverse;
  for (auto product : op.getBody()->getOps<arith::MulFOp>())
    for (unsigned i : {0, 1})
      if (auto difference = product->getOperand(i).getDefiningOp<arith::SubFOp>(); difference && !reader.opaque) {
        reader.opaque = product;
        centred = difference;
        inverse = product->getOperand(1 - i);
      }
  if (!centred)
    return false;
  Value x, means, inverses;
  makerOf(op, centred.getLhs(), -1, &x);
  auto mean = makerOf(op, centred.getRhs(), last, &means), spread = makerOf(op, inverse, last, &inverses);
  if (!x || !floats.count(x) || !mean || !spread || mean.getNumDpsInputs() != 1 || spread.getNumDpsInputs() != 1 ||
      !isElementwise(mean) || !isElementwise(spread))
    return false;
  auto result = madeBy(op, reader);
  auto q = result ? reader.quantized(result->byte) : std::nullopt;
  if (!q || q->real.terms.size() != 1 || q->real.terms[0].value != reader.opaque)
    return false;
  // mean = sum / count; inverse = 1 / sqrt(squares / count + epsilon).
  double count = extent->channels;
  auto overCount = [&](Value value) -> Value {
    auto quotient = value.getDefiningOp<arith::DivFOp>();
    APFloat bottom(0.0f);
    return quotient && matchPattern(quotient.getRhs(), m_ConstantFloat(&bottom)) && bottom.convertToDouble() == count
               ? quotient.getLhs()
               : Value();
  };
  Value total = overCount(yieldedBy(mean)), root = dividedInto(yieldedBy(spread), 1);
  auto squareRoot = root ? root.getDefiningOp<math::SqrtOp>() : nullptr;
  auto stable = squareRoot ? squareRoot.getOperand().getDefiningOp<arith::AddFOp>() : nullptr;
  APFloat epsilon(0.0f);
  Value variance =
      stable && matchPattern(stable.getRhs(), m_ConstantFloat(&epsilon)) ? overCount(stable.getLhs()) : Value();
  if (!total || !variance)
    return false;
  unsigned over;
  Value summand;
  auto sum = makerOf(mean, total, -1), squares = makerOf(spread, variance, -1);
  if (!reduces<arith::AddFOp>(sum, 1, over, summand) || over != last || summand != sum.getBody()->getArgument(0) ||
      sum.getDpsInputs()[0] != x || !reduces<arith::AddFOp>(squares, 2, over, summand) || over != last ||
      squares.getDpsInputs()[0] != x || squares.getDpsInputs()[1] != means)
    return false;
  auto square = summand.getDefiningOp<arith::MulFOp>();
  auto own = square && square.getLhs() == square.getRhs() ? square.getLhs().getDefiningOp<arith::SubFOp>() : nullptr;
  if (!own || own.getLhs() != squares.getBody()->getArgument(0) || own.getRhs() != squares.getBody()->getArgument(1))
    return false;
  const Floats &from = floats[x];
  auto step = stepOf(from);
  const Axes &axes = from.view.axes;
  // Factors are positive.
  bool isPositive = llvm::all_of(q->real.terms[0].factor, [](double factor) { return factor > 0; });
  if (!step || !isPositive || !(plan.images[from.view.image].extent == *extent) || extent->channels % 4 ||
      extent->channels > 8192 || !axes[last].isChannel || (last > 0 && axes[last - 1].isChannel))
    return false;
  int input = from.view.image, output = addImage(*extent, isSignedRange(*q));
  groups.unionSets(input, output);
  Step &made = addStep(Step::Norm, op, {input}, output);
  made.result = *q;
  made.epsilon = epsilon.convertToDouble() / (*step * *step);
  int image = bounded(op, output, *q);
  if (result->table.empty())
    known[op.getResult(0)] = image;
  finish(op, image, axes, std::move(result->table));
  return true;
}

/// Floats to bytes, a pixel's channels in a row.
bool Planner::visitTokens(linalg::GenericOp op) {
  auto extent = extentOf(op.getResult(0).getType());
  if (!isElementwise(op) || !extent || extent->height != 1 || op.getNumDpsInputs() != 1 || extent->channels > 8192 ||
      !op.getIndexingMapsArray()[0].isIdentity())
    return false;
  return planBytes(op, Step::Tokens, op.getDpsInputs()[0], *extent);
}
