// Runs a function without arguments at compile time.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_SHAPES_CONSTANTEVALUATOR_H
#define BRISK_PASSES_SHAPES_CONSTANTEVALUATOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"

namespace brisk {

/// Given to fold-constants by the compiler, which compiles the function like any model and runs it:
/// passes stay free of targets, and no op needs a folder of its own.
class ConstantEvaluator {
public:
  virtual ~ConstantEvaluator() = default;
  /// `module` holds one function @main on the onnx dialect, without arguments, with results of static
  /// shape. Returns their values, or fails without a diagnostic when it cannot be run.
  virtual mlir::FailureOr<llvm::SmallVector<mlir::ElementsAttr>> evaluate(mlir::ModuleOp module) = 0;
};

} // namespace brisk
#endif
