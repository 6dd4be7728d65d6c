// Ops that cut, join and pad tensors along axes.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Slice.h"

#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Slice.cpp.inc"

namespace brisk::onnx {
void addSliceOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Slice.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

using Sizes = SmallVector<OpFoldResult>;

/// `dim`, or a new name once its formula grows long: chains of cuts would grow it without bound.
Dim bounded(ShapeContext &context, Value result, int64_t axis, const Dim &dim) {
  constexpr size_t maxLength = 256;
  return dim.str().size() > maxLength ? context.unknown(result, axis) : dim;
}

std::optional<SmallVector<unsigned>> permuteOperandZero(Value data, ArrayRef<int64_t> permutation) {
  auto type = dyn_cast<RankedTensorType>(data.getType());
  if (!type || type.getRank() != static_cast<int64_t>(permutation.size()))
    return std::nullopt;
  return SmallVector<unsigned>{0};
}

/// The axes that an optional operand names; all of the first `count` when it is absent; nullopt if unknown.
std::optional<SmallVector<int64_t>> axesOf(ShapeContext &context, Value axes, int64_t count) {
  if (isPresent(axes))
    return context.constantContent(axes);
  return llvm::to_vector(llvm::seq<int64_t>(0, count));
}

/// Spreads one value per named axis over all axes; `axes` may be run-time values.
SmallVector<Value> spread(Decomposer &d, ArrayRef<Value> axes, ArrayRef<Value> values, ArrayRef<Value> defaults) {
  IndexMath math(d);
  SmallVector<Value> result(defaults);
  Value rank = math.constant(defaults.size());
  for (auto [axis, value] : llvm::zip(axes, values))
    for (auto [a, slot] : llvm::enumerate(result))
      slot = math.select(math.eq(math.fromEnd(axis, rank), math.constant(a)), value, slot);
  return result;
}

/// Values of the axes operand, or 0, 1, ... count-1.
SmallVector<Value> axisValues(Decomposer &d, Value axes, int64_t count) {
  if (isPresent(axes))
    return indices(d, axes);
  IndexMath math(d);
  return llvm::map_to_vector(llvm::seq<int64_t>(0, count), [&](int64_t axis) { return math.constant(axis); });
}

/// Rewrites an axes operand for permuted data, making one if it was absent.
void permuteAxes(Operation *op, unsigned operand, int64_t count, OpBuilder &builder, ArrayRef<int64_t> permutation) {
  ShapeContext context;
  std::optional<SmallVector<int64_t>> axes = axesOf(context, op->getOperand(operand), count);
  SmallVector<int64_t> moved = llvm::map_to_vector(*axes, [&](int64_t axis) {
    return permutedAxis(*normalizeAxis(axis, permutation.size()), permutation);
  });
  op->setOperand(operand, makeIntegers(builder, op->getLoc(), moved));
}

} // namespace

//===--- Concat -------------------------------------------------------------===//

