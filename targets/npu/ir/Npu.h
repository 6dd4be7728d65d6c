// The npu dialect: calls of the kernels in device/.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_NPU_IR_NPU_H
#define BRISK_TARGETS_NPU_IR_NPU_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "targets/npu/ir/Npu.Dialect.h.inc"

#define GET_OP_CLASSES
#include "targets/npu/ir/Npu.h.inc"

namespace brisk {
/// Enters the dialect and how its ops become buffers (called through Rooms.def).
void registerNpuDialect(mlir::DialectRegistry &registry);
} // namespace brisk
#endif
