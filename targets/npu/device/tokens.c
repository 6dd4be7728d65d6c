/* Floats with a pixel's channels in a row to blocks and back; what is multiplied lies the other way.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

enum { MAX_BLOCKS = 2048 };

void brisk_npu_tokens(const npu_tokens *p, const int32_t *restrict x, uint8_t *restrict y) {
  static uint32_t words[MAX_BLOCKS + 32] __attribute__((aligned(128)));
  const int32_t channels = p->channels, blocks = (channels + 3) / 4, plane = p->y.plane, pixels = p->y.width;
  const HVX_Vector mantissa = Q6_V_vsplat_R(p->mantissa), zero = Q6_V_vsplat_R(p->zero);
  const HVX_Vector exponent = Q6_V_vsplat_R(127 + 30 - 1 - p->exponent);
  uint8_t *to = y + p->y.origin;
  for (int32_t i = 0; i < pixels; ++i, x += channels, to += 4) {
    for (int32_t c = 0; c < channels; c += 128) {
      HVX_Vector v[4];
      UNROLL for (int k = 0; k < 4; ++k) v[k] =
          quantized(*(const HVX_UVector *)(x + c + 32 * k), mantissa, exponent, zero);
      *(HVX_Vector *)(words + c / 4) = Q6_Vb_vpacke_VhVh(Q6_Vh_vpacke_VwVw(v[3], v[2]), Q6_Vh_vpacke_VwVw(v[1], v[0]));
    }
    if (channels & 3)
      words[blocks - 1] = (words[blocks - 1] & ((1u << 8 * (channels & 3)) - 1)) | (uint32_t)p->fill * 0x01010101u
                                                                                       << 8 * (channels & 3);
    uint8_t *word = to;
    for (int32_t b = 0; b < blocks; ++b, word += plane)
      *(uint32_t *)word = words[b];
  }
  if (p->y.halo)
    npu_fill_halo(&p->y, y, blocks, p->halo);
}

void brisk_npu_floats(const npu_floats *p, const uint8_t *restrict x, const HVX_Vector *restrict tables,
                      uint8_t *restrict y) {
  static uint32_t words[MAX_BLOCKS + 32] __attribute__((aligned(128)));
  const int32_t channels = p->channels, blocks = (channels + 3) / 4, plane = p->x.plane;
  for (int32_t r = 0; r < p->x.height; ++r)
    for (int32_t i = 0; i < p->x.width; ++i, y += 4 * channels) {
      const uint8_t *word = x + p->x.origin + 4 * (r * p->x.pitch + i);
      for (int32_t b = 0; b < blocks; ++b, word += plane)
        words[b] = *(const uint32_t *)word;
      for (int32_t c = 0; c < channels; c += 128) {
        const HVX_Vector v = *(const HVX_Vector *)(words + c / 4);
        HVX_Vector bytes[4];
        UNROLL for (int k = 0; k < 4; ++k) bytes[k] = looked_up(v, tables[2 * k], tables[2 * k + 1]);
        /* Bytes to halves, halves to words, in order. */
        HVX_VectorPair low = Q6_W_vshuff_VVR(bytes[1], bytes[0], -1), high = Q6_W_vshuff_VVR(bytes[3], bytes[2], -1);
        HVX_VectorPair first = Q6_W_vshuff_VVR(Q6_V_lo_W(high), Q6_V_lo_W(low), -2);
        HVX_VectorPair second = Q6_W_vshuff_VVR(Q6_V_hi_W(high), Q6_V_hi_W(low), -2);
        HVX_Vector out[4] = {Q6_V_lo_W(first), Q6_V_hi_W(first), Q6_V_lo_W(second), Q6_V_hi_W(second)};
        for (int32_t k = 0; k < 4; ++k) {
          const int32_t left = channels - c - 32 * k;
          if (left >= 32) {
            *(HVX_UVector *)(y + 4 * c + 128 * k) = out[k];
          } else if (left > 0) {
            uint32_t rest[32] __attribute__((aligned(128)));
            *(HVX_Vector *)rest = out[k];
            for (int32_t j = 0; j < left; ++j)
              ((uint32_t *)(y + 4 * c + 128 * k))[j] = rest[j];
          }
        }
      }
    }
}
