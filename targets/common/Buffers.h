// From tensors to buffers, for ops that write their last operand.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_COMMON_BUFFERS_H
#define BRISK_TARGETS_COMMON_BUFFERS_H

#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace brisk {

/// The effects of an op on buffers: its last operand is written, the others are read.
void addBufferEffects(mlir::Operation *op,
                      llvm::SmallVectorImpl<mlir::SideEffects::EffectInstance<mlir::MemoryEffects::Effect>> &effects);

/// The buffers of all operands.
llvm::FailureOr<llvm::SmallVector<mlir::Value>> buffersOf(mlir::Operation *op, mlir::RewriterBase &rewriter,
                                                          const mlir::bufferization::BufferizationOptions &options,
                                                          mlir::bufferization::BufferizationState &state);

/// New buffers begin at multiples of `alignment` bytes. A copy is a linalg.copy, a kernel like any other.
mlir::bufferization::OneShotBufferizationOptions bufferizationOptions(int64_t alignment);

} // namespace brisk
#endif
