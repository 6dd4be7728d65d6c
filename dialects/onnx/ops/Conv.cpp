// Conv, and what all convolutions share.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Conv.h"

#include "dialects/onnx/ops/Contraction.h"
#include "dialects/onnx/ops/Window.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Conv.cpp.inc"

namespace brisk::onnx {
void addConvOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Conv.cpp.inc"
      >();
}
} // namespace brisk::onnx

Value onnx::addBias(Decomposer &d, Value sum, Value bias, const Layout &layout, Value result) {
  Type element = storageType(getElementTypeOrSelf(result.getType()));
  if (!bias)
    return narrow(d, sum, element);
  AffineMap channel = AffineMap::get(layout.rank, 0, d.b.getAffineDimExpr(layout.channel()));
  Value init = d.empty(element, d.sizesOf(sum));
  return d.map({sum, bias}, {d.b.getMultiDimIdentityMap(layout.rank), channel}, init,
               [&](OpBuilder &b, Location loc, ValueRange args) {
                 Value wide = toFloat(b, loc, args[1], args[0].getType());
                 return toFloat(b, loc, arith::AddFOp::create(b, loc, args[0], wide), element);
               });
}

LogicalResult onnx::checkBias(Operation *op, ShapeContext &shapes, Value bias, const Dim &channels) {
  if (isPresent(bias) && (shapes.rank(bias) != 1 || differ(shapes.dims(bias)[0], channels)))
    return op->emitOpError("expects a bias of ") << channels.str() << " elements, but got shape " << toString(shapes.dims(bias));
  return success();
}

LogicalResult onnx::checkConvOperands(Operation *op, ShapeContext &shapes, int64_t group, unsigned inputAxis) {
  Dims x = shapes.dims(op->getOperand(0)), w = shapes.dims(op->getOperand(1));
  if (x.size() < 3 || w.size() != x.size())
    return op->emitOpError("expects an input and a weight of equal rank above 2, but got shapes ")
           << toString(x) << " and " << toString(w);
  const Dim &channels = x[Layout(op, x.size()).channel()];
  if (group < 1 || differ(channels, inputAxis == 1 ? w[1] * group : w[0]) ||
      (w[0].isConstant() && w[0].value() % group != 0))
    return op->emitOpError("expects channels that fit the weight and ")
           << group << " groups, but got shapes " << toString(x) << " and " << toString(w);
  auto kernelShape = op->getAttrOfType<DenseI64ArrayAttr>("kernel_shape");
  Dims kernel(ArrayRef(w).drop_front(2));
  if (kernelShape && !kernelShape.empty()) {
    bool agrees = kernelShape.size() == static_cast<int64_t>(kernel.size());
    for (size_t i = 0; agrees && i < kernel.size(); ++i)
      agrees = !differ(kernel[i], kernelShape[i]);
    if (!agrees)
      return op->emitOpError("expects a kernel_shape that agrees with the weight's shape ") << toString(w);
  }
  return success();
}

//===--- Conv ---------------------------------------------------------------===//

static FailureOr<Window> convWindow(Operation *op, int64_t group, ShapeContext &shapes) {
  if (failed(checkConvOperands(op, shapes, group, 1)))
    return failure();
  Dims x = shapes.dims(op->getOperand(0)), w = shapes.dims(op->getOperand(1));
  return makeWindow(op, Layout(op, x.size()).spatialDims(x), ArrayRef(w).drop_front(2));
}

LogicalResult onnx::inferConv(Operation *op, int64_t group, Type element, ShapeContext &context) {
  FailureOr<Window> window = convWindow(op, group, context);
  if (failed(window))
    return failure();
  Dims x = context.dims(op->getOperand(0)), w = context.dims(op->getOperand(1));
  Layout layout(op, x.size());
  context.setType(op->getResult(0), element, layout.order<Dim>(x[0], w[0], window->output));
  return success();
}

