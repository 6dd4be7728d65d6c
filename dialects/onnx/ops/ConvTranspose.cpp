// ConvTranspose.
//
// Result position f of the uncropped result is q * stride + p; tap k reaches it from input position
// (f - k * dilation) / stride where that is whole. With the kernel laid out as taps t' of a window over
// the input and phases p (zeros where a phase has no tap), all phases are one contraction
//   y[q, p] = sum over t', c of xpadded[q + t', c] * w'[c, o, t', p],
// and (q, p) merges to f without moving data.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Contraction.h"
#include "dialects/onnx/ops/Conv.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

struct TransposedWindow {
  Window window; // over the input: padding and sizes; output counts q
  SmallVector<int64_t> kernel, taps;
  Dims crop, output; // what is cut off at the start, and the result's sizes

  /// The kernel is its own phases: nothing to rearrange, one tap per phase.
  bool isPlain() const {
    return kernel == window.strides && llvm::all_of(window.dilations, [](int64_t d) { return d == 1; });
  }
};

FailureOr<TransposedWindow> transposedWindow(ConvTransposeOp op, ShapeContext &shapes) {
  if (failed(checkConvOperands(op, shapes, op.getGroup(), 0)))
    return failure();
  Dims x = shapes.dims(op.getX()), w = shapes.dims(op.getW());
  Layout layout(op, x.size());
  int64_t rank = layout.spatialRank();
  FailureOr<SmallVector<int64_t>> strides = axesAttr(op, "strides", rank, 1, 1);
  FailureOr<SmallVector<int64_t>> dilations = axesAttr(op, "dilations", rank, 1, 1);
  FailureOr<SmallVector<int64_t>> pads = axesAttr(op, "pads", 2 * rank, 0, 0);
  FailureOr<SmallVector<int64_t>> extra = axesAttr(op, "output_padding", rank, 0, 0);
  if (failed(strides) || failed(dilations) || failed(pads) || failed(extra))
    return failure();
  std::optional<ArrayRef<int64_t>> shape = op.getOutputShape();
  if (shape && shape->size() == x.size())
    shape = shape->drop_front(2);
  if (shape && !shape->empty() && static_cast<int64_t>(shape->size()) != rank)
    return op.emitOpError("expects an output_shape of ") << rank << " numbers, but got " << shape->size();
  StringRef automatic = op.getAutoPad();
  TransposedWindow t;
  t.window.strides = *strides;
  t.window.dilations = *dilations;
  t.window.input = layout.spatialDims(x);
  for (int64_t i = 0; i < rank; ++i) {
    if (!w[2 + i].isConstant() || w[2 + i].value() < 1)
      return op.emitOpError("expects a kernel of known size, but got a weight of shape ") << toString(w);
    int64_t stride = (*strides)[i], kernel = w[2 + i].value();
    Dim effective = Dim(kernel - 1) * (*dilations)[i] + 1;
    const Dim &input = t.window.input[i];
    Dim full = (input - 1) * stride + effective + (*extra)[i];
    Dim begin = automatic == "VALID" ? 0 : (*pads)[i], output;
    if ((shape && !shape->empty()) || automatic.starts_with("SAME")) {
      output = shape && !shape->empty() ? Dim((*shape)[i]) : input * stride;
      Dim total = Dim::max(full - output, 0);
      begin = automatic == "SAME_UPPER" ? total.floorDiv(2) : total - total.floorDiv(2);
    } else {
      output = full - begin - (automatic == "VALID" ? 0 : (*pads)[rank + i]);
    }
    if (output.isInvalid() || (output.isConstant() && output.value() < 0))
      return op.emitOpError("expects padding smaller than the result, but got input ") << toString(x);
    Dim taps = effective.ceilDiv(stride);
    Dim positions = (output + begin).ceilDiv(stride);
    t.kernel.push_back(kernel);
    t.taps.push_back(taps.value());
    t.crop.push_back(begin);
    t.output.push_back(output);
    t.window.begin.push_back(taps - 1);
    t.window.output.push_back(positions);
    t.window.padded.push_back(Dim::max(input, positions) + taps - 1);
  }
  return t;
}

