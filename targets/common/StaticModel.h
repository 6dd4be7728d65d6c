// Models of known shapes: every buffer has a place before the first run.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_COMMON_STATICMODEL_H
#define BRISK_TARGETS_COMMON_STATICMODEL_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace brisk {

/// From tensors to buffers at multiples of `alignment` bytes: @main takes a memref per input, then one per result. An open
/// shape is a diagnostic that names `target`.
llvm::LogicalResult bufferizeStatic(mlir::func::FuncOp main, llvm::StringRef target, int64_t alignment);

/// An allocation and the ops of the entry block, by position, between which it is used.
struct Place {
  mlir::memref::AllocOp op;
  int64_t bytes, first, last, uses;
  int64_t offset = 0;
  bool isNear = false; // for targets with a small fast memory
};
/// The allocations of @main; bytes are multiples of `alignment`, and at least that.
llvm::SmallVector<Place> placesOf(mlir::func::FuncOp main, int64_t alignment);
/// The lowest offset at which `place` fits beside those of `done` that live when it does.
int64_t lowestOffset(const Place &place, llvm::ArrayRef<Place *> done);
/// Gives every place its offset, larger ones first; returns how many bytes they take together.
int64_t placeLargestFirst(llvm::SmallVector<Place *> places);

} // namespace brisk
#endif
