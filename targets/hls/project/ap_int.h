// Stands in for a vendor's ap_int.h where there is none: integers of W <= 62 bits that wrap when they are assigned.
// Arithmetic is done in 64 bits, of which the emitted code needs 62 at most.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_AP_INT_H
#define BRISK_AP_INT_H

template <int W> struct ap_uint;

template <int W> struct ap_int {
  long long value = 0;
  ap_int() = default;
  template <int V> ap_int(const ap_int<V> &other) : ap_int(other.value) {}
  template <int V> ap_int(const ap_uint<V> &other) : ap_int((long long)other.value) {}
  ap_int(long long v) : value((long long)((unsigned long long)v << (64 - W)) >> (64 - W)) {}
  operator long long() const { return value; }
};

template <int W> struct ap_uint {
  unsigned long long value = 0;
  ap_uint() = default;
  template <int V> ap_uint(const ap_int<V> &other) : ap_uint(other.value) {}
  template <int V> ap_uint(const ap_uint<V> &other) : ap_uint((long long)other.value) {}
  ap_uint(long long v) : value((unsigned long long)v & (~0ull >> (64 - W))) {}
  operator long long() const { return (long long)value; }
};

#endif
