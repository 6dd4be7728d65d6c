// From tensors to buffers, for ops that write their last operand.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/Buffers.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

void brisk::addBufferEffects(Operation *op, SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool isInit = operand.getOperandNumber() + 1 == op->getNumOperands();
    effects.emplace_back(isInit ? static_cast<MemoryEffects::Effect *>(MemoryEffects::Write::get())
                                : MemoryEffects::Read::get(),
                         &operand, SideEffects::DefaultResource::get());
  }
}

FailureOr<SmallVector<Value>> brisk::buffersOf(Operation *op, RewriterBase &rewriter,
                                               const bufferization::BufferizationOptions &options,
                                               bufferization::BufferizationState &state) {
  SmallVector<Value> buffers;
  for (Value operand : op->getOperands()) {
    FailureOr<Value> buffer = bufferization::getBuffer(rewriter, operand, options, state);
    if (failed(buffer))
      return failure();
    buffers.push_back(*buffer);
  }
  return buffers;
}

bufferization::OneShotBufferizationOptions brisk::bufferizationOptions(int64_t alignment) {
  bufferization::OneShotBufferizationOptions options;
  options.allowReturnAllocsFromLoops = true;
  options.allowUnknownOps = true;
  options.bufferAlignment = alignment;
  options.memCpyFn = [](OpBuilder &b, Location loc, Value from, Value to) -> LogicalResult {
    linalg::CopyOp::create(b, loc, from, to);
    return success();
  };
  return options;
}
