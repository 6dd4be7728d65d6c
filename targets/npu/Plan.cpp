// Which ops become which kernels, on which images.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Planner.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace brisk;
using namespace brisk::npu;

namespace {

/// floor(a / 2)
int64_t half(int64_t a) { return a >= 0 ? a / 2 : -((1 - a) / 2); }

} // namespace

Plan Planner::run() {
  for (Operation &op : function.getBody().front()) {
    if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      alias(op);
    else if (auto generic = dyn_cast<linalg::GenericOp>(op))
      visit(generic);
  }
  dropUseless();
  place();
  return std::move(plan);
}

int Planner::imageOf(Value tensor, bool isSigned, Operation *anchor, bool force) {
  auto found = known.find(tensor);
  if (found != known.end())
    return plan.images[found->second].isSigned == isSigned ? found->second : -1;
  auto extent = extentOf(tensor.getType());
  if (int image = extent ? join(tensor, *extent, isSigned, anchor) : -1; image >= 0)
    return image;
  // A view that is the image itself.
  if (auto view = extent && extent->height == 1 && tensor.getType() ? viewOf(tensor) : std::nullopt) {
    const Image &image = plan.images[view->image];
    size_t rank = view->axes.size();
    if (image.extent == *extent && image.isSigned == isSigned && view->axes[rank - 1].isChannel &&
        !view->axes[rank - 2].isChannel)
      return view->image;
  }
  if (!force || !extent || !getElementTypeOrSelf(tensor.getType()).isInteger(8))
    return -1;
  int image = addImage(*extent, isSigned);
  addStep(Step::Block, anchor, {}, image).source = tensor;
  known[tensor] = image;
  return image;
}

/// The image of tensors that lie side by side along the channels and are images.
int Planner::join(Value tensor, Extent extent, bool isSigned, Operation *anchor) {
  std::vector<Value> parts = joinedOf(tensor);
  if (parts.size() < 2 || parts.size() > 4)
    return -1;
  SmallVector<int> images;
  for (Value part : parts) {
    auto found = known.find(part);
    if (found == known.end() || plan.images[found->second].isSigned != isSigned)
      return -1;
    images.push_back(found->second);
  }
  int output = addImage(extent, isSigned);
  for (int image : images)
    groups.unionSets(image, output);
  addStep(Step::Join, anchor, images, output);
  return known[tensor] = output;
}

bool Planner::requireBorder(int index, Border border, uint8_t fill) {
  Image &image = plan.images[index];
  if (border.top < 0 || border.left < 0 || border.bottom < 0 || border.right < 0)
    return false;
  if (border.top || border.left || border.bottom || border.right) {
    uint8_t stored = fill ^ (image.isSigned ? 0x80 : 0);
    if (image.zero && *image.zero != stored)
      return false;
    image.zero = stored;
  }
  image.border = {std::max(image.border.top, border.top), std::max(image.border.left, border.left),
                  std::max(image.border.bottom, border.bottom), std::max(image.border.right, border.right)};
  return true;
}

int Planner::lookup(Operation *anchor, int input, ArrayRef<uint8_t> table, bool isSigned) {
  int output = addImage(plan.images[input].extent, isSigned);
  groups.unionSets(input, output);
  llvm::copy(table, addStep(Step::Lookup, anchor, {input}, output).table.begin());
  return output;
}

/// The image that a window slides over, ready for it, and the image of what it finds; -1 if there is none.
int Planner::slide(linalg::GenericOp op, const Products &products, bool isSigned, bool force) {
  Padded padded = paddedOf(products.input);
  int input = imageOf(padded.source, products.isSigned, op, force);
  if (input < 0 || !requireBorder(input, padded.border, padded.fill))
    return -1;
  const Extent &extent = products.output;
  int output = addImage(extent, isSigned);
  Border border = padded.border;
  if (products.stride == 1) {
    groups.unionSets(input, output);
    if (products.inStrips())
      plan.images[output].gap = 2;
  } else {
    // Every second row and column becomes an image of the output's pitch.
    int64_t right = half((products.kernelWidth - 1) * products.dilation - border.left), left = half(-border.left);
    plan.images[output].gap = std::max<int64_t>(right - left, 0);
    int64_t bottom = half((products.kernelHeight - 1) * products.dilation - border.top), top = half(-border.top);
    const Extent &from = plan.images[input].extent;
    Border more{-2 * top, -2 * left,
                std::max<int64_t>(2 * (extent.height - 1 + bottom) + 2 - from.height, 0),
                std::max<int64_t>(2 * (extent.width - 1 + right) + 2 - from.width, 0)};
    Image &image = plan.images[input];
    image.border = {std::max(image.border.top, more.top), std::max(image.border.left, more.left),
                    std::max(image.border.bottom, more.bottom), std::max(image.border.right, more.right)};
  }
  slideInput = input;
  slideBorder = border;
  return output;
}

