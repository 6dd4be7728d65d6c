// Numbers of a machine from measurements.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/cost/Fit.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <algorithm>
#include <cmath>
#include <numeric>

using namespace brisk;
using namespace brisk::cost;

namespace {

double quantile(std::vector<double> values, double q) {
  if (values.empty())
    return 0;
  llvm::sort(values);
  double at = q * static_cast<double>(values.size() - 1);
  size_t low = static_cast<size_t>(at), high = std::min(low + 1, values.size() - 1);
  return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

/// Ranks, the mean of their places for equal values.
std::vector<double> ranksOf(llvm::ArrayRef<double> values) {
  std::vector<double> ranks(values.size());
  for (size_t i = 0; i < values.size(); ++i)
    for (size_t j = 0; j < values.size(); ++j)
      ranks[i] += values[j] < values[i] ? 1 : values[j] == values[i] ? 0.5 : 0;
  return ranks;
}

//===--- fitting a machine -----------------------------------------------------------===//

/// How strongly a number is drawn to what it was: this many samples' worth for a factor of e.
constexpr double kRidge = 0.15;
/// From this error (of logarithms) on, a sample counts less.
constexpr double kHuber = 0.2;

/// Every number that measurements can tell.
std::vector<double *> numbersOf(machine::Description &machine, llvm::ArrayRef<Sample> samples) {
  std::vector<double *> numbers;
  for (machine::Isa &isa : machine.isas)
    if (llvm::any_of(samples, [&](const Sample &sample) { return sample.isa == isa.name; }))
      for (auto &[dtype, rate] : isa.compute)
        numbers.push_back(&rate);
  // What lies in the nearest cache is counted in instructions.
  for (size_t i = 1; i < machine.memory.size(); ++i)
    numbers.push_back(&machine.memory[i].gbPerS);
  for (auto &[key, rate] : machine.rates)
    numbers.push_back(&rate);
  for (auto &[key, ns] : machine.overheads)
    if (key != "launch" && ns > 0)
      numbers.push_back(&ns);
  return numbers;
}

/// Solves the symmetric positive system a x = b in place.
void solve(std::vector<std::vector<double>> &a, std::vector<double> &b) {
  size_t n = b.size();
  for (size_t i = 0; i < n; ++i)
    for (size_t j = i + 1; j < n; ++j) {
      double factor = a[j][i] / a[i][i];
      for (size_t k = i; k < n; ++k)
        a[j][k] -= factor * a[i][k];
      b[j] -= factor * b[i];
    }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k)
      b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
}

} // namespace

Errors brisk::cost::errorsOf(llvm::ArrayRef<double> predicted, llvm::ArrayRef<double> measured) {
  std::vector<double> errors;
  for (auto [p, m] : llvm::zip_equal(predicted, measured))
    errors.push_back(std::fabs(p / m - 1));
  Errors result{quantile(errors, 0.5), quantile(errors, 0.9), 0};
  std::vector<double> x = ranksOf(predicted), y = ranksOf(measured);
  double n = static_cast<double>(x.size()), mean = std::accumulate(x.begin(), x.end(), 0.0) / std::max(1.0, n);
  double xy = 0, xx = 0, yy = 0;
  for (auto [a, b] : llvm::zip_equal(x, y)) {
    xy += (a - mean) * (b - mean);
    xx += (a - mean) * (a - mean);
    yy += (b - mean) * (b - mean);
  }
  result.spearman = xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 1;
  return result;
}

