// Passes of the layout stage.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_LAYOUT_PASSES_H
#define BRISK_PASSES_LAYOUT_PASSES_H

#include "dialects/onnx/Onnx.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace brisk {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/layout/Passes.h.inc"
} // namespace brisk
#endif
