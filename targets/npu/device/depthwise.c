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
      const HVX_Vector start = Q6_V_vsplat_R(channel->form == NPU_NARROW ? channel->start[c] : 0);                     \
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
    if (channel->form == NPU_NARROW)                                                                                   \
      requantize(sums, N, NPU_NARROW, channel, y);                                                                     \
    else if (channel->form == NPU_HALF)                                                                                \
      requantize(sums, N, NPU_HALF, channel, y);                                                                       \
    else                                                                                                               \
      requantize(sums, N, NPU_EXACT, channel, y);                                                                      \
  }

/* 32 pixels from anywhere. */
ALWAYS_INLINE HVX_Vector pixels(const uint8_t *x) {
  const HVX_Vector *from = (const HVX_Vector *)((int32_t)x & -128);
  return shifted(from[0], from[1], (int32_t)x);
}

/* Channel c of four rows of every pixel to vector c; `top` and `bottom` are two rows each, byte by byte. */
ALWAYS_INLINE void four_rows(HVX_VectorPair top, HVX_VectorPair bottom, HVX_Vector *v) {
  HVX_VectorPair c = Q6_W_vshuff_VVR(Q6_V_lo_W(bottom), Q6_V_lo_W(top), 2);
  HVX_VectorPair d = Q6_W_vshuff_VVR(Q6_V_hi_W(bottom), Q6_V_hi_W(top), 2);
  v[0] = Q6_V_lo_W(c);
  v[1] = Q6_V_lo_W(d);
  v[2] = Q6_V_hi_W(c);
  v[3] = Q6_V_hi_W(d);
}

/* One column of the window: four words, one a channel, for each row of results. */
ALWAYS_INLINE void column(HVX_Vector (*sums)[4], int count, const HVX_Vector *v, const uint64_t *w) {
  UNROLL for (int n = 0; n < count; ++n) {
    const uint64_t w01 = w[2 * n], w23 = w[2 * n + 1];
    sums[n][0] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][0], v[0], (int32_t)w01);
    sums[n][1] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][1], v[1], (int32_t)(w01 >> 32));
    sums[n][2] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][2], v[2], (int32_t)w23);
    sums[n][3] = Q6_Vw_vrmpyacc_VwVubRb(sums[n][3], v[3], (int32_t)(w23 >> 32));
  }
}

/* Windows three high and wide, down a strip of 30 columns: two rows of results share the four rows that they read. What
 * a step needs is read two steps before, what it finds is written one step later: it takes long from one to the other.
 */
#define STRIP(NAME, FORM)                                                                                              \
  static __attribute__((noinline)) void NAME(const uint8_t *restrict x, int32_t x_pitch, const uint64_t *w,            \
                                             const npu_channels *channel, uint8_t *restrict y, int32_t y_pitch,        \
                                             int32_t pairs) {                                                          \
    HVX_Vector starts[4], v[4], half[2][2], row[2];                                                                    \
    UNROLL for (int c = 0; c < 4; ++c) starts[c] = Q6_V_vsplat_R((FORM) == NPU_NARROW ? channel->start[c] : 0);        \
    UNROLL for (int n = 0; n < 2; ++n) half[n][0] = half[n][1] = starts[0];                                            \
    HVX_VectorPair top = Q6_W_vshuff_VVR(pixels(x + x_pitch), pixels(x), 1);                                           \
    x += 2 * x_pitch;                                                                                                  \
    HVX_VectorPair bottom = Q6_W_vshuff_VVR(pixels(x + x_pitch), pixels(x), 1);                                        \
    four_rows(top, bottom, v);                                                                                         \
    x += pairs > 1 ? 2 * x_pitch : 0;                                                                                  \
    row[0] = pixels(x), row[1] = pixels(x + x_pitch);                                                                  \
    uint8_t *to = y;                                                                                                   \
    for (int32_t left = pairs; left > 0; --left) {                                                                     \
      HVX_Vector moved[4], sums[2][4], now[4], out[2];                                                                 \
      UNROLL for (int n = 0; n < 2; ++n) out[n] = to_bytes(half[n], FORM, channel);                                    \
      *(HVX_UVector *)to = out[0];                                                                                     \
      *(HVX_UVector *)(to + y_pitch) = out[1];                                                                         \
      to = y;                                                                                                          \
      y += 2 * y_pitch;                                                                                                \
      UNROLL for (int c = 0; c < 4; ++c) now[c] = v[c];                                                                \
      top = bottom;                                                                                                    \
      bottom = Q6_W_vshuff_VVR(row[1], row[0], 1);                                                                     \
      four_rows(top, bottom, v);                                                                                       \
      /* The last ones read again what is there. */                                                                    \
      x += left > 2 ? 2 * x_pitch : 0;                                                                                 \
      row[0] = pixels(x), row[1] = pixels(x + x_pitch);                                                                \
      UNROLL for (int n = 0; n < 2; ++n) UNROLL for (int c = 0; c < 4; ++c) sums[n][c] = starts[c];                    \
      column(sums, 2, now, w);                                                                                         \
      UNROLL for (int c = 0; c < 4; ++c) moved[c] = Q6_V_valign_VVI(now[c], now[c], 4);                                \
      column(sums, 2, moved, w + 4);                                                                                   \
      UNROLL for (int c = 0; c < 4; ++c) moved[c] = Q6_V_vror_VR(now[c], 8);                                           \
      column(sums, 2, moved, w + 8);                                                                                   \
      to_halves(sums, 2, FORM, channel, half);                                                                         \
    }                                                                                                                  \
    *(HVX_UVector *)to = to_bytes(half[0], FORM, channel);                                                             \
    *(HVX_UVector *)(to + y_pitch) = to_bytes(half[1], FORM, channel);                                                 \
  }
