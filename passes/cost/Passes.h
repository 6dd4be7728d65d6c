// Passes that predict.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_COST_PASSES_H
#define BRISK_PASSES_COST_PASSES_H

#include "dialects/machine/Machine.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace brisk {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/cost/Passes.h.inc"
} // namespace brisk
#endif
