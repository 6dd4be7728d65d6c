/* What lies around an image.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

/* The same vector of every plane. */
static void fill(uint8_t *to, int32_t plane, int32_t count, HVX_Vector filled) {
  for (int32_t p = 0; p < count; ++p, to += plane)
    *(HVX_Vector *)to = filled;
}

/* Its words that `inside` has not. */
static void fill_outside(uint8_t *to, int32_t plane, int32_t count, HVX_VectorPred inside, HVX_Vector filled) {
  int32_t p = 0;
  for (; p + 4 <= count; p += 4, to += 4 * plane)
    UNROLL for (int i = 0; i < 4; ++i) {
      HVX_Vector *at = (HVX_Vector *)(to + i * plane);
      *at = Q6_V_vmux_QVV(inside, *at, filled);
    }
  for (; p < count; ++p, to += plane)
    *(HVX_Vector *)to = Q6_V_vmux_QVV(inside, *(HVX_Vector *)to, filled);
}

void npu_fill_halo(const npu_image *image, uint8_t *planes, int32_t count, int32_t value) {
  const HVX_Vector filled = Q6_V_vsplat_R(value);
  const int32_t height = image->height, width = image->width, pitch = image->pitch, plane = image->plane;
  const int32_t pixels = height * pitch, whole = (pixels + 31) / 32, origin = image->origin;
  for (int32_t at = 0; at < origin; at += 128)
    fill(planes + at, plane, count, filled);
  for (int32_t at = origin + 128 * whole; at < plane; at += 128)
    fill(planes + at, plane, count, filled);
  planes += origin;
  if (5 * height * (pitch - width) > 4 * whole) {
    /* Vector by vector, the pixel and the column of each word at hand. */
    const HVX_Vector widths = Q6_V_vsplat_R(width), pitches = Q6_V_vsplat_R(pitch), all = Q6_V_vsplat_R(pixels);
    uint32_t numbers[32] __attribute__((aligned(128)));
    for (int32_t i = 0; i < 32; ++i)
      numbers[i] = i;
    HVX_Vector pixel = *(HVX_Vector *)numbers, column = pixel;
    for (int32_t v = 0; v < whole; ++v, planes += 128) {
      for (int32_t i = 0; i < 32; i += pitch) {
        HVX_VectorPred past = Q6_Q_vcmp_gt_VwVw(pitches, column);
        column = Q6_V_vmux_QVV(past, column, Q6_Vw_vsub_VwVw(column, pitches));
      }
      HVX_VectorPred inside = Q6_Q_and_QQ(Q6_Q_vcmp_gt_VwVw(widths, column), Q6_Q_vcmp_gt_VwVw(all, pixel));
      fill_outside(planes, plane, count, inside, filled);
      pixel = Q6_Vw_vadd_VwVw(pixel, Q6_V_vsplat_R(32));
      column = Q6_Vw_vadd_VwVw(column, Q6_V_vsplat_R(32));
    }
    return;
  }
  for (int32_t p = 0; p < count; ++p, planes += plane) {
    int32_t *words = (int32_t *)planes;
    for (int32_t i = pixels; i < whole * 32; ++i)
      words[i] = value;
    /* Column by column: a loop of one store. */
    for (int32_t i = width; i < pitch; ++i) {
      int32_t *word = words + i;
      for (int32_t y = 0; y < height; ++y, word += pitch)
        *word = value;
    }
  }
}
