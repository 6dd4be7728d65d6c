// How sums become bytes, in the numbers that kernels take.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Scale.h"

#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace brisk;
using namespace brisk::npu;

/// A factor that no sum reaches a byte with is none: the constant alone is left.
static double factorOf(const Scaled &channel) { return std::max(channel.factor, std::ldexp(1.0, -22)); }

/// The largest number of the first product but for its sign.
static double reachOf(const Scaled &channel) {
  return channel.largest + std::fabs(channel.constant / factorOf(channel));
}

static int32_t wordOf(double value) {
  return static_cast<int32_t>(std::min(std::max(std::nearbyint(value), -2147483000.0), 2147483647.0));
}

/// What makes the first rounding, to `shift` bits of fraction, one downwards.
static double floorOf(int shift) { return shift > 0 ? std::ldexp(1.0, -shift - 1) : 0; }

npu_channels npu::channelsOf(ArrayRef<Scaled> four) {
  npu_channels result{};
  double factor = 0, reach = 1;
  for (const Scaled &channel : four) {
    factor = std::max(factor, factorOf(channel));
    reach = std::max(reach, reachOf(channel));
  }
  // As much fraction as the largest factor, 16 bits and the largest sum leave room for.
  int room = 0, up = 0;
  while (room < 15 && std::ldexp(factor, room + 1) < 1 - 1e-9)
    ++room;
  while (room + up < 15 && up < 8 && std::ldexp(reach, up + 1) < 2147483000.0)
    ++up;
  result.shift = room + up;
  result.up = up;
  for (auto [i, channel] : llvm::enumerate(four)) {
    double constant = channel.constant - floorOf(result.shift);
    result.start[i] = wordOf(std::ldexp(constant / factorOf(channel), up));
    result.factor[i] = wordOf(std::ldexp(factorOf(channel), room + 31));
  }
  return result;
}

/// makeHalf with factors of 2^-15 / 2^shift.
static bool makeHalf(ArrayRef<Scaled> four, double tolerance, int shift, npu_channels &result) {
  npu_channels half{};
  half.form = NPU_HALF;
  half.shift = shift;
  for (auto [i, channel] : llvm::enumerate(four)) {
    double factor = factorOf(channel), scale = std::nearbyint(std::ldexp(factor, shift + 15));
    // What is cut off the factor counts least in the middle of the bytes.
    double ratio = std::ldexp(scale, -shift - 15) / factor, middle = 128;
    double reach = std::min(middle, std::fabs(channel.constant - middle) + factor * channel.largest);
    double start = std::ldexp(middle - (middle - channel.constant) * ratio - floorOf(shift), shift + 15);
    if (std::fabs(ratio - 1) * reach > tolerance || std::fabs(start) > 2147483000.0)
      return false;
    half.start[i] = wordOf(start);
    half.factor[i] = static_cast<int32_t>(scale) * 65536;
  }
  result = half;
  return true;
}

bool npu::makeHalf(ArrayRef<Scaled> four, double tolerance, npu_channels &result) {
  double largest = 0;
  for (const Scaled &channel : four)
    largest = std::max(largest, factorOf(channel));
  int shift = 0;
  while (shift < 15 && std::ldexp(largest, shift + 1) < 32767.0 / 32768)
    ++shift;
  // Large starts leave room for fewer bits.
  for (int less = 0; less < 3 && less < shift; ++less)
    if (::makeHalf(four, tolerance, shift - less, result))
      return true;
  return false;
}

bool npu::makeNarrow(ArrayRef<Scaled> four, npu_channels &result) {
  for (int fraction : {7, 6}) {
    npu_channels narrow{};
    narrow.form = NPU_NARROW;
    narrow.shift = fraction;
    bool fits = true;
    for (int first : {0, 1}) {
      // 16 bits must reach to where bytes saturate, or as far as sums get. The last shift rounds around 128.
      int up = 0;
      for (size_t i = first; i < four.size(); i += 2) {
        double start = (four[i].constant - 128 - floorOf(fraction)) / four[i].factor;
        double reach = std::min(129 / four[i].factor, four[i].largest + std::fabs(start));
        fits &= std::fabs(start) < 1e9;
        while (up < 15 && reach > std::ldexp(32767.0, up))
          ++up;
        fits &= reach <= std::ldexp(32767.0, up);
        narrow.start[i] = wordOf(start);
      }
      for (size_t i = first; i < four.size(); i += 2) {
        double scale = std::nearbyint(std::ldexp(four[i].factor, up + fraction + 15));
        fits &= scale <= 32767 && scale >= 4096;
        uint32_t word = static_cast<uint32_t>(std::min(scale, 32767.0));
        narrow.factor[first] |= static_cast<int32_t>(i >= 2 ? word << 16 : word);
      }
      (first ? narrow.odd_up : narrow.up) = up;
    }
    if (fits) {
      result = narrow;
      return true;
    }
  }
  return false;
}
