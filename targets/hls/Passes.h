// Passes of the HLS target.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_HLS_PASSES_H
#define BRISK_TARGETS_HLS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "targets/hls/ir/Hls.h"

namespace brisk {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "targets/hls/Passes.h.inc"
} // namespace brisk
#endif
