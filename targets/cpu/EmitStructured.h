// Turning structured ops on memrefs into loops over vectors.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_EMITSTRUCTURED_H
#define BRISK_TARGETS_CPU_EMITSTRUCTURED_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"
#include "targets/cpu/Nest.h"
#include "targets/cpu/VectorUnit.h"
#include "targets/cpu/ir/Cpu.h"

namespace brisk::cpu {

/// True for what emitStructured understands: linalg ops and cpu.contract on memrefs.
bool isStructured(mlir::Operation *op);

/// A share [begin, end) of the units that unitsOf() counts.
struct Share {
  mlir::Value begin, end;
};

/// How many equal pieces the work of `op` can be split into for threads: the same for every instruction set.
mlir::OpFoldResult unitsOf(mlir::OpBuilder &b, mlir::Operation *op);

/// Emits `op` at the insertion point, with its first loops (parallel ones) held at `leading`; the op stays.
/// With a share, only those of its units.
llvm::LogicalResult emitStructured(mlir::OpBuilder &b, mlir::Operation *op, llvm::ArrayRef<mlir::Value> leading,
                                   const VectorUnit &unit, std::optional<Share> share = std::nullopt);

/// The trip count of each loop; null where no operand tells it.
llvm::SmallVector<mlir::OpFoldResult> tripCounts(mlir::OpBuilder &b, EpilogueOpInterface op);
/// The loop nest of a linalg op or cpu.reduce.
mlir::FailureOr<Nest> nestOf(mlir::OpBuilder &b, mlir::Operation *op);
/// Emits a nest with the given body; loops at or before `leading` are held fixed by `start`.
/// unitsOf() a nest.
mlir::OpFoldResult unitsOfLoops(mlir::OpBuilder &b, Nest nest);
void emitLoops(mlir::OpBuilder &b, Nest nest, const VectorUnit &unit, Point start, std::optional<Share> share);

/// scf.for over [lower, upper) with `step`, carrying values. One known trip is emitted straight, none at all not.
llvm::SmallVector<mlir::Value>
emitLoop(Indices ix, mlir::OpFoldResult lower, mlir::OpFoldResult upper, int64_t step, mlir::ValueRange carried,
         llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpFoldResult, mlir::ValueRange)> body);

/// Loads `lanes` elements of `operand` that follow each other along loop `d`: a vector, or a scalar where all are the
/// same (or lanes == 1). Lanes off in `mask` (may be null) are zero and not read.
mlir::Value loadLanes(mlir::OpBuilder &b, const Nest &nest, unsigned operand, const Point &point, unsigned d,
                      int64_t lanes, mlir::Value mask, mlir::OpFoldResult active);
/// Stores them.
void storeLanes(mlir::OpBuilder &b, const Nest &nest, unsigned operand, const Point &point, unsigned d, int64_t lanes,
                mlir::Value mask, mlir::OpFoldResult active, mlir::Value value);

} // namespace brisk::cpu
#endif