/// w'[..., t0, p0, t1, p1, ...] from w[..., k0, k1, ...], for `lead` axes before the kernel's.
Value layOutPhases(Decomposer &d, Value w, int64_t lead, const TransposedWindow &t) {
  Type element = cast<RankedTensorType>(w.getType()).getElementType();
  SmallVector<OpFoldResult> sizes = d.sizesOf(w);
  sizes.truncate(lead);
  for (auto [taps, stride] : llvm::zip(t.taps, t.window.strides)) {
    sizes.push_back(d.b.getIndexAttr(taps));
    sizes.push_back(d.b.getIndexAttr(stride));
  }
  return d.generate(d.empty(element, sizes), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    auto number = [&](int64_t n) { return arith::ConstantIndexOp::create(b, loc, n); };
    SmallVector<Value> from(at.take_front(lead));
    Value valid = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    for (size_t i = 0; i < t.taps.size(); ++i) {
      // Offset of the tap in the dilated kernel: p + (taps - 1 - t') * stride.
      Value back = arith::SubIOp::create(b, loc, number(t.taps[i] - 1), at[lead + 2 * i]);
      Value offset = arith::MulIOp::create(b, loc, back, number(t.window.strides[i]));
      offset = arith::AddIOp::create(b, loc, offset, at[lead + 2 * i + 1]);
      Value dilation = number(t.window.dilations[i]);
      Value k = arith::DivUIOp::create(b, loc, offset, dilation);
      Value rest = arith::RemUIOp::create(b, loc, offset, dilation);
      Value whole = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, rest, number(0));
      Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, k, number(t.kernel[i]));
      Value both = arith::AndIOp::create(b, loc, whole, inside);
      valid = arith::AndIOp::create(b, loc, valid, both);
      from.push_back(arith::SelectOp::create(b, loc, both, k, number(0)));
    }
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
    return arith::SelectOp::create(b, loc, valid, tensor::ExtractOp::create(b, loc, w, from), zero);
  });
}

} // namespace

LogicalResult ConvTransposeOp::inferShapes(ShapeContext &context) {
  FailureOr<TransposedWindow> t = transposedWindow(*this, context);
  if (failed(t))
    return failure();
  Dims x = context.dims(getX()), w = context.dims(getW());
  Layout layout(*this, x.size());
  context.setType(getY(), context.elementType(getX()), layout.order<Dim>(x[0], w[1] * getGroup(), t->output));
  return checkBias(*this, context, getB(), w[1] * getGroup());
}

