// Kernels as LLVM IR, as PTX, as machine code for GPUs, and as a twin for this processor.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "targets/common/Codegen.h"
#include "targets/common/Tools.h"
#include "targets/cuda/Emit.h"
#include "targets/cuda/Shared.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;
using namespace brisk;
using namespace brisk::cuda;

static const Chip kChips[] = {{"sm_80", "+ptx70", 80},   {"sm_86", "+ptx71", 86},    {"sm_89", "+ptx78", 89},
                              {"sm_90", "+ptx78", 90},   {"sm_90a", "+ptx80", 90},   {"sm_100", "+ptx86", 100},
                              {"sm_120", "+ptx87", 120}};
static const Chip kTwin = {"emu", "", 0};

static constexpr StringLiteral kTriple = "nvptx64-nvidia-cuda";

Expected<SmallVector<const Chip *>> cuda::chipsOf(StringRef march) {
  SmallVector<const Chip *> chips;
  SmallVector<StringRef> names;
  (march.empty() || march == "native" ? StringRef("sm_80") : march).split(names, ',');
  for (StringRef name : names) {
    const Chip *found = name == kTwin.name ? &kTwin : nullptr;
    for (const Chip &chip : kChips)
      if (chip.name == name)
        found = &chip;
    if (!found)
      return createStringError("unknown --march=" + march + " for the cuda target: expects native (sm_80), or a list of sm_80, " +
                               "sm_86, sm_89, sm_90, sm_90a, sm_100, sm_120 and emu");
    chips.push_back(found);
  }
  return chips;
}

/// Calls of functions that GPUs have no instruction for become calls of device/math.c, which is linked in.
static Error linkMath(Module &module) {
  static const std::pair<Intrinsic::ID, StringLiteral> kNames[] = {
      {Intrinsic::exp, "exp"},   {Intrinsic::exp2, "exp2"}, {Intrinsic::log, "log"},   {Intrinsic::log2, "log2"},
      {Intrinsic::log10, "log10"}, {Intrinsic::sin, "sin"},   {Intrinsic::cos, "cos"},   {Intrinsic::tan, "tan"},
      {Intrinsic::asin, "asin"}, {Intrinsic::acos, "acos"}, {Intrinsic::atan, "atan"}, {Intrinsic::atan2, "atan2"},
      {Intrinsic::sinh, "sinh"}, {Intrinsic::cosh, "cosh"}, {Intrinsic::tanh, "tanh"}, {Intrinsic::pow, "pow"}};
  for (Function &function : make_early_inc_range(module))
    for (auto [id, name] : kNames)
      if (function.getIntrinsicID() == id) {
        std::string symbol = name.str() + (function.getReturnType()->isFloatTy() ? "f" : "");
        function.replaceAllUsesWith(module.getOrInsertFunction(symbol, function.getFunctionType()).getCallee());
        function.eraseFromParent();
        break;
      }
  auto math = parseBitcodeFile(MemoryBufferRef(mathCode(), "math"), module.getContext());
  if (!math)
    return math.takeError();
  (*math)->setTargetTriple(module.getTargetTriple());
  (*math)->setDataLayout(module.getDataLayout());
  if (Linker::linkModules(module, std::move(*math), Linker::Flags::LinkOnlyNeeded))
    return createStringError("linking the device's functions failed");
  for (Function &function : module) {
    if (function.isDeclaration() && !function.isIntrinsic() && !function.use_empty())
      return createStringError("the cuda target has no function " + function.getName());
    if (!function.isDeclaration() && function.getCallingConv() != CallingConv::PTX_Kernel)
      function.setLinkage(GlobalValue::InternalLinkage);
  }
  return Error::success();
}