LogicalResult ConcatOp::upgrade(ImportedNode &node) {
  if (!node.attributes.get("axis")) // opset < 4
    node.attributes.set("axis", node.builder.getI64IntegerAttr(1));
  return success();
}
LogicalResult ConcatOp::inferShapes(ShapeContext &context) {
  if (getInputs().empty())
    return emitOpError("expects at least one operand");
  Dims dims = context.dims(getInputs().front());
  FailureOr<int64_t> axis = checkedAxis(*this, getAxis(), dims.size());
  if (failed(axis))
    return failure();
  for (Value input : getInputs().drop_front()) {
    Dims other = context.dims(input);
    if (other.size() != dims.size())
      return emitOpError("expects operands of one rank, but got ") << dims.size() << " and " << other.size();
    if (context.elementType(input) != context.elementType(getInputs().front()))
      return emitOpError("expects operands of one element type");
    for (auto [i, dim] : llvm::enumerate(dims)) {
      if (static_cast<int64_t>(i) == *axis)
        dim = dim + other[i];
      else if (dim.constant() && other[i].constant() && dim != other[i])
        return emitOpError("expects equal dims but for the axis, but got ") << dim.str() << " and " << other[i].str();
      else if (other[i].constant())
        dim = other[i];
    }
  }
  setAxis(*axis);
  context.setType(getConcatResult(), context.elementType(getInputs().front()), dims);
  return success();
}
std::optional<Dims> ConcatOp::inferContent(ShapeContext &context, unsigned) {
  Dims result;
  for (Value input : getInputs()) {
    std::optional<Dims> part = context.content(input);
    if (!part || result.size() + part->size() > ShapeContext::kMaxContent)
      return std::nullopt;
    llvm::append_range(result, *part);
  }
  return result;
}
OpFoldResult ConcatOp::fold(FoldAdaptor) {
  bool same = getInputs().size() == 1 && getInputs().front().getType() == getConcatResult().getType();
  return same ? getInputs().front() : Value();
}
namespace {

/// Bufferization lets the producers of inserted parts write in place, and for that compares each insertion of a
/// chain with all others along all of it. More parts than this are copied instead, by one op.
constexpr size_t kInsertions = 16;

/// A tensor and its size along the axis of a concatenation.
struct Part {
  Value tensor, size;
};

/// The parts one behind the other; `sizes` holds what they share.
Part join(Decomposer &d, IndexMath &math, ArrayRef<Part> parts, int64_t axis, Sizes sizes, Type elementType) {
  Value total = math.constant(0);
  for (const Part &part : parts)
    total = math.add(total, part.size);
  sizes[axis] = getAsOpFoldResult(total);
  Value result = d.empty(elementType, sizes), offset = math.constant(0);
  Sizes offsets(sizes.size(), d.b.getIndexAttr(0)), ones(sizes.size(), d.b.getIndexAttr(1));
  for (const Part &part : parts) {
    offsets[axis] = getAsOpFoldResult(offset);
    sizes[axis] = getAsOpFoldResult(part.size);
    result = tensor::InsertSliceOp::create(d.b, d.loc(), part.tensor, result, offsets, sizes, ones);
    offset = math.add(offset, part.size);
  }
  return {result, total};
}

} // namespace

LogicalResult ConcatOp::decompose(Decomposer &d) {
  IndexMath math(d);
  int64_t axis = getAxis();
  Sizes sizes = d.sizes(getInputs().front());
  SmallVector<Value> along;
  Value total = math.constant(0);
  for (Value input : getInputs()) {
    along.push_back(math.of(d.sizes(input)[axis]));
    total = math.add(total, along.back());
  }
  Dims dims = d.shapes.dims(getConcatResult());
  for (auto [i, dim] : llvm::enumerate(dims)) {
    sizes[i] = static_cast<int64_t>(i) == axis ? getAsOpFoldResult(total) : dim.constant() ? d.size(dim) : sizes[i];
    if (static_cast<int64_t>(i) != axis)
      for (Value input : getInputs())
        if (d.shapes.dims(input)[i] != dim)
          d.check(math.eq(math.of(d.sizes(input)[i]), math.of(sizes[i])), "operands differ in size off the axis");
  }
  SmallVector<Part> parts;
  for (auto [input, size] : llvm::zip(getInputs(), along)) {
    Sizes part = sizes;
    part[axis] = getAsOpFoldResult(size);
    if (getConstantIntValue(part[axis]) == 0)
      continue;
    SmallVector<int64_t> shape;
    SmallVector<Value> dynamic;
    dispatchIndexOpFoldResults(part, dynamic, shape);
    parts.push_back({d.cast(d(input), RankedTensorType::get(shape, storageType(d.shapes.elementType(input)))), size});
  }
  Type elementType = storageType(d.shapes.elementType(getConcatResult()));
  if (parts.size() > kInsertions) {
    auto operands = llvm::map_to_vector(parts, [](const Part &part) { return part.tensor; });
    d.setResult(getConcatResult(), tensor::ConcatOp::create(d.b, d.loc(), axis, operands));
    return success();
  }
  Value result = join(d, math, parts, axis, sizes, elementType).tensor;
  d.setResult(getConcatResult(), result);
  return success();
}
std::optional<SmallVector<unsigned>> ConcatOp::permutableOperands(ArrayRef<int64_t> permutation) {
  if (!permuteOperandZero(getInputs().front(), permutation))
    return std::nullopt;
  return llvm::to_vector(llvm::seq<unsigned>(0, getInputs().size()));
}
void ConcatOp::permute(OpBuilder &, ArrayRef<int64_t> permutation) { setAxis(permutedAxis(getAxis(), permutation)); }

