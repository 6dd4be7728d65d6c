// Linear least squares from sums over rows.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_PRUNE_LEASTSQUARES_H
#define BRISK_PASSES_PRUNE_LEASTSQUARES_H

#include "llvm/ADT/ArrayRef.h"
#include <optional>
#include <vector>

namespace brisk {

/// Sums over rows x (of `inputs` numbers, and a 1 behind them) and y (of `outputs` numbers).
class NormalEquations {
public:
  NormalEquations(int64_t inputs, int64_t outputs)
      : inputs(inputs), outputs(outputs), gram((inputs + 1) * (inputs + 1)), cross((inputs + 1) * outputs) {}

  /// Rows one after the other.
  void add(llvm::ArrayRef<float> x, llvm::ArrayRef<float> y);
  void add(const NormalEquations &other);

  /// The sum of |y - x W|^2 for W of (inputs + 1) x outputs, and of |y|^2.
  double error(llvm::ArrayRef<double> w) const;
  double squares() const { return total; }
  /// W of least squared error plus ridge * mean(x^2) * |W - start|^2, the row of the 1 left out of the latter. Nothing
  /// where the equations are singular.
  std::optional<std::vector<double>> solve(llvm::ArrayRef<double> start, double ridge) const;

  int64_t inputs, outputs;
  double rows = 0;
  std::vector<double> gram, cross; ///< x'x (above the diagonal) and x'y

private:
  double at(int64_t i, int64_t j) const { return gram[std::min(i, j) * (inputs + 1) + std::max(i, j)]; }
  double total = 0;
};

/// The factor U of a symmetric positive matrix U' U, both above the diagonal, in place; false if there is none.
bool factorize(std::vector<double> &matrix, int64_t size);
/// Solves U' U X = B in place, X of size x columns.
void substitute(llvm::ArrayRef<double> factor, int64_t size, llvm::MutableArrayRef<double> b, int64_t columns);

} // namespace brisk
#endif
