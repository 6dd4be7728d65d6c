// Softmax and its kin.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_SOFTMAX_H
#define BRISK_DIALECTS_ONNX_OPS_SOFTMAX_H

#include "dialects/onnx/Onnx.h"
#include "dialects/onnx/Reduction.h"

namespace brisk::onnx {

/// PrunableInterface of an op on rows: the other axes pass.
void coupleRows(mlir::Operation *op, SliceCoupling &slices);

/// What softmax computes before it divides, in elements of `accumulator`: by row the maximum and the sum,
/// for each element e^(x - maximum).
struct SoftmaxRows {
  Rows rows;
  mlir::Type accumulator;
  mlir::Value highest, power, sum;
};
/// `axes` together are a row of the lowered tensor `x` of ONNX type `element`.
SoftmaxRows softmaxRows(Decomposer &d, mlir::Value x, mlir::Type element, llvm::ArrayRef<int64_t> axes);
/// log(softmax(x)), in elements of the same type.
mlir::Value logSoftmax(Decomposer &d, mlir::Value x, mlir::Type element, llvm::ArrayRef<int64_t> axes);
} // namespace brisk::onnx

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Softmax.h.inc"

#endif
