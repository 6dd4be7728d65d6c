/* HVX intrinsics as the kernels use them, and what the kernels share.
 *
 * Bytes of activations are unsigned throughout (signed ones are stored plus 128), in blocks of four channels: a plane
 * holds one block, a pixel is a word of it, so that a vector is 32 neighbouring pixels of four channels. Rows follow
 * each other every `pitch` pixels; pixel (0, 0) lies on 128 bytes; what lies around the image is its halo.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_TARGETS_NPU_DEVICE_HVX_H
#define BRISK_TARGETS_NPU_DEVICE_HVX_H

#include "kernels.h"
#include <hexagon_types.h>
#include <hvx_hexagon_protos.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

/* The 32 words from byte `offset` of aligned memory. */
ALWAYS_INLINE HVX_Vector shifted(HVX_Vector low, HVX_Vector high, int32_t offset) {
  return Q6_V_valign_VVR(high, low, offset);
}

/* `count` times four sums of 32 pixels, one channel each, to 32 pixels of four bytes: (sum * 2^up + start) * factor / 2^31 /
 * 2^shift, rounded and saturated. Sums that stay far below 2^31 are first moved up, or the last rounding but one would be
 * seen. */
ALWAYS_INLINE void requantize(HVX_Vector (*sums)[4], int count, const npu_channels *channels, HVX_Vector *y) {
  const int32_t up = channels->up, shift = channels->shift;
  UNROLL for (int c = 0; c < 4; ++c) {
    const HVX_Vector start = Q6_V_vsplat_R(channels->start[c]), factor = Q6_V_vsplat_R(channels->factor[c]);
    UNROLL for (int n = 0; n < count; ++n) {
      HVX_Vector sum = Q6_Vw_vaslacc_VwVwR(start, sums[n][c], up);
      sums[n][c] = Q6_Vw_vmpyoacc_VwVwVh_s1_rnd_sat_shift(Q6_Vw_vmpye_VwVuh(sum, factor), sum, factor);
    }
  }
  UNROLL for (int n = 0; n < count; ++n) {
    HVX_Vector even = Q6_Vh_vasr_VwVwR_rnd_sat(sums[n][2], sums[n][0], shift);
    HVX_Vector odd = Q6_Vh_vasr_VwVwR_rnd_sat(sums[n][3], sums[n][1], shift);
    y[n] = Q6_Vub_vsat_VhVh(odd, even);
  }
}

/* The same by products of 16 bits, as channels->narrow tells. */
ALWAYS_INLINE void requantize_narrow(HVX_Vector (*sums)[4], int count, const npu_channels *channels, HVX_Vector *y) {
  const int32_t up = channels->up, even = channels->factor[0], odd = channels->factor[1];
  const HVX_Vector sign = Q6_V_vsplat_R(0x80808080);
  UNROLL for (int n = 0; n < count; ++n) {
    HVX_Vector a = Q6_Vh_vasr_VwVwR_rnd_sat(sums[n][2], sums[n][0], up);
    HVX_Vector b = Q6_Vh_vasr_VwVwR_rnd_sat(sums[n][3], sums[n][1], up);
    a = Q6_Vh_vmpy_VhRh_s1_rnd_sat(a, even);
    b = Q6_Vh_vmpy_VhRh_s1_rnd_sat(b, odd);
    y[n] = Q6_V_vxor_VV(Q6_Vb_vasr_VhVhR_rnd_sat(b, a, 7), sign);
  }
}

/* Writes `value` (four bytes) around the image of every plane. */
void npu_fill_halo(const npu_image *image, uint8_t *planes, int32_t count, int32_t value);

#endif
