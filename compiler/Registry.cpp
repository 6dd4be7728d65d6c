// Dialects and passes of all rooms, from the generated Rooms.def.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Registry.h"

#include "PassRooms.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

namespace brisk {
#define BRISK_DIALECT_ROOM(name) void register##name##Dialect(mlir::DialectRegistry &);
#define BRISK_TARGET_ROOM(name) void register##name##Target(TargetRegistry &);
#include "Rooms.def"
} // namespace brisk

void brisk::registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
#define BRISK_DIALECT_ROOM(name) register##name##Dialect(registry);
#include "Rooms.def"
}

void brisk::registerAllPasses() {
#define BRISK_PASS_ROOM(name) register##name##Passes();
#include "Rooms.def"
}

brisk::TargetRegistry brisk::makeTargets() {
  TargetRegistry targets;
#define BRISK_TARGET_ROOM(name) register##name##Target(targets);
#include "Rooms.def"
  return targets;
}