Expected<std::unique_ptr<Module>> cuda::buildKernels(mlir::ModuleOp source, LLVMContext &context) {
  mlir::OwningOpRef<mlir::ModuleOp> copy = source.clone();
  for (mlir::NamedAttribute attr : llvm::to_vector((*copy)->getAttrs()))
    if (attr.getName().strref().starts_with("cuda.") || attr.getName().strref().starts_with("brisk."))
      (*copy)->removeAttr(attr.getName());
  copy->lookupSymbol<mlir::func::FuncOp>("main").erase();
  for (auto kernel : copy->getOps<mlir::func::FuncOp>())
    kernel.setPublic();
  mlir::PassManager passes(source.getContext());
  addKernelPasses(passes);
  if (failed(passes.run(*copy)))
    return createStringError("lowering kernels to LLVM failed");
  // What the checks say belongs to the descriptor.
  source->setAttr("cuda.checks", (*copy)->getAttr("cuda.checks"));
  (*copy)->removeAttr("cuda.checks");
  auto machine = makeMachine(kTriple, "sm_80", "+ptx70");
  if (!machine)
    return machine.takeError();
  mlir::registerNVVMDialectTranslation(*source.getContext());
  auto module = toLlvm(*copy, context, **machine);
  if (!module)
    return module.takeError();
  for (Function &function : **module) {
    if (function.isDeclaration())
      continue;
    function.setCallingConv(CallingConv::PTX_Kernel);
    function.addFnAttr(Attribute::NoUnwind);
    for (Argument &argument : function.args())
      if (argument.getType()->isPointerTy()) {
        // Buffers of one launch are apart, and begin at multiples of 256 bytes.
        argument.addAttr(Attribute::NoAlias);
        argument.addAttr(Attribute::getWithAlignment(context, Align(16)));
      }
  }
  if (Error error = linkMath(**module))
    return std::move(error);
  return module;
}

Expected<std::string> cuda::emitPtx(const Module &kernels, const Chip &chip) {
  auto machine = makeMachine(kTriple, chip.name, chip.features);
  if (!machine)
    return machine.takeError();
  std::unique_ptr<Module> module = CloneModule(kernels);
  module->setDataLayout((*machine)->createDataLayout());
  for (Function &function : *module) {
    function.removeFnAttr("target-cpu");
    function.removeFnAttr("target-features");
  }
  optimize(*module, **machine);
  auto text = generate(*module, **machine, /*assembly=*/true);
  if (!text)
    return text.takeError();
  return std::string(text->data(), text->size());
}

Expected<std::string> cuda::assemble(StringRef ptx, const Chip &chip) {
  auto tool = findTool({"ptxas"});
  if (!tool)
    return tool.takeError();
  auto folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  std::string input = folder->file("kernels.ptx"), result = folder->file("kernels.cubin");
  if (Error error = writeFile(input, ptx))
    return error;
  if (Error error = runTool({*tool, "-O3", ("-arch=" + chip.name).str(), "-o", result, input}))
    return error;
  auto bytes = MemoryBuffer::getFile(result, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes)
    return createStringError(bytes.getError(), "cannot read what ptxas wrote");
  return (*bytes)->getBuffer().str();
}

/// Shared memory of a kernel's own lies one after the other in what the emulator gives each block. Returns its bytes.
static uint64_t placeShared(Function &kernel) {
  Module &module = *kernel.getParent();
  SmallVector<GlobalVariable *> shared;
  SmallVector<Constant *> constants;
  for (GlobalVariable &global : module.globals())
    if (global.getAddressSpace() == kSharedMemory && global.getName().starts_with((kernel.getName() + "_").str())) {
      shared.push_back(&global);
      constants.push_back(&global);
    }
  if (shared.empty())
    return 0;
  convertUsersOfConstantsToInstructions(constants);
  IRBuilder<> b(&*kernel.getEntryBlock().getFirstInsertionPt());
  Value *base = b.CreateCall(module.getOrInsertFunction("brisk_emu_shared", b.getPtrTy()));
  uint64_t bytes = 0;
  for (GlobalVariable *global : shared) {
    bytes = alignTo(bytes, 16);
    Value *at = b.CreateConstGEP1_64(b.getInt8Ty(), base, bytes);
    global->replaceAllUsesWith(b.CreateAddrSpaceCast(at, global->getType()));
    bytes += module.getDataLayout().getTypeAllocSize(global->getValueType());
    global->eraseFromParent();
  }
  return bytes;
}

