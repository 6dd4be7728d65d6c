// Statistics over some axes of a tensor: what normalizations share. Written as
// plain loops over all axes: sums, then one elementwise op.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_ROWS_H
#define BRISK_DIALECTS_ONNX_OPS_ROWS_H

#include "dialects/interfaces/Decomposer.h"

namespace brisk::onnx {

/// A tensor seen as rows: the axes in `reduced` run inside a row.
class Rows {
public:
  using Term = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

  /// `type` is the float type to compute in; `count` the number of elements of a row.
  Rows(Decomposer &d, mlir::Value tensor, llvm::ArrayRef<bool> reduced, mlir::Type type, const Dim &count);

  /// Sum over each row of `term` of its elements (of type `type`) and the row's numbers in `stats`.
  mlir::Value sum(mlir::ValueRange stats, Term term);
  /// `term` of the numbers of each row.
  mlir::Value each(mlir::ValueRange stats, Term term);
  mlir::Value mean();
  /// 1 / sqrt(mean((x - mean)^2) + epsilon); without a mean, of x itself.
  mlir::Value inverseDeviation(mlir::Value mean, double epsilon);
  /// `term` of every element (of type `type`), the numbers of its row and the elements of `others`
  /// under their maps (raw), as elements of `element`.
  mlir::Value apply(mlir::ValueRange stats, mlir::ValueRange others, llvm::ArrayRef<mlir::AffineMap> maps,
                    mlir::Type element, Term term);
  /// A row statistic with the reduced axes put back as size 1.
  mlir::Value withUnitAxes(mlir::Value stat);
  /// Map from all axes to one.
  mlir::AffineMap axis(int64_t axis) const;

private:
  Decomposer &d;
  mlir::Value tensor, count;
  llvm::SmallVector<bool> reduced;
  mlir::Type type;
  mlir::AffineMap all, kept;
};

} // namespace brisk::onnx
#endif
