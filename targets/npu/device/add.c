/* Sums of two quantized tensors. Weights have 14 bits: their high halves and, shifted, their low ones.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

void brisk_npu_add(const npu_add *p, const HVX_Vector *restrict a, const HVX_Vector *restrict b, HVX_Vector *restrict y) {
  const HVX_Vector start = Q6_V_vsplat_R(p->start), least = Q6_V_vsplat_R(p->least), most = Q6_V_vsplat_R(p->most);
  const HVX_VectorPair starts = Q6_W_vcombine_VV(start, start);
  const int32_t high = p->high, low = p->low, bits = p->bits, count = p->vectors;
#define SUM(i)                                                                                                         \
  HVX_VectorPair both = Q6_W_vcombine_VV(b[i], a[i]), fine = Q6_Wh_vmpa_WubRb(both, low);                              \
  HVX_VectorPair coarse = Q6_Wh_vmpaacc_WhWubRb(starts, both, high);                                                   \
  HVX_Vector even = Q6_Vh_vasracc_VhVhR(Q6_V_lo_W(coarse), Q6_V_lo_W(fine), 7);                                        \
  HVX_Vector odd = Q6_Vh_vasracc_VhVhR(Q6_V_hi_W(coarse), Q6_V_hi_W(fine), 7);                                         \
  HVX_Vector sum = Q6_Vub_vasr_VhVhR_rnd_sat(odd, even, bits);
#define WHOLE(i)                                                                                                       \
  {                                                                                                                    \
    SUM(i)                                                                                                             \
    y[i] = sum;                                                                                                        \
  }
#define BOUNDED(i)                                                                                                     \
  {                                                                                                                    \
    SUM(i)                                                                                                             \
    y[i] = Q6_Vub_vmin_VubVub(Q6_Vub_vmax_VubVub(sum, least), most);                                                   \
  }
#define ALL(ONE)                                                                                                       \
  {                                                                                                                    \
    for (; i + 4 <= count; i += 4, a += 4, b += 4, y += 4) {                                                           \
      ONE(0)                                                                                                           \
      ONE(1)                                                                                                           \
      ONE(2)                                                                                                           \
      ONE(3)                                                                                                           \
    }                                                                                                                  \
    for (; i < count; ++i, ++a, ++b, ++y)                                                                              \
      ONE(0)                                                                                                           \
  }
  int32_t i = 0;
  /* Saturation is bound enough where all bytes are. */
  if (p->least == 0 && p->most == -1)
    ALL(WHOLE)
  else
    ALL(BOUNDED)
  if (p->y.halo)
    npu_fill_halo(&p->y, (uint8_t *)(y - count), p->planes, p->halo);
}
