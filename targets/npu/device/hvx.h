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

/* Writes `value` (four bytes) around the image of every plane. */
void npu_fill_halo(const npu_image *image, uint8_t *planes, int32_t count, int32_t value);

#endif