//===--- Split --------------------------------------------------------------===//

LogicalResult SplitOp::upgrade(ImportedNode &node) {
  node.attributeToOperand("split", 1); // opset < 13
  return success();
}
/// Sizes of the pieces where they are known.
static std::optional<Dims> pieces(SplitOp op, ShapeContext &context) {
  if (isPresent(op.getSplit()))
    return context.content(op.getSplit());
  Dim size = context.dims(op.getInput())[op.getAxis()];
  int64_t count = op.getNumResults();
  if (std::optional<Dim> equal = size.exactDiv(Dim(count)))
    return Dims(count, *equal);
  Dim chunk = size.ceilDiv(Dim(count));
  Dims result;
  for (int64_t i = 0; i < count; ++i)
    result.push_back(Dim::max(Dim(0), Dim::min(chunk, size - chunk * Dim(i))));
  return result;
}
LogicalResult SplitOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getInput());
  FailureOr<int64_t> axis = checkedAxis(*this, getAxis(), dims.size());
  if (failed(axis))
    return failure();
  setAxis(*axis);
  Dim size = dims[*axis];
  std::optional<Dims> sizes = pieces(*this, context);
  if (sizes && sizes->size() != getNumResults())
    return emitOpError("expects as many piece sizes as results, but got ") << sizes->size() << " and " << getNumResults();
  Dim total;
  for (auto [i, result] : llvm::enumerate(getOutputs())) {
    dims[*axis] = sizes ? bounded(context, result, *axis, (*sizes)[i]) : context.unknown(result, *axis);
    if (dims[*axis].constant() && *dims[*axis].constant() < 0)
      return emitOpError("expects piece sizes of at least 0, but got ") << dims[*axis].str();
    total = total + dims[*axis];
    context.setType(result, context.elementType(getInput()), dims);
  }
  if (total.constant() && size.constant() && total != size)
    return emitOpError("expects pieces that add up to ") << size.str() << ", but got " << total.str();
  return success();
}
std::optional<Dims> SplitOp::inferContent(ShapeContext &context, unsigned index) {
  std::optional<Dims> content = context.content(getInput()), sizes = pieces(*this, context);
  if (!content || !sizes)
    return std::nullopt;
  int64_t offset = 0, length = 0;
  for (unsigned i = 0; i <= index; ++i) {
    offset += length;
    if (!(*sizes)[i].constant())
      return std::nullopt;
    length = *(*sizes)[i].constant();
  }
  if (offset + length > static_cast<int64_t>(content->size()))
    return std::nullopt;
  return Dims(content->begin() + offset, content->begin() + offset + length);
}
LogicalResult SplitOp::decompose(Decomposer &d) {
  IndexMath math(d);
  int64_t axis = getAxis();
  Sizes have = d.sizes(getInput()), offsets(have.size(), d.b.getIndexAttr(0));
  Value input = d(getInput()), offset = math.constant(0);
  SmallVector<Value> sizes;
  Dim total;
  for (auto [i, result] : llvm::enumerate(getOutputs())) {
    Dim dim = d.shapes.dims(result)[axis];
    total = total + dim;
    sizes.push_back(math.of(sizeOr(d, dim, [&, i = i] {
      Value zero = math.constant(0);
      if (isPresent(getSplit()))
        return math.max(d.element(d(getSplit()), i), zero);
      Value size = math.of(have[axis]), chunk = math.ceilDiv(size, math.constant(getNumResults()));
      return math.max(math.min(chunk, math.sub(size, math.mul(chunk, math.constant(i)))), zero);
    })));
    offset = math.add(offset, sizes.back());
  }
  if (total != d.shapes.dims(getInput())[axis])
    d.check(math.eq(offset, math.of(have[axis])), "pieces do not add up to the size of the axis");
  offset = math.constant(0);
  for (auto [result, size] : llvm::zip(getOutputs(), sizes)) {
    offsets[axis] = getAsOpFoldResult(offset);
    Sizes part = have;
    part[axis] = getAsOpFoldResult(size);
    d.setResult(result, window(d, input, offsets, part));
    offset = math.add(offset, size);
  }
  return success();
}
std::optional<SmallVector<unsigned>> SplitOp::permutableOperands(ArrayRef<int64_t> permutation) {
  return permuteOperandZero(getInput(), permutation);
}
void SplitOp::permute(OpBuilder &, ArrayRef<int64_t> permutation) { setAxis(permutedAxis(getAxis(), permutation)); }

