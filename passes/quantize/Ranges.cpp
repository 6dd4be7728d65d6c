// From observed values of a tensor to the range that its integers span.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/quantize/Ranges.h"

#include <algorithm>
#include <cmath>

using namespace brisk;

float brisk::nextPowerOfTwo(float scale) {
  int exponent;
  float fraction = std::frexp(scale, &exponent);
  return std::ldexp(1.0f, fraction == 0.5f ? exponent - 1 : exponent);
}

ScaleZero brisk::scaleOf(Interval range, bool powerOfTwo) {
  float low = std::min(range.low, 0.0f), high = std::max(range.high, 0.0f);
  ScaleZero result;
  // A tensor of zeros, or of numbers so small that the scale would vanish.
  if (!(high - low > 255 * std::numeric_limits<float>::min()))
    return result;
  result.scale = (high - low) / 255;
  if (powerOfTwo)
    result.scale = nextPowerOfTwo(result.scale);
  result.zero = std::clamp(static_cast<int>(std::lround(-low / result.scale)), 0, 255);
  return result;
}

void Observer::widen(llvm::ArrayRef<float> values) {
  float least = low, most = high;
  for (float value : values) {
    // Infinities say nothing of a range; masks hold them, and the largest floats.
    if (!(std::fabs(value) < 1e30f))
      continue;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  low = least;
  high = most;
  seen += values.size();
}

void Observer::count(llvm::ArrayRef<float> values) {
  if (bins.empty())
    bins.resize(kBins);
  float width = high - low;
  if (!(width > 0))
    return;
  float factor = kBins / width;
  for (float value : values)
    if (std::fabs(value) < 1e30f)
      ++bins[std::clamp(static_cast<int>((value - low) * factor), 0, kBins - 1)];
}

Interval Observer::range(Calibrator calibrator, double percentile) const {
  if (bins.empty() || !(high > low))
    return {low, high};
  switch (calibrator) {
  case Calibrator::MinMax:
    return {low, high};
  case Calibrator::Percentile:
    return percentileRange(percentile);
  case Calibrator::Entropy:
    return entropyRange();
  case Calibrator::Mse:
    return mseRange();
  }
  return {low, high};
}

Interval Observer::percentileRange(double percentile) const {
  uint64_t total = 0;
  for (uint64_t count : bins)
    total += count;
  double outside = static_cast<double>(total) * (100 - percentile) / 100 / 2;
  double width = (high - low) / kBins;
  // Half of what is left out lies on each side, all of it where 0 ends the range.
  double below = low >= 0 ? 0 : high <= 0 ? 2 * outside : outside, above = 2 * outside - below;
  int first = 0, last = kBins - 1;
  for (double sum = 0; first < last && sum + static_cast<double>(bins[first]) <= below; ++first)
    sum += static_cast<double>(bins[first]);
  for (double sum = 0; last > first && sum + static_cast<double>(bins[last]) <= above; --last)
    sum += static_cast<double>(bins[last]);
  Interval result{static_cast<float>(low + first * width), static_cast<float>(low + (last + 1) * width)};
  return {std::min(result.low, 0.0f), std::max(result.high, 0.0f)};
}

Interval Observer::entropyRange() const {
  constexpr int kLevels = 255;
  // Distance from 0, both signs: the range shrinks on both sides alike.
  double reach = std::max(-low, high), width = reach / kBins;
  std::vector<double> counts(kBins);
  for (int bin = 0; bin < kBins; ++bin)
    counts[std::min(kBins - 1, static_cast<int>(std::fabs(center(bin)) / width))] += static_cast<double>(bins[bin]);
  counts[0] = 0;
  int levels = low < 0 && high > 0 ? kLevels / 2 : kLevels;
  double best = INFINITY;
  int bestEnd = kBins;
  for (int end = levels; end <= kBins; end += 8) {
    std::vector<double> p(counts.begin(), counts.begin() + end), q(end);
    for (int i = end; i < kBins; ++i)
      p[end - 1] += counts[i];
    for (int level = 0; level < levels; ++level) {
      int from = static_cast<int>(int64_t(level) * end / levels), to = static_cast<int>(int64_t(level + 1) * end / levels);
      double sum = 0;
      int filled = 0;
      for (int i = from; i < to; ++i) {
        sum += counts[i];
        filled += p[i] > 0;
      }
      for (int i = from; i < to; ++i)
        q[i] = p[i] > 0 ? sum / filled : 0;
    }
    double sumP = 0, sumQ = 0, divergence = 0;
    for (int i = 0; i < end; ++i) {
      sumP += p[i];
      sumQ += q[i];
    }
    if (sumP <= 0 || sumQ <= 0)
      continue;
    for (int i = 0; i < end; ++i)
      if (p[i] > 0)
        divergence += p[i] / sumP * std::log(p[i] / sumP / std::max(q[i] / sumQ, 1e-12));
    if (divergence < best) {
      best = divergence;
      bestEnd = end;
    }
  }
  float bound = static_cast<float>(bestEnd * width);
  return {std::max(low, -bound), std::min(high, bound)};
}

Interval Observer::mseRange() const {
  Interval best{low, high};
  double least = INFINITY;
  for (int step = 0; step < 40; ++step) {
    float factor = static_cast<float>(std::pow(0.05, step / 39.0));
    Interval candidate{low * factor, high * factor};
    ScaleZero s = scaleOf(candidate);
    double error = 0;
    for (int bin = 0; bin < kBins; ++bin) {
      if (bins[bin] == 0)
        continue;
      double value = center(bin);
      double level = std::clamp(std::nearbyint(value / s.scale) + s.zero, 0.0, 255.0);
      double difference = value - (level - s.zero) * s.scale;
      // Within a bin values differ as well, which no candidate can see.
      error += static_cast<double>(bins[bin]) * difference * difference;
    }
    if (error < least) {
      least = error;
      best = candidate;
    }
  }
  return best;
}
