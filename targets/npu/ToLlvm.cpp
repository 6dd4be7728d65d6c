// In: functions on memrefs with loops as branches. Out: the LLVM dialect for a machine of 32-bit addresses.
// Why here: one converter for everything: passes that convert a dialect each do not agree on the width of an index.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Transforms/DialectConversion.h"
#include "targets/npu/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_NPUTOLLVM
#include "targets/npu/Passes.h.inc"
} // namespace brisk

namespace {

/// The function of a kernel, declared at its first use.
LLVM::LLVMFuncOp declare(ModuleOp module, StringRef name, size_t pointers) {
  std::string symbol = ("brisk_npu_" + name).str();
  if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(symbol))
    return known;
  OpBuilder b(module.getBody(), module.getBody()->end());
  auto ptr = LLVM::LLVMPointerType::get(module.getContext());
  SmallVector<Type> types(pointers, ptr);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(module.getContext()), types);
  return LLVM::LLVMFuncOp::create(b, module.getLoc(), symbol, type);
}

/// npu.kernel becomes a call: the words of its parameters as a constant, then the buffers.
struct CallKernel : ConvertOpToLLVMPattern<npu::KernelOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(npu::KernelOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    auto module = op->getParentOfType<ModuleOp>();
    Location loc = op.getLoc();
    LLVM::GlobalOp words;
    {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(module.getBody());
      auto values = rewriter.getI32TensorAttr(op.getParameters());
      auto type = LLVM::LLVMArrayType::get(rewriter.getI32Type(), op.getParameters().size());
      std::string name = (op.getName() + "_parameters_" + Twine(counter++)).str();
      words = LLVM::GlobalOp::create(rewriter, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, name, values,
                                     /*alignment=*/8);
    }
    SmallVector<Value> arguments{LLVM::AddressOfOp::create(rewriter, loc, words)};
    for (auto [buffer, original] : llvm::zip(adaptor.getOperands(), op.getOperands())) {
      MemRefDescriptor descriptor(buffer);
      arguments.push_back(descriptor.bufferPtr(rewriter, loc, *getTypeConverter(), cast<MemRefType>(original.getType())));
    }
    LLVM::LLVMFuncOp callee = declare(module, op.getName(), arguments.size());
    LLVM::CallOp::create(rewriter, loc, callee, arguments);
    rewriter.eraseOp(op);
    return success();
  }
  mutable int counter = 0;
};

/// A condition that does not hold ends the run with its message (device/guest.c).
struct FailUnless : ConvertOpToLLVMPattern<cf::AssertOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(cf::AssertOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    auto module = op->getParentOfType<ModuleOp>();
    Location loc = op.getLoc();
    std::string text = op.getMsg().str();
    LLVM::GlobalOp message;
    {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(module.getBody());
      text.push_back('\0');
      auto type = LLVM::LLVMArrayType::get(rewriter.getI8Type(), text.size());
      message = LLVM::GlobalOp::create(rewriter, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal,
                                       "message_" + std::to_string(counter++), rewriter.getStringAttr(text));
    }
    Block *before = op->getBlock(), *after = rewriter.splitBlock(before, op->getIterator());
    Block *fail = rewriter.createBlock(after);
    Value address = LLVM::AddressOfOp::create(rewriter, loc, message);
    LLVM::CallOp::create(rewriter, loc, declare(module, "fail", 1), ValueRange{address});
    LLVM::UnreachableOp::create(rewriter, loc);
    rewriter.setInsertionPointToEnd(before);
    LLVM::CondBrOp::create(rewriter, loc, adaptor.getArg(), after, fail);
    rewriter.eraseOp(op);
    return success();
  }
  mutable int counter = 0;
};

struct NpuToLlvm : brisk::impl::NpuToLlvmBase<NpuToLlvm> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    LowerToLLVMOptions options(context);
    options.overrideIndexBitwidth(32);
    options.useBarePtrCallConv = true;
    LLVMTypeConverter converter(context, options);
    RewritePatternSet patterns(context);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    patterns.add<CallKernel, FailUnless>(converter);
    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp>();
    if (failed(applyFullConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
