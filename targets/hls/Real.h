// Functions of integers that a model computes in floating point, and the integer arithmetic that equals them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_HLS_REAL_H
#define BRISK_TARGETS_HLS_REAL_H

#include "targets/hls/Interval.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace brisk::hls {

struct RealNode;
/// An expression in fp32, shared by those that contain it.
using Real = std::shared_ptr<const RealNode>;

struct RealNode {
  /// Leaf: an integer of the design. Input: an element of a float input. Below: fp32 arithmetic.
  enum Kind { Constant, Leaf, Input, Add, Subtract, Multiply, Divide, Max, Min, Round, Floor, Ceil, Exp, Tanh, Erf, Sqrt, Log };
  Kind kind;
  float constant = 0;
  int64_t leaf = 0; // number of the integer, or of the input's element
  Real a, b;

  static Real make(Kind kind, Real a, Real b = nullptr);
  static Real number(float value);
  static Real signal(Kind kind, int64_t leaf);
};

/// The different leaves, in order of appearance.
std::vector<int64_t> leavesOf(const Real &real);
/// Whether it reads a float input.
bool readsInput(const Real &real);
/// In fp32, operation by operation; `leaves` as leavesOf() orders them.
float evaluate(const Real &real, llvm::ArrayRef<std::pair<int64_t, float>> leaves);
/// The direction in which it moves with its only leaf: 1 never down, -1 never up, 0 constant; nothing if not known.
std::optional<int> slopeOf(const Real &real);
/// factor of each leaf and a constant, where that is what it computes.
struct AffineReal {
  std::vector<std::pair<int64_t, double>> factors;
  double constant = 0;
};
std::optional<AffineReal> affineOf(const Real &real);

/// clamp(round((sum of input * factor + bias) / 2^shift), low, high), rounding as hls.round does; shift 0 does not round.
struct IntegerForm {
  std::vector<int64_t> factors;
  int64_t bias = 0;
  unsigned shift = 0;
  bool even = false;
  int64_t low = 0, high = 0;
  std::vector<std::pair<int64_t, int64_t>> exceptions; // {input, result}: where fp32 rounded to the other side
  std::vector<int64_t> table; // instead, entry input - low
  int64_t apply(llvm::ArrayRef<int64_t> inputs) const;
};

/// Integer arithmetic that equals `real`, converted to an integer, for every number in the ranges of its one or two
/// leaves; else why there is none.
llvm::Expected<IntegerForm> integerFormOf(const Real &real, llvm::ArrayRef<std::pair<int64_t, Interval>> leaves);

/// How a float input becomes an integer: clamp(round(x / scale) + zero, range).
struct InputForm {
  float scale = 1;
  int64_t zero = 0;
  Interval range;
  bool operator==(const InputForm &other) const = default;
};
std::optional<InputForm> inputFormOf(const Real &real);

} // namespace brisk::hls
#endif
