// The npu dialect: calls of the kernels in device/.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/ir/Npu.h"

#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "targets/common/Buffers.h"
#include "targets/npu/Kernels.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::npu;

#include "targets/npu/ir/Npu.Dialect.cpp.inc"

#define GET_OP_CLASSES
#include "targets/npu/ir/Npu.cpp.inc"

void NpuDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "targets/npu/ir/Npu.cpp.inc"
      >();
}

LogicalResult KernelOp::verify() {
  const KernelInfo *info = kernelInfo(getName());
  if (!info)
    return emitOpError("expects a kernel of Kernels.def, but got \"") << getName() << "\"";
  if (getInputs().size() != info->inputs)
    return emitOpError("expects ") << info->inputs << " inputs, but got " << getInputs().size();
  if (getParameters().size() != info->parameters)
    return emitOpError("expects ") << info->parameters << " parameters, but got " << getParameters().size();
  for (Value operand : getOperands())
    if (!cast<ShapedType>(operand.getType()).hasStaticShape())
      return emitOpError("expects static shapes, but got ") << operand.getType();
  return success();
}

void KernelOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addBufferEffects(*this, effects);
}

namespace {

struct KernelBuffers : bufferization::DstBufferizableOpInterfaceExternalModel<KernelBuffers, KernelOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const bufferization::AnalysisState &) const {
    return operand.getOperandNumber() + 1 < op->getNumOperands();
  }
  /// A kernel reads neighbours of what it writes.
  bool isNotConflicting(Operation *, OpOperand *, OpOperand *, const bufferization::AnalysisState &) const { return false; }
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    if (op->getNumResults() == 0)
      return success();
    FailureOr<SmallVector<Value>> buffers = buffersOf(op, rewriter, options, state);
    if (failed(buffers))
      return failure();
    // Kernels take whole buffers: a part of another one is copied, before or after.
    Location loc = op->getLoc();
    SmallVector<Value> whole(*buffers);
    for (Value &buffer : whole) {
      auto type = cast<MemRefType>(buffer.getType());
      if (type.getLayout().isIdentity())
        continue;
      auto dense = MemRefType::get(type.getShape(), type.getElementType());
      Value copy = memref::AllocOp::create(rewriter, loc, dense, rewriter.getI64IntegerAttr(128));
      bool isOutput = &buffer == &whole.back();
      if (!isOutput && failed(options.createMemCpy(rewriter, loc, buffer, copy)))
        return failure();
      buffer = copy;
    }
    rewriter.create(OperationState(loc, op->getName(), whole, TypeRange(), op->getAttrs()));
    if (whole.back() != buffers->back() && failed(options.createMemCpy(rewriter, loc, whole.back(), buffers->back())))
      return failure();
    bufferization::replaceOpWithBufferizedValues(rewriter, op, buffers->back());
    return success();
  }
};

} // namespace

void brisk::registerNpuDialect(DialectRegistry &registry) {
  registry.insert<NpuDialect>();
  registry.addExtension(+[](MLIRContext *context, NpuDialect *) { KernelOp::attachInterface<KernelBuffers>(*context); });
}
