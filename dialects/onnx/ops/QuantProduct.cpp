// Products of quantized tensors, composed of other ops: i32 products, then requantization.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Compose.h"
#include "dialects/onnx/ops/Cast.h"
#include "dialects/onnx/ops/Constant.h"
#include "dialects/onnx/ops/Conv.h"
#include "dialects/onnx/ops/Elementwise.h"
#include "dialects/onnx/ops/MatMul.h"
#include "dialects/onnx/ops/Quant.h"
#include "dialects/onnx/ops/Shape.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

constexpr int64_t kFloat = 1, kInt32 = 6; // TensorProto.DataType

LogicalResult checkBytes(Operation *op, ArrayRef<Value> tensors, ShapeContext &context) {
  for (Value tensor : tensors) {
    if (!isPresent(tensor))
      continue;
    Type element = context.elementType(tensor);
    auto integer = dyn_cast<IntegerType>(element);
    if (!integer || integer.getWidth() != 8)
      return op->emitOpError("expects elements of 8 bits, but got ") << element;
  }
  return success();
}

/// Result dims of a matrix product or convolution, asked of the op for plain tensors.
template <typename Op>
LogicalResult inferLike(Operation *op, Value x, Value w, Type element, ArrayRef<NamedAttribute> attributes,
                        bool hasBias, ShapeContext &context) {
  OpBuilder b(op);
  SmallVector<Operation *> made;
  auto make = [&](StringRef name, ValueRange operands, ArrayRef<NamedAttribute> with) -> Operation * {
    OperationState state(op->getLoc(), name, operands, UnrankedTensorType::get(b.getF32Type()), with);
    made.push_back(b.create(state));
    return failed(cast<InferShapesInterface>(made.back()).inferShapes(context)) ? nullptr : made.back();
  };
  auto wide = [&](Value value) {
    return make(CastOp::getOperationName(), value, b.getNamedAttr("to", b.getI64IntegerAttr(kInt32)))->getResult(0);
  };
  SmallVector<Value> operands{wide(x), wide(w)};
  if (hasBias) {
    made.push_back(NoneOp::create(b, op->getLoc(), b.getNoneType()));
    operands.push_back(made.back()->getResult(0));
  }
  Operation *plain = make(Op::getOperationName(), operands, attributes);
  if (plain)
    context.setType(op->getResult(0), element, context.dims(plain->getResult(0)));
  for (Operation *temporary : llvm::reverse(made))
    temporary->erase();
  return success(plain != nullptr);
}

/// The attributes of a convolution that a plain Conv has too.
SmallVector<NamedAttribute> windowAttributes(Operation *op) { return llvm::to_vector(op->getAttrs()); }

/// A parameter per row (1-D) as a column, so that it broadcasts along the rows of a matrix.
Value perRow(Composer &c, ShapeContext &shapes, Value parameter, Value matrix) {
  if (!isPresent(parameter) || shapes.rank(parameter) != 1 || shapes.rank(matrix) < 2 ||
      shapes.dims(parameter)[0] == Dim(1))
    return parameter;
  return c.make<ReshapeOp>({parameter, c.integers({-1, 1})});
}

/// A parameter per output channel (1-D) with `trailing` axes of size 1 after it.
Value perChannel(Composer &c, ShapeContext &shapes, Value parameter, int64_t trailing) {
  if (!isPresent(parameter) || shapes.rank(parameter) != 1)
    return parameter;
  SmallVector<int64_t> shape(trailing + 1, 1);
  shape[0] = -1;
  return c.make<ReshapeOp>({parameter, c.integers(shape)});
}

/// x - zero point in i32.
Value centred(Composer &c, Value x, Value zeroPoint) {
  Value wide = c.make<CastOp>(x, c.attribute("to", kInt32));
  if (!isPresent(zeroPoint))
    return wide;
  return c.make<SubOp>({wide, c.make<CastOp>(zeroPoint, c.attribute("to", kInt32))});
}