/// Tells the emulator of every access to memory that other threads see.
static void tellAccesses(Function &kernel) {
  const DataLayout &layout = kernel.getDataLayout();
  IRBuilder<> b(kernel.getContext());
  auto *type = FunctionType::get(b.getVoidTy(), {b.getPtrTy(), b.getInt64Ty(), b.getInt32Ty(), b.getInt64Ty()}, false);
  FunctionCallee access = kernel.getParent()->getOrInsertFunction("brisk_emu_access", type);
  SmallVector<Instruction *> accesses;
  for (Instruction &instruction : instructions(kernel))
    if (isa<LoadInst, StoreInst>(instruction) &&
        !isa<AllocaInst, GlobalVariable>(getUnderlyingObject(getLoadStorePointerOperand(&instruction))))
      accesses.push_back(&instruction);
  for (Instruction *instruction : accesses) {
    b.SetInsertPoint(instruction);
    Value *pointer = b.CreateAddrSpaceCast(getLoadStorePointerOperand(instruction), b.getPtrTy());
    b.CreateCall(access, {pointer,
                          b.getInt64(layout.getTypeStoreSize(getLoadStoreType(instruction))),
                          b.getInt32(isa<StoreInst>(instruction)), b.getInt64(getLoadStoreAlignment(instruction).value())});
  }
}

/// NAME_twin(void **params): calls a kernel with the values that params point to.
static void addTwin(Function &kernel, uint64_t sharedBytes) {
  Module &module = *kernel.getParent();
  IRBuilder<> b(module.getContext());
  auto *twin = Function::Create(FunctionType::get(b.getVoidTy(), {b.getPtrTy()}, false), GlobalValue::ExternalLinkage,
                                kernel.getName() + "_twin", module);
  b.SetInsertPoint(BasicBlock::Create(module.getContext(), "", twin));
  SmallVector<Value *> values;
  for (Argument &argument : kernel.args()) {
    Value *at = b.CreateLoad(b.getPtrTy(), b.CreateConstGEP1_32(b.getPtrTy(), twin->getArg(0), argument.getArgNo()));
    values.push_back(b.CreateLoad(argument.getType(), at));
  }
  b.CreateCall(&kernel, values);
  b.CreateRetVoid();
  auto tell = [&](const Twine &name, uint32_t value) {
    new GlobalVariable(module, b.getInt32Ty(), /*isConstant=*/true, GlobalValue::ExternalLinkage, b.getInt32(value),
                       kernel.getName() + name);
  };
  tell("_params", kernel.arg_size());
  tell("_shared", sharedBytes);
}

Expected<std::string> cuda::emitTwin(const Module &kernels) {
  auto machine = makeMachine("x86_64-unknown-linux-gnu", "x86-64-v3", "");
  if (!machine)
    return machine.takeError();
  std::unique_ptr<Module> module = CloneModule(kernels);
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  SmallVector<Function *> functions;
  for (Function &function : *module) {
    function.removeFnAttr("target-cpu");
    function.removeFnAttr("target-features");
    if (function.getCallingConv() == CallingConv::PTX_Kernel)
      functions.push_back(&function);
  }
  for (Function *function : functions) {
    function->setCallingConv(CallingConv::C);
    function->setLinkage(GlobalValue::InternalLinkage);
    uint64_t sharedBytes = placeShared(*function);
    tellAccesses(*function);
    addTwin(*function, sharedBytes);
  }
  // What only a GPU can tell, the emulator is asked.
  for (Function &function : make_early_inc_range(*module))
    if (function.getName().starts_with("llvm.nvvm.")) {
      std::string name = "brisk_emu" + function.getName().substr(strlen("llvm.nvvm")).str();
      std::replace(name.begin(), name.end(), '.', '_');
      auto *asked = Function::Create(function.getFunctionType(), GlobalValue::ExternalLinkage, name, *module);
      function.replaceAllUsesWith(asked);
      function.eraseFromParent();
    }
  optimize(*module, **machine);
  auto object = generate(*module, **machine, /*assembly=*/false);
  if (!object)
    return object.takeError();
  auto folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  std::string input = folder->file("twin.o"), result = folder->file("twin.so");
  if (Error error = writeFile(input, StringRef(object->data(), object->size())))
    return error;
  auto command = sharedLinker();
  if (!command)
    return command.takeError();
  command->insert(command->end(), {"-o", result, input});
  if (Error error = runTool(*command))
    return error;
  auto bytes = MemoryBuffer::getFile(result, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes)
    return createStringError(bytes.getError(), "cannot read the twin of the kernels");
  return (*bytes)->getBuffer().str();
}
