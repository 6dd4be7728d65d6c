// Conversions between element types.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Cast.h"

#include "dialects/onnx/FloatConversion.h"
#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

LogicalResult checkCast(Operation *op, StringRef roundMode, Type target) {
  Type source = getElementTypeOrSelf(op->getOperand(0).getType());
  if (!isa<IntegerType, FloatType>(source))
    return op->emitOpError("casts from ") << source << ", which is not supported";
  if (!isa_and_present<IntegerType, FloatType>(target)) {
    InFlightDiagnostic error = op->emitOpError("casts to ");
    if (target)
      error << target;
    else
      error << "ONNX type " << cast<IntegerAttr>(op->getAttr("to")).getInt();
    return error << ", which is not supported";
  }
  if (roundMode != "up" && roundMode != "down" && roundMode != "nearest")
    return op->emitOpError("expects round_mode to be up, down or nearest, but got ") << roundMode;
  return success();
}

/// Bits of an element as BitCast counts them: a boolean is a byte.
unsigned bitsOf(Type element) { return element.isInteger(1) ? 8 : element.getIntOrFloatBitWidth(); }

LogicalResult checkBitCast(BitCastOp op) {
  Type target = op.resultElementType();
  if (failed(checkCast(op, "up", target)))
    return failure();
  Type source = getElementTypeOrSelf(op.getInput().getType());
  if (bitsOf(source) != bitsOf(target))
    return op.emitOpError("expects types of one width, but got ") << source << " and " << target;
  return success();
}

Scalar reinterpret(OpBuilder &b, Location loc, Value value, Type target) {
  if (value.getType().isInteger(1))
    value = arith::ExtUIOp::create(b, loc, b.getI8Type(), value);
  Type bits = b.getIntegerType(bitsOf(target));
  if (value.getType() != bits)
    value = arith::BitcastOp::create(b, loc, bits, value);
  if (target.isInteger(1)) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(bits));
    value = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, value, zero);
  } else if (isa<FloatType>(target)) {
    value = arith::BitcastOp::create(b, loc, target, value);
  }
  return Scalar::raw(b, loc, value);
}

/// Shapes keep their elements through i64, i32 and, from 0 and 1, booleans.
std::optional<Dims> castContent(Operation *op, Type target, ShapeContext &context) {
  if (!target)
    return std::nullopt;
  Type source = context.elementType(op->getOperand(0));
  auto wide = [](Type type) { return type.isSignlessInteger(64) || type.isSignlessInteger(32); };
  if ((!wide(source) && !source.isInteger(1)) || (!wide(target) && !target.isInteger(1)))
    return std::nullopt;
  std::optional<Dims> content = context.content(op->getOperand(0));
  if (!content)
    return std::nullopt;
  for (Dim &dim : *content) {
    if (target.isInteger(1)) {
      std::optional<bool> zero = isEqual(dim, 0);
      if (!zero)
        return std::nullopt;
      dim = *zero ? 0 : 1;
    } else if (target.isInteger(32) && dim.isConstant() && !llvm::isInt<32>(dim.value())) {
      return std::nullopt;
    }
  }
  return content;
}

/// A conversion that changes nothing is its operand.
OpFoldResult foldSame(Value input, Value output) {
  return input.getType() == output.getType() ? OpFoldResult(input) : OpFoldResult();
}

} // namespace

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Cast.cpp.inc"

namespace brisk::onnx {
void addCastOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Cast.cpp.inc"
      >();
}
} // namespace brisk::onnx

OpFoldResult CastOp::fold(FoldAdaptor) { return foldSame(getInput(), getOutput()); }
OpFoldResult CastLikeOp::fold(FoldAdaptor) { return foldSame(getInput(), getOutput()); }
