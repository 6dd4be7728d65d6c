/* Every second pixel of every second row as an image of its own, so that what strides by two walks one by one.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

void brisk_npu_split(const npu_split *p, const uint8_t *x, uint8_t *y) {
  for (int32_t b = 0; b < p->blocks; ++b, x += p->x_plane, y += 4 * p->y_plane)
    for (int32_t r = 0; r < 2 * p->rows; ++r) {
      const int32_t phase = (r & 1) * 2;
      if (!(p->phases >> phase & 3))
        continue;
      const uint8_t *source = x + 4 * (p->x_first + r * p->x_pitch);
      const int32_t offset = (int32_t)source & 127;
      const HVX_Vector *from = (const HVX_Vector *)(source - offset);
      uint8_t *to = y + phase * p->y_plane + 4 * (p->y_first + (r >> 1) * p->y_pitch);
      HVX_Vector low = *from++;
      for (int32_t i = 0; i < p->columns; i += 32, to += 128) {
        HVX_Vector middle = *from++, high = *from++;
        HVX_VectorPair halves = Q6_W_vdeal_VVR(shifted(middle, high, offset), shifted(low, middle, offset), -4);
        low = high;
        /* What is too much of a row is overwritten by the next one. */
        *(HVX_UVector *)to = Q6_V_lo_W(halves);
        *(HVX_UVector *)(to + p->y_plane) = Q6_V_hi_W(halves);
      }
    }
}
