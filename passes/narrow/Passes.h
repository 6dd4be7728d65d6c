// Passes of the narrow stage.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_NARROW_PASSES_H
#define BRISK_PASSES_NARROW_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace brisk {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/narrow/Passes.h.inc"
} // namespace brisk
#endif
