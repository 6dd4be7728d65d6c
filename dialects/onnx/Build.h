// Ops that passes make.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_BUILD_H
#define BRISK_DIALECTS_ONNX_BUILD_H

#include "dialects/onnx/Onnx.h"

namespace brisk::onnx {

// Each makes one op at the builder's place, with its type, and returns its result.

mlir::Value createOp(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef name, mlir::ValueRange operands,
                     llvm::ArrayRef<mlir::NamedAttribute> attributes = {}, unsigned results = 1);
template <typename Op> mlir::Value createOp(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange operands) {
  return createOp(b, loc, Op::getOperationName(), operands);
}
mlir::Value createConstant(mlir::OpBuilder &b, mlir::Location loc, mlir::ElementsAttr value);
/// An operand left out.
mlir::Value createNone(mlir::OpBuilder &b, mlir::Location loc);
/// To f32, bf16 or f16.
mlir::Value createCast(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::Type element);
/// QuantizeLinear to the zero point's type. `axis` counts only where scale is a vector.
mlir::Value createQuantize(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::Value scale,
                           mlir::Value zeroPoint, int64_t axis = 0);
/// DequantizeLinear to the scale's type; zeroPoint may be absent (createNone). With `block` > 0 that many elements along
/// `axis` share a scale.
mlir::Value createDequantize(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::Value scale,
                             mlir::Value zeroPoint, int64_t axis = 0, int64_t block = 0);
/// What DynamicQuantizeLinear and DequantizeLinear make of `value`.
mlir::Value createDynamicQuantize(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value);
mlir::Value createAdd(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::Value other);
mlir::Value createMul(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::Value other);
mlir::Value createConcat(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange values, int64_t axis);
/// Positions begin ... end - 1 along an axis.
mlir::Value createSlice(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, int64_t axis, int64_t begin, int64_t end);
/// Where value < other; booleans.
mlir::Value createLess(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::Value other);
mlir::Value createSelect(mlir::OpBuilder &b, mlir::Location loc, mlir::Value condition, mlir::Value yes, mlir::Value no);

} // namespace brisk::onnx
#endif
