// How sums become bytes, in the numbers that kernels take (device/kernels.h, npu_channels).
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_NPU_SCALE_H
#define BRISK_TARGETS_NPU_SCALE_H

#include "targets/npu/device/kernels.h"
#include "llvm/ADT/ArrayRef.h"

namespace brisk::npu {

/// One channel's sum, of at most `largest` either way, to its stored byte: sum * factor + constant, factor in (0, 1).
struct Scaled {
  double factor, constant, largest;
};

/// Four channels, exactly; those past the last give zero.
npu_channels channelsOf(llvm::ArrayRef<Scaled> four);
/// The same by half of the products, factors cut to 15 bits, where that is `tolerance` steps at most; false, and
/// `result` left alone, where it is more.
bool makeHalf(llvm::ArrayRef<Scaled> four, double tolerance, npu_channels &result);
/// The same by products of 16 bits, which take a quarter of the packets, where the channels that share a shift are
/// alike enough: within 1/128 of a step, or 1/64. False, and `result` left alone, where they are not.
bool makeNarrow(llvm::ArrayRef<Scaled> four, npu_channels &result);

} // namespace brisk::npu
#endif