/// Sums of products in `tensor`, as bytes.
int Planner::sumsOf(linalg::GenericOp op, Value tensor, const Quantized &result, Extent extent) {
  auto sums = tensor.getDefiningOp<linalg::GenericOp>();
  auto products = sums && sums->hasOneUse() ? productsOf(sums) : std::nullopt;
  if (!products || products->stride > 2 || result.real.terms.size() != 1 || !(products->output == extent))
    return -1;
  if (products->isDepthwise && products->input_.channels != products->output.channels)
    return -1;
  // Factors are of 31 bits and below 1.
  if (llvm::any_of(result.real.terms[0].factor, [](double factor) { return factor <= 0 || factor >= 0.999; }))
    return -1;
  int output = slide(sums, *products, isSignedRange(result), /*force=*/true);
  if (output < 0)
    return -1;
  Step &step = addStep(products->isDepthwise ? Step::Depthwise : Step::Convolve, op, {slideInput}, output);
  step.loc = sums.getLoc();
  step.products = std::move(products);
  step.border = slideBorder;
  step.result = result;
  return bounded(op, output, result);
}

int Planner::bounded(linalg::GenericOp op, int output, const Quantized &result) {
  // Saturation is that of the stored byte; other bounds come after it.
  double flip = plan.images[output].isSigned ? 128 : 0, low = result.low + flip, high = result.high + flip;
  if (low <= 0 && high >= 255)
    return output;
  std::array<uint8_t, 256> table;
  for (int i = 0; i < 256; ++i)
    table[i] = static_cast<uint8_t>(std::min(std::max<double>(i, std::max(low, 0.0)), std::min(high, 255.0)));
  return lookup(op, output, table, plan.images[output].isSigned);
}

int Planner::imageIn(linalg::GenericOp op, BodyReader &reader, Value byte, bool isSigned, bool force) {
  if (auto found = computed.find(byte); found != computed.end())
    return plan.images[found->second].isSigned == isSigned ? found->second : -1;
  if (auto argument = dyn_cast<BlockArgument>(byte)) {
    OpOperand *operand = op.getMatchingOpOperand(argument);
    if (!op.isDpsInput(operand) || op.getMatchingIndexingMap(operand) != imageMap)
      return -1;
    return imageOf(operand->get(), isSigned, op, force);
  }
  int image = -1;
  auto q = reader.quantized(byte);
  if (q && q->real.terms.size() == 1 && isa<BlockArgument>(q->real.terms[0].value) &&
      q->real.terms[0].value.getType().isInteger(32)) {
    OpOperand *operand = op.getMatchingOpOperand(cast<BlockArgument>(q->real.terms[0].value));
    if (op.getMatchingIndexingMap(operand) != imageMap)
      return -1;
    image = sumsOf(op, operand->get(), *q, *extentOf(operand->get().getType()));
  } else if (q && q->real.terms.size() == 2 && q->real.constant.size() == 1 &&
             llvm::all_of(q->real.terms, [](const Affine::Term &term) {
               return term.value.getType().isInteger(8) && term.factor.size() == 1 && std::fabs(term.factor[0]) < 60;
             })) {
    // At least one is an image already; the other one becomes one.
    int a = imageIn(op, reader, q->real.terms[0].value, q->real.terms[0].isSigned, false);
    int b = imageIn(op, reader, q->real.terms[1].value, q->real.terms[1].isSigned, a >= 0);
    if (a < 0 && b >= 0)
      a = imageIn(op, reader, q->real.terms[0].value, q->real.terms[0].isSigned, true);
    if (a < 0 || b < 0 || !(plan.images[a].extent == plan.images[b].extent))
      return -1;
    image = addImage(plan.images[a].extent, isSignedRange(*q));
    groups.unionSets(a, b);
    groups.unionSets(a, image);
    addStep(Step::Add, op, {a, b}, image).result = *q;
  } else {
    auto leaves = reader.bytesBehind(byte);
    if (!leaves || leaves->size() != 1)
      return -1;
    Value leaf = leaves->front();
    auto table = reader.tabulate(byte, leaf);
    if (!table)
      return -1;
    // The table goes by bits: any reading of them will do.
    int input = imageIn(op, reader, leaf, false, false);
    if (input < 0)
      input = imageIn(op, reader, leaf, true, false);
    if (input < 0)
      return -1;
    uint8_t flip = plan.images[input].isSigned ? 0x80 : 0, outFlip = isSigned ? 0x80 : 0;
    std::array<uint8_t, 256> stored;
    for (int i = 0; i < 256; ++i)
      stored[i ^ flip] = static_cast<uint8_t>(cast<IntegerAttr>((*table)[i]).getValue().getZExtValue()) ^ outFlip;
    image = lookup(op, input, stored, isSigned);
  }
  if (image < 0)
    return -1;
  computed[byte] = image;
  return plan.images[image].isSigned == isSigned ? image : -1;
}

