// What flows are made of: windows that move over a frame of pixels, pixels of two frames, sums over a frame.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_STREAM_H
#define BRISK_STREAM_H

#include "hls_stream.h"

template <typename T, int N> struct Pixel {
  T v[N];
};

// Each window of KH x KW in a frame of H x W pixels, moved by SH and SW from PH and PW before the first.
template <int H, int W, int KH, int KW, int SH, int SW, int PH, int PW, int OH, int OW, typename Stage>
static void window_stage(hls::stream<typename Stage::In> &in, hls::stream<typename Stage::Out> &out) {
  typedef typename Stage::In In;
  const int first = (KH - 1 - PH) * W + KW - 1 - PW, last = first + (OH - 1) * SH * W + (OW - 1) * SW;
  const int steps = last + 1 > H * W ? last + 1 : H * W;
  In lines[KH][W], seen[KH][KW];
#pragma HLS ARRAY_PARTITION variable=lines dim=1 complete
#pragma HLS ARRAY_PARTITION variable=seen complete dim=0
  int column = 0, row = 0, at = 0, target = first;
  for (int step = 0; step < steps; ++step) {
#pragma HLS PIPELINE II=1
    In pixel = Stage::outside();
    if (step < H * W)
      in.read(pixel);
    for (int i = 0; i < KH; ++i) {
      In entering = i == KH - 1 ? pixel : lines[i + 1][at];
      lines[i][at] = entering;
      for (int j = 0; j + 1 < KW; ++j)
        seen[i][j] = seen[i][j + 1];
      seen[i][KW - 1] = entering;
    }
    at = at == W - 1 ? 0 : at + 1;
    if (step != target)
      continue;
    In window[KH][KW];
#pragma HLS ARRAY_PARTITION variable=window complete dim=0
    for (int i = 0; i < KH; ++i)
      for (int j = 0; j < KW; ++j) {
        int r = row + i - PH, c = column + j - PW;
        window[i][j] = r < 0 || r >= H || c < 0 || c >= W ? Stage::outside() : seen[i][j];
      }
    typename Stage::Out made;
    Stage::run(window, made);
    out.write(made);
    if (column != (OW - 1) * SW) {
      column += SW;
      target += SW;
    } else {
      column = 0;
      row += SH;
      target += SH * W - (OW - 1) * SW;
    }
  }
}

// What a stage makes of pixels of two frames.
template <int COUNT, typename Stage>
static void pair_stage(hls::stream<typename Stage::In> &a, hls::stream<typename Stage::Other> &b,
                       hls::stream<typename Stage::Out> &out) {
  for (int step = 0; step < COUNT; ++step) {
#pragma HLS PIPELINE II=1
    typename Stage::In x[1][1];
    typename Stage::Other y[1][1];
    a.read(x[0][0]);
    b.read(y[0][0]);
    typename Stage::Out made;
    Stage::run(x, y, made);
    out.write(made);
  }
}

// The sum of what a stage makes of all pixels.
template <int COUNT, int ELEMENTS, typename Stage>
static void sum_stage(hls::stream<typename Stage::In> &in, hls::stream<typename Stage::Sum> &out) {
  typename Stage::Sum sum;
  for (int step = 0; step < COUNT; ++step) {
#pragma HLS PIPELINE II=1
    typename Stage::In x[1][1];
    in.read(x[0][0]);
    typename Stage::Out made;
    Stage::run(x, made);
    for (int e = 0; e < ELEMENTS; ++e)
      sum.v[e] = step == 0 ? made.v[e] + 0 : sum.v[e] + made.v[e];
  }
  out.write(sum);
}

// The same of pixels of two frames.
template <int COUNT, int ELEMENTS, typename Stage>
static void pair_sum_stage(hls::stream<typename Stage::In> &a, hls::stream<typename Stage::Other> &b,
                           hls::stream<typename Stage::Sum> &out) {
  typename Stage::Sum sum;
  for (int step = 0; step < COUNT; ++step) {
#pragma HLS PIPELINE II=1
    typename Stage::In x[1][1];
    typename Stage::Other y[1][1];
    a.read(x[0][0]);
    b.read(y[0][0]);
    typename Stage::Out made;
    Stage::run(x, y, made);
    for (int e = 0; e < ELEMENTS; ++e)
      sum.v[e] = step == 0 ? made.v[e] + 0 : sum.v[e] + made.v[e];
  }
  out.write(sum);
}

// A frame that two stages read.
template <int COUNT, typename T> static void fork_stage(hls::stream<T> &in, hls::stream<T> &a, hls::stream<T> &b) {
  for (int step = 0; step < COUNT; ++step) {
#pragma HLS PIPELINE II=1
    T pixel;
    in.read(pixel);
    a.write(pixel);
    b.write(pixel);
  }
}

#endif