//===--- Slice --------------------------------------------------------------===//

LogicalResult SliceOp::upgrade(ImportedNode &node) {
  if (node.opset >= 10)
    return success();
  Attribute axes = node.attributes.erase("axes");
  node.attributeToOperand("starts", 1);
  node.attributeToOperand("ends", 2);
  if (auto list = dyn_cast_if_present<DenseI64ArrayAttr>(axes))
    node.setOperand(3, node.constant(list.asArrayRef()));
  return success();
}

/// Elements that a slice takes from an axis of size `size`; nullopt if a bound's sign is open.
static std::optional<Dim> sliceLength(const Dim &size, const Dim &start, const Dim &end, int64_t step) {
  // Bounds as large as these mean the ends of the axis.
  constexpr int64_t far = INT32_MAX;
  auto isFar = [&](const Dim &x) { return x.constant() && *x.constant() >= far && (!size.constant() || *x.constant() >= *size.constant()); };
  auto isFarBack = [&](const Dim &x) { return x.constant() && *x.constant() <= -far && (!size.constant() || *x.constant() <= -*size.constant()); };
  auto isNegative = [](const Dim &x) { return x.constant() && *x.constant() < 0; };
  auto isOpen = [&](const Dim &x) { return !isNegative(x) && !x.isNonNegative(); };
  if (isOpen(start) || isOpen(end))
    return std::nullopt;
  Dim zero(0), last = size - 1, length;
  if (step > 0) {
    Dim to = isFar(end) ? size : isFarBack(end) ? zero : isNegative(end) ? size + end : Dim::min(end, size);
    if (isFar(start))
      return zero;
    if (isNegative(start) && to == size)
      length = isFarBack(start) ? size : Dim::min(size, zero - start);
    else
      length = Dim::max(zero, to - (isFarBack(start) ? zero : isNegative(start) ? Dim::max(zero, size + start) : start));
  } else {
    Dim from = isFar(start)        ? last
               : isFarBack(start)  ? Dim::min(zero, last)
               : start == Dim(-1)  ? last
               : isNegative(start) ? Dim::min(Dim::max(zero, size + start), last)
                                   : Dim::min(start, last);
    Dim to = isFarBack(end) ? Dim(-1) : isFar(end) ? last : isNegative(end) ? Dim::max(Dim(-1), size + end) : end;
    length = Dim::max(zero, from - to);
  }
  if (step == INT64_MIN)
    return std::nullopt;
  // A step past the axis takes one element, if there is one.
  int64_t stride = std::min<int64_t>(std::abs(step), far);
  return length.ceilDiv(Dim(stride));
}

