// Runs the C++ on vectors and compares: csim INPUTS EXPECTED. A line of a file is a vector, its numbers are integers.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "top.h"
#include <cstdio>
#include <fstream>
#include <vector>

int main(int argc, char **argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: csim INPUTS EXPECTED\n");
    return 2;
  }
  std::ifstream inputs(argv[1]), expected(argv[2]);
  std::vector<long long> x(INPUT_COUNT), y(OUTPUT_COUNT);
  long vectors = 0, different = 0;
  while (true) {
    for (long long &number : x)
      inputs >> number;
    if (!inputs)
      break;
    run(x.data(), y.data());
    bool isEqual = true;
    for (long long number : y) {
      long long wanted;
      if (!(expected >> wanted)) {
        std::fprintf(stderr, "csim: %s has fewer vectors than %s\n", argv[2], argv[1]);
        return 1;
      }
      isEqual &= number == wanted;
    }
    ++vectors;
    different += !isEqual;
  }
  std::printf("{\"source\": \"csim\", \"vectors\": %ld, \"different\": %ld}\n", vectors, different);
  return vectors == 0 || different != 0;
}
