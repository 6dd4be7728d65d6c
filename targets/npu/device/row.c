/* A matrix times one row: outputs on lanes, a vector of weights a packet.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

/* `count` words, `from_step` and `to_step` bytes apart. */
ALWAYS_INLINE void move_words(const uint8_t *restrict from, int32_t from_step, uint8_t *restrict to, int32_t to_step,
                              int32_t count) {
  int32_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint32_t words[8];
    UNROLL for (int k = 0; k < 8; ++k, from += from_step) words[k] = *(const uint32_t *)from;
    UNROLL for (int k = 0; k < 8; ++k, to += to_step) * (uint32_t *)to = words[k];
  }
  for (; i < count; ++i, from += from_step, to += to_step)
    *(uint32_t *)to = *(const uint32_t *)from;
}

void brisk_npu_row(const npu_row *p, const uint8_t *restrict x, const HVX_Vector *restrict weights,
                   const HVX_Vector *restrict channels, uint8_t *restrict y) {
  const int32_t inputs = p->inputs, plane = p->x_plane, up = p->up, shift = p->shift;
  x += p->x_origin;
  y += p->y_origin;
  /* Weights are 128 too large: their sums are corrected by those of as many halves, which take no packets of their own.
   */
  const HVX_Vector halves = Q6_V_vsplat_R(0x80808080);
  for (int32_t g = 0; g < p->outputs; ++g, channels += 8) {
    HVX_Vector s0 = Q6_V_vzero(), s1 = s0, s2 = s0, s3 = s0, excess = s0;
    const uint8_t *from = x;
    /* Four packets, as they are; unrolled, addresses would take some. */
    _Pragma("clang loop unroll(disable)") for (int32_t k = 0; k < inputs; ++k, weights += 4, from += plane) {
      const int32_t word = *(const int32_t *)from;
      s0 = Q6_Vuw_vrmpyacc_VuwVubRub(s0, weights[0], word);
      s1 = Q6_Vuw_vrmpyacc_VuwVubRub(s1, weights[1], word);
      s2 = Q6_Vuw_vrmpyacc_VuwVubRub(s2, weights[2], word);
      s3 = Q6_Vuw_vrmpyacc_VuwVubRub(s3, weights[3], word);
      excess = Q6_Vuw_vrmpyacc_VuwVubRub(excess, halves, word);
    }
#define SCALED(c)                                                                                                      \
  s##c = Q6_Vw_vsub_VwVw(s##c, excess);                                                                                \
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
    move_words((const uint8_t *)out, 4, y, p->y_plane, count);
    y += count * p->y_plane;
  }
}
