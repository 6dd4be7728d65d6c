/* Convolutions and matrix products: sums of products of four bytes each in registers, two vectors of 32 a packet.
 *
 * A tile is 4 B channels of `n` vectors of pixels: its sums stay in registers over all taps and inputs. Every step loads a
 * vector of pixels (four channels each) for each of the n, and four words of weights for each of the B.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

/* One step of a tile: `w` has four words for each block of outputs. */
#define STEP(B, N, X)                                                                                                  \
  UNROLL for (int b = 0; b < (B); ++b) {                                                                               \
    const uint64_t w01 = weights[b][0], w23 = weights[b][1];                                                           \
    weights[b] += 2;                                                                                                   \
    UNROLL for (int n = 0; n < (N); ++n) {                                                                             \
      sums[b][n][0] = Q6_Vw_vrmpyacc_VwVubRb(sums[b][n][0], (X)[n], (int32_t)w01);                                     \
      sums[b][n][1] = Q6_Vw_vrmpyacc_VwVubRb(sums[b][n][1], (X)[n], (int32_t)(w01 >> 32));                             \
      sums[b][n][2] = Q6_Vw_vrmpyacc_VwVubRb(sums[b][n][2], (X)[n], (int32_t)w23);                                     \
      sums[b][n][3] = Q6_Vw_vrmpyacc_VwVubRb(sums[b][n][3], (X)[n], (int32_t)(w23 >> 32));                             \
    }                                                                                                                  \
  }

#define TILE(B, N)                                                                                                     \
  static __attribute__((noinline)) void tile_##B##_##N(const npu_convolve *p, const uint8_t *x, const int32_t *taps,   \
                                                       const uint64_t *w, const npu_channels *channels, uint8_t *y) {  \
    HVX_Vector sums[B][N][4];                                                                                          \
    const uint64_t *weights[B];                                                                                        \
    const int32_t inputs = p->inputs, plane = p->x_plane, count = p->taps;                                             \
    UNROLL for (int b = 0; b < (B); ++b) {                                                                             \
      weights[b] = w + 2 * b * p->taps * inputs;                                                                       \
      UNROLL for (int c = 0; c < 4; ++c) { UNROLL for (int n = 0; n < (N); ++n) sums[b][n][c] = Q6_V_vzero(); }        \
    }                                                                                                                  \
    if (inputs == 1) {                                                                                                 \
      for (int32_t t = 0; t < count; ++t) {                                                                            \
        const int32_t offset = taps[t];                                                                                \
        const HVX_Vector *from = (const HVX_Vector *)(x + (offset & -128));                                            \
        HVX_Vector v[N], low = from[0];                                                                                \
        UNROLL for (int n = 0; n < (N); ++n) {                                                                         \
          HVX_Vector high = from[n + 1];                                                                               \
          v[n] = shifted(low, high, offset);                                                                           \
          low = high;                                                                                                  \
        }                                                                                                              \
        STEP(B, N, v)                                                                                                  \
      }                                                                                                                \
    } else                                                                                                             \
      for (int32_t t = 0; t < count; ++t) {                                                                            \
        const int32_t offset = taps[t];                                                                                \
        const uint8_t *from = x + (offset & -128);                                                                     \
        if (!(offset & 127)) {                                                                                         \
          for (int32_t k = 0; k < inputs; ++k, from += plane) {                                                        \
            HVX_Vector v[N];                                                                                           \
            UNROLL for (int n = 0; n < (N); ++n) v[n] = ((const HVX_Vector *)from)[n];                                 \
            STEP(B, N, v)                                                                                              \
          }                                                                                                            \
        } else {                                                                                                       \
          for (int32_t k = 0; k < inputs; ++k, from += plane) {                                                        \
            HVX_Vector v[N], low = ((const HVX_Vector *)from)[0];                                                      \
            UNROLL for (int n = 0; n < (N); ++n) {                                                                     \
              HVX_Vector high = ((const HVX_Vector *)from)[n + 1];                                                     \
              v[n] = shifted(low, high, offset);                                                                       \
              low = high;                                                                                              \
            }                                                                                                          \
            STEP(B, N, v)                                                                                              \
          }                                                                                                            \
        }                                                                                                              \
      }                                                                                                                \
    UNROLL for (int b = 0; b < (B); ++b) {                                                                             \
      if (channels[b].form == NPU_HALF)                                                                                \
        requantize(sums[b], N, NPU_HALF, &channels[b], (HVX_Vector *)(y + b * p->y.plane));                            \
      else                                                                                                             \
        requantize(sums[b], N, NPU_EXACT, &channels[b], (HVX_Vector *)(y + b * p->y.plane));                           \
    }                                                                                                                  \
  }

