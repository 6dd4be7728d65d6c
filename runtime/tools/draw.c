/* Elements for tensors that nobody gave.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/tools/array.h"

#include <string.h>

/* SplitMix64: the same numbers everywhere. */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static bool is_float(int32_t dtype) {
  return dtype == BRISK_FLOAT32 || dtype == BRISK_FLOAT64 || dtype == BRISK_COMPLEX64 || dtype == BRISK_COMPLEX128;
}

void brisk_draw(const brisk_tensor *tensor, uint64_t *state) {
  const uint64_t count = brisk_count(tensor->rank, tensor->dims);
  const int32_t bits = brisk_dtype_bits(tensor->dtype);
  if (is_float(tensor->dtype)) {
    const bool wide = tensor->dtype == BRISK_FLOAT64 || tensor->dtype == BRISK_COMPLEX128;
    const uint64_t parts = tensor->capacity / (wide ? 8 : 4);
    for (uint64_t i = 0; i < parts; ++i) {
      const double value = (double)(next_random(state) >> 40) / (double)(1 << 23) - 1;
      if (wide)
        ((double *)tensor->data)[i] = value;
      else
        ((float *)tensor->data)[i] = (float)value;
    }
    return;
  }
  memset(tensor->data, 0, tensor->capacity);
  if (tensor->dtype == BRISK_FLOAT16 || tensor->dtype == BRISK_BFLOAT16) {
    const unsigned one = tensor->dtype == BRISK_FLOAT16 ? 0x3c00 : 0x3f80;
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t random = next_random(state);
      ((uint16_t *)tensor->data)[i] = (uint16_t)((random >> 40) % one | (random & 0x8000));
    }
    return;
  }
  /* One random bit at the bottom of each element. */
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t at = i * (uint64_t)bits;
    ((uint8_t *)tensor->data)[at / 8] |= (uint8_t)((next_random(state) >> 63) << at % 8);
  }
}
