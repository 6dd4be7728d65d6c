// Which frames are made of which along time (../../interfaces/Frames.h), family by family.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Conv.h"
#include "dialects/onnx/ops/Index.h"
#include "dialects/onnx/ops/Pool.h"
#include "dialects/onnx/ops/Quant.h"
#include "dialects/onnx/ops/Recurrent.h"
#include "dialects/onnx/ops/Resize.h"
#include "dialects/onnx/ops/Shape.h"
#include "dialects/onnx/ops/Slice.h"
#include "dialects/onnx/ops/Slices.h"
#include "dialects/onnx/ops/Window.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

constexpr double kLowest = -std::numeric_limits<double>::infinity();

int64_t rankOf(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }

//===--- windows ------------------------------------------------------------===//

/// The window over the op's first operand; `kernel` are the sizes of its spatial axes.
FailureOr<Window> windowOf(Operation *op, ArrayRef<int64_t> kernel) {
  Dims x = dimsOf(op->getOperand(0).getType());
  return makeWindow(op, Layout(op, x.size()).spatialDims(x), Dims(kernel.begin(), kernel.end()));
}

void coupleWindow(Operation *op, ArrayRef<int64_t> kernel, FrameCoupling &frames, double fill) {
  FailureOr<Window> window = windowOf(op, kernel);
  if (failed(window) || op->hasAttr("channels_last"))
    return;
  for (int64_t i = 0; i < window->rank(); ++i) {
    TensorAxis from{op->getOperand(0), 2 + i};
    std::optional<int64_t> before = window->begin[i].constant();
    if (!before)
      frames.refuse(from, "pads by the number of frames");
    else
      frames.window(from, {op->getResult(0), 2 + i},
                    {(kernel[i] - 1) * window->dilations[i] + 1, window->strides[i], *before, fill});
  }
}

/// No padding along `axis`; that of the others is written out.
void dropPadding(Operation *op, ArrayRef<int64_t> kernel, int64_t axis) {
  FailureOr<Window> window = windowOf(op, kernel);
  if (failed(window))
    return;
  int64_t rank = window->rank();
  SmallVector<int64_t> pads(2 * rank, 0);
  for (int64_t i = 0; i < rank; ++i) {
    if (i == axis - 2)
      continue;
    pads[i] = window->begin[i].value();
    pads[rank + i] = window->end[i].value();
  }
  Builder b(op->getContext());
  op->setAttr("auto_pad", b.getStringAttr("NOTSET"));
  op->setAttr("pads", b.getDenseI64ArrayAttr(pads));
}

ArrayRef<int64_t> kernelOf(Value weight) { return cast<RankedTensorType>(weight.getType()).getShape().drop_front(2); }

} // namespace

void ConvOp::coupleFrames(FrameCoupling &frames) { coupleWindow(*this, kernelOf(getW()), frames, 0); }
void ConvOp::keepFrames(OpBuilder &, int64_t axis, ArrayRef<SmallVector<int64_t>>) {
  dropPadding(*this, kernelOf(getW()), axis);
}

void MaxPoolOp::coupleFrames(FrameCoupling &frames) { coupleWindow(*this, getKernelShape(), frames, kLowest); }
void MaxPoolOp::keepFrames(OpBuilder &, int64_t axis, ArrayRef<SmallVector<int64_t>>) {
  dropPadding(*this, getKernelShape(), axis);
}

void AveragePoolOp::coupleFrames(FrameCoupling &frames) {
  FailureOr<Window> window = windowOf(*this, getKernelShape());
  for (int64_t i = 0; succeeded(window) && !getCountIncludePad() && i < window->rank(); ++i)
    if (window->begin[i] != Dim(0))
      frames.refuse({getX(), 2 + i}, "divides by fewer frames at the beginning");
  coupleWindow(*this, getKernelShape(), frames, 0);
}
void AveragePoolOp::keepFrames(OpBuilder &, int64_t axis, ArrayRef<SmallVector<int64_t>>) {
  dropPadding(*this, getKernelShape(), axis);
}

//===--- windows over the result --------------------------------------------===//

