// Sums of products of bytes as they are.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Byte.h"

#include "dialects/onnx/ops/Conv.h"
#include "dialects/onnx/ops/Contraction.h"
#include "dialects/onnx/ops/MatMul.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Byte.cpp.inc"

namespace brisk::onnx {
void addByteOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Byte.cpp.inc"
      >();
}
} // namespace brisk::onnx

bool onnx::isByte(Type element) {
  auto integer = dyn_cast<IntegerType>(element);
  return integer && integer.getWidth() == 8;
}

static LogicalResult checkBytes(Operation *op, ShapeContext &shapes) {
  for (Value operand : op->getOperands())
    if (isPresent(operand) && !isByte(shapes.elementType(operand)))
      return op->emitOpError("expects elements of 8 bits, but got ") << shapes.elementType(operand);
  return success();
}

//===--- ByteConv -----------------------------------------------------------===//

LogicalResult ByteConvOp::inferShapes(ShapeContext &context) {
  if (failed(checkBytes(*this, context)))
    return failure();
  if (isPresent(getPadding()) &&
      (context.rank(getPadding()) != 0 || context.elementType(getPadding()) != context.elementType(getX())))
    return emitOpError("expects padding to be a scalar of X's type, but got ") << getPadding().getType();
  return inferConv(*this, getGroup(), IntegerType::get(getContext(), 32), context);
}

LogicalResult ByteConvOp::decompose(Decomposer &d) {
  Type i8 = d.b.getI8Type();
  Value padding = d.number(i8, 0);
  if (isPresent(getPadding()))
    padding = d.b.createOrFold<tensor::ExtractOp>(d.loc(), d(getPadding()), ValueRange());
  SumType sum{d.b.getI32Type(), isUnsignedElement(d.shapes.elementType(getX())),
              isUnsignedElement(d.shapes.elementType(getW()))};
  FailureOr<Value> value = convolve(d, *this, getGroup(), padding, sum);
  if (failed(value))
    return failure();
  d.setResult(getY(), *value);
  return success();
}

//===--- ByteMatMul ---------------------------------------------------------===//

LogicalResult ByteMatMulOp::inferShapes(ShapeContext &context) {
  return failed(checkBytes(*this, context)) ? failure()
                                            : inferMatMul(*this, IntegerType::get(getContext(), 32), context);
}

LogicalResult ByteMatMulOp::decompose(Decomposer &d) {
  SumType sum{d.b.getI32Type(), isUnsignedElement(d.shapes.elementType(getA())),
              isUnsignedElement(d.shapes.elementType(getB()))};
  FailureOr<Value> value = multiplyMatrices(d, *this, sum);
  if (failed(value))
    return failure();
  d.setResult(getY(), *value);
  return success();
}