STRIP(strip_exact, NPU_EXACT)
STRIP(strip_half, NPU_HALF)
STRIP(strip_narrow, NPU_NARROW)
static void (*const strip[])(const uint8_t *, int32_t, const uint64_t *, const npu_channels *, uint8_t *, int32_t,
                             int32_t) = {strip_exact, strip_half, strip_narrow};

static void strips(const npu_depthwise *p, const uint8_t *x, const int32_t *taps, const uint64_t *w,
                   const npu_channels *channels, uint8_t *y) {
  const int32_t x_pitch = taps[3] - taps[0], y_pitch = 4 * p->y.pitch, height = p->y.height, width = p->y.width;
  x += p->x_origin + taps[0];
  y += p->y.origin;
  for (int32_t b = 0; b < p->blocks; ++b, x += p->x_plane, y += p->y.plane, w += 12, ++channels)
    for (int32_t from = 0; from < width; from += 30) {
      /* Two pixels are too much of every strip: those of the next one, or what lies around the image. */
      const int32_t at = 4 * (width <= 30 || from + 30 <= width ? from : width - 30);
      strip[channels->form](x + at, x_pitch, w, channels, y + at, y_pitch, height / 2);
      const int32_t last = height - 2;
      if (height & 1)
        strip[channels->form](x + at + last * x_pitch, x_pitch, w, channels, y + at + last * y_pitch, y_pitch, 1);
    }
}

/* The same one vector after the other, whatever rows they hold: of images narrower than a strip less is lost. */
#define FLAT(NAME, FORM)                                                                                               \
  static __attribute__((noinline)) void NAME(const uint8_t *restrict x, int32_t pitch, const uint64_t *w,              \
                                             const npu_channels *channel, HVX_Vector *restrict y, int32_t vectors) {   \
    const HVX_Vector none = Q6_V_vzero();                                                                              \
    const HVX_Vector *from[3];                                                                                         \
    HVX_Vector starts[4], v[4], low[3], row[3], half[1][2];                                                            \
    UNROLL for (int c = 0; c < 4; ++c) starts[c] = Q6_V_vsplat_R((FORM) == NPU_NARROW ? channel->start[c] : 0);        \
    half[0][0] = half[0][1] = none;                                                                                    \
    UNROLL for (int r = 0; r < 3; ++r) {                                                                               \
      from[r] = (const HVX_Vector *)((int32_t)(x + r * pitch) & -128);                                                 \
      low[r] = from[r][1];                                                                                             \
      row[r] = shifted(from[r][0], low[r], (int32_t)x + r * pitch);                                                    \
      from[r] += 2;                                                                                                    \
    }                                                                                                                  \
    four_rows(Q6_W_vshuff_VVR(row[1], row[0], 1), Q6_W_vshuff_VVR(none, row[2], 1), v);                                \
    UNROLL for (int r = 0; r < 3; ++r) {                                                                               \
      row[r] = shifted(low[r], *from[r], (int32_t)x + r * pitch);                                                      \
      low[r] = *from[r]++;                                                                                             \
    }                                                                                                                  \
    HVX_Vector *to = y;                                                                                                \
    for (int32_t left = vectors; left > 0; --left) {                                                                   \
      HVX_Vector moved[4], sums[1][4], now[4];                                                                         \
      *to = to_bytes(half[0], FORM, channel);                                                                          \
      to = y++;                                                                                                        \
      UNROLL for (int c = 0; c < 4; ++c) now[c] = v[c];                                                                \
      four_rows(Q6_W_vshuff_VVR(row[1], row[0], 1), Q6_W_vshuff_VVR(none, row[2], 1), v);                              \
      UNROLL for (int r = 0; r < 3; ++r) {                                                                             \
        HVX_Vector high = *from[r]++;                                                                                  \
        row[r] = shifted(low[r], high, (int32_t)x + r * pitch);                                                        \
        low[r] = high;                                                                                                 \
      }                                                                                                                \
      UNROLL for (int c = 0; c < 4; ++c) sums[0][c] = starts[c];                                                       \
      column(sums, 1, now, w);                                                                                         \
      UNROLL for (int c = 0; c < 4; ++c) moved[c] = Q6_V_valign_VVI(v[c], now[c], 4);                                  \
      column(sums, 1, moved, w + 4);                                                                                   \
      UNROLL for (int c = 0; c < 4; ++c) moved[c] = Q6_V_valign_VVR(v[c], now[c], 8);                                  \
      column(sums, 1, moved, w + 8);                                                                                   \
      to_halves(sums, 1, FORM, channel, half);                                                                         \
    }                                                                                                                  \
    *to = to_bytes(half[0], FORM, channel);                                                                            \
  }
FLAT(flat_exact, NPU_EXACT)
FLAT(flat_half, NPU_HALF)
FLAT(flat_narrow, NPU_NARROW)
static void (*const flat[])(const uint8_t *, int32_t, const uint64_t *, const npu_channels *, HVX_Vector *,
                            int32_t) = {flat_exact, flat_half, flat_narrow};

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
  if (p->form) {
    if (p->form == NPU_STRIPS)
      strips(p, x, taps, weights, channels, y);
    else
      for (int32_t b = 0; b < p->blocks; ++b)
        flat[channels[b].form](x + p->x_origin + b * p->x_plane + taps[0], taps[3] - taps[0], weights + 12 * b,
                               channels + b, (HVX_Vector *)(y + p->y.origin + b * p->y.plane), p->vectors);
    if (p->y.halo)
      npu_fill_halo(&p->y, y, p->blocks, p->halo);
    return;
  }
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
