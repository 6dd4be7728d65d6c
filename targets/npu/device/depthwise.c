/* Convolution of each channel by itself. A product of four bytes by a word sums over the four channels of a pixel, so a
 * word that holds one weight and zeros picks a channel: four products a tap. Where four taps are transposed first, a word
 * holds the weights of four taps and four products do for all of them. Transposing takes the permute unit, which shifting
 * needs once a tap; one group in ten taps is the balance.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

/* Channel c of tap t of every pixel to byte t of vector c. */
#define TRANSPOSE(v)                                                                                                   \
  {                                                                                                                    \
    HVX_VectorPair a = Q6_W_vshuff_VVR((v)[1], (v)[0], 1), b = Q6_W_vshuff_VVR((v)[3], (v)[2], 1);                     \
    HVX_VectorPair c = Q6_W_vshuff_VVR(Q6_V_lo_W(b), Q6_V_lo_W(a), 2);                                                 \
    HVX_VectorPair d = Q6_W_vshuff_VVR(Q6_V_hi_W(b), Q6_V_hi_W(a), 2);                                                 \
    (v)[0] = Q6_V_lo_W(c);                                                                                             \
    (v)[1] = Q6_V_lo_W(d);                                                                                             \
    (v)[2] = Q6_V_hi_W(c);                                                                                             \
    (v)[3] = Q6_V_hi_W(d);                                                                                             \
  }

#define TILE(N, NAME, GROUPS, TAPS, LOOP)                                                                              \
  static __attribute__((noinline)) void NAME(const npu_depthwise *p, const uint8_t *x, const int32_t *taps,            \
                                             const uint64_t *w, const npu_channels *channel, HVX_Vector *restrict y) { \
    HVX_Vector sums[N][4];                                                                                             \
    (void)p;                                                                                                           \
    const int32_t groups = (GROUPS), count = (TAPS);                                                                   \
    UNROLL for (int c = 0; c < 4; ++c) {                                                                               \
      const HVX_Vector start = Q6_V_vsplat_R(channel->narrow ? channel->start[c] : 0);                                 \
      UNROLL for (int n = 0; n < (N); ++n) sums[n][c] = start;                                                         \
    }                                                                                                                  \
    LOOP for (int32_t g = 0; g < groups; ++g, w += 2) {                                                                \
      const uint64_t w01 = w[0], w23 = w[1];                                                                           \
      HVX_Vector low[4];                                                                                               \
      UNROLL for (int t = 0; t < 4; ++t) low[t] = *(const HVX_Vector *)(x + (taps[4 * g + t] & -128));                 \
      UNROLL for (int n = 0; n < (N); ++n) {                                                                           \
        HVX_Vector v[4];                                                                                               \
        UNROLL for (int t = 0; t < 4; ++t) {                                                                           \
          HVX_Vector high = ((const HVX_Vector *)(x + (taps[4 * g + t] & -128)))[n + 1];                               \
          v[t] = shifted(low[t], high, taps[4 * g + t]);                                                               \
          low[t] = high;                                                                                               \
        }                                                                                                              \
        TRANSPOSE(v)                                                                                                   \
        sums[n][0] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][0], v[0], (int32_t)w01);                                           \
        sums[n][1] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][1], v[1], (int32_t)(w01 >> 32));                                   \
        sums[n][2] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][2], v[2], (int32_t)w23);                                           \
        sums[n][3] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][3], v[3], (int32_t)(w23 >> 32));                                   \
      }                                                                                                                \
    }                                                                                                                  \
    LOOP for (int32_t t = 4 * groups; t < count; ++t, w += 2) {                                                        \
      const HVX_Vector *from = (const HVX_Vector *)(x + (taps[t] & -128));                                             \
      const uint64_t w01 = w[0], w23 = w[1];                                                                           \
      UNROLL for (int n = 0; n < (N); ++n) {                                                                           \
        HVX_Vector v = shifted(from[n], from[n + 1], taps[t]);                                                         \
        sums[n][0] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][0], v, (int32_t)w01);                                              \
        sums[n][1] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][1], v, (int32_t)(w01 >> 32));                                      \
        sums[n][2] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][2], v, (int32_t)w23);                                              \
        sums[n][3] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][3], v, (int32_t)(w23 >> 32));                                      \
      }                                                                                                                \
    }                                                                                                                  \
    if (channel->narrow)                                                                                               \
      requantize_narrow(sums, N, channel, y);                                                                          \
    else                                                                                                               \
      requantize(sums, N, channel, y);                                                                                 \
  }

#define NOT_UNROLLED
TILE(1, any_1, p->groups, p->taps, NOT_UNROLLED)
TILE(2, any_2, p->groups, p->taps, NOT_UNROLLED)
TILE(3, any_3, p->groups, p->taps, NOT_UNROLLED)
TILE(4, any_4, p->groups, p->taps, NOT_UNROLLED)
TILE(5, any_5, p->groups, p->taps, NOT_UNROLLED)
TILE(1, nine_1, 1, 9, UNROLL)
TILE(2, nine_2, 1, 9, UNROLL)
TILE(3, nine_3, 1, 9, UNROLL)
TILE(4, nine_4, 1, 9, UNROLL)
TILE(5, nine_5, 1, 9, UNROLL)

typedef void (*tile_fn)(const npu_depthwise *, const uint8_t *, const int32_t *, const uint64_t *, const npu_channels *,
                        HVX_Vector *);
static const tile_fn any[] = {0, any_1, any_2, any_3, any_4, any_5},
                     nine[] = {0, nine_1, nine_2, nine_3, nine_4, nine_5};

void brisk_npu_depthwise(const npu_depthwise *p, const uint8_t *x, const int32_t *taps, const uint64_t *weights,
                         const npu_channels *channels, uint8_t *y) {
  const tile_fn *tiles = p->taps == 9 && p->groups == 1 ? nine : any;
  const int32_t step = 2 * (p->taps - 3 * p->groups);
  x += p->x_origin;
  uint8_t *out = y + p->y.origin;
  for (int32_t b = 0; b < p->blocks; ++b, x += p->x_plane, out += p->y.plane, weights += step, ++channels)
    for (int32_t at = 0; at < p->vectors;) {
      const int32_t left = p->vectors - at, n = left >= 10 || left == 5 ? 5 : left > 5 ? left / 2 : left;
      tiles[n](p, x + 128 * at, taps, weights, channels, (HVX_Vector *)out + at);
      at += n;
    }
  if (p->y.halo)
    npu_fill_halo(&p->y, y, p->blocks, p->halo);
}
