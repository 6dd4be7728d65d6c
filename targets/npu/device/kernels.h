/* What each kernel is told: words only, filled in by the compiler.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_TARGETS_NPU_DEVICE_KERNELS_H
#define BRISK_TARGETS_NPU_DEVICE_KERNELS_H

#include <stdint.h>

/* Where pixels lie in a plane (hvx.h). Bytes but for height, width and pitch. */
typedef struct npu_image {
  int32_t height, width, pitch;
  int32_t origin; /* of pixel (0, 0), a multiple of 128 */
  int32_t plane;  /* from one plane to the next, a multiple of 128 */
  int32_t halo;   /* whether somebody reads around the image */
} npu_image;

/* How the sums of four channels become bytes (hvx.h). Of two roundings the first one is downwards, so that the second
 * one is as good as the only one. */
enum {
  NPU_EXACT,  /* (sum * 2^up + start) * factor / 2^31 / 2^shift */
  NPU_HALF,   /* (sum * factor / 2^16 + start) / 2^15 / 2^shift: half of the products, factors of 15 bits */
  NPU_NARROW, /* by products of 16 bits: sum / 2^up, rounded, times factor / 2^15, is left with `shift` bits of
                 fraction; starts are added before; up is that of channels 0 and 2, odd_up of 1 and 3; factors 0 and 2
                 lie in factor[0], 1 and 3 in factor[1] */
};
typedef struct npu_channels {
  int32_t start[4];
  int32_t factor[4];
  int32_t shift; /* at most 15 */
  int32_t up;
  int32_t form, odd_up;
} npu_channels;

/* y[i] = table[x[i]] on whole vectors of bytes. */
typedef struct npu_lookup {
  int32_t vectors;
  int32_t planes, halo; /* halo: bytes of what surrounds y */
  npu_image y;
} npu_lookup;

/* Convolution of stride 1: for each of `outputs` blocks of channels and each tap, a sum over `inputs` blocks. Inputs: x;
 * taps, the bytes from a pixel to what each tap reads; weights, 4 x 4 bytes for each block of outputs, tap and block of
 * inputs; npu_channels for each block of outputs. x and y have one pitch. */
typedef struct npu_convolve {
  int32_t vectors; /* that hold the image of a plane of y */
  int32_t taps, inputs, outputs;
  int32_t x_origin, x_plane;
  int32_t halo; /* bytes of what surrounds y */
  npu_image y;
} npu_convolve;

/* Convolution of each channel by itself, stride 1. Inputs: x; taps, the bytes from a pixel to what each reads; weights,
 * npu_channels for each block. The first 4 `groups` taps are weighted four at a time: for each group four words, one a
 * channel, of a byte a tap; then for each other tap four words, one a channel, that hold its weight in the channel's byte. */
typedef struct npu_depthwise {
  int32_t vectors; /* that hold the image of a plane of y */
  int32_t taps, groups, blocks;
  int32_t x_origin, x_plane;
  int32_t halo;
  npu_image y;
  int32_t form; /* otherwise windows three high and wide, undilated: for each column eight words, one a channel and row
                   of two rows of results, of four rows of x */
} npu_depthwise;
enum { NPU_TAPS, NPU_STRIPS, NPU_FLAT };

/* Products of one row, outputs on lanes. Inputs: x, one pixel; weights plus 128, for every 128 outputs and four inputs four
 * vectors: output 4 i + c is word i of vector c; starts and factors, for every 128 outputs four vectors each, likewise. */
typedef struct npu_row {
  int32_t inputs, outputs; /* blocks of x; blocks of 128 outputs */
  int32_t x_origin, x_plane;
  int32_t up, shift;
  int32_t y_origin, y_plane, y_blocks;
} npu_row;

/* The largest of a window, stride 1. Inputs: x; taps. */
typedef struct npu_largest {
  int32_t vectors;
  int32_t taps, blocks;
  int32_t x_origin, x_plane;
  int32_t halo;
  npu_image y;
} npu_largest;

/* y = a ka + b kb on vectors of bytes: k = hi + lo / 128, in units of 2^-bits. Inputs: a, b. */
typedef struct npu_add {
  int32_t vectors, bits;
  int32_t high, low; /* bytes ka, kb, ka, kb */
  int32_t start;     /* both halves: what sums of the high parts start with */
  int32_t least, most; /* bounds, four bytes each */
  int32_t planes, halo;
  npu_image y;
} npu_add;

