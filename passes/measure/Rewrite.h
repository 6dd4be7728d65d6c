// What variants of a model are made with: constants read and written, outputs and arguments added.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_MEASURE_REWRITE_H
#define BRISK_PASSES_MEASURE_REWRITE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <optional>
#include <vector>

namespace brisk {

/// The ONNX name that a location carries, or "".
std::string labelOf(mlir::Location loc);

/// The location of what is added to the op called `name`.
mlir::Location labeled(mlir::MLIRContext *context, llvm::StringRef name, llvm::StringRef suffix);

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

/// A product, as far as a number for each of its output channels is added to it.
struct Shiftable {
  mlir::Operation *op;
  llvm::StringRef name;
  int64_t resultAxis;           ///< of the channels
  std::optional<unsigned> bias; ///< the operand that is added to each sum
};
/// Adds `shift` to each output channel of the product, in its bias or behind it, and returns the result.
mlir::Value addShift(const Shiftable &product, mlir::Value shift);

} // namespace brisk
#endif
