// The artifact's descriptor (runtime/abi.h), its tables and the weights block.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "runtime/abi.h"
#include "targets/cpu/Emit.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace brisk;

namespace {

/// Makes constant tables in one module.
class Tables {
public:
  explicit Tables(Module &module)
      : module(module), context(module.getContext()), ptr(PointerType::getUnqual(context)),
        i32(Type::getInt32Ty(context)), i64(Type::getInt64Ty(context)) {}

  Constant *text(StringRef value) {
    return global(ConstantDataArray::getString(context, value, /*AddNull=*/true), GlobalValue::PrivateLinkage);
  }
  Constant *int32(int64_t value) { return ConstantInt::getSigned(i32, value); }
  Constant *int64(int64_t value) { return ConstantInt::getSigned(i64, value); }
  Constant *null() { return ConstantPointerNull::get(ptr); }
  Constant *numbers(mlir::ArrayRef<int64_t> values) {
    SmallVector<uint64_t> raw(values.begin(), values.end());
    return raw.empty() ? null() : global(ConstantDataArray::get(context, raw), GlobalValue::PrivateLinkage);
  }
  /// A table of equal rows; null if there is none.
  Constant *table(ArrayRef<Constant *> rows) {
    if (rows.empty())
      return null();
    return global(ConstantArray::get(ArrayType::get(rows.front()->getType(), rows.size()), rows),
                  GlobalValue::PrivateLinkage);
  }
  Constant *row(ArrayRef<Constant *> fields) { return ConstantStruct::getAnon(context, fields); }
  GlobalVariable *global(Constant *value, GlobalValue::LinkageTypes linkage, const Twine &name = "") {
    return new GlobalVariable(module, value->getType(), /*isConstant=*/true, linkage, value, name);
  }
  Constant *declared(StringRef name) {
    auto *variable = new GlobalVariable(module, Type::getInt8Ty(context), true, GlobalValue::ExternalLinkage, nullptr, name);
    variable->setVisibility(GlobalValue::HiddenVisibility);
    return variable;
  }

  Module &module;
  LLVMContext &context;
  PointerType *ptr;
  Type *i32, *i64;
};

/// brisk_abi_value rows from the module's signature (an array of dictionaries).
Constant *valueTable(Tables &t, mlir::ArrayAttr values) {
  SmallVector<Constant *> rows;
  for (auto value : values.getAsRange<mlir::DictionaryAttr>()) {
    auto dims = value.getAs<mlir::DenseI64ArrayAttr>("dims").asArrayRef();
    SmallVector<Constant *> symbols;
    for (auto symbol : value.getAs<mlir::ArrayAttr>("symbols").getAsRange<mlir::StringAttr>())
      symbols.push_back(symbol.empty() ? t.null() : t.text(symbol));
    rows.push_back(t.row({t.text(value.getAs<mlir::StringAttr>("name")),
                          t.int32(value.getAs<mlir::IntegerAttr>("dtype").getInt()), t.int32(dims.size()),
                          t.numbers(dims), t.table(symbols)}));
  }
  return t.table(rows);
}

} // namespace

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
  // The assembler reads the weights itself: they never pass through LLVM IR.
  std::string path;
  for (char c : weightsFile) {
    if (c == '"' || c == '\\')
      path += '\\';
    path += c;
  }
  module->setModuleInlineAsm(".section .lrodata.brisk,\"a\",@progbits\n.p2align 6\n.hidden " + symbol.str() +
                             "_weights\n.globl " + symbol.str() + "_weights\n" + symbol.str() + "_weights:\n.incbin \"" +
                             path + "\"\n.section .note.GNU-stack,\"\",@progbits\n");
  addRounding(*module);
  Tables t(*module);
  auto *base = t.global(t.declared((symbol + "_weights").str()), GlobalValue::ExternalLinkage, symbol + "_weights_base");
  base->setVisibility(GlobalValue::HiddenVisibility);

  SmallVector<Constant *> kernels, variants;
  auto texts = mlirModule->getAttrOfType<mlir::ArrayAttr>("cpu.kernels").getAsValueRange<mlir::StringAttr>();
  SmallVector<StringRef> names(texts.begin(), texts.end());
  for (size_t i = 0; i + 1 < names.size(); i += 2)
    kernels.push_back(t.row({t.text(names[i]), t.text(names[i + 1])}));
  for (const Isa *isa : isas) {
    auto *run = Function::Create(FunctionType::get(t.i32, {t.ptr}, false), GlobalValue::ExternalLinkage,
                                 symbol + "_run_" + isa->suffix, *module);
    run->setVisibility(GlobalValue::HiddenVisibility);
    variants.push_back(t.row({t.int32(isa->level), run}));
  }
  auto inputs = mlirModule->getAttrOfType<mlir::ArrayAttr>("brisk.inputs");
  auto outputs = mlirModule->getAttrOfType<mlir::ArrayAttr>("brisk.outputs");
  int64_t arena = mlirModule->getAttrOfType<mlir::IntegerAttr>("cpu.arena_size").getInt();
  t.global(t.row({t.int32(BRISK_ABI_MAGIC), t.int32(BRISK_ABI_VERSION), t.text(request.name), t.text(request.manifest),
                  t.int64(arena), t.int32(inputs.size()), t.int32(outputs.size()), t.int32(kernels.size()),
                  t.int32(variants.size()), valueTable(t, inputs), valueTable(t, outputs), t.table(kernels),
                  t.table(variants)}),
           GlobalValue::ExternalLinkage, symbol);
  if (request.kind == "exe")
    addMain(*module, module->getNamedValue(symbol));
  return module;
}

/// Appends a value's bytes as storage elements lie in memory.
static void appendBytes(raw_ostream &stream, mlir::Attribute value) {
  if (auto resource = dyn_cast<mlir::DenseResourceElementsAttr>(value)) {
    mlir::ArrayRef<char> data = resource.getRawHandle().getBlob()->getData();
    stream.write(data.data(), data.size());
    return;
  }
  auto dense = cast<mlir::DenseElementsAttr>(value);
  ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat()) {
    stream.write(raw.data(), raw.size());
    return;
  }
  for (int64_t i = 0; i < dense.getNumElements(); ++i)
    stream.write(raw.data(), raw.size());
}

Error cpu::writeWeights(mlir::ModuleOp module, StringRef path) {
  std::error_code code;
  raw_fd_ostream stream(path, code);
  if (code)
    return createStringError(code, path + ": " + code.message());
  stream.SetBufferSize(1 << 20);
  auto values = module->getAttrOfType<mlir::ArrayAttr>("cpu.weights").getValue();
  auto offsets = module->getAttrOfType<mlir::DenseI64ArrayAttr>("cpu.weight_offsets").asArrayRef();
  for (auto [value, offset] : zip(values, offsets)) {
    stream.write_zeros(offset - stream.tell());
    appendBytes(stream, value);
  }
  // A vector load of the last value may read past its end.
  stream.write_zeros(64);
  stream.close();
  if (stream.has_error()) {
    code = stream.error();
    stream.clear_error();
    return createStringError(code, path + ": " + code.message());
  }
  return Error::success();
}
