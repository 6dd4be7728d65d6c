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

/* `count` times four sums of 32 pixels, one channel each, to even and odd halfwords, as channels->form tells, which the
 * compiler knows. One channel after the other: what belongs to it is then needed once. */
ALWAYS_INLINE void to_halves(HVX_Vector (*sums)[4], int count, int form, const npu_channels *channels,
                             HVX_Vector (*half)[2]) {
  if (form != NPU_NARROW)
    UNROLL for (int c = 0; c < 4; ++c) {
      const HVX_Vector start = Q6_V_vsplat_R(channels->start[c]), factor = Q6_V_vsplat_R(channels->factor[c]);
      UNROLL for (int n = 0; n < count; ++n) {
        if (form == NPU_HALF) {
          sums[n][c] = Q6_Vw_vmpyoacc_VwVwVh_s1_rnd_sat_shift(start, sums[n][c], factor);
        } else {
          HVX_Vector sum = Q6_Vw_vaslacc_VwVwR(start, sums[n][c], channels->up);
          sums[n][c] = Q6_Vw_vmpyoacc_VwVwVh_s1_rnd_sat_shift(Q6_Vw_vmpye_VwVuh(sum, factor), sum, factor);
        }
      }
    }
  const int32_t shift[2] = {form == NPU_NARROW ? channels->up : channels->shift,
                            form == NPU_NARROW ? channels->odd_up : channels->shift};
  UNROLL for (int n = 0; n < count; ++n) {
    half[n][0] = Q6_Vh_vasr_VwVwR_rnd_sat(sums[n][2], sums[n][0], shift[0]);
    half[n][1] = Q6_Vh_vasr_VwVwR_rnd_sat(sums[n][3], sums[n][1], shift[1]);
    if (form == NPU_NARROW)
      UNROLL for (int i = 0; i < 2; ++i) half[n][i] = Q6_Vh_vmpy_VhRh_s1_rnd_sat(half[n][i], channels->factor[i]);
  }
}

/* Those to 32 pixels of four bytes. */
ALWAYS_INLINE HVX_Vector to_bytes(const HVX_Vector *half, int form, const npu_channels *channels) {
  return form == NPU_NARROW
             ? Q6_V_vxor_VV(Q6_Vb_vasr_VhVhR_rnd_sat(half[1], half[0], channels->shift), Q6_V_vsplat_R(0x80808080))
             : Q6_Vub_vsat_VhVh(half[1], half[0]);
}

/* `count` times four sums to bytes. */
ALWAYS_INLINE void requantize(HVX_Vector (*sums)[4], int count, int form, const npu_channels *channels, HVX_Vector *y) {
  HVX_Vector half[6][2];
  to_halves(sums, count, form, channels, half);
  UNROLL for (int n = 0; n < count; ++n) y[n] = to_bytes(half[n], form, channels);
}

/* A table's entry for each byte; entries 64 q + i lie in byte q mod 2 of halfword i of vector q / 2. */
ALWAYS_INLINE HVX_Vector looked_up(HVX_Vector v, HVX_Vector t0, HVX_Vector t1) {
  HVX_Vector r = Q6_Vb_vlut32_VbVbI(v, t0, 0);
  r = Q6_Vb_vlut32or_VbVbVbI(r, v, t0, 1);
  r = Q6_Vb_vlut32or_VbVbVbI(r, v, t0, 2);
  r = Q6_Vb_vlut32or_VbVbVbI(r, v, t0, 3);
  r = Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 4);
  r = Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 5);
  r = Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 6);
  return Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 7);
}

/* 32 floats as round(x factor) + zero in [0, 255]; ties go away from zero. */
ALWAYS_INLINE HVX_Vector quantized(HVX_Vector x, HVX_Vector mantissa, HVX_Vector exponent, HVX_Vector zero) {
  const HVX_Vector none = Q6_V_vzero();
  HVX_Vector sign = Q6_Vw_vasr_VwR(x, 31), magnitude = Q6_V_vand_VV(x, Q6_V_vsplat_R(0x7fffffff));
  HVX_Vector m = Q6_V_vor_VV(Q6_Vw_vasl_VwR(Q6_V_vand_VV(x, Q6_V_vsplat_R(0x007fffff)), 7), Q6_V_vsplat_R(0x40000000));
  /* Both below 2^31: the product's high word, doubled. */
  HVX_Vector product = Q6_Vw_vmpyoacc_VwVwVh_s1_rnd_sat_shift(Q6_Vw_vmpye_VwVuh(m, mantissa), m, mantissa);
  /* How far to the right the integer lies, less one for rounding; 31 leaves nothing, 0 is far above 255. */
  HVX_Vector right = Q6_Vw_vsub_VwVw(exponent, Q6_Vuw_vlsr_VuwR(magnitude, 23));
  right = Q6_Vw_vmax_VwVw(Q6_Vw_vmin_VwVw(right, Q6_V_vsplat_R(31)), none);
  HVX_Vector y = Q6_Vw_vasr_VwVw(product, right);
  y = Q6_Vw_vasr_VwR(Q6_Vw_vadd_VwVw(y, Q6_V_vsplat_R(1)), 1);
  y = Q6_Vw_vadd_VwVw(Q6_Vw_vsub_VwVw(Q6_V_vxor_VV(y, sign), sign), zero);
  return Q6_Vw_vmin_VwVw(Q6_Vw_vmax_VwVw(y, none), Q6_V_vsplat_R(255));
}

/* Writes `value` (four bytes) around the image of every plane. */
void npu_fill_halo(const npu_image *image, uint8_t *planes, int32_t count, int32_t value);

#endif
