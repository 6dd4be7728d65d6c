/* Maximum pools.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

ALWAYS_INLINE void plane(const uint8_t *x, const int32_t *taps, int32_t window, HVX_Vector *restrict to, int32_t count) {
  for (int32_t i = 0; i < count; i += 2) {
    /* Whatever lies past the image of an odd count is halo, which comes next. */
    HVX_Vector first = Q6_V_vzero(), second = first;
    for (int32_t t = 0; t < window; ++t) {
      const HVX_Vector *from = (const HVX_Vector *)(x + (taps[t] & -128)) + i;
      first = Q6_Vub_vmax_VubVub(first, shifted(from[0], from[1], taps[t]));
      second = Q6_Vub_vmax_VubVub(second, shifted(from[1], from[2], taps[t]));
    }
    to[i] = first;
    to[i + 1] = second;
  }
}

void brisk_npu_largest(const npu_largest *p, const uint8_t *x, const int32_t *taps, uint8_t *y) {
  x += p->x_origin;
  uint8_t *out = y + p->y.origin;
  for (int32_t b = 0; b < p->blocks; ++b, x += p->x_plane, out += p->y.plane)
    if (p->taps == 9)
      plane(x, taps, 9, (HVX_Vector *)out, p->vectors);
    else
      plane(x, taps, p->taps, (HVX_Vector *)out, p->vectors);
  if (p->y.halo)
    npu_fill_halo(&p->y, y, p->blocks, p->halo);
}
