/* Products of two images: what one has in a pixel's word is the weight that the other one's vectors are multiplied by.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

#define TILE(N)                                                                                                        \
  static __attribute__((noinline)) void tile_##N(const npu_product *p, const uint8_t *restrict x, const uint64_t *w,   \
                                                 const npu_channels *channels, uint8_t *restrict y) {                  \
    const int32_t inputs = p->inputs, plane = p->x_plane, y_plane = p->y.plane,                                        \
                  factor = (p->x_factor & 0xffff) * 0x10001;                                                           \
    const uint8_t *from = x;                                                                                           \
    HVX_Vector excess[N];                                                                                              \
    UNROLL for (int n = 0; n < (N); ++n) excess[n] = Q6_V_vzero();                                                     \
    if (factor)                                                                                                        \
      for (int32_t k = 0; k < inputs; ++k, from += plane)                                                              \
        UNROLL for (int n = 0; n < (N); ++n) excess[n] =                                                               \
            Q6_Vw_vrmpyacc_VwVubRb(excess[n], ((const HVX_Vector *)from)[n], 0x01010101);                              \
    UNROLL for (int n = 0; n < (N); ++n) excess[n] = Q6_Vw_vmpyi_VwRh(excess[n], factor);                              \
    for (int32_t b = 0; b < p->outputs; ++b, ++channels, y += y_plane) {                                               \
      HVX_Vector sums[N][4];                                                                                           \
      UNROLL for (int n = 0; n < (N); ++n) UNROLL for (int c = 0; c < 4; ++c) sums[n][c] = excess[n];                  \
      from = x;                                                                                                        \
      for (int32_t k = 0; k < inputs; ++k, from += plane, w += 2)                                                      \
        UNROLL for (int n = 0; n < (N); ++n) {                                                                         \
          HVX_Vector v = ((const HVX_Vector *)from)[n];                                                                \
          sums[n][0] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][0], v, (int32_t)w[0]);                                           \
          sums[n][1] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][1], v, (int32_t)(w[0] >> 32));                                   \
          sums[n][2] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][2], v, (int32_t)w[1]);                                           \
          sums[n][3] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][3], v, (int32_t)(w[1] >> 32));                                   \
        }                                                                                                              \
      requantize(sums, N, NPU_EXACT, channels, (HVX_Vector *)y);                                                       \
    }                                                                                                                  \
  }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
typedef void (*tile_fn)(const npu_product *, const uint8_t *, const uint64_t *, const npu_channels *, uint8_t *);
static const tile_fn tiles[] = {0, tile_1, tile_2, tile_3, tile_4};

static uint64_t weights[2 * NPU_PRODUCT_WEIGHTS] __attribute__((aligned(128)));
static npu_channels rows[NPU_PRODUCT_OUTPUTS];

/* Words (four pixels of four channels) to words of four pixels: bytes as of a matrix of four rows. */
ALWAYS_INLINE void transpose(const uint32_t *from, uint32_t *to) {
  const uint32_t a = from[0], b = from[1], c = from[2], d = from[3];
  const uint32_t ab0 = (a & 0x00ff00ff) | (b & 0x00ff00ff) << 8, ab1 = (a >> 8 & 0x00ff00ff) | (b & 0xff00ff00);
  const uint32_t cd0 = (c & 0x00ff00ff) | (d & 0x00ff00ff) << 8, cd1 = (c >> 8 & 0x00ff00ff) | (d & 0xff00ff00);
  to[0] = (ab0 & 0xffff) | cd0 << 16;
  to[1] = (ab1 & 0xffff) | cd1 << 16;
  to[2] = ab0 >> 16 | (cd0 & 0xffff0000);
  to[3] = ab1 >> 16 | (cd1 & 0xffff0000);
}

/* The weights of a group as tiles want them: for each block of y and of sums four words, one a channel of y. */
static void pack(const npu_product *p, const uint8_t *w) {
  const uint64_t sign = 0x8080808080808080u;
  uint64_t *to = weights;
  for (int32_t b = 0; b < p->outputs; ++b) {
    const uint8_t *from = p->across ? w + 16 * b : w + b * p->w_plane;
    const int32_t step = p->across ? p->w_plane : 16;
    if (p->across)
      for (int32_t k = 0; k < p->inputs; ++k, from += step, to += 2) {
        to[0] = ((const uint64_t *)from)[0] ^ sign;
        to[1] = ((const uint64_t *)from)[1] ^ sign;
      }
    else
      for (int32_t k = 0; k < p->inputs; ++k, from += step, to += 2) {
        transpose((const uint32_t *)from, (uint32_t *)to);
        to[0] ^= sign;
        to[1] ^= sign;
      }
  }
}

/* What each channel of y starts with: that of all, and the sum of what its weights are made of. */
static void start(const npu_product *p, const uint8_t *w, const npu_channels *channels) {
  for (int32_t b = 0; b < p->outputs; ++b)
    rows[b] = *channels;
  if (!p->w_factor)
    return;
  for (int32_t at = 0; at < p->outputs; at += 8, w += 128) {
    HVX_Vector sum = Q6_V_vzero();
    const uint8_t *from = w;
    for (int32_t k = 0; k < p->inputs; ++k, from += p->w_plane)
      sum = Q6_Vw_vrmpyacc_VwVubRb(sum, *(const HVX_Vector *)from, 0x01010101);
    int32_t sums[32] __attribute__((aligned(128)));
    *(HVX_Vector *)sums = sum;
    for (int32_t i = 0; i < 32 && at + i / 4 < p->outputs; ++i)
      rows[at + i / 4].start[i % 4] += (sums[i] * p->w_factor) << channels->up;
  }
}

void brisk_npu_product(const npu_product *p, const uint8_t *x, const uint8_t *w, const npu_channels *channels,
                       uint8_t *y) {
  x += p->x_origin;
  w += p->w_origin;
  uint8_t *out = y + p->y.origin;
  const int32_t w_blocks = p->across ? p->inputs : p->outputs;
  for (int32_t g = 0; g < p->groups; ++g) {
    pack(p, w);
    start(p, w, channels);
    for (int32_t at = 0, n; at < p->vectors; at += n) {
      n = p->vectors - at >= 4 ? 4 : p->vectors - at;
      tiles[n](p, x + 128 * at, weights, rows, out + 128 * at);
    }
    x += p->inputs * p->x_plane;
    w += w_blocks * p->w_plane;
    out += p->outputs * p->y.plane;
  }
  if (p->y.halo)
    npu_fill_halo(&p->y, y, p->groups * p->outputs, p->halo);
}
