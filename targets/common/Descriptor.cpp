// The tables of runtime/abi.h as constants of an LLVM module, and blocks of weights as files.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/Descriptor.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "runtime/abi.h"
#include "llvm/IR/Function.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace brisk;

Constant *Tables::text(StringRef value) {
  return global(ConstantDataArray::getString(context, value, /*AddNull=*/true), GlobalValue::PrivateLinkage);
}

Constant *Tables::numbers(ArrayRef<int64_t> values) {
  SmallVector<uint64_t> raw(values.begin(), values.end());
  return raw.empty() ? null() : global(ConstantDataArray::get(context, raw), GlobalValue::PrivateLinkage);
}

Constant *Tables::table(ArrayRef<Constant *> rows) {
  if (rows.empty())
    return null();
  return global(ConstantArray::get(ArrayType::get(rows.front()->getType(), rows.size()), rows), GlobalValue::PrivateLinkage);
}

GlobalVariable *Tables::global(Constant *value, GlobalValue::LinkageTypes linkage, const Twine &name) {
  return new GlobalVariable(module, value->getType(), /*isConstant=*/true, linkage, value, name);
}

Constant *Tables::declared(StringRef name) {
  auto *variable = new GlobalVariable(module, Type::getInt8Ty(context), true, GlobalValue::ExternalLinkage, nullptr, name);
  variable->setVisibility(GlobalValue::HiddenVisibility);
  return variable;
}

/// brisk_abi_value rows from the module's signature (an array of dictionaries).
static Constant *valueTable(Tables &t, mlir::ArrayAttr values) {
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

void brisk::addDescriptor(Tables &t, mlir::ModuleOp model, mlir::ArrayAttr kernels, int64_t arena,
                          ArrayRef<Variant> variants, const EmitRequest &request, StringRef symbol) {
  SmallVector<Constant *> kernelRows, variantRows;
  auto texts = kernels.getAsValueRange<mlir::StringAttr>();
  SmallVector<StringRef> names(texts.begin(), texts.end());
  for (size_t i = 0; i + 1 < names.size(); i += 2)
    kernelRows.push_back(t.row({t.text(names[i]), t.text(names[i + 1])}));
  for (const auto &[level, function] : variants) {
    auto *run = Function::Create(FunctionType::get(t.i32, {t.ptr}, false), GlobalValue::ExternalLinkage, function, t.module);
    run->setVisibility(GlobalValue::HiddenVisibility);
    variantRows.push_back(t.row({t.int32(level), run}));
  }
  auto inputs = model->getAttrOfType<mlir::ArrayAttr>("brisk.inputs");
  auto outputs = model->getAttrOfType<mlir::ArrayAttr>("brisk.outputs");
  t.global(t.row({t.int32(BRISK_ABI_MAGIC), t.int32(BRISK_ABI_VERSION), t.text(request.name), t.text(request.manifest),
                  t.int64(arena), t.int32(inputs.size()), t.int32(outputs.size()), t.int32(kernelRows.size()),
                  t.int32(variantRows.size()), valueTable(t, inputs), valueTable(t, outputs), t.table(kernelRows),
                  t.table(variantRows)}),
           GlobalValue::ExternalLinkage, symbol);
}

void brisk::addFile(Module &module, StringRef symbol, StringRef file) {
  std::string path;
  for (char c : file) {
    if (c == '"' || c == '\\')
      path += '\\';
    path += c;
  }
  module.appendModuleInlineAsm(".section .lrodata.brisk,\"a\",@progbits\n.p2align 6\n.hidden " + symbol.str() + "\n.globl " +
                               symbol.str() + "\n" + symbol.str() + ":\n.incbin \"" + path +
                               "\"\n.section .note.GNU-stack,\"\",@progbits\n");
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

Error brisk::writeConstants(mlir::ArrayAttr values, ArrayRef<int64_t> offsets, StringRef path) {
  std::error_code code;
  raw_fd_ostream stream(path, code);
  if (code)
    return createStringError(code, path + ": " + code.message());
  stream.SetBufferSize(1 << 20);
  for (auto [value, offset] : zip(values.getValue(), offsets)) {
    stream.write_zeros(offset - stream.tell());
    appendBytes(stream, value);
  }
  stream.write_zeros(64);
  stream.close();
  if (stream.has_error()) {
    code = stream.error();
    stream.clear_error();
    return createStringError(code, path + ": " + code.message());
  }
  return Error::success();
}