/* Of one pixel each, `count` times B blocks: no taps, and the first products are no sums. */
#define POINT(B, N)                                                                                                    \
  static __attribute__((noinline)) void point_##B##_##N(const npu_convolve *p, const uint8_t *restrict x,              \
                                                        const uint64_t *w, const npu_channels *channels,               \
                                                        uint8_t *restrict y, int32_t count) {                          \
    const int32_t inputs = p->inputs, plane = p->x_plane, y_plane = p->y.plane;                                        \
    for (; count > 0; --count, channels += (B), y += (B) * y_plane, w += 2 * (B) * inputs) {                           \
      HVX_Vector sums[B][N][4], v[N];                                                                                  \
      const uint64_t *weights[B];                                                                                      \
      const uint8_t *from = x;                                                                                         \
      UNROLL for (int n = 0; n < (N); ++n) v[n] = ((const HVX_Vector *)from)[n];                                       \
      UNROLL for (int b = 0; b < (B); ++b) {                                                                           \
        weights[b] = w + 2 * b * inputs;                                                                               \
        UNROLL for (int n = 0; n < (N); ++n) {                                                                         \
          sums[b][n][0] = Q6_Vw_vrmpy_VubRb(v[n], (int32_t)weights[b][0]);                                             \
          sums[b][n][1] = Q6_Vw_vrmpy_VubRb(v[n], (int32_t)(weights[b][0] >> 32));                                     \
          sums[b][n][2] = Q6_Vw_vrmpy_VubRb(v[n], (int32_t)weights[b][1]);                                             \
          sums[b][n][3] = Q6_Vw_vrmpy_VubRb(v[n], (int32_t)(weights[b][1] >> 32));                                     \
        }                                                                                                              \
        weights[b] += 2;                                                                                               \
      }                                                                                                                \
      for (int32_t k = 1; k < inputs; ++k) {                                                                           \
        from += plane;                                                                                                 \
        UNROLL for (int n = 0; n < (N); ++n) v[n] = ((const HVX_Vector *)from)[n];                                     \
        STEP(B, N, v)                                                                                                  \
      }                                                                                                                \
      UNROLL for (int b = 0; b < (B); ++b) {                                                                           \
        if (channels[b].form == NPU_HALF)                                                                              \
          requantize(sums[b], N, NPU_HALF, &channels[b], (HVX_Vector *)(y + b * y_plane));                             \
        else                                                                                                           \
          requantize(sums[b], N, NPU_EXACT, &channels[b], (HVX_Vector *)(y + b * y_plane));                            \
      }                                                                                                                \
    }                                                                                                                  \
  }

TILE(1, 1)
TILE(1, 2)
TILE(1, 3)
TILE(1, 4)
TILE(1, 5)
TILE(1, 6)
TILE(2, 1)
TILE(2, 2)
TILE(2, 3)
POINT(1, 1)
POINT(1, 2)
POINT(1, 3)
POINT(1, 4)
POINT(1, 5)
POINT(1, 6)
POINT(2, 3)
POINT(3, 2)
POINT(6, 1)

typedef void (*tile_fn)(const npu_convolve *, const uint8_t *, const int32_t *, const uint64_t *, const npu_channels *,
                        uint8_t *);
static const tile_fn one[] = {0, tile_1_1, tile_1_2, tile_1_3, tile_1_4, tile_1_5, tile_1_6};
static const tile_fn two[] = {0, tile_2_1, tile_2_2, tile_2_3};

typedef void (*point_fn)(const npu_convolve *, const uint8_t *, const uint64_t *, const npu_channels *, uint8_t *,
                         int32_t);
static const point_fn single[] = {0, point_1_1, point_1_2, point_1_3, point_1_4, point_1_5, point_1_6};
static const point_fn many[] = {0, point_6_1, point_3_2, point_2_3};

static void points(const npu_convolve *p, const uint8_t *x, const uint64_t *weights, const npu_channels *channels,
                   uint8_t *y) {
  for (int32_t at = 0; at < p->vectors;) {
    const int32_t left = p->vectors - at, n = left >= 6 ? 6 : left;
    const int32_t together = n <= 3 ? 6 / n : 1, count = n <= 3 ? p->outputs / together : 0, b = count * together;
    if (count)
      many[n](p, x, weights, channels, y, count);
    single[n](p, x, weights + 2 * b * p->inputs, channels + b, y + b * p->y.plane, p->outputs - b);
    x += 128 * n;
    y += 128 * n;
    at += n;
  }
}

void brisk_npu_convolve(const npu_convolve *p, const uint8_t *x, const int32_t *taps, const uint64_t *weights,
                        const npu_channels *channels, uint8_t *y) {
  const int32_t block = 2 * p->taps * p->inputs;
  x += p->x_origin;
  uint8_t *out = y + p->y.origin;
  if (p->taps == 1 && !(taps[0] & 127))
    points(p, x + taps[0], weights, channels, out);
  else
    for (int32_t at = 0; at < p->vectors;) {
      const int32_t left = p->vectors - at;
      const int32_t n = left >= 6 ? 6 : left, pair = n <= 3;
      int32_t b = 0;
      if (pair)
        for (; b + 2 <= p->outputs; b += 2)
          two[n](p, x + at * 128, taps, weights + b * block, channels + b, out + b * p->y.plane + at * 128);
      for (; b < p->outputs; ++b)
        one[n](p, x + at * 128, taps, weights + b * block, channels + b, out + b * p->y.plane + at * 128);
      at += n;
    }
  if (p->y.halo)
    npu_fill_halo(&p->y, y, p->outputs, p->halo);
}