namespace {

/// Kernel, stride and dilation of a transposed convolution along a spatial axis.
struct Spread {
  int64_t span, stride, before;
};
std::optional<Spread> spreadOf(ConvTransposeOp op, int64_t i) {
  int64_t rank = rankOf(op.getX()) - 2;
  FailureOr<SmallVector<int64_t>> strides = axesAttr(op, "strides", rank, 1, 1);
  FailureOr<SmallVector<int64_t>> dilations = axesAttr(op, "dilations", rank, 1, 1);
  FailureOr<SmallVector<int64_t>> pads = axesAttr(op, "pads", 2 * rank, 0, 0);
  bool isPlain = op.getAutoPad() == "VALID" || op.getAutoPad() == "NOTSET";
  if (failed(strides) || failed(dilations) || failed(pads) || !isPlain || (op.getOutputShape() && !op.getOutputShape()->empty()))
    return std::nullopt;
  return Spread{(kernelOf(op.getW())[i] - 1) * (*dilations)[i] + 1, (*strides)[i],
                op.getAutoPad() == "VALID" ? 0 : (*pads)[i]};
}

} // namespace

void ConvTransposeOp::coupleFrames(FrameCoupling &frames) {
  if (getChannelsLast())
    return;
  frames.tie({getX(), 0}, {getY(), 0});
  for (int64_t i = 0; i < rankOf(getX()) - 2; ++i) {
    if (std::optional<Spread> spread = spreadOf(*this, i))
      frames.spread({getX(), 2 + i}, {getY(), 2 + i}, {spread->span, spread->stride, spread->before});
    else
      frames.refuse({getX(), 2 + i}, "crops by the number of frames");
  }
}
void ConvTransposeOp::keepFrames(OpBuilder &b, int64_t axis, ArrayRef<SmallVector<int64_t>>) {
  int64_t rank = rankOf(getX()) - 2, i = axis - 2;
  std::optional<Spread> spread = spreadOf(*this, i);
  FailureOr<SmallVector<int64_t>> pads = axesAttr(*this, "pads", 2 * rank, 0, 0);
  FailureOr<SmallVector<int64_t>> extra = axesAttr(*this, "output_padding", rank, 0, 0);
  if (!spread || failed(pads) || failed(extra))
    return;
  // What the first and the last frames share with some that are not there.
  int64_t end = spread->span - spread->stride;
  (*pads)[i] = (spread->span - 1) / spread->stride * spread->stride;
  (*pads)[rank + i] = std::max<int64_t>(end, 0);
  (*extra)[i] = std::max<int64_t>(-end, 0);
  setAutoPad("NOTSET");
  setPads(*pads);
  setOutputPadding(*extra);
}

namespace {

/// By how much an axis grows where each frame is only repeated.
std::optional<int64_t> repetition(ResizeOp op, int64_t axis) {
  Dim from = dimsOf(op.getX().getType())[axis], to = dimsOf(op.getY().getType())[axis];
  if (from == to)
    return 1;
  StringRef mode = op.getCoordinateTransformationMode(), rounding = op.getNearestMode();
  bool isRepeated = op.getMode() == "nearest" && ((mode == "asymmetric" && rounding == "floor") ||
                                                  ((mode == "half_pixel" || mode == "half_pixel_symmetric") && rounding.starts_with("round")));
  for (int64_t factor = 2; isRepeated && factor <= 4096; ++factor)
    if (from * factor == to)
      return factor;
  return std::nullopt;
}

} // namespace

void ResizeOp::coupleFrames(FrameCoupling &frames) {
  if (isPresent(getSizes()))
    frames.sizes(getSizes());
  for (int64_t axis : resizedAxes()) {
    std::optional<int64_t> factor = repetition(*this, axis);
    if (!factor)
      frames.refuse({getX(), axis}, "computes with neighbors on both sides");
    else if (*factor == 1)
      frames.tie({getX(), axis}, {getY(), axis});
    else
      frames.spread({getX(), axis}, {getY(), axis}, {*factor, *factor, 0});
  }
}
void ResizeOp::keepFrames(OpBuilder &b, int64_t, ArrayRef<SmallVector<int64_t>> dims) { resizeResults(b, dims); }

//===--- moves --------------------------------------------------------------===//

