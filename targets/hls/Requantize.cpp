// Integer arithmetic that equals what a model computes in floating point between two integers, for every input.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Real.h"

#include "llvm/Support/Error.h"
#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace brisk;
using namespace brisk::hls;

/// Largest number of inputs that are all tried.
static constexpr int64_t kTried = 1 << 20;
/// Most entries of a table.
static constexpr int64_t kTable = 1 << 12;
static constexpr unsigned kMostShift = 36;
/// Most inputs that are compared one by one.
static constexpr size_t kExceptions = 16;

int64_t IntegerForm::apply(ArrayRef<int64_t> inputs) const {
  if (!table.empty())
    return table[inputs[0] - low];
  for (auto [input, result] : exceptions)
    if (inputs[0] == input)
      return result;
  int64_t sum = bias;
  for (auto [factor, input] : zip_equal(factors, inputs))
    sum += factor * input;
  return std::clamp(shift ? roundShift(sum, shift, even) : sum, low, high);
}

namespace {

/// A function of one integer, as the model computes it.
class Function {
public:
  Function(const Real &real, int64_t leaf, Interval range) : real(real), leaf(leaf), range(range) {}
  int64_t operator()(int64_t input) const { return int64_t(evaluate(real, {{leaf, float(input)}})); }

  /// For a function that never falls: where it first reaches each of its levels but the lowest, as {level, input}.
  std::vector<std::pair<int64_t, int64_t>> steps() const {
    std::vector<std::pair<int64_t, int64_t>> result;
    int64_t at = range.low, top = (*this)(range.high);
    for (int64_t level = (*this)(at); level < top;) {
      int64_t below = at, above = range.high; // f(below) <= level < f(above)
      while (above - below > 1) {
        int64_t middle = below + (above - below) / 2;
        ((*this)(middle) > level ? above : below) = middle;
      }
      level = (*this)(above);
      at = above;
      result.push_back({level, above});
    }
    return result;
  }

