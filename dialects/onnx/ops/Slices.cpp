// Which slices of operands and results go together (../../interfaces/Slices.h), family by family.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Build.h"
#include "dialects/onnx/ops/Conv.h"
#include "dialects/onnx/ops/Elementwise.h"
#include "dialects/onnx/ops/Gather.h"
#include "dialects/onnx/ops/MatMul.h"
#include "dialects/onnx/ops/Norm.h"
#include "dialects/onnx/ops/Pool.h"
#include "dialects/onnx/ops/Resize.h"
#include "dialects/onnx/ops/Shape.h"
#include "dialects/onnx/ops/Slice.h"
#include "dialects/onnx/ops/Slices.h"
#include "dialects/onnx/ops/Softmax.h"
#include <numeric>

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
int64_t rankOf(Value value) { return isPresent(value) ? shapeOf(value).size() : 0; }

/// An axis that may count from the end. Attributes of 64 bits read as unsigned numbers.
int64_t fromFront(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

/// Axis i of `from` is axis i of `to` for the axes that `select` names.
void tieAxes(SliceCoupling &slices, Value from, Value to, llvm::function_ref<bool(int64_t)> select) {
  for (int64_t axis = 0; axis < std::min(rankOf(from), rankOf(to)); ++axis)
    if (select(axis))
      slices.tie({from, axis}, {to, axis});
}

/// A vector of parameters along an axis of the result.
void tieVector(SliceCoupling &slices, Value vector, TensorAxis axis) {
  if (rankOf(vector) == 1)
    slices.tie({vector, 0}, axis);
}

Value integers(OpBuilder &b, Location loc, ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get(static_cast<int64_t>(values.size()), b.getI64Type());
  return createConstant(b, loc, DenseElementsAttr::get(type, values));
}

/// A list of sizes brought to `dims`; entries that follow from the operand (0, -1) stay.
Value resizedTarget(OpBuilder &b, Operation *op, Value target, ArrayRef<int64_t> dims) {
  ShapeContext context;
  SmallVector<int64_t> sizes = *context.constantContent(target);
  for (auto [size, dim] : llvm::zip(MutableArrayRef(sizes).take_back(dims.size()), dims))
    if (size > 1 && !ShapedType::isDynamic(dim))
      size = dim;
  return integers(b, op->getLoc(), sizes);
}

bool isConstantContent(Value value) { return ShapeContext().constantContent(value).has_value(); }

} // namespace

void onnx::tieReshaped(SliceCoupling &slices, Value data, Value result) {
  Dims from = dimsOf(data.getType()), to = dimsOf(result.getType());
  size_t i = 0, j = 0, fromEnd = from.size(), toEnd = to.size();
  while (i < fromEnd && j < toEnd && from[i] == to[j])
    slices.tie({data, static_cast<int64_t>(i++)}, {result, static_cast<int64_t>(j++)});
  while (i < fromEnd && j < toEnd && from[fromEnd - 1] == to[toEnd - 1])
    slices.tie({data, static_cast<int64_t>(--fromEnd)}, {result, static_cast<int64_t>(--toEnd)});
  while (i < fromEnd && j < toEnd) {
    // The shortest runs of axes with equal products; axes of size 1 are no part of a run.
    SmallVector<TensorAxis> whole, parts;
    int64_t have = 1, want = 1;
    do {
      bool takeFrom = have <= want ? i < fromEnd : j >= toEnd && i < fromEnd;
      if (!takeFrom && j >= toEnd)
        return;
      const Dim &dim = takeFrom ? from[i] : to[j];
      if (!dim.constant() || *dim.constant() <= 0)
        return;
      if (*dim.constant() > 1)
        (takeFrom ? whole : parts).push_back({takeFrom ? data : result, static_cast<int64_t>(takeFrom ? i : j)});
      (takeFrom ? have : want) *= *dim.constant();
      ++(takeFrom ? i : j);
    } while (have != want || whole.empty() != parts.empty());
    if (whole.size() == 1 && parts.size() == 1)
      slices.tie(whole.front(), parts.front());
    else if (whole.size() == 1)
      slices.split(whole.front(), parts);
    else if (parts.size() == 1)
      slices.split(parts.front(), whole);
  }
}

//===--- products -----------------------------------------------------------===//

