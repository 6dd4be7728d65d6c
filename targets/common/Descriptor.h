// The tables of runtime/abi.h as constants of an LLVM module, and blocks of weights as files.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_COMMON_DESCRIPTOR_H
#define BRISK_TARGETS_COMMON_DESCRIPTOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "targets/Target.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace brisk {

/// Makes constant tables in one module.
class Tables {
public:
  explicit Tables(llvm::Module &module)
      : module(module), context(module.getContext()), ptr(llvm::PointerType::getUnqual(context)),
        i32(llvm::Type::getInt32Ty(context)), i64(llvm::Type::getInt64Ty(context)) {}

  llvm::Constant *text(llvm::StringRef value);
  llvm::Constant *int32(int64_t value) { return llvm::ConstantInt::getSigned(i32, value); }
  llvm::Constant *int64(int64_t value) { return llvm::ConstantInt::getSigned(i64, value); }
  llvm::Constant *null() { return llvm::ConstantPointerNull::get(ptr); }
  llvm::Constant *numbers(llvm::ArrayRef<int64_t> values);
  /// A table of equal rows; null if there is none.
  llvm::Constant *table(llvm::ArrayRef<llvm::Constant *> rows);
  llvm::Constant *row(llvm::ArrayRef<llvm::Constant *> fields) { return llvm::ConstantStruct::getAnon(context, fields); }
  llvm::GlobalVariable *global(llvm::Constant *value, llvm::GlobalValue::LinkageTypes linkage, const llvm::Twine &name = "");
  /// Bytes that another object of the artifact holds.
  llvm::Constant *declared(llvm::StringRef name);

  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::PointerType *ptr;
  llvm::Type *i32, *i64;
};

/// The model for one instruction set: its level (BRISK_ISA_*) and the function that runs it.
using Variant = std::pair<uint32_t, std::string>;

/// Adds the brisk_abi_model `symbol`. `kernels` lists nodes and kind of each kernel, by turns; `arena` is in bytes.
void addDescriptor(Tables &tables, mlir::ModuleOp model, mlir::ArrayAttr kernels, int64_t arena,
                   llvm::ArrayRef<Variant> variants, const EmitRequest &request, llvm::StringRef symbol);
/// The bytes of a file as the hidden symbol `symbol`, far from the code: the assembler reads them, they never pass
/// through LLVM IR.
void addFile(llvm::Module &module, llvm::StringRef symbol, llvm::StringRef path);
/// Writes constants at rising offsets, and 64 zeros: a vector load of the last may read past its end.
llvm::Error writeConstants(mlir::ArrayAttr values, llvm::ArrayRef<int64_t> offsets, llvm::StringRef path);

} // namespace brisk
#endif
