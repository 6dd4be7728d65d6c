// Sums of variables times constants as few two-operand additions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_HLS_SHAREDTERMS_H
#define BRISK_TARGETS_HLS_SHAREDTERMS_H

#include <cstdint>
#include <tuple>
#include <vector>

namespace brisk::hls {

/// sign * variable * 2^shift.
struct Term {
  int32_t variable;
  int32_t shift;
  int32_t sign; // 1 or -1
  bool operator<(const Term &other) const {
    return std::tie(variable, shift, sign) < std::tie(other.variable, other.shift, other.sign);
  }
  bool operator==(const Term &other) const = default;
};

/// The factor in signed digits, no two neighbours both non-zero: the fewest that there are.
std::vector<Term> signedDigits(int32_t variable, int64_t factor);

/// A variable made of two: lhs + sign * rhs * 2^shift.
struct Shared {
  int32_t lhs, rhs;
  int32_t shift;
  int32_t sign;
};

/// The fewest adders one after the other that add terms of variables that are ready after as many; perhaps a constant too.
int32_t depthOfSum(const std::vector<Term> &sum, const std::vector<int32_t> &ready, bool hasConstant);

/// Takes pairs of terms that occur most often, in whatever sums at whatever shift, out into variables of their own,
/// numbered after those of `ready`, which tells the adders that each waits for; `constants` tells which sums end with a
/// constant. No sum comes to need more than `deepest`
/// adders one after the other (after R. Hartley, "Subexpression sharing in filters using canonic signed digit
/// multipliers", 1996).
std::vector<Shared> shareTerms(std::vector<std::vector<Term>> &sums, std::vector<int32_t> ready, int32_t deepest,
                               const std::vector<bool> &constants);

} // namespace brisk::hls
#endif