void MatMulOp::coupleSlices(SliceCoupling &slices) {
  int64_t a = rankOf(getA()), b = rankOf(getB()), y = rankOf(getY());
  if (a < 2 || b < 2)
    return;
  for (Value operand : {getA(), getB()})
    for (int64_t axis = 0; axis < rankOf(operand) - 2; ++axis)
      if (int64_t to = axis + y - rankOf(operand); shapeOf(operand)[axis] == shapeOf(getY())[to])
        slices.tie({operand, axis}, {getY(), to});
  slices.tie({getA(), a - 2}, {getY(), y - 2});
  slices.tie({getB(), b - 1}, {getY(), y - 1});
  slices.sum({getA(), a - 1}, {getB(), b - 2});
}

bool MatMulOp::summands(ArrayRef<int64_t> input, ArrayRef<int64_t>, int64_t position, MutableArrayRef<int64_t> places) {
  if (rankOf(getB()) != 2 || static_cast<int64_t>(places.size()) != input.back())
    return false;
  std::iota(places.begin(), places.end(), position * input.back());
  return true;
}

void GemmOp::coupleSlices(SliceCoupling &slices) {
  bool hasC = isPresent(getC());
  if (getAlpha().convertToDouble() != 1 || (hasC && getBeta().convertToDouble() != 1))
    return;
  slices.tie({getA(), getTransA() ? 1 : 0}, {getY(), 0});
  slices.tie({getB(), getTransB() ? 0 : 1}, {getY(), 1});
  slices.sum({getA(), getTransA() ? 0 : 1}, {getB(), getTransB() ? 1 : 0});
  for (int64_t axis = 0, rank = rankOf(getC()); hasC && axis < rank; ++axis)
    if (int64_t to = axis + 2 - rank; shapeOf(getC())[axis] == shapeOf(getY())[to])
      slices.tie({getC(), axis}, {getY(), to});
}

bool GemmOp::summands(ArrayRef<int64_t> input, ArrayRef<int64_t>, int64_t position, MutableArrayRef<int64_t> places) {
  for (auto [k, place] : llvm::enumerate(places))
    place = getTransA() ? static_cast<int64_t>(k) * input[1] + position : position * input[1] + static_cast<int64_t>(k);
  return true;
}

void ConvOp::coupleSlices(SliceCoupling &slices) {
  if (getChannelsLast())
    return;
  int64_t channels = shapeOf(getX())[1];
  bool depthwise = getGroup() > 1 && static_cast<int64_t>(getGroup()) == channels && shapeOf(getW())[0] == channels;
  slices.tie({getX(), 0}, {getY(), 0});
  if (getGroup() != 1 && !depthwise)
    return;
  if (depthwise)
    slices.tie({getX(), 1}, {getY(), 1});
  else
    slices.sum({getX(), 1}, {getW(), 1});
  slices.tie({getW(), 0}, {getY(), 1});
  tieVector(slices, getB(), {getY(), 1});
}

void ConvOp::resizeResults(OpBuilder &, ArrayRef<SmallVector<int64_t>> dims) {
  if (getGroup() > 1)
    setGroup(dims[0][1]);
}

bool ConvOp::summands(ArrayRef<int64_t> input, ArrayRef<int64_t> result, int64_t position,
                      MutableArrayRef<int64_t> places) {
  if (getGroup() != 1 || getChannelsLast())
    return false;
  ArrayRef<int64_t> kernel = shapeOf(getW()).drop_front(2);
  FailureOr<Window> window = makeWindow(*this, Dims(input.begin() + 2, input.end()), Dims(kernel.begin(), kernel.end()));
  if (failed(window))
    return false;
  int64_t rank = window->rank(), taps = 1, pixels = 1;
  for (int64_t i = 0; i < rank; ++i) {
    taps *= kernel[i];
    pixels *= input[2 + i];
  }
  // Where the window begins.
  SmallVector<int64_t> start(rank);
  for (int64_t i = rank; i-- > 0; position /= result[2 + i])
    start[i] = position % result[2 + i] * window->strides[i] - window->begin[i].value();
  for (int64_t tap = 0; tap < taps; ++tap) {
    int64_t place = 0, scale = 1, rest = tap;
    for (int64_t i = rank; i-- > 0; rest /= kernel[i], scale *= input[2 + i]) {
      int64_t at = start[i] + rest % kernel[i] * window->dilations[i];
      if (at < 0 || at >= input[2 + i])
        place = -1;
      else if (place >= 0)
        place += at * scale;
      if (place < 0)
        break;
    }
    for (int64_t channel = 0; channel < input[1]; ++channel)
      places[channel * taps + tap] = place < 0 ? -1 : (position * input[1] + channel) * pixels + place;
  }
  return true;
}