LogicalResult ConvTransposeOp::decompose(Decomposer &d) {
  FailureOr<TransposedWindow> t = transposedWindow(*this, d.shapes);
  if (failed(t))
    return failure();
  Dims xDims = d.shapes.dims(getX()), wDims = d.shapes.dims(getW());
  Layout layout(*this, xDims.size());
  int64_t group = getGroup(), rank = layout.spatialRank();
  checkEqual(d, xDims[layout.channel()], wDims[0], "input channels differ from the weight's");
  Type element = storageType(d.shapes.elementType(getX()));
  Value x = pad(d, d(getX()), layout, t->window, d.number(element, 0)), w = d(getW());

  bool plain = t->isPlain(), depthwise = group > 1 && wDims[0] == Dim(group);
  Channels channels{group > 1, !depthwise || wDims[1] != Dim(1), !depthwise};
  OpFoldResult groups = d.b.getIndexAttr(group), perGroup = d.size(wDims[1]);
  if (!plain)
    w = layOutPhases(d, w, 2, *t);
  if (!channels.output) {
    SmallVector<bool> keep(cast<RankedTensorType>(w.getType()).getRank(), true);
    keep[1] = false;
    w = dropUnitAxes(d, w, keep);
  }
  if (channels.group && channels.reduced) {
    OpFoldResult inputs = d.size(wDims[0].floorDiv(group));
    w = splitAxis(d, w, 0, {groups, inputs});
    x = splitAxis(d, x, layout.channel(), {groups, inputs});
  }

  // Loops: those of the result (positions and phases side by side), taps, input channels.
  SmallVector<utils::IteratorType> iterators;
  auto next = [&](utils::IteratorType kind) {
    iterators.push_back(kind);
    return d.b.getAffineDimExpr(iterators.size() - 1);
  };
  AffineExpr batch = next(utils::IteratorType::parallel), g, o, c;
  SmallVector<AffineExpr> positions, weightSpatial, inputSpatial;
  SmallVector<OpFoldResult> positionSizes, channelSizes;
  auto addChannels = [&] {
    if (channels.group)
      g = next(utils::IteratorType::parallel), channelSizes.push_back(groups);
    if (channels.output)
      o = next(utils::IteratorType::parallel), channelSizes.push_back(perGroup);
  };
  if (!layout.last)
    addChannels();
  for (int64_t i = 0; i < rank; ++i) {
    positions.push_back(next(utils::IteratorType::parallel));
    positions.push_back(next(utils::IteratorType::parallel));
    positionSizes.push_back(d.size(t->window.output[i]));
    positionSizes.push_back(d.b.getIndexAttr(t->window.strides[i]));
  }
  if (layout.last)
    addChannels();
  for (int64_t i = 0; i < rank; ++i) {
    AffineExpr from = positions[2 * i];
    if (!plain) {
      AffineExpr tap = next(utils::IteratorType::reduction);
      weightSpatial.push_back(tap);
      from = from + tap;
    }
    weightSpatial.push_back(positions[2 * i + 1]);
    inputSpatial.push_back(from);
  }
  if (channels.reduced)
    c = next(utils::IteratorType::reduction);
  SmallVector<AffineExpr> weight = ConvLoops::present({g, c, o});
  llvm::append_range(weight, weightSpatial);
  auto inputChannels = ConvLoops::present({g, c}), outputChannels = ConvLoops::present({g, o});
  SmallVector<AffineMap> maps;
  for (const SmallVector<AffineExpr> &exprs : {layout.order<AffineExpr>(batch, inputChannels, inputSpatial), weight,
                                               layout.order<AffineExpr>(batch, outputChannels, positions)})
    maps.push_back(AffineMap::get(iterators.size(), 0, exprs, getContext()));

  Type type = accumulatorType(element);
  Value init = d.empty(type, layout.order<OpFoldResult>(d.sizeOf(x, 0), channelSizes, positionSizes));
  init = d.fill(d.number(type, 0), init);
  Value sum = d.generic({x, w}, init, maps, iterators, [](OpBuilder &b, Location loc, ValueRange args) {
    return multiplyAdd(b, loc, args[2], args[0], args[1]);
  });
  // From the last axis on, so that earlier axes keep their numbers.
  if (layout.last && channelSizes.size() == 2)
    sum = mergeAxes(d, sum, 1 + 2 * rank, 2);
  for (int64_t i = rank; i-- > 0;)
    sum = mergeAxes(d, sum, (layout.last ? 1 : 1 + channelSizes.size()) + 2 * i, 2);
  if (!layout.last && channelSizes.size() == 2)
    sum = mergeAxes(d, sum, 1, 2);

  SmallVector<OpFoldResult> sizes = d.sizesOf(sum);
  SmallVector<OpFoldResult> offsets(layout.rank, d.b.getIndexAttr(0)), strides(layout.rank, d.b.getIndexAttr(1));
  bool crops = false;
  for (int64_t i = 0; i < rank; ++i) {
    offsets[layout.spatial(i)] = d.size(t->crop[i]);
    sizes[layout.spatial(i)] = d.size(t->output[i]);
    crops |= t->crop[i] != Dim(0) || t->window.output[i] * t->window.strides[i] != t->output[i];
  }
  if (crops)
    sum = tensor::ExtractSliceOp::create(d.b, d.loc(), sum, offsets, sizes, strides);
  d.setResult(getY(), addBias(d, sum, d(getB()), layout, getY()));
  return success();
}
