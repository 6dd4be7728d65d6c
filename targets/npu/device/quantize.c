/* Floats to bytes without floats: HVX has none on these machines.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

/* One block: `count` planes of floats to words. */
ALWAYS_INLINE void rows(const npu_quantize *p, const int32_t *x, uint8_t *y, int count) {
  const int32_t height = p->y.height, width = p->y.width, size = height * width, pitch = 4 * p->y.pitch;
  const HVX_Vector mantissa = Q6_V_vsplat_R(p->mantissa), zero = Q6_V_vsplat_R(p->zero);
  const HVX_Vector exponent = Q6_V_vsplat_R(127 + 30 - 1 - p->exponent);
  const HVX_Vector fill = Q6_V_vsplat_R(count == 4 ? 0 : (int32_t)((uint32_t)p->fill * 0x01010101u << 8 * (count & 3)));
  for (int32_t r = 0; r < height; ++r, x += width, y += pitch)
    for (int32_t c = 0; c < width; c += 32) {
      HVX_Vector word = fill;
      UNROLL for (int k = 0; k < count; ++k) {
        HVX_Vector byte = quantized(*(const HVX_UVector *)(x + k * size + c), mantissa, exponent, zero);
        word = Q6_V_vor_VV(word, Q6_Vw_vasl_VwR(byte, 8 * k));
      }
      /* What is too much of a row is overwritten by the next one, or is halo. */
      *(HVX_UVector *)(y + 4 * c) = word;
    }
}

void brisk_npu_quantize(const npu_quantize *p, const int32_t *x, uint8_t *y) {
  const int32_t size = p->y.height * p->y.width, blocks = (p->channels + 3) / 4;
  for (int32_t b = 0; b < blocks; ++b) {
    const int32_t *from = x + 4 * b * size;
    uint8_t *to = y + b * p->y.plane + p->y.origin;
    switch (p->channels - 4 * b) {
    case 1:
      rows(p, from, to, 1);
      break;
    case 2:
      rows(p, from, to, 2);
      break;
    case 3:
      rows(p, from, to, 3);
      break;
    default:
      rows(p, from, to, 4);
    }
  }
  if (p->y.halo)
    npu_fill_halo(&p->y, y, blocks, p->halo);
}
