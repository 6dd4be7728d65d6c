// Emitting the body of a structured op for many points at once.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_VECTORIZEBODY_H
#define BRISK_TARGETS_CPU_VECTORIZEBODY_H

#include "targets/cpu/Nest.h"

namespace brisk::cpu {

/// What a body needs of the emitter.
struct BodyTraits {
  bool vectorizable = true; // every op has a form on vectors
  bool partial = true;      // lanes past the end may compute on zeros without harm
  bool usesIndex = false;   // reads loop indices
  int64_t widest = 8;       // bits of the widest number it computes with
  int64_t cost = 0;         // rough count of instructions a vector
};

BodyTraits traitsOf(mlir::Block &body);

/// Emits `body` for `lanes` points that follow each other along loop `along` (lanes == 1: one point, scalars only).
/// `args` are vectors, or scalars where all lanes see the same. `index` is the first point's index per loop. Returns
/// the terminator's operands, again vectors or scalars.
llvm::SmallVector<mlir::Value> emitBody(mlir::OpBuilder &b, mlir::Location loc, mlir::Block &body,
                                        mlir::ValueRange args, llvm::ArrayRef<mlir::OpFoldResult> index, unsigned along,
                                        int64_t lanes);

/// `value` in every lane, unless it is a vector already.
mlir::Value splat(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, int64_t lanes);

} // namespace brisk::cpu
#endif
