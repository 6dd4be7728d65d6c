// Square tiles for elementwise ops whose inputs and outputs run along different loops.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_TRANSPOSETILE_H
#define BRISK_TARGETS_CPU_TRANSPOSETILE_H

#include "targets/cpu/Nest.h"
#include "targets/cpu/VectorizeBody.h"

namespace brisk::cpu {

/// Transposes lanes.size() vectors of as many lanes: result i holds lane i of each.
llvm::SmallVector<mlir::Value> transposeVectors(mlir::OpBuilder &b, mlir::Location loc,
                                                llvm::ArrayRef<mlir::Value> vectors);

/// The loop that some input is contiguous along, while all else runs along `along`: worth square tiles of `lanes`.
std::optional<unsigned> transposedLoop(const Nest &nest, unsigned along, int64_t lanes, const BodyTraits &traits);

/// For each input that is contiguous along `rowLoop` only: the vectors along `along` of each row, read and transposed.
/// Empty for the other inputs.
llvm::SmallVector<llvm::SmallVector<mlir::Value>> loadTransposed(mlir::OpBuilder &b, const Nest &nest,
                                                                 const Point &point, unsigned rowLoop, unsigned along,
                                                                 int64_t rows, int64_t lanes);

/// The loop of 2 to 4 steps whose elements are neighbours in the result, where those along `along` lie as far apart as it
/// has steps (pixels of few channels, written from planes): its rows are best stored together.
std::optional<unsigned> interleavedLoop(const Nest &nest, unsigned along);
/// The elements of the vectors in turns: first of each, second of each, ...
mlir::Value interleaveVectors(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<mlir::Value> vectors);

} // namespace brisk::cpu
#endif
