// In: the LLVM dialect, @run calling its kernels. Out: kernels that threads share go through brisk_call.parallel.
// Why here: only now a kernel's arguments are plain values that fit a block of memory.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/Abi.h"
#include "targets/cpu/Passes.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace brisk {
#define GEN_PASS_DEF_CPULAUNCHKERNELS
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

/// The block that holds a kernel's arguments but its share.
LLVM::LLVMStructType argumentBlock(LLVM::LLVMFuncOp kernel) {
  return LLVM::LLVMStructType::getLiteral(kernel.getContext(), kernel.getArgumentTypes().drop_back(2));
}

Value fieldAddress(OpBuilder &b, Location loc, LLVM::LLVMStructType block, Value base, int32_t field) {
  return LLVM::GEPOp::create(b, loc, base.getType(), block, base, ArrayRef<LLVM::GEPArg>{0, field});
}

/// KERNEL_part(args, begin, end): the brisk_kernel_fn of a kernel.
LLVM::LLVMFuncOp makePart(OpBuilder &b, LLVM::LLVMFuncOp kernel) {
  Location loc = kernel.getLoc();
  auto ptr = LLVM::LLVMPointerType::get(b.getContext());
  Type i64 = b.getI64Type();
  b.setInsertionPointAfter(kernel);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {ptr, i64, i64});
  auto part = LLVM::LLVMFuncOp::create(b, loc, (kernel.getName() + "_part").str(), type, LLVM::Linkage::Internal);
  Block *body = part.addEntryBlock(b);
  b.setInsertionPointToStart(body);
  LLVM::LLVMStructType block = argumentBlock(kernel);
  SmallVector<Value> arguments;
  for (auto [i, field] : llvm::enumerate(block.getBody()))
    arguments.push_back(LLVM::LoadOp::create(b, loc, field, fieldAddress(b, loc, block, body->getArgument(0), i)));
  arguments.push_back(body->getArgument(1));
  arguments.push_back(body->getArgument(2));
  LLVM::CallOp::create(b, loc, kernel, arguments);
  LLVM::ReturnOp::create(b, loc, ValueRange());
  return part;
}

struct CpuLaunchKernels : brisk::impl::CpuLaunchKernelsBase<CpuLaunchKernels> {
  void runOnOperation() override {
    auto run = getOperation().lookupSymbol<LLVM::LLVMFuncOp>("run");
    if (!run)
      return;
    OpBuilder b(&getContext());
    DenseMap<Operation *, LLVM::LLVMFuncOp> parts;
    SmallVector<LLVM::CallOp> calls;
    run.walk([&](LLVM::CallOp call) { calls.push_back(call); });
    Value argument = run.getBody().front().getArgument(0);
    auto ptr = LLVM::LLVMPointerType::get(&getContext());
    for (LLVM::CallOp call : calls) {
      std::optional<StringRef> callee = call.getCallee();
      auto kernel = callee ? getOperation().lookupSymbol<LLVM::LLVMFuncOp>(*callee) : nullptr;
      if (!kernel || !kernel->hasAttr("cpu.split"))
        continue;
      LLVM::LLVMFuncOp &part = parts[kernel];
      if (!part)
        part = makePart(b, kernel);
      Location loc = call.getLoc();
      LLVM::LLVMStructType block = argumentBlock(kernel);
      // On the stack of the entry block: a kernel inside a loop must not grow it.
      b.setInsertionPointToStart(&run.getBody().front());
      Value one = i64(b, loc, 1);
      Value base = LLVM::AllocaOp::create(b, loc, ptr, block, one);
      b.setInsertionPoint(call);
      for (auto [i, value] : llvm::enumerate(call.getArgOperands().drop_back(2)))
        LLVM::StoreOp::create(b, loc, value, fieldAddress(b, loc, block, base, i));
      Value function = LLVM::AddressOfOp::create(b, loc, part);
      callField(b, loc, argument, CallField::Parallel, Type(), {argument, function, base, call.getArgOperands().back()});
      call.erase();
    }
  }
};

} // namespace