void PadOp::coupleFrames(FrameCoupling &frames) {
  ShapeContext context;
  frames.sizes(getPads());
  std::optional<Dims> pads = context.content(getPads());
  std::optional<SmallVector<int64_t>> axes;
  if (isPresent(getAxes()))
    axes = context.constantContent(getAxes());
  else
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rankOf(getData())));
  if (!pads || !axes || pads->size() != 2 * axes->size())
    return;
  double fill = 0;
  bool isKnown = true;
  if (isPresent(getConstantValue())) {
    std::optional<SmallVector<double>> value = floats(getConstantValue());
    isKnown = value && value->size() == 1;
    fill = isKnown ? value->front() : 0;
  }
  for (auto [i, each] : llvm::enumerate(*axes)) {
    TensorAxis from{getData(), each < 0 ? each + rankOf(getData()) : each};
    std::optional<int64_t> before = (*pads)[i].constant();
    if (before && *before != 0 && getMode() != "constant")
      frames.refuse(from, "pads with other frames (mode " + getMode() + ")");
    else if (!before || (*before != 0 && !isKnown))
      frames.refuse(from, "pads by what is known at run time only");
    else
      frames.window(from, {getOutput(), from.axis}, {1, 1, *before, fill});
  }
}
void PadOp::keepFrames(OpBuilder &b, int64_t axis, ArrayRef<SmallVector<int64_t>>) {
  ShapeContext context;
  std::optional<Dims> pads = context.content(getPads());
  std::optional<SmallVector<int64_t>> axes;
  if (isPresent(getAxes()))
    axes = context.constantContent(getAxes());
  if (!pads)
    return;
  SmallVector<int64_t> kept;
  for (auto [i, pad] : llvm::enumerate(*pads)) {
    size_t at = i % (pads->size() / 2);
    int64_t of = axes ? (*axes)[at] : static_cast<int64_t>(at);
    kept.push_back((of < 0 ? of + rankOf(getData()) : of) == axis ? 0 : pad.constant().value_or(0));
  }
  getPadsMutable().assign(makeIntegers(b, getLoc(), kept));
}

namespace {

/// What a slice does along one axis; nullopt where it is not known.
struct Cut {
  std::optional<int64_t> start, step, end;
};
/// Ends behind it mean the end.
constexpr int64_t kEnd = int64_t(1) << 30;
SmallVector<std::optional<Cut>> cutsOf(SliceOp op) {
  ShapeContext context;
  int64_t rank = rankOf(op.getData());
  SmallVector<std::optional<Cut>> cuts(rank);
  std::optional<Dims> starts = context.content(op.getStarts()), ends = context.content(op.getEnds()), steps, axes;
  if (isPresent(op.getSteps()))
    steps = context.content(op.getSteps());
  if (isPresent(op.getAxes()))
    axes = context.content(op.getAxes());
  if (isPresent(op.getAxes()) != axes.has_value() || !starts)
    return SmallVector<std::optional<Cut>>(rank, Cut{});
  for (size_t i = 0; i < starts->size(); ++i) {
    int64_t axis = axes ? (*axes)[i].constant().value_or(0) : static_cast<int64_t>(i);
    cuts[axis < 0 ? axis + rank : axis] =
        Cut{(*starts)[i].constant(), isPresent(op.getSteps()) ? steps ? (*steps)[i].constant() : std::nullopt : 1,
            ends ? (*ends)[i].constant() : std::nullopt};
  }
  return cuts;
}

} // namespace

void SliceOp::coupleFrames(FrameCoupling &frames) {
  frames.sizes(getEnds());
  for (auto [axis, cut] : llvm::enumerate(cutsOf(*this))) {
    if (!cut)
      continue;
    TensorAxis from{getData(), static_cast<int64_t>(axis)};
    if (!cut->start || !cut->step)
      frames.refuse(from, "begins at a frame that is known at run time only");
    else if (*cut->start < 0 || *cut->step < 1)
      frames.refuse(from, "counts frames from the end");
    else if (cut->end && *cut->end >= 0 && *cut->end < kEnd && !dimsOf(getData().getType())[axis].constant())
      frames.refuse(from, "ends with frame " + Twine(*cut->end - 1));
    else
      frames.window(from, {getOutput(), from.axis}, {1, *cut->step, -*cut->start});
  }
}
void SliceOp::keepFrames(OpBuilder &b, int64_t axis, ArrayRef<SmallVector<int64_t>>) {
  ShapeContext context;
  std::optional<Dims> starts = context.content(getStarts()), ends = context.content(getEnds()), axes;
  if (isPresent(getAxes()))
    axes = context.content(getAxes());
  if (!starts || !ends)
    return;
  SmallVector<int64_t> from, to;
  for (size_t i = 0; i < starts->size(); ++i) {
    int64_t of = axes ? (*axes)[i].constant().value_or(0) : static_cast<int64_t>(i);
    bool isTime = (of < 0 ? of + rankOf(getData()) : of) == axis;
    from.push_back(isTime ? 0 : (*starts)[i].constant().value_or(0));
    to.push_back(isTime ? std::numeric_limits<int64_t>::max() : (*ends)[i].constant().value_or(0));
  }
  getStartsMutable().assign(makeIntegers(b, getLoc(), from));
  getEndsMutable().assign(makeIntegers(b, getLoc(), to));
}

