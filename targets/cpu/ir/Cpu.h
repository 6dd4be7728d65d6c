// The cpu dialect: structured ops that linalg has no form for.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_IR_CPU_H
#define BRISK_TARGETS_CPU_IR_CPU_H

#include "dialects/interfaces/Products.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "targets/cpu/ir/Cpu.Dialect.h.inc"
#include "targets/cpu/ir/Epilogue.h.inc"

#define GET_OP_CLASSES
#include "targets/cpu/ir/Cpu.h.inc"

namespace brisk {
/// Enters the dialect and how its ops become buffers (called through Rooms.def).
void registerCpuDialect(mlir::DialectRegistry &registry);

namespace cpu {
/// Columns of a packed panel.
constexpr int64_t kPanel = 32;
/// Numbers of 4 bits that lie together for one lane.
constexpr int64_t kNibbles = 8;
} // namespace cpu
} // namespace brisk
#endif
