/* Between tensors as linalg has them and blocks of four channels.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

void brisk_npu_block(const npu_block *p, const uint8_t *x, uint8_t *y) {
  const int32_t blocks = (p->channels + 3) / 4;
  for (int32_t b = 0; b < blocks; ++b) {
    const int32_t count = p->channels - 4 * b < 4 ? p->channels - 4 * b : 4;
    for (int32_t r = 0; r < p->y.height; ++r) {
      const uint8_t *from = x + r * p->y.width * p->channels + 4 * b;
      uint32_t *to = (uint32_t *)(y + b * p->y.plane + p->y.origin) + r * p->y.pitch;
      for (int32_t c = 0; c < p->y.width; ++c, from += p->channels) {
        uint32_t word = 0;
        for (int32_t k = 0; k < count; ++k)
          word |= (uint32_t)(from[k] ^ p->flip) << 8 * k;
        to[c] = word;
      }
    }
  }
  if (p->y.halo)
    npu_fill_halo(&p->y, y, blocks, p->halo);
}

void brisk_npu_unblock(const npu_unblock *p, const uint8_t *x, uint8_t *y) {
  const int32_t blocks = (p->channels + 3) / 4;
  for (int32_t b = 0; b < blocks; ++b) {
    const int32_t count = p->channels - 4 * b < 4 ? p->channels - 4 * b : 4;
    for (int32_t r = 0; r < p->x.height; ++r) {
      uint8_t *to = y + r * p->x.width * p->channels + 4 * b;
      const uint32_t *from = (const uint32_t *)(x + b * p->x.plane + p->x.origin) + r * p->x.pitch;
      for (int32_t c = 0; c < p->x.width; ++c, to += p->channels)
        for (int32_t k = 0; k < count; ++k)
          to[k] = (uint8_t)(from[c] >> 8 * k) ^ (uint8_t)p->flip;
    }
  }
}
