/* Every second pixel of every second row as an image of its own, so that what strides by two walks one by one.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

/* Rows of which 64 pixels are enough. */
static __attribute__((noinline)) void narrow_rows(const uint8_t *source, int32_t step, uint8_t *restrict even,
                                                  uint8_t *restrict odd, int32_t to_step, int32_t rows) {
  for (int32_t r = 0; r < rows; ++r, source += step, even += to_step, odd += to_step) {
    const HVX_Vector *from = (const HVX_Vector *)((int32_t)source & -128);
    HVX_Vector middle = from[1];
    HVX_VectorPair halves =
        Q6_W_vdeal_VVR(shifted(middle, from[2], (int32_t)source), shifted(from[0], middle, (int32_t)source), -4);
    /* What is too much of a row is overwritten by the next one. */
    *(HVX_UVector *)even = Q6_V_lo_W(halves);
    *(HVX_UVector *)odd = Q6_V_hi_W(halves);
  }
}

static __attribute__((noinline)) void wide_rows(const uint8_t *source, int32_t step, uint8_t *restrict even,
                                                uint8_t *restrict odd, int32_t to_step, int32_t rows, int32_t chunks) {
  for (int32_t r = 0; r < rows; ++r, source += step, even += to_step, odd += to_step) {
    const int32_t offset = (int32_t)source;
    const HVX_Vector *from = (const HVX_Vector *)(offset & -128);
    HVX_UVector *a = (HVX_UVector *)even, *b = (HVX_UVector *)odd;
    HVX_Vector low = *from++;
    for (int32_t i = 0; i < chunks; ++i) {
      HVX_Vector middle = *from++, high = *from++;
      HVX_VectorPair halves = Q6_W_vdeal_VVR(shifted(middle, high, offset), shifted(low, middle, offset), -4);
      low = high;
      *a++ = Q6_V_lo_W(halves);
      *b++ = Q6_V_hi_W(halves);
    }
  }
}

void brisk_npu_split(const npu_split *p, const uint8_t *x, uint8_t *y) {
  const int32_t chunks = (p->columns + 31) / 32;
  x += 4 * p->x_first;
  y += 4 * p->y_first;
  for (int32_t b = 0; b < p->blocks; ++b, x += p->x_plane, y += 4 * p->y_plane)
    for (int32_t odd = 0; odd < 2; ++odd) {
      if (!(p->phases >> 2 * odd & 3))
        continue;
      const uint8_t *source = x + 4 * odd * p->x_pitch;
      uint8_t *to = y + 2 * odd * p->y_plane;
      if (chunks == 1)
        narrow_rows(source, 8 * p->x_pitch, to, to + p->y_plane, 4 * p->y_pitch, p->rows);
      else
        wide_rows(source, 8 * p->x_pitch, to, to + p->y_plane, 4 * p->y_pitch, p->rows, chunks);
    }
}
