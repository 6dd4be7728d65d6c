// How many packets kernels take: counted on qemu, fitted, with the loops of device/ written out.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_NPU_COST_H
#define BRISK_TARGETS_NPU_COST_H

#include "mlir/IR/Operation.h"
#include "targets/npu/ir/Npu.h"

namespace brisk::npu {

/// Packets that a kernel of the table takes.
double packetsOf(llvm::StringRef kernel, llvm::ArrayRef<int32_t> parameters);
/// Packets that any op on buffers takes: a kernel, or scalar loops (a rough guess).
double packetsOf(mlir::Operation *op);

} // namespace brisk::npu
#endif
