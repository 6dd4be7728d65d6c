// Sums of products that blocks of threads compute together, through shared memory.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CUDA_CONTRACTION_H
#define BRISK_TARGETS_CUDA_CONTRACTION_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <array>
#include <optional>

namespace brisk::cuda {

/// A kernel's ops seen as one sum of A's and B's elements over `k`: A has rows along the loops `m`, B columns along `n`, the
/// result both; `batch` are the other parallel loops. Columns are neighbours in the result.
struct Contraction {
  mlir::linalg::LinalgOp op;
  mlir::OpOperand *a, *b;
  llvm::SmallVector<unsigned> batch, m, n, k;
  mlir::Value start; // of each sum
  llvm::SmallVector<mlir::linalg::LinalgOp> after; // what is done to each result

  int64_t sizeOf(llvm::ArrayRef<unsigned> loops) const;
};

/// The contraction that `ops` of one kernel, in order, are; nothing if they are something else or too small.
std::optional<Contraction> contractionOf(llvm::ArrayRef<mlir::linalg::LinalgOp> ops);

/// What a block computes, and in it a thread: rows x columns of the result, `depth` products at a time.
struct Tile {
  int64_t rows, columns, depth, threadRows, threadColumns;
  int64_t threads() const { return rows / threadRows * (columns / threadColumns); }
};
/// The largest tile of which there are enough for a large GPU.
Tile tileFor(const Contraction &contraction);
int64_t blocksOf(const Contraction &contraction, const Tile &tile);

/// Replaces the ops of a kernel.
void emitContraction(mlir::OpBuilder &b, const Contraction &contraction, const Tile &tile);

} // namespace brisk::cuda
#endif
