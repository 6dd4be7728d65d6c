// The table of the target's kernels.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Kernels.h"

#include "targets/npu/device/kernels.h"

using namespace brisk;
using namespace brisk::npu;

static const KernelInfo kKernels[] = {
#define BRISK_NPU_KERNEL(name, inputs) {#name, inputs, sizeof(npu_##name) / 4},
#include "targets/npu/device/kernels.def"
};

const KernelInfo *npu::kernelInfo(llvm::StringRef name) {
  for (const KernelInfo &info : kKernels)
    if (info.name == name)
      return &info;
  return nullptr;
}
