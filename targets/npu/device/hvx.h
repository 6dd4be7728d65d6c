/* HVX intrinsics and the kernels' declarations.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_TARGETS_NPU_DEVICE_HVX_H
#define BRISK_TARGETS_NPU_DEVICE_HVX_H

#include "kernels.h"
#include <hexagon_types.h>
#include <hvx_hexagon_protos.h>

#endif
