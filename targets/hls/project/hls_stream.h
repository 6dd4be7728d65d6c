// Stands in for a vendor's hls_stream.h where there is none: a queue without an end.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_HLS_STREAM_H
#define BRISK_HLS_STREAM_H

#include <cstdio>
#include <cstdlib>
#include <deque>

namespace hls {
template <typename T> class stream {
public:
  void write(const T &value) { held.push_back(value); }
  void read(T &value) {
    if (held.empty()) {
      std::fprintf(stderr, "csim: a stage waits for what never comes\n");
      std::exit(1);
    }
    value = held.front();
    held.pop_front();
  }
  bool empty() const { return held.empty(); }

private:
  std::deque<T> held;
};
} // namespace hls

#endif