Errors brisk::cost::fitMachine(machine::Description &machine, llvm::ArrayRef<Sample> samples) {
  std::vector<double *> numbers = numbersOf(machine, samples);
  size_t n = numbers.size();
  std::vector<double> prior, now, predicted(samples.size()), measured;
  for (double *number : numbers)
    prior.push_back(std::log(*number));
  for (const Sample &sample : samples)
    measured.push_back(sample.us);
  now = prior;
  auto put = [&](llvm::ArrayRef<double> logs) {
    for (auto [number, value] : llvm::zip_equal(numbers, logs))
      *number = std::exp(value);
  };
  auto residuals = [&](llvm::ArrayRef<double> logs) {
    put(logs);
    std::vector<double> result;
    for (const Sample &sample : samples)
      result.push_back(std::log(predict(*sample.program, machine, machine.isa(sample.isa)).totalUs / sample.us));
    return result;
  };
  auto loss = [&](llvm::ArrayRef<double> r, llvm::ArrayRef<double> logs) {
    double sum = 0;
    for (double x : r)
      sum += std::fabs(x) <= kHuber ? x * x : kHuber * (2 * std::fabs(x) - kHuber);
    for (auto [x, p] : llvm::zip_equal(logs, prior))
      sum += kRidge * kRidge * (x - p) * (x - p);
    return sum;
  };
  std::vector<double> r = residuals(now);
  double best = loss(r, now), damping = 1e-2;
  for (int step = 0; step < 60 && damping < 1e6; ++step) {
    std::vector<std::vector<double>> slopes;
    for (size_t j = 0; j < n; ++j) {
      std::vector<double> moved = now;
      moved[j] += 1e-3;
      slopes.push_back(residuals(moved));
      for (auto [slope, at] : llvm::zip_equal(slopes.back(), r))
        slope = (slope - at) / 1e-3;
    }
    std::vector<std::vector<double>> a(n, std::vector<double>(n));
    std::vector<double> b(n);
    for (size_t i = 0; i < r.size(); ++i) {
      double weight = std::min(1.0, kHuber / std::max(std::fabs(r[i]), 1e-12));
      for (size_t j = 0; j < n; ++j) {
        b[j] -= weight * slopes[j][i] * r[i];
        for (size_t k = 0; k < n; ++k)
          a[j][k] += weight * slopes[j][i] * slopes[k][i];
      }
    }
    for (size_t j = 0; j < n; ++j) {
      a[j][j] += kRidge * kRidge;
      b[j] -= kRidge * kRidge * (now[j] - prior[j]);
      a[j][j] *= 1 + damping;
    }
    solve(a, b);
    std::vector<double> next = now;
    for (size_t j = 0; j < n; ++j)
      next[j] += std::clamp(b[j], -1.0, 1.0);
    std::vector<double> after = residuals(next);
    double value = loss(after, next);
    if (value < best) {
      bool done = best - value < 1e-6 * best;
      now = next;
      r = after;
      best = value;
      damping = std::max(1e-9, damping / 4);
      if (done)
        break;
    } else {
      damping *= 4;
    }
  }
  put(now);
  for (auto [i, sample] : llvm::enumerate(samples))
    predicted[i] = predict(*sample.program, machine, machine.isa(sample.isa)).totalUs;
  return errorsOf(predicted, measured);
}

//===--- adapting to another machine ---------------------------------------------------===//

namespace {

/// The group of each class of kernels.
const std::pair<const char *, int> kGroups[] = {{"contraction", 0}, {"gemv", 1},   {"recurrence", 1},     {"depthwise", 2},
                                                {"reduction", 2},   {"memory", 3}, {"transcendental", 4}, {"overhead", 5}};
constexpr int kGroupCount = 6;
constexpr double kLambda = 0.3, kLeast = 0.02, kMost = 20;

using Groups = std::array<double, kGroupCount>;

Groups groupsOf(const Whole &model) {
  Groups groups{};
  for (auto [kind, group] : kGroups)
    if (auto found = model.us.find(kind); found != model.us.end())
      groups[group] += found->second;
  return groups;
}

double sumOf(const Groups &groups) { return std::accumulate(groups.begin(), groups.end(), 0.0); }

/// s_0 and the scales of the groups.
std::pair<double, Groups> scalesOf(llvm::ArrayRef<Groups> predicted, llvm::ArrayRef<double> measured) {
  std::vector<double> ratios;
  for (auto [groups, time] : llvm::zip_equal(predicted, measured))
    ratios.push_back(std::log(time / sumOf(groups)));
  double common = std::clamp(std::exp(quantile(ratios, 0.5)), kLeast, kMost);
  Groups scales;
  scales.fill(common);
  // A convex quadratic in six bounded unknowns: one after the other.
  for (int sweep = 0; sweep < 500; ++sweep)
    for (int g = 0; g < kGroupCount; ++g) {
      double lambda = (g == kGroupCount - 1 ? kLambda / 10 : kLambda) / (common * common);
      double curve = lambda, slope = lambda * common;
      for (auto [groups, time] : llvm::zip_equal(predicted, measured)) {
        double rest = -1;
        for (int other = 0; other < kGroupCount; ++other)
          rest += other == g ? 0 : scales[other] * groups[other] / time;
        double share = groups[g] / time;
        curve += share * share;
        slope -= share * rest;
      }
      scales[g] = std::clamp(slope / curve, kLeast, kMost);
    }
  return {common, scales};
}

double scaled(const Groups &groups, const Groups &scales) {
  double sum = 0;
  for (int g = 0; g < kGroupCount; ++g)
    sum += groups[g] * scales[g];
  return sum;
}

} // namespace

Adaptation brisk::cost::adapt(llvm::ArrayRef<Whole> models) {
  Adaptation result;
  std::vector<Groups> groups;
  std::vector<double> measured, before, leftOut;
  for (const Whole &model : models) {
    groups.push_back(groupsOf(model));
    measured.push_back(model.measured);
    before.push_back(sumOf(groups.back()));
  }
  auto [common, scales] = scalesOf(groups, measured);
  result.common = common;
  for (auto [kind, group] : kGroups)
    result.scales[kind] = scales[group];
  result.before = errorsOf(before, measured);
  for (size_t i = 0; i < models.size() && models.size() > 1; ++i) {
    std::vector<Groups> others = groups;
    std::vector<double> times = measured;
    others.erase(others.begin() + i);
    times.erase(times.begin() + i);
    leftOut.push_back(scaled(groups[i], scalesOf(others, times).second));
  }
  if (!leftOut.empty())
    result.leftOut = errorsOf(leftOut, measured);
  return result;
}
