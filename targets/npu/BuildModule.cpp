// The model as one LLVM module: its code, its tables, and what it uses of device/.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Emit.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "targets/common/Codegen.h"
#include "runtime/runtime.h"
#include "targets/npu/Kernels.h"
#include "targets/npu/device/guest.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace llvm;
using namespace brisk;
using namespace brisk::npu;

namespace {

/// Bytes of each input, then of each output: what @main's arguments hold, but for the arena.
SmallVector<uint32_t> valueSizes(mlir::ModuleOp module) {
  SmallVector<uint32_t> sizes;
  for (StringRef table : {"brisk.inputs", "brisk.outputs"})
    for (auto value : module->getAttrOfType<mlir::ArrayAttr>(table).getAsRange<mlir::DictionaryAttr>()) {
      uint64_t bits = brisk_dtype_bits(value.getAs<mlir::IntegerAttr>("dtype").getInt());
      for (int64_t dim : value.getAs<mlir::DenseI64ArrayAttr>("dims").asArrayRef())
        bits *= dim;
      sizes.push_back(divideCeil(bits, 8));
    }
  return sizes;
}

/// Near and far memory, one after the other.
int64_t arenaBytes(mlir::ModuleOp module) {
  int64_t bytes = 0;
  for (StringRef name : {"npu.vtcm_size", "npu.arena_size"})
    bytes += module->getAttrOfType<mlir::IntegerAttr>(name).getInt();
  return bytes;
}

/// A name as a line of the table: no line ends.
std::string lineOf(StringRef text) {
  std::string line = text.str();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

/// What the host reads of the file: one fact a line (device/host.c).
std::string describe(mlir::ModuleOp module, const EmitRequest &request) {
  std::string text = "brisk-npu 1\nname " + request.name + "\n";
  raw_string_ostream out(text);
  out << "arena " << arenaBytes(module) << "\n";
  for (StringRef kind : {"inputs", "outputs"})
    for (auto value :
         module->getAttrOfType<mlir::ArrayAttr>(("brisk." + kind).str()).getAsRange<mlir::DictionaryAttr>()) {
      auto dims = value.getAs<mlir::DenseI64ArrayAttr>("dims").asArrayRef();
      out << kind.drop_back() << " " << value.getAs<mlir::IntegerAttr>("dtype").getInt() << " " << dims.size();
      for (int64_t dim : dims)
        out << " " << dim;
      out << " " << lineOf(value.getAs<mlir::StringAttr>("name").getValue()) << "\n";
    }
  auto kernels = module->getAttrOfType<mlir::ArrayAttr>("npu.kernels").getValue();
  for (size_t i = 0; i + 1 < kernels.size(); i += 2)
    out << "kernel " << cast<mlir::StringAttr>(kernels[i + 1]).getValue() << " "
        << lineOf(cast<mlir::StringAttr>(kernels[i]).getValue()) << "\n";
  out << "manifest " << lineOf(request.manifest) << "\n";
  return text;
}

bool isKernel(StringRef symbol) { return symbol.consume_front("brisk_npu_") && kernelInfo(symbol); }

/// brisk_npu_run(values, arena) and the tables that device/guest.c reads.
Error addTables(Module &module, mlir::ModuleOp source, const EmitRequest &request) {
  LLVMContext &context = module.getContext();
  Type *i32 = Type::getInt32Ty(context), *i8 = Type::getInt8Ty(context), *ptr = PointerType::getUnqual(context);
  SmallVector<uint32_t> sizes = valueSizes(source);
  if (sizes.size() > GUEST_MAX_VALUES)
    return createStringError("the npu target takes at most " + Twine(GUEST_MAX_VALUES) +
                             " inputs and outputs, but the model has " + Twine(sizes.size()));
  size_t inputs = source->getAttrOfType<mlir::ArrayAttr>("brisk.inputs").size();
  uint64_t total = 0;
  for (uint32_t size : sizes)
    total += alignTo(size, 128);
  auto global = [&](StringRef name, Type *type, Constant *value, bool isConstant) {
    auto *variable = new GlobalVariable(module, type, isConstant, GlobalValue::ExternalLinkage, value, name);
    variable->setAlignment(Align(128));
    return variable;
  };
  auto *table = ConstantDataArray::get(context, sizes);
  global("brisk_npu_sizes", table->getType(), table, true);
  global("brisk_npu_num_inputs", i32, ConstantInt::get(i32, inputs), true);
  global("brisk_npu_num_outputs", i32, ConstantInt::get(i32, sizes.size() - inputs), true);
  auto zeros = [&](StringRef name, uint64_t bytes) {
    Type *type = ArrayType::get(i8, std::max<uint64_t>(bytes, 128));
    global(name, type, Constant::getNullValue(type), false);
  };
  zeros("brisk_npu_buffers", total);
  zeros("brisk_npu_arena", arenaBytes(source));
  Constant *text = ConstantDataArray::getString(context, describe(source, request));
  auto *facts = new GlobalVariable(module, text->getType(), true, GlobalValue::PrivateLinkage, text, "facts");
  facts->setSection(".brisk");
  GlobalVariable *used[] = {facts};
  auto *list = ConstantArray::get(ArrayType::get(ptr, 1), ArrayRef<Constant *>{used[0]});
  (new GlobalVariable(module, list->getType(), false, GlobalValue::AppendingLinkage, list, "llvm.used"))
      ->setSection("llvm.metadata");

  auto *run = Function::Create(FunctionType::get(Type::getVoidTy(context), {ptr, ptr}, false),
                               GlobalValue::ExternalLinkage, "brisk_npu_run", module);
  IRBuilder<> b(BasicBlock::Create(context, "", run));
  SmallVector<Value *> arguments;
  for (size_t i = 0; i < sizes.size(); ++i)
    arguments.push_back(b.CreateLoad(ptr, b.CreateConstGEP1_32(ptr, run->getArg(0), i)));
  arguments.push_back(run->getArg(1));
  Function *main = module.getFunction("main");
  if (!main || main->arg_size() != arguments.size())
    return createStringError("the model's entry has changed its arguments");
  b.CreateCall(main, arguments);
  b.CreateRetVoid();
  main->setName("brisk_npu_main");
  main->setLinkage(GlobalValue::InternalLinkage);
  return Error::success();
}

} // namespace

Expected<std::unique_ptr<Module>> npu::buildModule(mlir::ModuleOp source, const EmitRequest &request,
                                                   LLVMContext &context, TargetMachine &machine,
                                                   const Version &version) {
  mlir::OwningOpRef<mlir::ModuleOp> copy = source.clone();
  for (StringRef name : {"npu.kernels", "npu.packets", "npu.arena_size", "npu.vtcm_size", "brisk.inputs", "brisk.outputs"})
    (*copy)->removeAttr(name);
  mlir::PassManager passes(source.getContext());
  addLlvmPasses(passes);
  if (failed(passes.run(*copy)))
    return createStringError("lowering to LLVM failed");
  auto module = toLlvm(*copy, context, machine);
  if (!module)
    return module.takeError();
  copy = nullptr;
  if (Error error = addTables(**module, source, request))
    return std::move(error);
  auto guest = parseBitcodeFile(MemoryBufferRef(guestCode(), "device"), context);
  if (!guest)
    return guest.takeError();
  (*guest)->setTargetTriple(machine.getTargetTriple());
  (*guest)->setDataLayout(machine.createDataLayout());
  if (Linker::linkModules(**module, std::move(*guest), Linker::Flags::LinkOnlyNeeded))
    return createStringError("linking the device code failed");
  for (Function &function : **module) {
    if (function.isDeclaration())
      continue;
    function.removeFnAttr("target-cpu");
    function.removeFnAttr("target-features");
    function.addFnAttr("target-cpu", ("hexagon" + version.name).str());
    function.addFnAttr("target-features", version.features);
    function.addFnAttr(Attribute::NoUnwind);
    if (isKernel(function.getName()) || function.getName().starts_with("scalar_"))
      function.addFnAttr(Attribute::NoInline);
  }
  // Kernels stay as they are: told where in the arena their buffers lie, LLVM forgets that they are apart.
  internalizeModule(**module, [](const GlobalValue &value) { return value.getName() == "serve" || isKernel(value.getName()); });
  return module;
}
