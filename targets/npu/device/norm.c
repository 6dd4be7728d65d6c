/* Norms over the channels of a pixel: sums and sums of squares on vectors, a square root a pixel, then products of 16
 * bits.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

float sqrtf(float x);

/* Of one pixel: how far its bytes are shifted to the left, its mean shifted so, 2^15 / deviation, the same way, and the
 * product of that with what was rounded off the mean. */
static void measure(const npu_norm *p, uint32_t sum, uint32_t squares, int32_t *shift, int32_t *mean, int32_t *inverse,
                    int32_t *rest) {
  union {
    int32_t bits;
    float value;
  } epsilon = {p->epsilon}, scale;
  const uint64_t d = p->channels;
  const float count = (float)p->channels, spread = (float)(d * squares - (uint64_t)sum * sum) / (count * count);
  const float deviation = sqrtf(spread + epsilon.value);
  /* deviation = fraction * 2^e with fraction in [1, 2). */
  scale.value = deviation;
  const int32_t e = (scale.bits >> 23) - 127;
  scale.bits = (scale.bits & 0x007fffff) | 127 << 23;
  int32_t left = p->bits - 1 - e;
  if (left > 15) { /* nothing but the mean is there */
    *shift = *mean = *inverse = *rest = 0;
    return;
  }
  left = left < 0 ? 0 : left;
  *shift = left;
  const float exact = (float)sum * (float)(1 << left) / count;
  *mean = (int32_t)(exact + 0.5f);
  *inverse = (int32_t)(32767.0f / scale.value + 0.5f);
  *rest = (int32_t)((exact - (float)*mean) * (float)*inverse);
}

void brisk_npu_norm(const npu_norm *p, const uint8_t *restrict x, const npu_channels *restrict channels,
                    uint8_t *restrict y) {
  const int32_t blocks = p->blocks, x_plane = p->x_plane, y_plane = p->y.plane;
  for (int32_t at = 0; at < p->vectors; ++at) {
    const uint8_t *from = x + p->x_origin + 128 * at;
    uint8_t *to = y + p->y.origin + 128 * at;
    HVX_Vector sum = Q6_V_vzero(), square = sum;
    for (int32_t b = 0; b < blocks; ++b) {
      HVX_Vector v = *(const HVX_Vector *)(from + b * x_plane);
      sum = Q6_Vw_vrmpyacc_VwVubRb(sum, v, 0x01010101);
      square = Q6_Vuw_vrmpyacc_VuwVubVub(square, v, v);
    }
    uint32_t sums[32] __attribute__((aligned(128))), squares[32] __attribute__((aligned(128)));
    uint32_t shifts[32] __attribute__((aligned(128)));
    int32_t rests[32] __attribute__((aligned(128)));
    *(HVX_Vector *)sums = sum;
    *(HVX_Vector *)squares = square;
    for (int32_t i = 0; i < 32; ++i) {
      int32_t shift, mean, inverse;
      measure(p, sums[i], squares[i], &shift, &mean, &inverse, &rests[i]);
      shifts[i] = (uint32_t)shift * 0x10001u;
      sums[i] = ((uint32_t)mean & 0xffffu) * 0x10001u;
      squares[i] = (uint32_t)inverse * 0x10001u;
    }
    const HVX_Vector shift = *(HVX_Vector *)shifts, mean = *(HVX_Vector *)sums, inverse = *(HVX_Vector *)squares;
    const HVX_Vector rest = *(HVX_Vector *)rests;
    for (int32_t b = 0; b < blocks; ++b, to += y_plane) {
      HVX_VectorPair wide = Q6_Wuh_vzxt_Vub(*(const HVX_Vector *)(from + b * x_plane));
      HVX_Vector half[2] = {Q6_V_lo_W(wide), Q6_V_hi_W(wide)}, normals[1][4];
      UNROLL for (int i = 0; i < 2; ++i) {
        /* What does not fit 16 bits comes back when the mean is taken off. */
        half[i] = Q6_Vh_vsub_VhVh(Q6_Vh_vasl_VhVh(half[i], shift), mean);
        HVX_VectorPair normal = Q6_Ww_vmpy_VhVh(half[i], inverse);
        normals[0][i] = Q6_Vw_vsub_VwVw(Q6_V_lo_W(normal), rest);
        normals[0][2 + i] = Q6_Vw_vsub_VwVw(Q6_V_hi_W(normal), rest);
      }
      requantize(normals, 1, NPU_EXACT, channels + b, (HVX_Vector *)to);
    }
  }
  if (p->y.halo)
    npu_fill_halo(&p->y, y, blocks, p->halo);
}
