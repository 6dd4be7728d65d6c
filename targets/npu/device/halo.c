/* What lies around an image.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

void npu_fill_halo(const npu_image *image, uint8_t *planes, int32_t count, int32_t value) {
  const HVX_Vector filled = Q6_V_vsplat_R(value);
  const int32_t height = image->height, pitch = image->pitch;
  const int32_t pixels = height * pitch, gap = pitch - image->width;
  const int32_t leading = image->origin / 128, end = image->plane / 128;
  /* From the last row's end to the next whole vector, then vectors. */
  const int32_t whole = (pixels + 31) / 32;
  for (int32_t p = 0; p < count; ++p, planes += image->plane) {
    HVX_Vector *vectors = (HVX_Vector *)planes;
    for (int32_t i = 0; i < leading; ++i)
      vectors[i] = filled;
    for (int32_t i = leading + whole; i < end; ++i)
      vectors[i] = filled;
    int32_t *words = (int32_t *)(planes + image->origin);
    for (int32_t i = pixels; i < whole * 32; ++i)
      words[i] = value;
    /* Column by column: a loop of one store. */
    for (int32_t i = 0; i < gap; ++i) {
      int32_t *word = words + image->width + i;
      for (int32_t y = 0; y < height; ++y, word += pitch)
        *word = value;
    }
  }
}
