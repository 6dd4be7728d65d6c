// From outlined kernels to objects and artifacts.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/Emit.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "runtime/abi.h"
#include "targets/common/Codegen.h"
#include "targets/common/Tools.h"
#include "targets/cpu/Link.h"
#include "targets/cpu/ir/Cpu.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace brisk;
using namespace brisk::cpu;

/// Scalars only, on any processor of this target.
static const Isa kPlain = {"x86-64", "x86-64", "plain", BRISK_ISA_X86_64, "", 0};

// Explicit 512-bit vectors are meant; LLVM's own vectorizers may use them too.
static const Isa kIsas[] = {
    {"x86-64-v3", "x86-64-v3", "v3", BRISK_ISA_X86_64_V3, "", 0},
    {"x86-64-v3-vnni", "x86-64-v3", "v3_vnni", BRISK_ISA_X86_64_V3_VNNI, "+avxvnni", 8},
    {"x86-64-v4", "x86-64-v4", "v4", BRISK_ISA_X86_64_V4, "-prefer-256-bit", 0},
    {"x86-64-v4-vnni", "x86-64-v4", "v4_vnni", BRISK_ISA_X86_64_V4_VNNI, "-prefer-256-bit,+avx512vnni", 8},
    {"x86-64-v4-bf16", "x86-64-v4", "v4_bf16", BRISK_ISA_X86_64_V4_BF16, "-prefer-256-bit,+avx512vnni,+avx512bf16", 16},
};

Expected<SmallVector<const Isa *>> cpu::isasOf(StringRef march) {
  SmallVector<const Isa *> isas;
  for (const Isa &isa : kIsas)
    if (march.empty() || march == "native" || march == isa.name)
      isas.push_back(&isa);
  if (isas.empty())
    return createStringError("unknown --march=" + march + " for the cpu target: expects native, x86-64-v3, x86-64-v3-vnni, " +
                             "x86-64-v4, x86-64-v4-vnni or x86-64-v4-bf16");
  return isas;
}

/// The variants for `march` that differ for `module`: an instruction set for narrow factors only where there are some.
static Expected<SmallVector<const Isa *>> isasFor(StringRef march, mlir::ModuleOp module) {
  auto isas = isasOf(march);
  if (!isas || isas->size() == 1)
    return isas;
  bool has[33] = {};
  module.walk([&](ContractOp op) { has[mlir::getElementTypeOrSelf(op.getInputs()[0]).getIntOrFloatBitWidth()] = true; });
  erase_if(*isas, [&](const Isa *isa) { return isa->factorBits && !has[isa->factorBits]; });
  return isas;
}

/// Lowers a copy of `module` for one instruction set and compiles it.
static Expected<SmallVector<char, 0>> emitVariant(mlir::ModuleOp module, const Isa &isa, StringRef symbol,
                                                  bool assembly, std::string *llvmText) {
  mlir::OwningOpRef<mlir::ModuleOp> variant = module.clone();
  // Weights and tables belong to the descriptor.
  for (StringRef name : {"cpu.weights", "cpu.weight_offsets", "cpu.kernels", "brisk.inputs", "brisk.outputs"})
    (*variant)->removeAttr(name);
  mlir::PassManager passes(module.getContext());
  addIsaPasses(passes, isa);
  if (failed(passes.run(*variant)))
    return createStringError("lowering to " + isa.name + " failed");
  auto machine = makeMachine("x86_64-unknown-linux-gnu", isa.processor, isa.features);
  if (!machine)
    return machine.takeError();
  LLVMContext context;
  auto llvmModule = toLlvm(*variant, context, **machine);
  if (!llvmModule)
    return llvmModule.takeError();
  for (Function &function : **llvmModule) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", isa.processor);
    function.addFnAttr("target-features", isa.features);
    function.addFnAttr(Attribute::NoUnwind);
    if (function.getName() == "run") {
      function.setName(symbol + "_run_" + isa.suffix);
      function.setVisibility(GlobalValue::HiddenVisibility);
    } else {
      function.setLinkage(GlobalValue::InternalLinkage);
      // A kernel stays one function: shared by its callers, named in profiles, compiled once.
      function.addFnAttr(Attribute::NoInline);
    }
  }
  if (GlobalVariable *base = (*llvmModule)->getGlobalVariable("brisk_weights_base"))
    base->setName(symbol + "_weights_base");
  optimize(**llvmModule, **machine);
  if (llvmText) {
    raw_string_ostream stream(*llvmText);
    (*llvmModule)->print(stream, nullptr);
    return SmallVector<char, 0>();
  }
  return generate(**llvmModule, **machine, assembly);
}