//===--- normalizations, pools, rows ----------------------------------------===//

void BatchNormalizationOp::coupleSlices(SliceCoupling &slices) {
  if (getTrainingMode() || getChannelsLast())
    return;
  tieAxes(slices, getX(), getY(), [](int64_t) { return true; });
  for (Value vector : {getScale(), getB(), getInputMean(), getInputVar()})
    tieVector(slices, vector, {getX(), 1});
}

void InstanceNormalizationOp::coupleSlices(SliceCoupling &slices) {
  if (getChannelsLast())
    return;
  tieAxes(slices, getInput(), getOutput(), [](int64_t axis) { return axis < 2; });
  for (Value vector : {getScale(), getB()})
    tieVector(slices, vector, {getInput(), 1});
}

void LayerNormalizationOp::coupleSlices(SliceCoupling &slices) {
  int64_t first = fromFront(getAxis(), rankOf(getX()));
  for (Value result : getOperation()->getResults())
    tieAxes(slices, getX(), result, [&](int64_t axis) { return axis < first; });
}

void RMSNormalizationOp::coupleSlices(SliceCoupling &slices) {
  int64_t first = fromFront(getAxis(), rankOf(getX()));
  tieAxes(slices, getX(), getY(), [&](int64_t axis) { return axis < first; });
}

/// Windows leave batch and channels alone.
static void coupleWindow(Operation *op, SliceCoupling &slices) {
  if (!op->hasAttr("channels_last"))
    for (Value result : op->getResults())
      tieAxes(slices, op->getOperand(0), result, [](int64_t axis) { return axis < 2; });
}
void MaxPoolOp::coupleSlices(SliceCoupling &slices) {
  // Where a maximum was is a place among all channels.
  if (getNumResults() == 1 || getIndices().use_empty())
    coupleWindow(*this, slices);
}
void AveragePoolOp::coupleSlices(SliceCoupling &slices) { coupleWindow(*this, slices); }
void GlobalAveragePoolOp::coupleSlices(SliceCoupling &slices) { coupleWindow(*this, slices); }
void GlobalMaxPoolOp::coupleSlices(SliceCoupling &slices) { coupleWindow(*this, slices); }

void onnx::coupleRows(Operation *op, SliceCoupling &slices) {
  int64_t rank = rankOf(op->getOperand(0)), axis = op->getAttrOfType<IntegerAttr>("axis").getInt();
  axis += axis < 0 ? rank : 0;
  bool flatten = op->hasAttr("flatten");
  tieAxes(slices, op->getOperand(0), op->getResult(0), [&](int64_t i) { return flatten ? i < axis : i != axis; });
}

//===--- moves --------------------------------------------------------------===//

void IdentityOp::coupleSlices(SliceCoupling &slices) {
  if (isa<RankedTensorType>(getInput().getType()))
    tieAxes(slices, getInput(), getOutput(), [](int64_t) { return true; });
}

void ReshapeOp::coupleSlices(SliceCoupling &slices) {
  if (isConstantContent(getShape()))
    tieReshaped(slices, getData(), getReshaped());
}
void ReshapeOp::resizeResults(OpBuilder &b, ArrayRef<SmallVector<int64_t>> dims) {
  getShapeMutable().assign(resizedTarget(b, *this, getShape(), dims[0]));
}
void FlattenOp::coupleSlices(SliceCoupling &slices) { tieReshaped(slices, getInput(), getOutput()); }
void SqueezeOp::coupleSlices(SliceCoupling &slices) { tieReshaped(slices, getData(), getSqueezed()); }
void UnsqueezeOp::coupleSlices(SliceCoupling &slices) { tieReshaped(slices, getData(), getExpanded()); }

void TransposeOp::coupleSlices(SliceCoupling &slices) {
  for (auto [to, from] : llvm::enumerate(permutation()))
    slices.tie({getData(), from}, {getTransposed(), static_cast<int64_t>(to)});
}

void ExpandOp::coupleSlices(SliceCoupling &slices) {
  if (!isConstantContent(getShape()))
    return;
  int64_t offset = rankOf(getOutput()) - rankOf(getInput());
  for (int64_t axis = 0; axis < rankOf(getInput()); ++axis)
    if (shapeOf(getInput())[axis] == shapeOf(getOutput())[axis + offset])
      slices.tie({getInput(), axis}, {getOutput(), axis + offset});
}
void ExpandOp::resizeResults(OpBuilder &b, ArrayRef<SmallVector<int64_t>> dims) {
  int64_t length = shapeOf(getShape())[0];
  getShapeMutable().assign(resizedTarget(b, *this, getShape(), ArrayRef(dims[0]).take_back(length)));
}

