// Constant folding by compiling and running.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_EVALUATOR_H
#define BRISK_COMPILER_EVALUATOR_H

#include "passes/shapes/ConstantEvaluator.h"
#include "targets/Target.h"

namespace brisk {

/// Compiles the function for the machine at hand with the CPU target, loads it and runs it.
class HostEvaluator : public ConstantEvaluator {
public:
  explicit HostEvaluator(const Target &host) : host(host) {}
  mlir::FailureOr<llvm::SmallVector<mlir::ElementsAttr>> evaluate(mlir::ModuleOp module) override;

private:
  const Target &host;
};

} // namespace brisk
#endif
