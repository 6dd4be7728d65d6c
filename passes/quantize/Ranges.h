// From observed values of a tensor to the range that its integers span.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_QUANTIZE_RANGES_H
#define BRISK_PASSES_QUANTIZE_RANGES_H

#include "mlir/Support/LLVM.h"
#include <string>
#include <vector>

namespace brisk {

struct Interval {
  float low = 0, high = 0;
  bool operator==(const Interval &) const = default;
};

/// scale = (high - low) / 255 and the integer that stands for 0, for unsigned integers of 8 bits; the range always
/// holds 0, which must be exact (paddings and rectifiers make it).
struct ScaleZero {
  float scale = 1;
  int zero = 0;
};
ScaleZero scaleOf(Interval range, bool powerOfTwo = false);
/// The least power of two that is not below `scale`.
float nextPowerOfTwo(float scale);

enum class Calibrator { MinMax, Percentile, Entropy, Mse };

/// What is kept of a tensor's values: extremes, then counts over the range they give.
class Observer {
public:
  static constexpr int kBins = 2048;
  /// First pass.
  void widen(llvm::ArrayRef<float> values);
  /// Second pass, over the same values; only for calibrators that need it.
  void count(llvm::ArrayRef<float> values);

  /// `percentile` (0 to 100) of the values lie inside the range that Percentile gives.
  Interval range(Calibrator calibrator, double percentile = 99.99) const;
  bool empty() const { return seen == 0; }

private:
  Interval percentileRange(double percentile) const;
  /// Least Kullback-Leibler divergence between the counts and what quantized ones say, without the bin of 0: with
  /// rectifiers it holds so much that any clipping looks fine.
  Interval entropyRange() const;
  /// Least squared error over 40 scalings of the extremes, geometric from 1 to 0.05.
  Interval mseRange() const;
  double center(int bin) const { return low + (bin + 0.5) * (high - low) / kBins; }

  float low = 0, high = 0;
  uint64_t seen = 0;
  std::vector<uint64_t> bins;
};

} // namespace brisk
#endif
