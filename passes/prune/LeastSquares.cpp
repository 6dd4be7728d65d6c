// Linear least squares from sums over rows.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/prune/LeastSquares.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace brisk;

/// Rows whose products are added together: the matrix then passes the caches that much more seldom.
static constexpr int64_t kTogether = 8;

// The loops that the time goes to, for what the processor has.
#if defined(__x86_64__) && defined(__clang__)
#define BRISK_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define BRISK_CLONES
#endif

/// to[j] += sum of factors[row] * rows[row][j]
BRISK_CLONES static void addProducts(const double *factors, const double *const *rows, int64_t begin, int64_t end, double *to) {
  for (int64_t j = begin; j < end; ++j) {
    double sum = 0;
    for (int64_t row = 0; row < kTogether; ++row)
      sum += factors[row] * rows[row][j];
    to[j] += sum;
  }
}

/// to[j] -= factor * from[j]
BRISK_CLONES static void subtract(double factor, const double *from, int64_t begin, int64_t end, double *to) {
  for (int64_t j = begin; j < end; ++j)
    to[j] -= factor * from[j];
}

void NormalEquations::add(ArrayRef<float> x, ArrayRef<float> y) {
  int64_t count = inputs ? x.size() / inputs : y.size() / std::max<int64_t>(outputs, 1), width = inputs + 1;
  std::vector<double> wide(kTogether * width), target(kTogether * outputs);
  for (int64_t first = 0; first < count; first += kTogether) {
    int64_t have = std::min(kTogether, count - first);
    std::fill(wide.begin(), wide.end(), 0.0);
    std::fill(target.begin(), target.end(), 0.0);
    for (int64_t row = 0; row < have; ++row) {
      std::copy_n(x.begin() + (first + row) * inputs, inputs, wide.begin() + row * width);
      wide[row * width + inputs] = 1;
      std::copy_n(y.begin() + (first + row) * outputs, outputs, target.begin() + row * outputs);
      for (int64_t o = 0; o < outputs; ++o)
        total += target[row * outputs + o] * target[row * outputs + o];
    }
    auto accumulate = [&](int64_t i, const double *from, int64_t stride, int64_t begin, int64_t end, double *to) {
      const double *r[kTogether];
      double f[kTogether];
      for (int64_t row = 0; row < kTogether; ++row) {
        r[row] = from + row * stride;
        f[row] = wide[row * width + i];
      }
      if (std::all_of(f, f + kTogether, [](double factor) { return factor == 0; }))
        return;
      addProducts(f, r, begin, end, to);
    };
    for (int64_t i = 0; i < width; ++i) {
      accumulate(i, wide.data(), width, i, width, gram.data() + i * width);
      accumulate(i, target.data(), outputs, 0, outputs, cross.data() + i * outputs);
    }
  }
  rows += static_cast<double>(count);
}

void NormalEquations::add(const NormalEquations &other) {
  for (size_t i = 0; i < gram.size(); ++i)
    gram[i] += other.gram[i];
  for (size_t i = 0; i < cross.size(); ++i)
    cross[i] += other.cross[i];
  rows += other.rows;
  total += other.total;
}

double NormalEquations::error(ArrayRef<double> w) const {
  double sum = total;
  std::vector<double> product(outputs);
  for (int64_t i = 0; i <= inputs; ++i) {
    std::fill(product.begin(), product.end(), 0.0);
    for (int64_t j = 0; j <= inputs; ++j)
      if (double g = at(i, j); g != 0)
        subtract(-g, w.data() + j * outputs, 0, outputs, product.data());
    for (int64_t o = 0; o < outputs; ++o)
      sum += w[i * outputs + o] * (product[o] - 2 * cross[i * outputs + o]);
  }
  return std::max(sum, 0.0);
}

std::optional<std::vector<double>> NormalEquations::solve(ArrayRef<double> start, double ridge) const {
  int64_t width = inputs + 1;
  double mean = 0;
  for (int64_t i = 0; i < inputs; ++i)
    mean += at(i, i) / static_cast<double>(std::max<int64_t>(inputs, 1));
  // Around `start`: the right side is what it leaves.
  std::vector<double> matrix = gram, change(cross);
  for (int64_t i = 0; i < width; ++i)
    for (int64_t j = 0; j < width; ++j)
      if (double g = at(i, j); g != 0)
        subtract(g, start.data() + j * outputs, 0, outputs, change.data() + i * outputs);
  for (int64_t i = 0; i < width; ++i)
    matrix[i * width + i] += i < inputs ? ridge * mean : 1e-9 * (rows + 1);
  if (!factorize(matrix, width))
    return std::nullopt;
  substitute(matrix, width, change, outputs);
  for (size_t i = 0; i < change.size(); ++i)
    change[i] += start[i];
  return change;
}

bool brisk::factorize(std::vector<double> &matrix, int64_t size) {
  // By columns of the upper half U = L': rows stay contiguous.
  for (int64_t i = 0; i < size; ++i) {
    double *row = matrix.data() + i * size;
    if (!(row[i] > 0) || !std::isfinite(row[i]))
      return false;
    double scale = 1 / std::sqrt(row[i]);
    for (int64_t j = i; j < size; ++j)
      row[j] *= scale;
    for (int64_t k = i + 1; k < size; ++k) {
      if (double factor = row[k]; factor != 0)
        subtract(factor, row, k, size, matrix.data() + k * size);
    }
  }
  return true;
}

void brisk::substitute(ArrayRef<double> factor, int64_t size, MutableArrayRef<double> b, int64_t columns) {
  auto row = [&](int64_t i) { return b.data() + i * columns; };
  for (int64_t i = 0; i < size; ++i) { // U' y = b
    for (int64_t o = 0; o < columns; ++o)
      row(i)[o] /= factor[i * size + i];
    for (int64_t k = i + 1; k < size; ++k)
      if (double f = factor[i * size + k]; f != 0)
        subtract(f, row(i), 0, columns, row(k));
  }
  for (int64_t i = size; i-- > 0;) { // U x = y
    for (int64_t k = i + 1; k < size; ++k)
      if (double f = factor[i * size + k]; f != 0)
        subtract(f, row(k), 0, columns, row(i));
    for (int64_t o = 0; o < columns; ++o)
      row(i)[o] /= factor[i * size + i];
  }
}