/* The four images of every second row and column: (row, column) even-even, even-odd, odd-even, odd-odd. */
typedef struct npu_split {
  int32_t blocks, phases; /* a bit each */
  int32_t x_first, x_pitch, x_plane; /* the pixel of x that begins the first row, halo included */
  int32_t rows, columns;             /* of each image, halo included */
  int32_t y_first, y_pitch, y_plane; /* y_plane: of one image */
} npu_split;

/* Images side by side along the channels, of which all but the last fill their blocks. */
typedef struct npu_join2 {
  int32_t vectors[4]; /* of each */
  int32_t planes, halo;
  npu_image y;
} npu_join2, npu_join3, npu_join4;

/* Floats to bytes: round(x factor) + zero, channel by channel as ONNX has them, to blocks. A product is mantissa * m / 2^31
 * with the exponents added. Inputs: x. */
typedef struct npu_quantize {
  int32_t channels;
  int32_t mantissa, exponent; /* of the factor: mantissa / 2^31 * 2^exponent, mantissa in [2^30, 2^31) */
  int32_t zero, fill;         /* fill: of channels that do not exist */
  int32_t halo;
  npu_image y;
} npu_quantize;

/* Bytes with channels last to blocks, and back; `flip` (0 or 128) makes signed ones unsigned. */
typedef struct npu_block {
  int32_t channels, flip, halo;
  npu_image y;
} npu_block;
typedef struct npu_unblock {
  int32_t channels, flip;
  npu_image x;
} npu_unblock;

/* Sums over a plane as bytes: one pixel for each block. Inputs: x; masks, a vector for each vector of the image;
 * npu_channels for each block. */
typedef struct npu_mean {
  int32_t vectors, blocks;
  int32_t x_origin, x_plane, y_plane;
} npu_mean;

/* Products of two images, group of channels by group. Sums go over the channels of a group of x; y has a channel for
 * each pixel of w (across), or for each channel of a group of w, whose pixels are then summed over. Bytes of w count
 * less 128. Inputs: x; w; npu_channels for all. Sums are increased by sums of x and of w. */
typedef struct npu_product {
  int32_t vectors, groups;
  int32_t inputs, outputs; /* blocks of a group: of sums, of y */
  int32_t across;
  int32_t x_origin, x_plane;
  int32_t w_origin, w_plane;
  int32_t x_factor, w_factor; /* of those sums, 16 bits */
  int32_t halo;
  npu_image y;
} npu_product;
enum { NPU_PRODUCT_WEIGHTS = 1 << 12, NPU_PRODUCT_OUTPUTS = 1 << 9 }; /* blocks of 16 bytes, of y: at most */

/* exp(x - largest) / sum over the channels of a group, as bytes of 1 / `one`. Inputs: x; two tables (npu_lookup) of exp
 * by how far x is below the largest, of 15 bits: high bytes, low bytes. */
typedef struct npu_softmax {
  int32_t vectors, groups, blocks;
  int32_t x_origin, x_plane;
  int32_t one;
  int32_t halo;
  npu_image y;
} npu_softmax;

/* (x - mean) / sqrt(variance + epsilon) over the channels of a pixel, times 32767 * 2^(bits - 1), as npu_channels then
 * make bytes of sums. Inputs: x; npu_channels for each block. */
typedef struct npu_norm {
  int32_t vectors, blocks, channels;
  int32_t x_origin, x_plane;
  int32_t epsilon; /* bits of a float */
  int32_t bits;
  int32_t halo;
  npu_image y;
} npu_norm;

/* Floats to bytes as npu_quantize, a pixel's channels in a row. */
typedef struct npu_tokens {
  int32_t channels;
  int32_t mantissa, exponent;
  int32_t zero, fill;
  int32_t halo;
  npu_image y;
} npu_tokens;

/* Bytes to floats by a table of their four bytes, a pixel's channels in a row. Inputs: x; four tables (npu_lookup). */
typedef struct npu_floats {
  int32_t channels;
  npu_image x;
} npu_floats;

#endif