void SplitOp::coupleFrames(FrameCoupling &frames) {
  if (isPresent(getSplit()))
    frames.sizes(getSplit());
}

void ReshapeOp::coupleFrames(FrameCoupling &frames) {
  frames.sizes(getShape());
  tieReshaped(frames, getData(), getReshaped());
}
void ReshapeOp::keepFrames(OpBuilder &b, int64_t, ArrayRef<SmallVector<int64_t>> dims) {
  if (llvm::none_of(dims[0], ShapedType::isDynamic))
    getShapeMutable().assign(makeIntegers(b, getLoc(), dims[0]));
}

void ExpandOp::coupleFrames(FrameCoupling &frames) {
  frames.sizes(getShape());
  int64_t offset = rankOf(getOutput()) - rankOf(getInput());
  Dims from = dimsOf(getInput().getType()), to = dimsOf(getOutput().getType());
  for (int64_t axis = 0; axis < rankOf(getInput()); ++axis)
    if (from[axis] == to[axis + offset])
      frames.tie({getInput(), axis}, {getOutput(), axis + offset});
}
void ExpandOp::keepFrames(OpBuilder &b, int64_t, ArrayRef<SmallVector<int64_t>> dims) {
  if (llvm::none_of(dims[0], ShapedType::isDynamic))
    getShapeMutable().assign(makeIntegers(b, getLoc(), dims[0]));
}

void ShapeOp::coupleFrames(FrameCoupling &frames) { frames.sizes(getData()); }
void SizeOp::coupleFrames(FrameCoupling &frames) { frames.sizes(getData()); }

//===--- quantization -------------------------------------------------------===//

/// All frames have one scale unless scales differ along their axis.
static void coupleQuantized(Operation *op, int64_t axis, int64_t block, FrameCoupling &frames) {
  Value x = op->getOperand(0);
  auto scale = cast<RankedTensorType>(op->getOperand(1).getType());
  bool isScalar = scale.getRank() == 0 || (scale.hasStaticShape() && scale.getNumElements() == 1);
  for (int64_t i = 0; block == 0 && i < rankOf(x); ++i)
    if (isScalar || i != (axis < 0 ? axis + rankOf(x) : axis))
      frames.tie({x, i}, {op->getResult(0), i});
}
void QuantizeLinearOp::coupleFrames(FrameCoupling &frames) { coupleQuantized(*this, getAxis(), getBlockSize(), frames); }
void DequantizeLinearOp::coupleFrames(FrameCoupling &frames) { coupleQuantized(*this, getAxis(), getBlockSize(), frames); }

//===--- recurrence ---------------------------------------------------------===//

/// `initial` lists the operands that hold states, in the order of the results behind the first.
static void coupleRecurrent(Operation *op, ArrayRef<unsigned> initial, FrameCoupling &frames) {
  Value x = op->getOperand(0), lengths = op->getOperand(4);
  auto layout = op->getAttrOfType<IntegerAttr>("layout");
  auto direction = op->getAttrOfType<StringAttr>("direction");
  bool batchFirst = layout && layout.getInt() != 0;
  TensorAxis time{x, batchFirst ? 1 : 0};
  if (direction && direction.getValue() != "forward")
    return frames.refuse(time, "goes through the frames backwards, too");
  if (isPresent(lengths))
    return frames.refuse(time, "counts the frames of each sequence");
  if (op->getNumResults() > 0)
    frames.tie(time, {op->getResult(0), time.axis});
  auto input = cast<RankedTensorType>(x.getType()), recurrence = cast<RankedTensorType>(op->getOperand(2).getType());
  int64_t batch = input.getDimSize(batchFirst ? 0 : 1), hidden = recurrence.getDimSize(2);
  for (auto [i, operand] : llvm::enumerate(initial))
    frames.carry(operand, i + 1, batchFirst ? ArrayRef<int64_t>{batch, 1, hidden} : ArrayRef<int64_t>{1, batch, hidden});
}
void LSTMOp::coupleFrames(FrameCoupling &frames) { coupleRecurrent(*this, {5, 6}, frames); }
void GRUOp::coupleFrames(FrameCoupling &frames) { coupleRecurrent(*this, {5}, frames); }
void RNNOp::coupleFrames(FrameCoupling &frames) { coupleRecurrent(*this, {5}, frames); }
