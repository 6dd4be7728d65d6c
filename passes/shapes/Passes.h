// Passes of the shapes stage.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_SHAPES_PASSES_H
#define BRISK_PASSES_SHAPES_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace brisk {
class ConstantEvaluator;
/// fold-constants with an evaluator (may be null: then it does nothing).
std::unique_ptr<mlir::Pass> createFoldConstantsPass(ConstantEvaluator *evaluator, bool keepQuantized = false);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/shapes/Passes.h.inc"
} // namespace brisk
#endif