void ConcatOp::coupleSlices(SliceCoupling &slices) {
  Value result = getConcatResult();
  int64_t axis = fromFront(getAxis(), rankOf(result)), offset = 0;
  for (Value input : getInputs()) {
    tieAxes(slices, input, result, [&](int64_t i) { return i != axis; });
    int64_t size = shapeOf(input)[axis];
    // Behind an open size no place is known.
    if (offset >= 0 && !ShapedType::isDynamic(size))
      slices.tie({input, axis}, {result, axis}, offset);
    offset = offset < 0 || ShapedType::isDynamic(size) ? -1 : offset + size;
  }
}

void SplitOp::coupleSlices(SliceCoupling &slices) {
  int64_t axis = fromFront(getAxis(), rankOf(getInput())), offset = 0;
  for (Value output : getOutputs()) {
    tieAxes(slices, output, getInput(), [&](int64_t i) { return i != axis; });
    int64_t size = shapeOf(output)[axis];
    if (offset >= 0 && !ShapedType::isDynamic(size))
      slices.tie({output, axis}, {getInput(), axis}, offset);
    offset = offset < 0 || ShapedType::isDynamic(size) ? -1 : offset + size;
  }
}
void SplitOp::resizeResults(OpBuilder &b, ArrayRef<SmallVector<int64_t>> dims) {
  int64_t axis = fromFront(getAxis(), rankOf(getInput()));
  SmallVector<int64_t> sizes;
  for (const SmallVector<int64_t> &result : dims)
    sizes.push_back(result[axis]);
  if (llvm::any_of(sizes, ShapedType::isDynamic))
    return;
  getSplitMutable().assign(integers(b, getLoc(), sizes));
  removeNumOutputsAttr();
}

void SliceOp::coupleSlices(SliceCoupling &slices) {
  // Along the axes that it cuts places would change.
  ShapeContext context;
  int64_t rank = rankOf(getData());
  SmallVector<bool> cut(rank, !isPresent(getAxes()));
  if (isPresent(getAxes())) {
    std::optional<SmallVector<int64_t>> axes = context.constantContent(getAxes());
    if (!axes)
      return;
    for (int64_t axis : *axes)
      cut[axis < 0 ? axis + rank : axis] = true;
  }
  tieAxes(slices, getData(), getOutput(), [&](int64_t axis) { return !cut[axis]; });
}

void PadOp::coupleSlices(SliceCoupling &slices) {
  ShapeContext context;
  std::optional<SmallVector<int64_t>> pads = context.constantContent(getPads());
  if (!pads || isPresent(getAxes()))
    return;
  tieAxes(slices, getData(), getOutput(),
          [&](int64_t axis) { return (*pads)[axis] == 0 && (*pads)[axis + pads->size() / 2] == 0; });
}

void GatherOp::coupleSlices(SliceCoupling &slices) {
  int64_t data = rankOf(getData()), axis = fromFront(getAxis(), data);
  int64_t shift = rankOf(getIndices()) - 1;
  for (int64_t i = 0; i < data; ++i)
    if (i != axis)
      slices.tie({getData(), i}, {getOutput(), i < axis ? i : i + shift});
}

void ResizeOp::coupleSlices(SliceCoupling &slices) {
  // By a factor that is 1 for batch and channels, or to sizes that can be stated anew.
  if (getKeepAspectRatioPolicy() != "stretch" || getCoordinateTransformationMode() == "tf_crop_and_resize" ||
      (isPresent(getSizes()) && !isConstantContent(getSizes())))
    return;
  tieAxes(slices, getX(), getY(), [&](int64_t axis) { return axis < 2 && shapeOf(getX())[axis] == shapeOf(getY())[axis]; });
}
void ResizeOp::resizeResults(OpBuilder &b, ArrayRef<SmallVector<int64_t>> dims) {
  if (!isPresent(getSizes()) || shapeOf(getSizes())[0] == 0)
    return;
  SmallVector<int64_t> sizes;
  for (int64_t axis : resizedAxes())
    sizes.push_back(dims[0][axis]);
  getSizesMutable().assign(integers(b, getLoc(), sizes));
}
