// Matrix products of the onnx dialect.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_MATMUL_H
#define BRISK_DIALECTS_ONNX_OPS_MATMUL_H

#include "dialects/onnx/Onnx.h"

#include "dialects/onnx/ops/Contraction.h"

#define GET_OP_CLASSES
#include "dialects/onnx/ops/MatMul.h.inc"

namespace brisk::onnx {
/// Types the result of a matrix product of the first two operands.
mlir::LogicalResult inferMatMul(mlir::Operation *op, mlir::Type element, ShapeContext &context);
/// The product of the first two operands, as elements of `sum` (by default of accumulatorType).
mlir::FailureOr<mlir::Value> multiplyMatrices(Decomposer &d, mlir::Operation *op, SumType sum);
} // namespace brisk::onnx

#endif
