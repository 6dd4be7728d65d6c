// In: @main on memrefs, with `cpu.outputs` telling where each result goes.
// Out: @run(brisk_call *) -> i32, reading inputs and outputs from the call (runtime/abi.h).
// Why here: memory planning needs the call's arena.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/abi.h"
#include "targets/cpu/Abi.h"
#include "targets/cpu/Passes.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace brisk {
#define GEN_PASS_DEF_CPUBINDCALL
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

/// The memref of input `index`, its open dims read from the call.
Value bindInput(OpBuilder &b, Location loc, Value call, int64_t index, MemRefType type) {
  Value pointer = loadPointer(b, loc, loadCallField(b, loc, call, CallField::Inputs), index);
  SmallVector<Value> sizes;
  if (!type.hasStaticShape()) {
    Value dims = loadPointer(b, loc, loadCallField(b, loc, call, CallField::InputDims), index);
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (type.isDynamicDim(axis)) {
        Value dim = LLVM::LoadOp::create(b, loc, b.getI64Type(), offsetPointer(b, loc, dims, axis * 8));
        sizes.push_back(toIndex(b, loc, dim));
      }
  }
  return memrefOver(b, loc, pointer, type, sizes);
}

/// Hands a result of open dims over: its data and its dims.
void storeOutput(OpBuilder &b, Location loc, Value call, int64_t index, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  Value outputs = loadCallField(b, loc, call, CallField::Outputs);
  LLVM::StoreOp::create(b, loc, pointerOf(b, loc, memref), offsetPointer(b, loc, outputs, index * 8));
  Value dims = loadPointer(b, loc, loadCallField(b, loc, call, CallField::OutputDims), index);
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    Value size = memref::DimOp::create(b, loc, memref, axis);
    LLVM::StoreOp::create(b, loc, toI64(b, loc, size), offsetPointer(b, loc, dims, axis * 8));
  }
}

struct CpuBindCall : brisk::impl::CpuBindCallBase<CpuBindCall> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    auto outputs = main ? main->getAttrOfType<DenseI32ArrayAttr>("cpu.outputs") : nullptr;
    if (!outputs)
      return;
    Block &block = main.getBody().front();
    OpBuilder b(&block, block.begin());
    Location loc = main.getLoc();
    auto ptr = LLVM::LLVMPointerType::get(&getContext());
    SmallVector<BlockArgument> arguments = llvm::to_vector(block.getArguments());
    Value call = block.addArgument(ptr, loc);

    DenseMap<int32_t, int64_t> outputOf;
    for (auto [index, place] : llvm::enumerate(outputs.asArrayRef()))
      outputOf[place] = index;
    int64_t inputs = 0;
    for (BlockArgument argument : arguments) {
      auto type = cast<MemRefType>(argument.getType());
      auto output = outputOf.find(argument.getArgNumber());
      Value bound;
      if (output == outputOf.end()) {
        bound = bindInput(b, loc, call, inputs++, type);
      } else {
        Value table = loadCallField(b, loc, call, CallField::Outputs);
        bound = memrefOver(b, loc, loadPointer(b, loc, table, output->second), type, {});
      }
      argument.replaceAllUsesWith(bound);
    }
    block.eraseArguments(0, arguments.size());

    auto ret = cast<func::ReturnOp>(block.getTerminator());
    b.setInsertionPoint(ret);
    for (auto [k, value] : llvm::enumerate(ret.getOperands()))
      storeOutput(b, loc, call, outputOf.lookup(-1 - static_cast<int32_t>(k)), value);
    Value ok = LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(BRISK_ABI_OK));
    func::ReturnOp::create(b, ret.getLoc(), ok);
    ret.erase();
    main.setName("run");
    main->removeAttr("cpu.outputs");
    main.setFunctionType(b.getFunctionType({ptr}, {b.getI32Type()}));
  }
};

} // namespace
