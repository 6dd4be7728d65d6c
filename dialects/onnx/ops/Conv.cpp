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

LogicalResult onnx::checkConvOperands(Operation *op, ShapeContext &shapes, int64_t group, unsigned inputAxis) {
  Dims x = shapes.dims(op->getOperand(0)), w = shapes.dims(op->getOperand(1));
  if (x.size() < 3 || w.size() != x.size())
    return op->emitOpError("expects an input and a weight of equal rank above 2, but got shapes ")
           << toString(x) << " and " << toString(w);
  // Quantized convolutions are composed of ones in i32.
  Type element = shapes.elementType(op->getOperand(0));
  if (!isa<FloatType>(element) && !element.isSignlessInteger(32))
    return op->emitOpError("expects float elements, but got ") << element;
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

static FailureOr<Window> convWindow(ConvOp op, ShapeContext &shapes) {
  if (failed(checkConvOperands(op, shapes, op.getGroup(), 1)))
    return failure();
  Dims x = shapes.dims(op.getX()), w = shapes.dims(op.getW());
  return makeWindow(op, Layout(op, x.size()).spatialDims(x), ArrayRef(w).drop_front(2));
}

LogicalResult ConvOp::inferShapes(ShapeContext &context) {
  FailureOr<Window> window = convWindow(*this, context);
  if (failed(window))
    return failure();
  Dims x = context.dims(getX()), w = context.dims(getW());
  Layout layout(*this, x.size());
  context.setType(getY(), context.elementType(getX()), layout.order<Dim>(x[0], w[0], window->output));
  return success();
}

LogicalResult ConvOp::decompose(Decomposer &d) {
  FailureOr<Window> window = convWindow(*this, d.shapes);
  if (failed(window))
    return failure();
  Dims xDims = d.shapes.dims(getX()), wDims = d.shapes.dims(getW());
  Layout layout(*this, xDims.size());
  int64_t group = getGroup();
  checkEqual(d, xDims[layout.channel()], wDims[1] * group, "input channels differ from the weight's");
  Type element = storageType(d.shapes.elementType(getX()));
  Value x = pad(d, d(getX()), layout, *window, d.number(element, 0)), w = d(getW());

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

  ConvLoops loops(getContext(), layout, channels);
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
  Type type = accumulatorType(element);
  Value init = d.empty(type, layout.order<OpFoldResult>(d.sizeOf(x, 0), channelSizes, positions));
  init = d.fill(d.number(type, 0), init);
  Value sum = d.generic({x, w}, init, maps, loops.iterators, [](OpBuilder &b, Location loc, ValueRange args) {
    return multiplyAdd(b, loc, args[2], args[0], args[1]);
  });
  if (channelSizes.size() == 2)
    sum = mergeAxes(d, sum, layout.channel(), 2);
  d.setResult(getY(), addBias(d, sum, d(getB()), layout, getY()));
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
