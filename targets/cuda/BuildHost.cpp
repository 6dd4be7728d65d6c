// @main as code for this machine: it fills in parameters and launches.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "targets/common/Codegen.h"
#include "targets/cuda/Emit.h"
#include "targets/cuda/device/plan.h"
#include "llvm/IR/IRBuilder.h"

using namespace llvm;
using namespace brisk;

static constexpr StringLiteral kLaunch = "launch_";

/// Kernels lose their bodies; every call gets a function of its own that carries the launch's number. @main gets a pointer
/// to the host as its last argument.
static void numberLaunches(mlir::ModuleOp module) {
  mlir::OpBuilder b(module.getBodyRegion());
  for (auto kernel : llvm::make_early_inc_range(module.getOps<mlir::func::FuncOp>()))
    if (kernel.getName() != "main")
      kernel.erase();
  auto main = module.lookupSymbol<mlir::func::FuncOp>("main");
  (void)main.insertArgument(main.getNumArguments(), mlir::LLVM::LLVMPointerType::get(module.getContext()), {}, main.getLoc());
  main.walk([&](mlir::func::CallOp call) {
    std::string name = (kLaunch + Twine(call->getAttrOfType<mlir::IntegerAttr>("cuda.launch").getInt())).str();
    call->removeAttr("cuda.launch");
    auto type = b.getFunctionType(call.getOperandTypes(), {});
    mlir::func::FuncOp::create(b, call.getLoc(), name, type).setPrivate();
    call.setCallee(name);
  });
}

/// Calls of numbered functions become calls of host->launch; parameters lie on the stack.
static void callLaunch(Function &main) {
  Value *host = main.getArg(main.arg_size() - 1);
  SmallVector<CallInst *> calls;
  for (Function &function : *main.getParent())
    if (function.getName().starts_with(kLaunch))
      for (User *user : function.users())
        calls.push_back(cast<CallInst>(user));
  IRBuilder<> b(main.getContext());
  unsigned most = 0;
  for (CallInst *call : calls)
    most = std::max(most, call->arg_size());
  b.SetInsertPoint(&*main.getEntryBlock().getFirstInsertionPt());
  Value *values = b.CreateAlloca(b.getInt64Ty(), b.getInt32(std::max(most, 1u)));
  Value *params = b.CreateAlloca(b.getPtrTy(), b.getInt32(std::max(most, 1u)));
  for (unsigned i = 0; i < most; ++i)
    b.CreateStore(b.CreateConstGEP1_32(b.getInt64Ty(), values, i), b.CreateConstGEP1_32(b.getPtrTy(), params, i));
  auto *type = FunctionType::get(b.getVoidTy(), {b.getPtrTy(), b.getInt32Ty(), b.getPtrTy()}, false);
  for (CallInst *call : calls) {
    int32_t number = 0;
    call->getCalledFunction()->getName().drop_front(kLaunch.size()).getAsInteger(10, number);
    b.SetInsertPoint(call);
    for (auto [i, value] : enumerate(call->args()))
      b.CreateStore(value, b.CreateConstGEP1_32(b.getInt64Ty(), values, i));
    Value *launch = b.CreateLoad(b.getPtrTy(), b.CreateConstGEP1_32(b.getInt8Ty(), host, offsetof(brisk_cuda_host, launch)));
    b.CreateCall(type, launch, {host, b.getInt32(number), params});
    call->eraseFromParent();
  }
}

Expected<SmallVector<char, 0>> cuda::emitHost(mlir::ModuleOp source, StringRef symbol) {
  mlir::OwningOpRef<mlir::ModuleOp> copy = source.clone();
  for (mlir::NamedAttribute attr : llvm::to_vector((*copy)->getAttrs()))
    if (attr.getName().strref().starts_with("cuda.") || attr.getName().strref().starts_with("brisk."))
      (*copy)->removeAttr(attr.getName());
  numberLaunches(*copy);
  mlir::PassManager passes(source.getContext());
  addHostPasses(passes);
  if (failed(passes.run(*copy)))
    return createStringError("lowering the host code to LLVM failed");
  auto machine = makeMachine("x86_64-unknown-linux-gnu", "x86-64", "");
  if (!machine)
    return machine.takeError();
  LLVMContext context;
  auto module = toLlvm(*copy, context, **machine);
  if (!module)
    return module.takeError();
  Function *main = (*module)->getFunction("main");
  main->setName("host_main");
  main->setLinkage(GlobalValue::InternalLinkage);

  // The entry reads what @main is given from *host.
  IRBuilder<> b(context);
  auto *entry = Function::Create(FunctionType::get(b.getVoidTy(), {b.getPtrTy()}, false), GlobalValue::ExternalLinkage, symbol,
                                 **module);
  entry->setVisibility(GlobalValue::HiddenVisibility);
  b.SetInsertPoint(BasicBlock::Create(context, "", entry));
  Value *host = entry->getArg(0);
  auto field = [&](size_t offset) { return b.CreateLoad(b.getPtrTy(), b.CreateConstGEP1_32(b.getInt8Ty(), host, offset)); };
  Value *values = field(offsetof(brisk_cuda_host, values));
  SmallVector<Value *> arguments;
  for (unsigned i = 0; i + 3 < main->arg_size(); ++i)
    arguments.push_back(b.CreateLoad(b.getPtrTy(), b.CreateConstGEP1_32(b.getPtrTy(), values, i)));
  arguments.push_back(field(offsetof(brisk_cuda_host, arena)));
  arguments.push_back(field(offsetof(brisk_cuda_host, weights)));
  arguments.push_back(host);
  b.CreateCall(main, arguments);
  b.CreateRetVoid();
  callLaunch(*main);
  optimize(**module, **machine);
  return generate(**module, **machine, /*assembly=*/false);
}
