// Sums of products, written with labels for axes as in einsum: what MatMul,
// Gemm, Einsum, attention and the recurrent ops are made of.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_CONTRACTION_H
#define BRISK_DIALECTS_ONNX_OPS_CONTRACTION_H

#include "dialects/interfaces/Decomposer.h"

namespace brisk::onnx {

/// Type that sums of `element` are kept in: f32 for narrower floats, else `element`.
mlir::Type accumulatorType(mlir::Type element);

/// What a sum of products is kept in, and whether its factors are unsigned (of integers narrower than that).
struct SumType {
  mlir::Type type;
  bool isUnsignedX = false, isUnsignedY = false;
};

/// `accumulator + x * y`, with x and y extended to its type.
mlir::Value multiplyAdd(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value accumulator, mlir::Value x,
                        mlir::Value y, const SumType &sum = {});

/// `value` converted to the float type `type` (extended, truncated or as it is).
mlir::Value toFloat(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, mlir::Type type);

/// out[outLabels] = sum over all other labels of a[aLabels] * b[bLabels], as one linalg.generic
/// whose loops are the output's axes and then the summed ones. Axes of size 1 that meet a longer
/// axis of the same label broadcast. A label of both operands that is 1 in both is dropped from
/// `b`, so that it is a row axis. The result has elements of `sum`, by default of accumulatorType.
mlir::Value contract(Decomposer &d, mlir::Value a, llvm::ArrayRef<int64_t> aLabels, mlir::Value b,
                     llvm::ArrayRef<int64_t> bLabels, llvm::ArrayRef<int64_t> outLabels, SumType sum = {});

/// The same for one operand: permutes, takes diagonals and sums.
mlir::Value contract(Decomposer &d, mlir::Value a, llvm::ArrayRef<int64_t> aLabels, llvm::ArrayRef<int64_t> outLabels);

/// A tensor of accumulators rounded to elements of `element`; the same tensor if they are already.
mlir::Value narrow(Decomposer &d, mlir::Value tensor, mlir::Type element);

/// The tensor without the axes where `keep` is false, which have size 1.
mlir::Value dropUnitAxes(Decomposer &d, mlir::Value tensor, llvm::ArrayRef<bool> keep);

/// The tensor with `axis` regrouped into axes of `sizes`, row-major.
mlir::Value splitAxis(Decomposer &d, mlir::Value tensor, int64_t axis, llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// The tensor with `count` axes from `axis` on merged into one.
mlir::Value mergeAxes(Decomposer &d, mlir::Value tensor, int64_t axis, int64_t count);

/// A size as a float scalar.
mlir::Value floatSize(Decomposer &d, const Dim &dim, mlir::Type type);

/// Fails the run with `message` unless the two sizes agree; nothing where that is known.
void checkEqual(Decomposer &d, const Dim &a, const Dim &b, llvm::StringRef message);

/// True when the two dims are known to differ.
inline bool differ(const Dim &a, const Dim &b) { return a.isConstant() && b.isConstant() && a != b; }

} // namespace brisk::onnx
#endif