/// Whether a byte that leaves its op is signed, as those who read it say; unsigned where nobody does.
static bool readAsSigned(Value tensor, int depth = 0) {
  for (OpOperand &use : tensor.getUses()) {
    Operation *user = use.getOwner();
    if (auto generic = dyn_cast<linalg::GenericOp>(user)) {
      if (!generic.isDpsInput(&use))
        continue;
      for (Operation *reader : generic.getMatchingBlockArgument(&use).getUsers()) {
        if (isa<arith::ExtSIOp, arith::SIToFPOp>(reader))
          return true;
        if (isa<arith::ExtUIOp, arith::UIToFPOp>(reader))
          return false;
      }
    } else if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::InsertSliceOp>(user) && depth < 8) {
      if (readAsSigned(user->getResult(0), depth + 1))
        return true;
    }
  }
  return false;
}

bool Planner::visitElementwise(linalg::GenericOp op) {
  if (!isElementwise(op))
    return false;
  // The first operand that is no constant tells where images have their axes.
  std::optional<Extent> extent;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(operand);
    if (extent || matchPattern(operand->get(), m_Constant()) || !map.isPermutation())
      continue;
    extent = extentOf(operand->get().getType());
    imageMap = map;
  }
  if (!extent)
    return false;
  unsigned rank = imageMap.getNumResults();
  SmallVector<Axis, 4> axes(rank, Axis{1, false, 0});
  axes[imageMap.getDimPosition(rank - 2)] = {extent->width, false, 1};
  axes[imageMap.getDimPosition(rank - 1)] = {extent->channels, true, 1};
  BodyReader reader(op, imageMap.getDimPosition(rank - 1), extent->channels);
  Value yielded = op.getBody()->getTerminator()->getOperand(0);
  if (yielded.getType().isInteger(8)) {
    auto q = reader.quantized(yielded);
    bool isSigned = q ? isSignedRange(*q) : readAsSigned(op.getResult(0));
    int image = imageIn(op, reader, yielded, isSigned, false);
    if (image < 0 || !(plan.images[image].extent == *extent))
      return false;
    if (imageMap.isIdentity())
      known[op.getResult(0)] = image;
    else if (extent->height == 1)
      views[op.getResult(0)] = {image, axes};
    plan.replaced.push_back({op.getResult(0), image, {}, imageMap});
    return true;
  }
  auto leaves = reader.bytesBehind(yielded);
  if (!leaves || leaves->size() != 1)
    return false;
  auto table = reader.tabulate(yielded, leaves->front());
  bool isRead = isa<BlockArgument>(leaves->front());
  auto q = table && !isRead ? reader.quantized(leaves->front()) : std::nullopt;
  int image = q ? imageIn(op, reader, leaves->front(), isSignedRange(*q), false) : -1;
  // Bytes of an image that is there: the table goes by bits, any reading of them will do.
  for (bool isSigned : {false, true})
    if (table && isRead && image < 0)
      image = imageIn(op, reader, leaves->front(), isSigned, false);
  if (image < 0 || !(plan.images[image].extent == *extent))
    return false;
  plan.replaced.push_back({op.getResult(0), image, *table, imageMap});
  if (extent->height == 1)
    rememberFloats(op.getResult(0), {image, axes}, *table);
  return true;
}

