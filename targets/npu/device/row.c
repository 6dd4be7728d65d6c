/* A matrix times one row: outputs on lanes, a vector of weights a packet.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

enum { MAX_INPUTS = 4096 };

void brisk_npu_row(const npu_row *p, const uint8_t *x, const HVX_Vector *restrict weights, const HVX_Vector *restrict channels,
                   uint8_t *y) {
  static uint32_t words[MAX_INPUTS] __attribute__((aligned(8)));
  const int32_t inputs = p->inputs, up = p->up, shift = p->shift;
  /* Weights are 128 too large: the sum of all inputs corrects for that. */
  uint32_t total = 0;
  x += p->x_origin;
  for (int32_t k = 0; k < inputs; ++k, x += p->x_plane) {
    const uint32_t word = *(const uint32_t *)x;
    words[k] = word;
    total += (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24);
  }
  const HVX_Vector correction = Q6_V_vsplat_R(-128 * (int32_t)total);
  y += p->y_origin;
  for (int32_t g = 0; g < p->outputs; ++g, channels += 8) {
    HVX_Vector s0 = correction, s1 = s0, s2 = s0, s3 = s0;
    for (int32_t k = 0; k < inputs; ++k, weights += 4) {
      const int32_t word = (int32_t)words[k];
      s0 = Q6_Vuw_vrmpyacc_VuwVubRub(s0, weights[0], word);
      s1 = Q6_Vuw_vrmpyacc_VuwVubRub(s1, weights[1], word);
      s2 = Q6_Vuw_vrmpyacc_VuwVubRub(s2, weights[2], word);
      s3 = Q6_Vuw_vrmpyacc_VuwVubRub(s3, weights[3], word);
    }
#define SCALED(c)                                                                                                      \
  s##c = Q6_Vw_vaslacc_VwVwR(channels[c], s##c, up);                                                                   \
  s##c = Q6_Vw_vmpyoacc_VwVwVh_s1_rnd_sat_shift(Q6_Vw_vmpye_VwVuh(s##c, channels[4 + c]), s##c, channels[4 + c]);
    SCALED(0)
    SCALED(1)
    SCALED(2)
    SCALED(3)
    HVX_Vector even = Q6_Vh_vasr_VwVwR_rnd_sat(s2, s0, shift), odd = Q6_Vh_vasr_VwVwR_rnd_sat(s3, s1, shift);
    uint32_t out[32] __attribute__((aligned(128)));
    *(HVX_Vector *)out = Q6_Vub_vsat_VhVh(odd, even);
    const int32_t count = p->y_blocks - 32 * g < 32 ? p->y_blocks - 32 * g : 32;
    for (int32_t i = 0; i < count; ++i, y += p->y_plane)
      *(uint32_t *)y = out[i];
  }
}
