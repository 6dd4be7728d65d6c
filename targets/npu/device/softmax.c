/* Softmax of bytes: exponentials are tables of two bytes, sums are exact, quotients products with 1 / sum.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

enum { MAX_BLOCKS = 512 };

void brisk_npu_softmax(const npu_softmax *p, const uint8_t *restrict x, const HVX_Vector *restrict tables,
                       uint8_t *restrict y) {
  static HVX_Vector powers[MAX_BLOCKS][2];
  const HVX_Vector h0 = tables[0], h1 = tables[1], l0 = tables[2], l1 = tables[3];
  const int32_t blocks = p->blocks, x_plane = p->x_plane, y_plane = p->y.plane, one = p->one;
  for (int32_t g = 0; g < p->groups; ++g)
    for (int32_t at = 0; at < p->vectors; ++at) {
      const uint8_t *from = x + p->x_origin + g * blocks * x_plane + 128 * at;
      uint8_t *to = y + p->y.origin + g * blocks * y_plane + 128 * at;
      /* The largest of all channels, in each byte of the pixel. */
      HVX_Vector most = Q6_V_vzero();
      for (int32_t b = 0; b < blocks; ++b)
        most = Q6_Vub_vmax_VubVub(most, *(const HVX_Vector *)(from + b * x_plane));
      most = Q6_Vub_vmax_VubVub(most, Q6_V_vor_VV(Q6_Vuw_vlsr_VuwR(most, 16), Q6_Vw_vasl_VwR(most, 16)));
      most = Q6_Vub_vmax_VubVub(most, Q6_V_vor_VV(Q6_Vuh_vlsr_VuhR(most, 8), Q6_Vh_vasl_VhR(most, 8)));
      HVX_Vector high_sum = Q6_V_vzero(), low_sum = high_sum;
      for (int32_t b = 0; b < blocks; ++b) {
        HVX_Vector below = Q6_Vb_vsub_VbVb(most, *(const HVX_Vector *)(from + b * x_plane));
        HVX_Vector high = looked_up(below, h0, h1), low = looked_up(below, l0, l1);
        powers[b][0] = high;
        powers[b][1] = low;
        high_sum = Q6_Vw_vrmpyacc_VwVubRb(high_sum, high, 0x01010101);
        low_sum = Q6_Vw_vrmpyacc_VwVubRb(low_sum, low, 0x01010101);
      }
      /* one * 2^22 / sum: of products of that 15 bits go, and the last 7. */
      uint32_t sums[32] __attribute__((aligned(128)));
      *(HVX_Vector *)sums = Q6_Vw_vadd_VwVw(Q6_Vw_vasl_VwR(high_sum, 8), low_sum);
      for (int32_t i = 0; i < 32; ++i)
        sums[i] = (((uint32_t)one << 22) / sums[i]) * 0x10001u;
      const HVX_Vector share = *(HVX_Vector *)sums;
      for (int32_t b = 0; b < blocks; ++b, to += y_plane) {
        HVX_VectorPair power = Q6_Wb_vshuffoe_VbVb(powers[b][0], powers[b][1]);
        HVX_VectorPair even = Q6_Wuw_vmpy_VuhVuh(Q6_V_lo_W(power), share),
                       odd = Q6_Wuw_vmpy_VuhVuh(Q6_V_hi_W(power), share);
        HVX_Vector a = Q6_Vuh_vasr_VwVwR_rnd_sat(Q6_V_hi_W(even), Q6_V_lo_W(even), 15);
        HVX_Vector b_ = Q6_Vuh_vasr_VwVwR_rnd_sat(Q6_V_hi_W(odd), Q6_V_lo_W(odd), 15);
        *(HVX_Vector *)to = Q6_Vub_vasr_VuhVuhR_rnd_sat(b_, a, 7);
      }
    }
  if (p->y.halo)
    npu_fill_halo(&p->y, y, p->groups * blocks, p->halo);
}
