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

/// ns of an adder: into its carry chain and out of it, and along it for each bit.
inline constexpr double kChainNs = 0.55, kCarryNs = 0.012;

struct Cost {
  double ns = 0; // from the last bit of its operands to the last of its result
  int64_t luts = 0, dsps = 0;
  int64_t adders = 0, adderBits = 0;
};
Cost costOf(mlir::Operation *op);
/// The lowest bit that an adder computes; those below pass by.
int64_t lowestAdded(AddOp add);

/// When each bit of a value is ready, in ns from the start of its cycle.
using Arrivals = llvm::SmallVector<float, 16>;
/// Those of an operator's result. Adders are ready bit by bit, so a tree of them waits for one carry, not for each.
Arrivals arrivalsOf(mlir::Operation *op, llvm::ArrayRef<Arrivals> operands);

} // namespace brisk::hls
#endif
