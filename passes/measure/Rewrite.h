// What variants of a model are made with: constants read and written, outputs and arguments added.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_MEASURE_REWRITE_H
#define BRISK_PASSES_MEASURE_REWRITE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace brisk {

/// The ONNX name that a location carries, or "".
std::string labelOf(mlir::Location loc);

/// The elements of a constant of f32 elements; empty if it is none.
std::vector<float> constantFloats(mlir::Value value);

/// A constant of these bytes: small ones inside the attribute, where shape inference and printing see them, others
/// beside it under `name`.
mlir::ElementsAttr rawAttr(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes, llvm::StringRef name);
/// A constant of f32 elements.
mlir::ElementsAttr floatsAttr(mlir::MLIRContext *context, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values);

/// Returns `values` from @main behind the model's outputs.
void addOutputs(mlir::ModuleOp module, llvm::ArrayRef<mlir::Value> values);

/// A new argument of @main behind the others, of floats; `kind` begins its name.
mlir::Value addArgument(mlir::func::FuncOp main, llvm::ArrayRef<int64_t> shape, llvm::StringRef kind,
                        mlir::Location loc);

} // namespace brisk
#endif
