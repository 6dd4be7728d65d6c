// Which element of a buffer the thread of a number touches.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CUDA_POINTS_H
#define BRISK_TARGETS_CUDA_POINTS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace brisk::cuda {

/// The parallel loops of an op, the last axis of its first result last. A thread's number counts them as digits.
llvm::SmallVector<unsigned> parallelLoops(mlir::linalg::LinalgOp op);
/// The product of their lengths.
int64_t unitsOf(mlir::linalg::LinalgOp op);
/// Whether a result runs along the loop of a sum, so that it cannot stay in a register.
bool isRunning(mlir::linalg::LinalgOp op);

/// The buffer that `view` is a part of.
mlir::Value wholeOf(mlir::Value view);
/// Whether thread i touches element i of wholeOf(operand) and nothing else.
bool isOwn(mlir::linalg::LinalgOp op, mlir::OpOperand &operand);

} // namespace brisk::cuda
#endif
