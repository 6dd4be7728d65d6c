// Sums of which there are few and which are long: a block of threads shares one.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CUDA_ROWSUM_H
#define BRISK_TARGETS_CUDA_ROWSUM_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>

namespace brisk::cuda {

/// A kernel's ops seen as one sum (or product, or extreme) that parts of can be taken in any order.
struct RowSum {
  llvm::SmallVector<mlir::linalg::LinalgOp> before; // start values and the like
  mlir::linalg::LinalgOp op;
  mlir::Operation *combiner;                       // in its body: of the value so far and an element
  mlir::arith::AtomicRMWKind kind;
  llvm::SmallVector<mlir::linalg::LinalgOp> after; // what is done to each result
  int64_t length;                                  // of each sum
};

/// The row sum that `ops` of one kernel, in order, are; nothing if they are something else, or worth no block a result.
std::optional<RowSum> rowSumOf(llvm::ArrayRef<mlir::linalg::LinalgOp> ops);
/// Threads that share a sum, a power of two.
int64_t lanesFor(const RowSum &sum);
/// Replaces the ops of a kernel.
void emitRowSum(mlir::OpBuilder &b, const RowSum &sum, int64_t lanes);

} // namespace brisk::cuda
#endif
