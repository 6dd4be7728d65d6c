// What integers can occur, and what operators of the dialect compute.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_HLS_INTERVAL_H
#define BRISK_TARGETS_HLS_INTERVAL_H

#include "targets/hls/ir/Hls.h"
#include <cstdint>

namespace brisk::hls {

/// All integers from low to high.
struct Interval {
  int64_t low = 0, high = 0;
  bool holds(Interval other) const { return low <= other.low && other.high <= high; }
  bool operator==(const Interval &other) const = default;
};

/// Beyond this, arithmetic on ranges itself would overflow.
inline constexpr int64_t kLargest = int64_t(1) << 61;

/// Bits that hold every number of the range, with a sign bit where some are negative; at least 1.
unsigned widthOf(Interval range);
/// siN or uiN, the narrowest.
mlir::IntegerType typeOf(mlir::MLIRContext *context, Interval range);
/// All that a type holds.
Interval rangeOf(mlir::Type type);
/// a * factor + b; saturates where it leaves +-kLargest.
Interval multiplyAdd(Interval a, int64_t factor, Interval b);

/// The range of an operator's result, from those of its operands.
Interval inferRange(mlir::Operation *op, llvm::ArrayRef<Interval> operands);
/// Ranges of values in the order of a design. Sums of sums are seen as sums of what is not a sum, so that 8x - x is as
/// narrow as 7x.
class RangeAnalysis {
public:
  /// An argument of the design.
  void addInput(mlir::Value value, Interval range);
  /// `argument`, inside a node, is `value`.
  void alias(mlir::Value argument, mlir::Value value);
  /// Of an operator's result; those of its operands are known.
  Interval add(mlir::Operation *op);
  Interval operator[](mlir::Value value) const { return ranges.lookup(value); }

private:
  struct Form {
    mlir::SmallVector<std::pair<uint32_t, int64_t>> terms; // number of an atom, factor; sorted
    int64_t bias = 0;
  };
  Form combine(llvm::ArrayRef<std::pair<mlir::Value, int64_t>> parts, int64_t bias) const;

  llvm::DenseMap<mlir::Value, Interval> ranges;
  llvm::DenseMap<mlir::Value, Form> forms;
  std::vector<Interval> atoms;
};

/// The operator's result on numbers.
int64_t evaluate(mlir::Operation *op, llvm::ArrayRef<int64_t> operands);
/// value / 2^shift, downwards; if `even`, without a rest, to an even number (see hls.round).
int64_t roundShift(int64_t value, unsigned shift, bool even);

} // namespace brisk::hls
#endif