  const Real &real;
  int64_t leaf;
  Interval range;
};

/// Peels clamps and rounding off: what is left may be affine.
const Real &coreOf(const Real &real) {
  bool isClamp = real->kind == RealNode::Max || real->kind == RealNode::Min;
  if (real->kind == RealNode::Round || (isClamp && real->b->kind == RealNode::Constant))
    return coreOf(real->a);
  if ((real->kind == RealNode::Add || real->kind == RealNode::Subtract) && real->b->kind == RealNode::Constant &&
      (real->a->kind == RealNode::Round || real->a->kind == RealNode::Max || real->a->kind == RealNode::Min))
    return coreOf(real->a);
  return real;
}

/// The same without bounds, also between factors: a line to try, as every step is compared anyhow.
Real lineOf(const Real &real) {
  if (!real || !real->a)
    return real;
  if (real->kind == RealNode::Max || real->kind == RealNode::Min) {
    if (real->b->kind == RealNode::Constant)
      return lineOf(real->a);
    if (real->a->kind == RealNode::Constant)
      return lineOf(real->b);
  }
  return RealNode::make(real->kind, lineOf(real->a), lineOf(real->b));
}

/// fp32 rounds some steps to a neighbour of where a line has them: a line that is right nearly everywhere, and the rest
/// one by one.
std::optional<IntegerForm> fitNearly(const Function &function, const AffineReal &core, IntegerForm form,
                                     ArrayRef<std::pair<int64_t, int64_t>> steps) {
  // Beyond this distance from its step no exception is looked for.
  constexpr int64_t reach = 3;
  std::optional<IntegerForm> best;
  form.even = false;
  for (unsigned shift = 8; shift <= kMostShift; ++shift) {
    form.shift = shift;
    double slope = core.factors[0].second * std::ldexp(1.0, int(shift));
    for (double rounded : {std::floor(slope), std::ceil(slope)}) {
      form.factors = {int64_t(rounded)};
      form.exceptions.clear();
      if (rounded <= 0)
        continue;
      // Where most steps agree on the constant.
      std::vector<std::pair<int64_t, int>> edges;
      for (auto [level, input] : steps) {
        edges.push_back({level * (int64_t(1) << shift) - form.factors[0] * input, 1});
        edges.push_back({level * (int64_t(1) << shift) - form.factors[0] * (input - 1), -1});
      }
      llvm::sort(edges);
      int open = 0, most = 0;
      for (auto [bias, change] : edges) {
        open += change;
        if (open > most) {
          most = open;
          form.bias = bias;
        }
      }
      if (steps.size() - size_t(most) > kExceptions)
        continue;
      bool isRight = true;
      for (auto [level, input] : steps)
        for (int64_t near = std::max(function.range.low, input - reach); near <= std::min(function.range.high, input + reach); ++near) {
          int64_t wanted = function(near);
          if (form.apply({near}) == wanted)
            continue;
          // Both ends of the neighbourhood have to be right, so that what lies between two of them is.
          isRight &= std::abs(near - input) < reach;
          form.exceptions.push_back({near, wanted});
        }
      for (int64_t end : {function.range.low, function.range.high})
        isRight &= form.apply({end}) == function(end);
      if (isRight && form.exceptions.size() <= kExceptions && (!best || form.exceptions.size() < best->exceptions.size()))
        best = form;
    }
  }
  return best;
}

/// A form for a function that never falls, by its steps: nothing else has to be tried.
std::optional<IntegerForm> fit(const Function &function, const AffineReal &core) {
  int64_t low = function(function.range.low), high = function(function.range.high);
  IntegerForm form;
  form.low = low;
  form.high = high;
  form.factors = {0};
  if (low == high) {
    form.bias = low;
    return form;
  }
  auto steps = function.steps();
  double slope = core.factors[0].second;
  // Numbers between two steps keep their level, so both sides of each step decide.
  auto isRight = [&](const IntegerForm &form) {
    for (auto [level, input] : steps)
      if (form.apply({input}) != level || form.apply({input - 1}) != function(input - 1))
        return false;
    return form.apply({function.range.low}) == low && form.apply({function.range.high}) == high;
  };
  // The constant is what rounding and offsets make of it: the middle of the first level's edge tells.
  double edge = double(low) + 0.5 - slope * (double(steps[0].second) - 0.5);
  double exact = std::abs(edge - core.constant) > 0.75 + slope ? core.constant + std::round(edge - core.constant) : core.constant;
  for (unsigned shift = 0; shift <= kMostShift; ++shift) {
    double unit = std::ldexp(1.0, int(shift));
    form.shift = shift;
    if (std::abs(slope * unit) > 1e9 || std::abs(edge * unit) > 1e15)
      break;
    for (double rounded : {std::floor(slope * unit), std::ceil(slope * unit)}) {
      int64_t factor = int64_t(rounded);
      if (factor <= 0)
        continue;
      form.factors = {factor};
      // Downwards: level <= (input * factor + bias) / unit at each step, and less than level just before.
      form.even = false;
      int64_t least = INT64_MIN, most = INT64_MAX;
      for (auto [level, input] : steps) {
        least = std::max(least, level * (int64_t(1) << shift) - factor * input);
        int64_t before = function(input - 1) + 1;
        most = std::min(most, before * (int64_t(1) << shift) - factor * (input - 1) - 1);
      }
      if (least <= most) {
        // The one with the most zeros at its end is the cheapest to add.
        form.bias = most;
        for (int bit = 0; bit < 62; ++bit) {
          int64_t zeros = most & ~((int64_t(1) << bit) - 1);
          if (zeros < least)
            break;
          form.bias = zeros;
        }
        if (isRight(form))
          return form;
      }
      if (shift == 0)
        continue;
      form.even = true;
      for (int64_t nudge : {0, 1, -1}) {
        form.bias = int64_t(std::nearbyint(exact * unit)) + nudge + (int64_t(1) << (shift - 1));
        if (isRight(form))
          return form;
      }
    }
  }
  return fitNearly(function, core, form, steps);
}

Expected<IntegerForm> tabulate(const Function &function) {
  int64_t size = function.range.high - function.range.low + 1;
  if (size > kTable)
    return createStringError("no integer arithmetic equals this function of " + Twine(size) +
                             " numbers; quantize its input to 12 bits at most");
  IntegerForm form;
  form.low = function.range.low;
  for (int64_t input = function.range.low; input <= function.range.high; ++input)
    form.table.push_back(function(input));
  return form;
}

/// Sums of two quantized tensors: all pairs are tried.
Expected<IntegerForm> fitPair(const Real &real, ArrayRef<std::pair<int64_t, Interval>> leaves) {
  auto [first, x] = leaves[0];
  auto [second, y] = leaves[1];
  if ((x.high - x.low + 1) > kTried / (y.high - y.low + 1))
    return createStringError("a function of two integers of " + Twine(widthOf(x)) + " and " + Twine(widthOf(y)) +
                             " bits is too large to be proven; quantize both");
  auto core = affineOf(coreOf(real));
  if (!core || core->factors.size() != 2)
    return createStringError("a function of two integers that is no scaled sum");
  std::vector<std::array<int64_t, 3>> points;
  int64_t low = INT64_MAX, high = INT64_MIN;
  for (int64_t a = x.low; a <= x.high; ++a)
    for (int64_t b = y.low; b <= y.high; ++b) {
      int64_t value = int64_t(evaluate(real, {{first, float(a)}, {second, float(b)}}));
      points.push_back({a, b, value});
      low = std::min(low, value);
      high = std::max(high, value);
    }
  IntegerForm form;
  form.low = low;
  form.high = high;
  // Offsets added after rounding are whole numbers: one point inside tells them.
  double offset = 0;
  for (auto &[a, b, value] : points)
    if (value > low && value < high) {
      double real = core->constant;
      for (auto [leaf, factor] : core->factors)
        real += factor * double(leaf == first ? a : b);
      offset = double(value) - std::nearbyint(real);
      break;
    }
  for (unsigned shift = 1; shift <= kMostShift; ++shift) {
    double unit = std::ldexp(1.0, int(shift));
    form.shift = shift;
    form.factors.assign(2, 0);
    for (auto [leaf, factor] : core->factors)
      form.factors[leaf == first ? 0 : 1] = int64_t(std::nearbyint(factor * unit));
    for (bool even : {false, true}) {
      form.even = even;
      form.bias = int64_t(std::nearbyint((core->constant + offset) * unit)) + (int64_t(1) << (shift - 1));
      if (all_of(points, [&](auto &point) { return form.apply({point[0], point[1]}) == point[2]; }))
        return form;
    }
  }
  return createStringError("no integer arithmetic equals this sum for all pairs of inputs");
}

} // namespace

Expected<IntegerForm> hls::integerFormOf(const Real &real, ArrayRef<std::pair<int64_t, Interval>> leaves) {
  if (leaves.size() == 2)
    return fitPair(real, leaves);
  if (leaves.size() != 1)
    return createStringError("a function of " + Twine(leaves.size()) + " integers in floating point; quantize its inputs");
  Function function(real, leaves[0].first, leaves[0].second);
  if (!(std::abs(evaluate(real, {{function.leaf, float(function.range.low)}})) < 1e9f) ||
      !(std::abs(evaluate(real, {{function.leaf, float(function.range.high)}})) < 1e9f))
    return createStringError("a conversion to integer that overflows");
  std::optional<int> slope = slopeOf(real);
  auto core = affineOf(lineOf(coreOf(real)));
  // fp32 holds integers of 24 bits; beyond, conversions round, never down where the integer went up.
  if (slope && *slope >= 0 && core && core->factors.size() == 1)
    if (auto form = fit(function, *core))
      return *form;
  return tabulate(function);
}