/// The i32 product times `xScale * wScale`, quantized with the result's parameters.
Value requantized(Composer &c, Value product, Value xScale, Value wScale, Value yScale, Value yZeroPoint) {
  auto wide = [&](Value value) { return c.make<CastOp>(value, c.attribute("to", kFloat)); };
  Value real = c.make<MulOp>({wide(product), c.make<MulOp>({wide(xScale), wide(wScale)})});
  return c.make<QuantizeLinearOp>({real, yScale, yZeroPoint});
}

} // namespace

//===--- matrix products ----------------------------------------------------===//

LogicalResult MatMulIntegerOp::inferShapes(ShapeContext &context) {
  if (failed(checkBytes(*this, {getA(), getB(), getAZeroPoint(), getBZeroPoint()}, context)))
    return failure();
  return inferLike<MatMulOp>(*this, getA(), getB(), IntegerType::get(getContext(), 32), {}, false, context);
}

LogicalResult MatMulIntegerOp::decompose(Decomposer &d) {
  Composer c(d, *this);
  Value a = centred(c, getA(), perRow(c, d.shapes, getAZeroPoint(), getA()));
  Value b = centred(c, getB(), getBZeroPoint());
  return c.finish(getY(), c.make<MatMulOp>({a, b}));
}

LogicalResult QLinearMatMulOp::inferShapes(ShapeContext &context) {
  if (failed(checkBytes(*this, {getA(), getB(), getAZeroPoint(), getBZeroPoint(), getYZeroPoint()}, context)))
    return failure();
  return inferLike<MatMulOp>(*this, getA(), getB(), context.elementType(getYZeroPoint()), {}, false, context);
}

LogicalResult QLinearMatMulOp::decompose(Decomposer &d) {
  Composer c(d, *this);
  Value a = centred(c, getA(), perRow(c, d.shapes, getAZeroPoint(), getA()));
  Value b = centred(c, getB(), getBZeroPoint());
  Value product = c.make<MatMulOp>({a, b});
  return c.finish(getY(), requantized(c, product, perRow(c, d.shapes, getAScale(), getA()), getBScale(), getYScale(),
                                      getYZeroPoint()));
}

//===--- convolutions -------------------------------------------------------===//

LogicalResult ConvIntegerOp::inferShapes(ShapeContext &context) {
  if (failed(checkBytes(*this, {getX(), getW(), getXZeroPoint(), getWZeroPoint()}, context)))
    return failure();
  return inferLike<ConvOp>(*this, getX(), getW(), IntegerType::get(getContext(), 32), windowAttributes(*this), true,
                           context);
}

LogicalResult ConvIntegerOp::decompose(Decomposer &d) {
  Composer c(d, *this);
  Value x = centred(c, getX(), getXZeroPoint());
  Value w = centred(c, getW(), perChannel(c, d.shapes, getWZeroPoint(), d.shapes.rank(getW()) - 1));
  return c.finish(getY(), c.make<ConvOp>({x, w, c.none()}, windowAttributes(*this)));
}

LogicalResult QLinearConvOp::inferShapes(ShapeContext &context) {
  if (failed(checkBytes(*this, {getX(), getW(), getXZeroPoint(), getWZeroPoint(), getYZeroPoint()}, context)))
    return failure();
  if (isPresent(getB()) && !context.elementType(getB()).isSignlessInteger(32))
    return emitOpError("expects a bias of type i32, but got ") << context.elementType(getB());
  return inferLike<ConvOp>(*this, getX(), getW(), context.elementType(getYZeroPoint()), windowAttributes(*this), true,
                           context);
}

LogicalResult QLinearConvOp::decompose(Decomposer &d) {
  Composer c(d, *this);
  int64_t rank = d.shapes.rank(getW());
  Value x = centred(c, getX(), getXZeroPoint());
  Value w = centred(c, getW(), perChannel(c, d.shapes, getWZeroPoint(), rank - 1));
  Value sum = c.make<ConvOp>({x, w, c.none()}, windowAttributes(*this));
  if (isPresent(getB()))
    sum = c.make<AddOp>({sum, perChannel(c, d.shapes, getB(), rank - 2)});
  return c.finish(getY(), requantized(c, sum, getXScale(), perChannel(c, d.shapes, getWScale(), rank - 2), getYScale(),
                                      getYZeroPoint()));
}
