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

/// Takes pairs of terms that occur most often, in whatever sums at whatever shift, out into variables of their own,
/// numbered from `variables` on (after R. Hartley, "Subexpression sharing in filters using canonic signed digit
/// multipliers", 1996).
std::vector<Shared> shareTerms(std::vector<std::vector<Term>> &sums, int32_t variables);

} // namespace brisk::hls
#endif
