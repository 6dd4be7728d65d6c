// Passes of the stream stage.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_STREAM_PASSES_H
#define BRISK_PASSES_STREAM_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace brisk {
/// Module attribute of a step: {"delays", "inputs", "outputs", "states", "step"} as JSON. `inputs` and `outputs` hold the
/// axis of each argument and result (-1: it has no frames), `delays` by how many frames results lag; the last `states`
/// arguments take what the last `states` results gave.
constexpr llvm::StringLiteral kStreamAttr = "brisk.stream";

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/stream/Passes.h.inc"
} // namespace brisk
#endif