LogicalResult ConvOp::inferShapes(ShapeContext &context) {
  Type element = context.elementType(getX());
  if (!isa<FloatType>(element))
    return emitOpError("expects float elements, but got ") << element;
  if (failed(inferConv(*this, getGroup(), element, context)))
    return failure();
  return checkBias(*this, context, getB(), context.dims(getW())[0]);
}

FailureOr<Value> onnx::convolve(Decomposer &d, Operation *op, int64_t group, Value padding, SumType sumType) {
  FailureOr<Window> window = convWindow(op, group, d.shapes);
  if (failed(window))
    return failure();
  Dims xDims = d.shapes.dims(op->getOperand(0)), wDims = d.shapes.dims(op->getOperand(1));
  Layout layout(op, xDims.size());
  checkEqual(d, xDims[layout.channel()], wDims[1] * group, "input channels differ from the weight's");
  Value x = pad(d, d(op->getOperand(0)), layout, *window, padding), w = d(op->getOperand(1));

  bool depthwise = group > 1 && wDims[1] == Dim(1);
  Channels channels{group > 1, !depthwise || wDims[0] != Dim(group), !depthwise};
  OpFoldResult groups = d.b.getIndexAttr(group), perGroup = d.size(wDims[0].floorDiv(group));
  if (channels.group && channels.output)
    w = splitAxis(d, w, 0, {groups, perGroup});
  if (depthwise) {
    SmallVector<bool> keep(cast<RankedTensorType>(w.getType()).getRank(), true);
    keep[channels.output ? 2 : 1] = false;
    w = dropUnitAxes(d, w, keep);
  } else if (channels.group) {
    x = splitAxis(d, x, layout.channel(), {groups, d.size(wDims[1])});
  }

  ConvLoops loops(op->getContext(), layout, channels);
  SmallVector<AffineExpr> taps;
  for (int64_t i = 0; i < window->rank(); ++i)
    taps.push_back(tapPosition(*window, i, loops.positions[i], loops.taps[i]));
  auto inputChannels = ConvLoops::present({loops.group, loops.reduced});
  auto outputChannels = ConvLoops::present({loops.group, loops.output});
  SmallVector<AffineExpr> weight = ConvLoops::present({loops.group, loops.output, loops.reduced});
  llvm::append_range(weight, loops.taps);
  SmallVector<AffineMap> maps{loops.map(layout.order<AffineExpr>(loops.batch, inputChannels, taps)), loops.map(weight),
                              loops.map(layout.order<AffineExpr>(loops.batch, outputChannels, loops.positions))};

  SmallVector<OpFoldResult> positions, channelSizes;
  for (const Dim &dim : window->output)
    positions.push_back(d.size(dim));
  if (channels.group)
    channelSizes.push_back(groups);
  if (channels.output)
    channelSizes.push_back(perGroup);
  Type type = sumType.type;
  Value init = d.empty(type, layout.order<OpFoldResult>(d.sizeOf(x, 0), channelSizes, positions));
  init = d.fill(d.number(type, 0), init);
  Value sum = d.generic({x, w}, init, maps, loops.iterators, [&](OpBuilder &b, Location loc, ValueRange args) {
    return multiplyAdd(b, loc, args[2], args[0], args[1], sumType);
  });
  return channelSizes.size() == 2 ? mergeAxes(d, sum, layout.channel(), 2) : sum;
}

LogicalResult ConvOp::decompose(Decomposer &d) {
  Type element = storageType(d.shapes.elementType(getX()));
  FailureOr<Value> sum = convolve(d, *this, getGroup(), d.number(element, 0), {accumulatorType(element)});
  if (failed(sum))
    return failure();
  Layout layout(*this, d.shapes.rank(getX()));
  d.setResult(getY(), addBias(d, *sum, d(getB()), layout, getY()));
  return success();
}

QuantizedForm ConvOp::quantizedForm() {
  QuantizedForm form;
  form.kind = QuantizedForm::Product;
  form.activations = {0};
  form.weight = 1;
  form.bias = 2;
  form.channelAxis = 0;
  return form;
}
