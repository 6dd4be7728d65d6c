// Reductions of lowered tensors over some axes, and maps along the rest.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_REDUCTION_H
#define BRISK_DIALECTS_ONNX_REDUCTION_H

#include "dialects/interfaces/Decomposer.h"
#include "dialects/onnx/Scalar.h"
#include "dialects/onnx/ops/Contraction.h"

namespace brisk::onnx {

/// The axes of a tensor that a reduction keeps, with the maps that follow.
class Rows {
public:
  Rows(mlir::MLIRContext *context, int64_t rank, llvm::ArrayRef<int64_t> reducedAxes);

  /// From all axes to those kept: reads a reduced tensor beside the whole one.
  mlir::AffineMap keptMap() const { return kept; }
  mlir::AffineMap fullMap() const { return full; }
  llvm::ArrayRef<int64_t> keptAxes() const { return axes; }
  llvm::ArrayRef<mlir::utils::IteratorType> iterators() const { return kinds; }
  /// The sizes of the kept axes.
  llvm::SmallVector<mlir::OpFoldResult> keptSizes(Decomposer &d, mlir::Value whole) const;

  /// One expression over elements of ONNX types: `args` are the inputs' elements and, in a reduction,
  /// the accumulator last.
  using Body = llvm::function_ref<Scalar(llvm::ArrayRef<Scalar> args)>;

  /// Reduces over the axes not kept: acc = body(elements of `inputs`, acc), from `init`. Each input has the
  /// full rank or, read by row, the kept rank; `elements` are their ONNX types, `accumulator` the result's.
  mlir::Value reduce(Decomposer &d, mlir::ValueRange inputs, llvm::ArrayRef<mlir::Type> elements,
                     mlir::Type accumulator, Scalar init, Body body) const;
  /// Elementwise over the whole shape; inputs of kept rank are read by row.
  mlir::Value map(Decomposer &d, mlir::ValueRange inputs, llvm::ArrayRef<mlir::Type> elements, mlir::Type result,
                  Body body) const;

private:
  mlir::AffineMap mapOf(mlir::Value input) const;

  mlir::AffineMap kept, full;
  llvm::SmallVector<int64_t> axes;
  llvm::SmallVector<mlir::utils::IteratorType> kinds;
};

/// Elementwise over `inputs` of one shape.
mlir::Value mapElements(Decomposer &d, mlir::ValueRange inputs, llvm::ArrayRef<mlir::Type> elements,
                        mlir::Type result, Rows::Body body);

/// Along `axis`, the position (i64) of the first or last greatest or least element; NaN beats all numbers.
/// The axis is gone from the result.
mlir::Value positionsOfExtremes(Decomposer &d, mlir::Value data, mlir::Type element, int64_t axis, bool greatest,
                                bool last);

/// A scalar of ONNX type `element` for starting values.
Scalar startOf(Decomposer &d, mlir::Type element, double number);
/// Below or equal to everything of the type: -inf or the lowest integer.
Scalar lowestOf(Decomposer &d, mlir::Type element);
/// Above or equal to everything of the type.
Scalar highestOf(Decomposer &d, mlir::Type element);

} // namespace brisk::onnx
#endif