Expected<std::vector<SmallVector<char, 0>>> cpu::emitObjects(mlir::ModuleOp module, ArrayRef<const Isa *> isas,
                                                             const EmitRequest &request, StringRef symbol,
                                                             StringRef weightsFile, bool assembly) {
  std::vector<SmallVector<char, 0>> objects;
  for (const Isa *isa : isas) {
    auto object = emitVariant(module, *isa, symbol, assembly, nullptr);
    if (!object)
      return object.takeError();
    objects.push_back(std::move(*object));
  }
  if (assembly)
    return objects;
  auto machine = makeMachine("x86_64-unknown-linux-gnu", "x86-64", "");
  if (!machine)
    return machine.takeError();
  LLVMContext context;
  std::unique_ptr<Module> descriptor = buildDescriptor(module, context, isas, request, symbol, weightsFile);
  descriptor->setTargetTriple((*machine)->getTargetTriple());
  descriptor->setDataLayout((*machine)->createDataLayout());
  auto object = generate(*descriptor, **machine, false);
  if (!object)
    return object.takeError();
  objects.push_back(std::move(*object));
  return objects;
}

namespace {

class CpuTarget : public brisk::Target {
public:
  StringRef name() const override { return "cpu"; }
  ArrayRef<StringRef> artifacts() const override {
    static const StringRef kinds[] = {"so", "obj", "exe", "asm", "llvm"};
    return kinds;
  }
  LogicalResult checkMarch(StringRef march, std::string &message) const override {
    auto isas = isasOf(march);
    if (isas)
      return success();
    message = toString(isas.takeError());
    return failure();
  }
  machine::Description describe() const override { return describeHost(); }
  void addPasses(mlir::OpPassManager &passes, bool plain) const override { addTensorPasses(passes, plain); }
  LogicalResult emit(mlir::ModuleOp module, const EmitRequest &request) const override {
    return diagnosed(module, emitChecked(module, request));
  }

private:
  Error emitChecked(mlir::ModuleOp module, const EmitRequest &request) const {
    auto isas = request.plain ? SmallVector<const Isa *>{&kPlain} : isasFor(request.march, module);
    if (!isas)
      return isas.takeError();
    if (request.kind == "llvm" || request.kind == "asm") {
      std::string text;
      for (const Isa *isa : *isas) {
        std::string llvmText;
        auto part = emitVariant(module, *isa, "brisk_model", true, request.kind == "llvm" ? &llvmText : nullptr);
        if (!part)
          return part.takeError();
        text += request.kind == "llvm" ? llvmText : std::string(part->data(), part->size());
      }
      return writeFile(request.output, text);
    }
    auto folder = TemporaryFolder::create();
    if (!folder)
      return folder.takeError();
    std::string weights = folder->file("weights.bin");
    if (Error error = writeWeights(module, weights))
      return error;
    auto objects = emitObjects(module, *isas, request, descriptorSymbol(request), weights, false);
    return objects ? link(*objects, *folder, request) : objects.takeError();
  }
};

} // namespace

namespace brisk {
void registerCpuTarget(TargetRegistry &targets) {
  auto target = std::make_unique<CpuTarget>();
  targets[target->name().str()] = std::move(target);
}
} // namespace brisk
