// Building LLVM-dialect code against runtime/abi.h.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_ABI_H
#define BRISK_TARGETS_CPU_ABI_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace brisk::cpu {

/// Fields of struct brisk_call that compiled code reads, by byte offset.
enum class CallField : int64_t {
  Inputs,
  InputDims,
  Outputs,
  OutputDims,
  Arena,
  Reserve,
  Allocate,
  Parallel,
  Enter,
  Leave,
  Fail
};

/// Loads a field of *call as a pointer.
mlir::Value loadCallField(mlir::OpBuilder &b, mlir::Location loc, mlir::Value call, CallField field);
/// Loads element `index` of a table of pointers.
mlir::Value loadPointer(mlir::OpBuilder &b, mlir::Location loc, mlir::Value table, int64_t index);
/// `pointer` + `bytes`.
mlir::Value offsetPointer(mlir::OpBuilder &b, mlir::Location loc, mlir::Value pointer, int64_t bytes);
mlir::Value offsetPointer(mlir::OpBuilder &b, mlir::Location loc, mlir::Value pointer, mlir::Value bytes);
mlir::Value i64(mlir::OpBuilder &b, mlir::Location loc, int64_t value);
/// index -> i64 and back.
mlir::Value toI64(mlir::OpBuilder &b, mlir::Location loc, mlir::Value index);
mlir::Value toIndex(mlir::OpBuilder &b, mlir::Location loc, mlir::Value i64);
/// A memref of `type` (identity layout) over `pointer`, its open dims in `sizes` (index).
mlir::Value memrefOver(mlir::OpBuilder &b, mlir::Location loc, mlir::Value pointer, mlir::MemRefType type,
                       mlir::ValueRange sizes);
/// The pointer to a memref's first element.
mlir::Value pointerOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value memref);
/// Calls the function pointer held by a field of *call; `result` may be null.
mlir::Value callField(mlir::OpBuilder &b, mlir::Location loc, mlir::Value call, CallField field, mlir::Type result,
                      mlir::ValueRange args);
/// Address of a private NUL-terminated string constant of the module.
mlir::Value stringConstant(mlir::OpBuilder &b, mlir::Location loc, mlir::Operation *module, llvm::StringRef text);

} // namespace brisk::cpu
#endif
