/* What each kernel is told: words only, filled in by the compiler.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_TARGETS_NPU_DEVICE_KERNELS_H
#define BRISK_TARGETS_NPU_DEVICE_KERNELS_H

#include <stdint.h>

/* y[i] = table[x[i]] on whole vectors of bytes. */
typedef struct npu_lookup {
  int32_t vectors;
} npu_lookup;

#endif