LogicalResult SliceOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getData());
  std::optional<Dims> starts = context.content(getStarts()), ends = context.content(getEnds());
  std::optional<int64_t> count = starts ? std::optional<int64_t>(starts->size()) : lengthOf(getStarts());
  if (!count)
    return emitOpError("expects starts of static number");
  std::optional<SmallVector<int64_t>> axes = axesOf(context, getAxes(), *count), steps;
  if (isPresent(getSteps()))
    steps = context.constantContent(getSteps());
  else
    steps = SmallVector<int64_t>(*count, 1);
  if (!axes) {
    for (auto [i, dim] : llvm::enumerate(dims))
      dim = context.unknown(getOutput(), i);
    context.setType(getOutput(), context.elementType(getData()), dims);
    return success();
  }
  FailureOr<SmallVector<int64_t>> checked = checkedAxes(*this, *axes, dims.size());
  if (failed(checked))
    return failure();
  if ((ends && static_cast<int64_t>(ends->size()) != *count) || static_cast<int64_t>(axes->size()) != *count ||
      (steps && static_cast<int64_t>(steps->size()) != *count))
    return emitOpError("expects starts, ends, axes and steps of one length");
  for (auto [i, axis] : llvm::enumerate(*checked)) {
    if (steps && (*steps)[i] == 0)
      return emitOpError("expects steps other than 0");
    std::optional<Dim> length;
    if (starts && ends && steps)
      length = sliceLength(dims[axis], (*starts)[i], (*ends)[i], (*steps)[i]);
    dims[axis] = length ? bounded(context, getOutput(), axis, *length) : context.unknown(getOutput(), axis);
  }
  context.setType(getOutput(), context.elementType(getData()), dims);
  return success();
}
std::optional<Dims> SliceOp::inferContent(ShapeContext &context, unsigned) {
  std::optional<Dims> content = context.content(getData());
  std::optional<SmallVector<int64_t>> starts = context.constantContent(getStarts()),
                                      ends = context.constantContent(getEnds()), steps = SmallVector<int64_t>{1};
  if (isPresent(getSteps()))
    steps = context.constantContent(getSteps());
  if (!content || !starts || !ends || !steps || starts->size() != 1 || ends->size() != 1 || steps->size() != 1 ||
      steps->front() == 0)
    return std::nullopt;
  int64_t size = content->size(), step = steps->front();
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  auto bound = [&](int64_t x, int64_t least) { return std::clamp(x < 0 ? x + size : x, std::min(least, high), high); };
  int64_t from = bound(starts->front(), 0), to = bound(ends->front(), low);
  Dims result;
  step = std::clamp(step, -size - 1, size + 1);
  for (int64_t i = from; step > 0 ? i < to : i > to; i += step)
    result.push_back((*content)[i]);
  return result;
}
OpFoldResult SliceOp::fold(FoldAdaptor) {
  ShapeContext context;
  std::optional<SmallVector<int64_t>> steps = SmallVector<int64_t>();
  if (isPresent(getSteps()))
    steps = context.constantContent(getSteps());
  bool forward = steps && llvm::all_of(*steps, [](int64_t step) { return step == 1; });
  auto type = dyn_cast<RankedTensorType>(getData().getType());
  bool known = type && llvm::none_of(dimsOf(type), [](const Dim &dim) { return dim.symbolName() == "?"; });
  return forward && known && type == getOutput().getType() ? getData() : Value();
}
LogicalResult SliceOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Dims dims = d.shapes.dims(getOutput());
  SmallVector<Value> have = llvm::map_to_vector(d.sizes(getData()), [&](OpFoldResult s) { return math.of(s); });
  Value zero = math.constant(0), one = math.constant(1), minusOne = math.constant(-1);
  SmallVector<Value> starts = indices(d, getStarts()), axes = axisValues(d, getAxes(), starts.size());
  SmallVector<Value> steps = isPresent(getSteps()) ? indices(d, getSteps()) : SmallVector<Value>(starts.size(), one);
  SmallVector<Value> zeros(have.size(), zero), ones(have.size(), one);
  starts = spread(d, axes, starts, zeros);
  SmallVector<Value> ends = spread(d, axes, indices(d, getEnds()), have);
  steps = spread(d, axes, steps, ones);
  Sizes offsets, sizes, strides;
  bool forward = true;
  for (auto [axis, dim] : llvm::enumerate(dims)) {
    Value size = have[axis], most = math.max(size, one);
    Value start = math.fromEnd(starts[axis], size), end = math.fromEnd(ends[axis], size);
    std::optional<int64_t> known = getConstantIntValue(getAsOpFoldResult(steps[axis]));
    // A step past the axis takes one element; sums with it must not overflow.
    bool isNear = known && *known <= INT32_MAX && *known >= -INT32_MAX;
    Value step = isNear ? steps[axis] : math.clamp(steps[axis], math.sub(zero, most), most);
    // A start at the end is brought inside: nothing is read, but static offsets must lie inside.
    Value from = math.clamp(start, zero, math.max(math.sub(size, one), zero)), to = math.clamp(end, zero, size);
    Value length = math.ceilDiv(math.sub(to, math.clamp(start, zero, size)), math.max(step, one));
    if (!known || *known < 0) {
      forward = false;
      Value last = math.sub(size, one);
      Value fromBack = math.min(math.max(start, zero), last), toBack = math.clamp(end, minusOne, last);
      Value backLength = math.ceilDiv(math.sub(fromBack, toBack), math.max(math.sub(zero, step), one));
      Value isBack = math.lt(step, zero);
      from = math.select(isBack, fromBack, from);
      length = math.select(isBack, backLength, length);
    }
    if (!known)
      d.check(math.negate(math.eq(steps[axis], zero)), "step is 0");
    offsets.push_back(getAsOpFoldResult(from));
    sizes.push_back(sizeOr(d, dim, [&] { return math.max(length, zero); }));
    strides.push_back(getAsOpFoldResult(step));
  }
  Value data = d(getData());
  if (forward) {
    d.setResult(getOutput(), window(d, data, offsets, sizes, strides));
    return success();
  }
  SmallVector<Value> from = llvm::map_to_vector(offsets, [&](OpFoldResult s) { return math.of(s); });
  SmallVector<Value> by = llvm::map_to_vector(strides, [&](OpFoldResult s) { return math.of(s); });
  Value init = d.empty(storageType(d.shapes.elementType(getData())), sizes);
  d.setResult(getOutput(), d.generate(init, [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    IndexMath inner(b, loc);
    SmallVector<Value> source;
    for (auto [axis, i] : llvm::enumerate(at))
      source.push_back(inner.add(from[axis], inner.mul(i, by[axis])));
    return tensor::ExtractOp::create(b, loc, data, source);
  }));
  return success();
}
std::optional<SmallVector<unsigned>> SliceOp::permutableOperands(ArrayRef<int64_t> permutation) {
  ShapeContext context;
  if (isPresent(getAxes()) ? !context.constantContent(getAxes()) : !lengthOf(getStarts()))
    return std::nullopt;
  return permuteOperandZero(getData(), permutation);
}
void SliceOp::permute(OpBuilder &builder, ArrayRef<int64_t> permutation) {
  permuteAxes(*this, 3, lengthOf(getStarts()).value_or(0), builder, permutation);
}

//===--- quantized ----------------------------------------------------------===//

QuantizedForm PadOp::quantizedForm() {
  QuantizedForm form;
  form.kind = QuantizedForm::Move;
  form.activations = {0};
  if (getMode() == "constant")
    form.fill = 2;
  return form;
}

QuantizedForm ConcatOp::quantizedForm() {
  QuantizedForm form;
  form.kind = QuantizedForm::Move;
  llvm::append_range(form.activations, llvm::seq<unsigned>(0, getNumOperands()));
  return form;
}
