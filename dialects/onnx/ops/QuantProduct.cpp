// Products of quantized tensors: raw sums of bytes, then requantization.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Byte.h"
#include "dialects/onnx/ops/Constant.h"
#include "dialects/onnx/ops/Conv.h"
#include "dialects/onnx/ops/Elementwise.h"
#include "dialects/onnx/ops/MatMul.h"
#include "dialects/onnx/ops/Quant.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

LogicalResult checkBytes(Operation *op, ArrayRef<Value> tensors, ShapeContext &context) {
  for (Value tensor : tensors)
    if (isPresent(tensor) && !isByte(context.elementType(tensor)))
      return op->emitOpError("expects elements of 8 bits, but got ") << context.elementType(tensor);
  return success();
}

/// Types the result as that of a product of the first operand and operand `w`, asked of an op `Op` for bytes.
template <typename Op>
LogicalResult inferLike(Operation *op, unsigned w, Type element, ArrayRef<NamedAttribute> attributes, bool hasPadding,
                        ShapeContext &context) {
  OpBuilder b(op);
  SmallVector<Value> operands{op->getOperand(0), op->getOperand(w)};
  Operation *none = nullptr;
  if (hasPadding) {
    none = NoneOp::create(b, op->getLoc(), b.getNoneType());
    operands.push_back(none->getResult(0));
  }
  OperationState state(op->getLoc(), Op::getOperationName(), operands, UnrankedTensorType::get(b.getF32Type()),
                       attributes);
  Operation *plain = b.create(state);
  LogicalResult result = cast<InferShapesInterface>(plain).inferShapes(context);
  if (succeeded(result))
    context.setType(op->getResult(0), element, context.dims(plain->getResult(0)));
  plain->erase();
  if (none)
    none->erase();
  return result;
}

/// The attributes of a convolution that others have too.
SmallVector<NamedAttribute> windowAttributes(Operation *op) { return llvm::to_vector(op->getAttrs()); }

} // namespace

//===--- matrix products ----------------------------------------------------===//

LogicalResult MatMulIntegerOp::inferShapes(ShapeContext &context) {
  if (failed(checkBytes(*this, {getA(), getB(), getAZeroPoint(), getBZeroPoint()}, context)))
    return failure();
  return inferLike<ByteMatMulOp>(*this, 1, IntegerType::get(getContext(), 32), {}, false, context);
}

LogicalResult MatMulIntegerOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  return single(make, integerMatMul(make, getA(), getAZeroPoint(), getB(), getBZeroPoint()), results);
}

LogicalResult MatMulIntegerOp::decompose(Decomposer &d) { return decomposeComposite(*this, d); }

LogicalResult QLinearMatMulOp::inferShapes(ShapeContext &context) {
  if (failed(checkBytes(*this, {getA(), getB(), getAZeroPoint(), getBZeroPoint(), getYZeroPoint()}, context)))
    return failure();
  return inferLike<ByteMatMulOp>(*this, 3, context.elementType(getYZeroPoint()), {}, false, context);
}

LogicalResult QLinearMatMulOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  Value sums = integerMatMul(make, getA(), getAZeroPoint(), getB(), getBZeroPoint());
  return single(make, requantized(make, sums, perRow(make, getAScale(), getA()), getBScale(), getYScale(), getYZeroPoint(), 0),
                results);
}

LogicalResult QLinearMatMulOp::decompose(Decomposer &d) { return decomposeComposite(*this, d); }

//===--- convolutions -------------------------------------------------------===//

LogicalResult ConvIntegerOp::inferShapes(ShapeContext &context) {
  if (failed(checkBytes(*this, {getX(), getW(), getXZeroPoint(), getWZeroPoint()}, context)))
    return failure();
  return inferLike<ByteConvOp>(*this, 1, IntegerType::get(getContext(), 32), windowAttributes(*this), true, context);
}

LogicalResult ConvIntegerOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  Value sums = integerConv(make, getX(), getXZeroPoint(), getW(), getWZeroPoint(), windowAttributes(*this));
  if (!sums)
    return emitOpError("expects a weight of static shape where it has a zero point");
  return single(make, sums, results);
}

LogicalResult ConvIntegerOp::decompose(Decomposer &d) { return decomposeComposite(*this, d); }

LogicalResult QLinearConvOp::inferShapes(ShapeContext &context) {
  if (failed(checkBytes(*this, {getX(), getW(), getXZeroPoint(), getWZeroPoint(), getYZeroPoint()}, context)))
    return failure();
  if (isPresent(getB()) && !context.elementType(getB()).isSignlessInteger(32))
    return emitOpError("expects a bias of type i32, but got ") << context.elementType(getB());
  return inferLike<ByteConvOp>(*this, 3, context.elementType(getYZeroPoint()), windowAttributes(*this), true, context);
}

LogicalResult QLinearConvOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  int64_t spatial = make.shapes.rank(getW()) - 2;
  Value sums = integerConv(make, getX(), getXZeroPoint(), getW(), getWZeroPoint(), windowAttributes(*this),
                           isPresent(getB()) ? getB() : Value());
  if (!sums)
    return emitOpError("expects a weight of static shape where it has a zero point");
  return single(make, requantized(make, sums, getXScale(), getWScale(), getYScale(), getYZeroPoint(), spatial), results);
}

LogicalResult QLinearConvOp::decompose(Decomposer &d) { return decomposeComposite(*this, d); }
