// Making functions of ops: what they read from outside, whose work they do.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_COMMON_OUTLINE_H
#define BRISK_TARGETS_COMMON_OUTLINE_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SetVector.h"

namespace brisk {

/// The ONNX nodes that a location stands for, joined by '+'.
std::string nodeName(mlir::Location loc);

/// Values from outside that `op` and its regions use. Constants are not among them but in `constants`, to be cloned; those
/// that `isParameter` tells, if given, are values like others.
llvm::SetVector<mlir::Value> capturesOf(mlir::Operation *op, llvm::SmallVectorImpl<mlir::Operation *> &constants,
                                        llvm::function_ref<bool(mlir::Operation *constant)> isParameter = nullptr);

} // namespace brisk
#endif
