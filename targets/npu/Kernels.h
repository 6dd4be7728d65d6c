// The table of the target's kernels.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_NPU_KERNELS_H
#define BRISK_TARGETS_NPU_KERNELS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace brisk::npu {

/// A kernel: brisk_npu_NAME(parameters, inputs..., output) in device/.
struct KernelInfo {
  llvm::StringRef name;
  unsigned inputs;     // operands that are read
  unsigned parameters; // words of its C struct
};

/// The row of a kernel; null if there is none.
const KernelInfo *kernelInfo(llvm::StringRef name);

} // namespace brisk::npu
#endif
