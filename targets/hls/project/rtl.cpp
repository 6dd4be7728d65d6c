// Runs the Verilated design on vectors, one every INTERVAL cycles, pixel by pixel, and compares: rtl INPUTS EXPECTED.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Vtop.h"
#include "layout.h"
#include "verilated.h"
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <vector>

// Ports of up to 64 bits are integers, wider ones arrays of 32-bit words.
template <typename Port> static void write(Port &port, int at, int width, long long value) {
  uint64_t mask = (width == 64 ? ~0ull : (1ull << width) - 1) << at;
  port = Port((uint64_t(port) & ~mask) | (uint64_t(value) << at & mask));
}
template <std::size_t N> static void write(VlWide<N> &port, int at, int width, long long value) {
  for (int bit = 0; bit < width; ++bit) {
    uint32_t mask = 1u << ((at + bit) % 32);
    EData &word = port[(at + bit) / 32];
    word = value >> bit & 1 ? word | mask : word & ~mask;
  }
}
template <typename Port> static bool bitOf(const Port &port, int at) { return uint64_t(port) >> at & 1; }
template <std::size_t N> static bool bitOf(const VlWide<N> &port, int at) { return port[at / 32] >> (at % 32) & 1; }
template <typename Port> static long long read(const Port &port, int at, int width, bool isSigned) {
  uint64_t value = 0;
  for (int bit = 0; bit < width; ++bit)
    value |= uint64_t(bitOf(port, at + bit)) << bit;
  bool isNegative = isSigned && value >> (width - 1) & 1;
  return isNegative ? (long long)(value | ~0ull << (width - 1)) : (long long)value;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: rtl INPUTS EXPECTED\n");
    return 2;
  }
  std::ifstream inputs(argv[1]), wanted(argv[2]);
  std::vector<long long> x, y;
  for (long long number; inputs >> number;)
    x.push_back(number);
  for (long long number; wanted >> number;)
    y.push_back(number);
  long vectors = x.size() / INPUT_COUNT, seen = 0, different = 0, latency = -1;
  if (vectors == 0 || y.size() != std::size_t(vectors) * OUTPUT_COUNT) {
    std::fprintf(stderr, "rtl: %s and %s do not match\n", argv[1], argv[2]);
    return 1;
  }
  Vtop top;
  top.clk = top.in_valid = 0;
  top.eval();
  // Elements by the pixel that they are part of.
  std::vector<std::vector<int>> inputs_of(INPUT_PIXELS), outputs_of(OUTPUT_PIXELS);
  for (int i = 0; i < INPUT_COUNT; ++i)
    inputs_of[kInputs[i].pixel].push_back(i);
  for (int i = 0; i < OUTPUT_COUNT; ++i)
    outputs_of[kOutputs[i].pixel].push_back(i);
  // Whatever a register held before the first vector is flushed out.
  const long flush = INPUT_PIXELS == 1 ? 200 : 0;
  bool isEqual = true;
  for (long cycle = -flush; seen < vectors * OUTPUT_PIXELS && cycle < (vectors + 1) * INTERVAL + LATENCY + 1000; ++cycle) {
    long vector = cycle / INTERVAL, pixel = cycle % INTERVAL;
    bool isGiven = cycle >= 0 && vector < vectors && pixel < INPUT_PIXELS;
    top.in_valid = isGiven;
    if (isGiven)
      for (int i : inputs_of[pixel])
        write(top.x, kInputs[i].at, kInputs[i].width, x[vector * INPUT_COUNT + i]);
    top.eval();
    if (cycle >= 0 && top.out_valid) {
      long of = seen / OUTPUT_PIXELS;
      for (int i : outputs_of[seen % OUTPUT_PIXELS])
        isEqual &= read(top.y, kOutputs[i].at, kOutputs[i].width, kOutputs[i].isSigned) == y[of * OUTPUT_COUNT + i];
      if (++seen % OUTPUT_PIXELS == 0) {
        if (latency < 0)
          latency = cycle;
        // One after each interval from the first on, or the interval is another.
        different += !isEqual || cycle != latency + of * INTERVAL;
        isEqual = true;
      }
    }
    top.clk = 1;
    top.eval();
    top.clk = 0;
    top.eval();
  }
  seen /= OUTPUT_PIXELS;
  std::printf("{\"source\": \"verilator\", \"vectors\": %ld, \"different\": %ld, \"latency\": %ld, \"ii\": %d}\n", seen,
              different, latency, int(INTERVAL));
  return seen != vectors || different != 0;
}
