// The hls dialect: a design of integer arithmetic, laid out in space.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_HLS_IR_HLS_H
#define BRISK_TARGETS_HLS_IR_HLS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "targets/hls/ir/Hls.Dialect.h.inc"

#define GET_OP_CLASSES
#include "targets/hls/ir/Hls.h.inc"

namespace brisk {
/// Enters the dialect (called through Rooms.def).
void registerHlsDialect(mlir::DialectRegistry &registry);
} // namespace brisk
#endif