/// A sum of bytes over rows and columns that an elementwise op makes a byte of.
bool Planner::visitMean(linalg::GenericOp op) {
  if (op.getNumReductionLoops() != 2 || op.getNumParallelLoops() != 2 || op.getNumResults() != 1 ||
      !op.hasPureTensorSemantics() || !getElementTypeOrSelf(op.getResult(0).getType()).isF32())
    return false;
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::GenericOp>();
  Block &body = *op.getBody();
  auto sum = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum || !fill || !fill.getDpsInputs().empty() ||
      !matchPattern(fill.getBody()->getTerminator()->getOperand(0), m_AnyZeroFloat()) ||
      sum.getLhs() != body.getArguments().back())
    return false;
  // Channels last, all of the image.
  AffineMap in = op.getIndexingMapsArray()[0];
  auto extent = extentOf(op.getDpsInputs()[0].getType());
  AffineMap out = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!extent || in.getNumResults() != 4 || !in.isPermutation() || !out.isProjectedPermutation() || out.getNumResults() != 2 ||
      in.getDimPosition(3) != out.getDimPosition(1) || in.getDimPosition(0) != out.getDimPosition(0))
    return false;
  Value result = op.getResult(0);
  while (result.hasOneUse() && isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(*result.user_begin()))
    result = result.user_begin()->getResult(0);
  auto user = result.hasOneUse() ? dyn_cast<linalg::GenericOp>(*result.user_begin()) : nullptr;
  auto outExtent = user ? extentOf(user.getResult(0).getType()) : std::nullopt;
  if (!user || !isElementwise(user) || !outExtent || !(*outExtent == Extent{1, 1, extent->channels}))
    return false;
  BodyReader inner(op, in.getDimPosition(3), extent->channels), outer(user, user.getNumLoops() - 1, extent->channels);
  auto summand = inner.affine(sum.getRhs());
  auto q = outer.quantized(user.getBody()->getTerminator()->getOperand(0));
  if (!summand || !q || summand->terms.size() != 1 || q->real.terms.size() != 1 ||
      !summand->terms[0].value.getType().isInteger(8) || summand->terms[0].factor.size() != 1 ||
      summand->constant.size() != 1)
    return false;
  Value byte = summand->terms[0].value;
  int image;
  if (auto argument = dyn_cast<BlockArgument>(byte))
    image = imageOf(op.getMatchingOpOperand(argument)->get(), summand->terms[0].isSigned, op, true);
  else {
    imageMap = in;
    image = imageIn(op, inner, byte, summand->terms[0].isSigned, true);
  }
  if (image < 0 || !(plan.images[image].extent == *extent))
    return false;
  double count = extent->height * extent->width;
  if (q->real.terms[0].factor[0] * summand->terms[0].factor[0] <= 0 || q->real.terms[0].factor.size() != 1 ||
      q->real.terms[0].factor[0] * summand->terms[0].factor[0] >= 0.999)
    return false;
  for (double &b : q->real.constant)
    b += q->real.terms[0].factor[0] * summand->constant[0] * count;
  for (double &a : q->real.terms[0].factor)
    a *= summand->terms[0].factor[0];
  int output = addImage(*outExtent, isSignedRange(*q));
  Step &step = addStep(Step::Mean, user, {image}, output);
  step.result = *q;
  known[user.getResult(0)] = output;
  plan.replaced.push_back({user.getResult(0), output, {}, AffineMap::getMultiDimIdentityMap(user.getNumLoops(), op.getContext())});
  return true;
}

bool Planner::visitPool(linalg::GenericOp op) {
  auto pool = poolOf(op);
  if (!pool || pool->stride > 2)
    return false;
  int output = slide(op, *pool, pool->isSigned, /*force=*/false);
  if (output < 0)
    return false;
  Step &step = addStep(Step::Largest, op, {slideInput}, output);
  step.products = std::move(pool);
  step.border = slideBorder;
  known[op.getResult(0)] = output;
  plan.replaced.push_back({op.getResult(0), output, {}, AffineMap::getMultiDimIdentityMap(4, op.getContext())});
  return true;
}

/// Floats as ONNX has them to bytes with channels last.
bool Planner::visitQuantize(linalg::GenericOp op) {
  auto extent = extentOf(op.getResult(0).getType());
  if (!isElementwise(op) || !extent || op.getNumLoops() != 4 || op.getNumDpsInputs() != 1)
    return false;
  Value source = op.getDpsInputs()[0];
  AffineMap map = op.getIndexingMapsArray()[0];
  auto *context = op.getContext();
  AffineMap planes = AffineMap::get(4, 0,
                                    {getAffineDimExpr(0, context), getAffineDimExpr(3, context),
                                     getAffineDimExpr(1, context), getAffineDimExpr(2, context)}, context);
  if (map != planes && !(map.isIdentity() && extent->channels == 1))
    return false;
  return planBytes(op, Step::Quantize, source, *extent);
}

