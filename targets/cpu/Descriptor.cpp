// The artifact's descriptor (runtime/abi.h), its tables and the weights block.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/IR/BuiltinAttributes.h"
#include "targets/common/Descriptor.h"
#include "targets/cpu/Emit.h"
#include "llvm/IR/IRBuilder.h"

using namespace llvm;
using namespace brisk;

/// What LLVM calls to round a float to bf16 where a bf16 passes through a register: to nearest, ties to even.
/// It belongs to compiler-rt, which artifacts do not link.
static void addRounding(Module &module) {
  IRBuilder<> b(module.getContext());
  Type *f32 = b.getFloatTy(), *bf16 = b.getBFloatTy();
  auto *function = Function::Create(FunctionType::get(bf16, {f32}, false), GlobalValue::WeakAnyLinkage, "__truncsfbf2", module);
  function->setVisibility(GlobalValue::HiddenVisibility);
  b.SetInsertPoint(BasicBlock::Create(module.getContext(), "", function));
  Value *bits = b.CreateBitCast(function->getArg(0), b.getInt32Ty());
  Value *odd = b.CreateAnd(b.CreateLShr(bits, 16), b.getInt32(1));
  Value *rounded = b.CreateAdd(bits, b.CreateAdd(odd, b.getInt32(0x7fff)));
  Value *isNan = b.CreateFCmpUNO(function->getArg(0), function->getArg(0));
  Value *quiet = b.CreateOr(bits, b.getInt32(0x400000));
  Value *high = b.CreateTrunc(b.CreateLShr(b.CreateSelect(isNan, quiet, rounded), 16), b.getInt16Ty());
  b.CreateRet(b.CreateBitCast(high, bf16));
}

/// main() of a program that holds the model: brisk-run without an artifact to name (runtime/tools/main.h).
static void addMain(Module &module, Constant *descriptor) {
  IRBuilder<> b(module.getContext());
  Type *i32 = b.getInt32Ty(), *ptr = b.getPtrTy();
  FunctionCallee run = module.getOrInsertFunction("brisk_main", FunctionType::get(i32, {i32, ptr, ptr}, false));
  auto *main = Function::Create(FunctionType::get(i32, {i32, ptr}, false), GlobalValue::ExternalLinkage, "main", module);
  b.SetInsertPoint(BasicBlock::Create(module.getContext(), "", main));
  b.CreateRet(b.CreateCall(run, {main->getArg(0), main->getArg(1), descriptor}));
}

std::unique_ptr<Module> cpu::buildDescriptor(mlir::ModuleOp mlirModule, LLVMContext &context,
                                             ArrayRef<const Isa *> isas, const EmitRequest &request, StringRef symbol,
                                             StringRef weightsFile) {
  auto module = std::make_unique<Module>("descriptor", context);
  std::string weights = (symbol + "_weights").str();
  addFile(*module, weights, weightsFile);
  addRounding(*module);
  Tables t(*module);
  auto *base = t.global(t.declared(weights), GlobalValue::ExternalLinkage, symbol + "_weights_base");
  base->setVisibility(GlobalValue::HiddenVisibility);
  SmallVector<Variant> variants;
  for (const Isa *isa : isas)
    variants.push_back({isa->level, (symbol + "_run_" + isa->suffix).str()});
  addDescriptor(t, mlirModule, mlirModule->getAttrOfType<mlir::ArrayAttr>("cpu.kernels"),
                mlirModule->getAttrOfType<mlir::IntegerAttr>("cpu.arena_size").getInt(), variants, request, symbol);
  if (request.kind == "exe")
    addMain(*module, module->getNamedValue(symbol));
  return module;
}

Error cpu::writeWeights(mlir::ModuleOp module, StringRef path) {
  return writeConstants(module->getAttrOfType<mlir::ArrayAttr>("cpu.weights"),
                        module->getAttrOfType<mlir::DenseI64ArrayAttr>("cpu.weight_offsets").asArrayRef(), path);
}
