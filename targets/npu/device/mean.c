/* Means over all pixels of a channel.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

/* The sum of all lanes, in every lane. */
ALWAYS_INLINE HVX_Vector total(HVX_Vector v) {
  UNROLL for (int step = 64; step >= 4; step /= 2) v = Q6_Vw_vadd_VwVw(v, Q6_V_vror_VR(v, step));
  return v;
}

void brisk_npu_mean(const npu_mean *p, const uint8_t *x, const HVX_Vector *masks, const npu_channels *channels,
                    uint8_t *y) {
  const int32_t count = p->vectors;
  x += p->x_origin;
  for (int32_t b = 0; b < p->blocks; ++b, x += p->x_plane, y += p->y_plane, ++channels) {
    const HVX_Vector *from = (const HVX_Vector *)x;
    HVX_Vector s0 = Q6_V_vzero(), s1 = s0, s2 = s0, s3 = s0;
    for (int32_t i = 0; i < count; ++i) {
      HVX_Vector v = Q6_V_vand_VV(from[i], masks[i]);
      s0 = Q6_Vw_vrmpyacc_VwVubRb(s0, v, 0x00000001);
      s1 = Q6_Vw_vrmpyacc_VwVubRb(s1, v, 0x00000100);
      s2 = Q6_Vw_vrmpyacc_VwVubRb(s2, v, 0x00010000);
      s3 = Q6_Vw_vrmpyacc_VwVubRb(s3, v, 0x01000000);
    }
    HVX_Vector sums[1][4] = {{total(s0), total(s1), total(s2), total(s3)}};
    requantize(sums, 1, NPU_EXACT, channels, (HVX_Vector *)y);
  }
}
