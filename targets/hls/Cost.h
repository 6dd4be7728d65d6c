// What operators take: time and area, by the model.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_HLS_COST_H
#define BRISK_TARGETS_HLS_COST_H

#include "targets/hls/ir/Hls.h"

namespace brisk::hls {

/// Part of a clock cycle that logic may use; routing has the rest. No tool here routes these devices, so times are a
/// model's.
inline constexpr double kUsable = 0.73;
/// ns from a register's clock to its output.
inline constexpr double kRegisterNs = 0.05;

struct Cost {
  double ns = 0;
  int64_t luts = 0, dsps = 0;
  int64_t adders = 0, adderBits = 0;
};
Cost costOf(mlir::Operation *op);

} // namespace brisk::hls
#endif