bool Planner::planBytes(linalg::GenericOp op, Step::Kind kind, Value source, Extent extent) {
  Value yielded = op.getBody()->getTerminator()->getOperand(0);
  BodyReader reader(op, op.getNumLoops() - 1, extent.channels);
  auto q = yielded.getType().isInteger(8) ? reader.quantized(yielded) : std::nullopt;
  if (!q || q->real.terms.size() != 1 || !q->real.terms[0].value.getType().isF32() ||
      q->real.terms[0].factor.size() != 1 || q->real.terms[0].factor[0] <= 0 || q->real.constant.size() != 1 ||
      q->real.constant[0] != std::nearbyint(q->real.constant[0]) || q->high - q->low != 255)
    return false;
  int image = addImage(extent, isSignedRange(*q));
  Step &step = addStep(kind, op, {}, image);
  step.source = source;
  step.result = *q;
  known[op.getResult(0)] = image;
  plan.replaced.push_back(
      {op.getResult(0), image, {}, AffineMap::getMultiDimIdentityMap(op.getNumLoops(), op.getContext())});
  return true;
}

void Planner::alias(Operation &op) {
  auto found = known.find(op.getOperand(0));
  auto extent = extentOf(op.getResult(0).getType());
  if (found != known.end() && extent && *extent == plan.images[found->second].extent)
    known[op.getResult(0)] = found->second;
}

void Planner::visit(linalg::GenericOp op) {
  // What a mean took over with it is done.
  if (op.getNumResults() != 1 || known.count(op.getResult(0)))
    return;
  size_t steps = plan.steps.size();
  int images = plan.images.size();
  for (auto visitor : {&Planner::visitQuantize, &Planner::visitTokens, &Planner::visitProduct, &Planner::visitSoftmax,
                       &Planner::visitNorm, &Planner::visitElementwise, &Planner::visitMean, &Planner::visitPool}) {
    if ((this->*visitor)(op))
      return;
    // What was planned on the way to a dead end is forgotten.
    plan.steps.erase(plan.steps.begin() + steps, plan.steps.end());
    for (auto *map : {&known, &computed})
      for (auto &entry : llvm::to_vector(*map))
        if (entry.second >= images)
          map->erase(entry.first);
  }
}

/// Steps that only carry bytes to and fro are worth nothing.
void Planner::dropUseless() {
  std::vector<bool> isUsed(plan.images.size());
  std::vector<Step> kept;
  for (Step &step : llvm::reverse(plan.steps)) {
    bool works = step.kind == Step::Convolve || step.kind == Step::Depthwise || step.kind == Step::Mean ||
                 step.kind == Step::Product || step.kind == Step::Softmax || step.kind == Step::Norm;
    if (!works && !isUsed[step.output]) {
      // What follows an image stays with it.
      bool follows = (step.kind == Step::Add || step.kind == Step::Lookup || step.kind == Step::Largest) && llvm::any_of(plan.replaced, [&](Replaced &r) {
        return r.image == step.output;
      });
      if (!follows)
        continue;
    }
    isUsed[step.output] = true;
    for (int input : step.inputs)
      isUsed[input] = true;
    kept.push_back(std::move(step));
  }
  std::reverse(kept.begin(), kept.end());
  plan.steps = std::move(kept);
  llvm::erase_if(plan.replaced, [&](Replaced &r) { return !isUsed[r.image]; });
}

/// Pitch and border are those that the neediest image of a group asks for.
void Planner::place() {
  for (auto it = groups.begin(); it != groups.end(); ++it) {
    if (!(*it)->isLeader())
      continue;
    Border border;
    int64_t gap = 0, width = 0;
    for (auto member = groups.member_begin(**it); member != groups.member_end(); ++member) {
      const Image &image = plan.images[*member];
      border = {std::max(border.top, image.border.top), std::max(border.left, image.border.left),
                std::max(border.bottom, image.border.bottom), std::max(border.right, image.border.right)};
      gap = std::max({gap, image.gap, border.left, border.right});
      width = std::max(width, image.extent.width);
    }
    for (auto member = groups.member_begin(**it); member != groups.member_end(); ++member) {
      Image &image = plan.images[*member];
      image.pitch = width + gap;
      int64_t pixels = llvm::alignTo((image.extent.height - 1) * image.pitch + image.extent.width, 32);
      int64_t lead = llvm::alignTo(border.top * image.pitch + border.left, 32);
      int64_t tail = llvm::alignTo(border.bottom * image.pitch + border.right, 32) + 32;
      image.origin = 4 * lead;
      image.vectors = pixels / 32;
      image.plane = 4 * (lead + pixels + tail);
    }
  }
}

Plan npu::makePlan(func::FuncOp function) { return Planner(function).run(); }
