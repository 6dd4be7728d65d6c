/* What LLVM calls on Hexagon without a C library: memory, integer division.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stddef.h>
#include <stdint.h>

#define KEEP __attribute__((used, noinline))

KEEP void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  uint8_t *a = to;
  const uint8_t *b = from;
  if ((((uintptr_t)a | (uintptr_t)b) & 7) == 0)
    for (; bytes >= 8; bytes -= 8, a += 8, b += 8)
      *(uint64_t *)a = *(const uint64_t *)b;
  while (bytes--)
    *a++ = *b++;
  return to;
}

KEEP void *__hexagon_memcpy_likely_aligned_min32bytes_mult8bytes(void *to, const void *from, size_t bytes) {
  return memcpy(to, from, bytes);
}

KEEP void *memmove(void *to, const void *from, size_t bytes) {
  uint8_t *a = to;
  const uint8_t *b = from;
  if (a <= b)
    while (bytes--)
      *a++ = *b++;
  else
    while (bytes--)
      a[bytes] = b[bytes];
  return to;
}

KEEP void *memset(void *to, int value, size_t bytes) {
  uint8_t *a = to;
  while (bytes && ((uintptr_t)a & 7)) {
    *a++ = (uint8_t)value;
    --bytes;
  }
  const uint64_t word = (uint8_t)value * UINT64_C(0x0101010101010101);
  for (; bytes >= 8; bytes -= 8, a += 8)
    *(uint64_t *)a = word;
  while (bytes--)
    *a++ = (uint8_t)value;
  return to;
}

/* Shift and subtract, from the highest bit that can matter. */
#define DIVIDE(type, name, bits, clz)                                                                                  \
  static type name(type a, type b, type *rest) {                                                                       \
    type quotient = 0;                                                                                                 \
    if (b && a >= b)                                                                                                   \
      for (int i = clz(b) - clz(a); i >= 0; --i)                                                                       \
        if (a >= b << i) {                                                                                             \
          a -= b << i;                                                                                                 \
          quotient |= (type)1 << i;                                                                                    \
        }                                                                                                              \
    *rest = a;                                                                                                         \
    return quotient;                                                                                                   \
  }
DIVIDE(uint32_t, divide32, 32, __builtin_clz)
DIVIDE(uint64_t, divide64, 64, __builtin_clzll)

#define WRAP(u, s, divide, udiv, umod, sdiv, smod)                                                                     \
  KEEP u udiv(u a, u b) { u rest; return divide(a, b, &rest); }                                                        \
  KEEP u umod(u a, u b) { u rest; divide(a, b, &rest); return rest; }                                                  \
  KEEP s sdiv(s a, s b) {                                                                                              \
    u rest, q = divide(a < 0 ? -(u)a : (u)a, b < 0 ? -(u)b : (u)b, &rest);                                             \
    return (s)((a < 0) != (b < 0) ? -q : q);                                                                           \
  }                                                                                                                    \
  KEEP s smod(s a, s b) {                                                                                              \
    u rest;                                                                                                            \
    divide(a < 0 ? -(u)a : (u)a, b < 0 ? -(u)b : (u)b, &rest);                                                         \
    return (s)(a < 0 ? -rest : rest);                                                                                  \
  }
WRAP(uint32_t, int32_t, divide32, __hexagon_udivsi3, __hexagon_umodsi3, __hexagon_divsi3, __hexagon_modsi3)
WRAP(uint64_t, int64_t, divide64, __hexagon_udivdi3, __hexagon_umoddi3, __hexagon_divdi3, __hexagon_moddi3)
