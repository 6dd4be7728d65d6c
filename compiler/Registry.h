// Dialects and passes of all rooms.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_REGISTRY_H
#define BRISK_COMPILER_REGISTRY_H

#include "mlir/IR/DialectRegistry.h"
#include "targets/Target.h"

namespace brisk {
/// Every dialect and external model that a Brisk pipeline meets.
void registerAllDialects(mlir::DialectRegistry &registry);
/// The passes of all rooms, under their flags (for brisk-opt).
void registerAllPasses();
/// All targets, by name.
TargetRegistry makeTargets();
} // namespace brisk
#endif
