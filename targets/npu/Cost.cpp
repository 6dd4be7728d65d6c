// How many packets kernels take. Numbers are from least squares over the kernels of ResNet-50, MobileNetV2 and two small
// networks, counted on qemu; a change of device/ or of LLVM moves them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Cost.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "targets/npu/device/kernels.h"
#include <cstring>

using namespace mlir;
using namespace brisk;
using namespace brisk::npu;

namespace {

double ceilDiv(double a, double b) { return static_cast<double>(static_cast<int64_t>((a + b - 1) / b)); }

/// Whether what lies around the pixels of an image is filled vector by vector (device/halo.c).
bool isMasked(const npu_image &image) {
  return 5.0 * image.height * (image.pitch - image.width) > 4 * ceilDiv(image.height * image.pitch, 32);
}
/// Words stored one by one around the images of some planes.
double haloWords(const npu_image &image, int32_t planes) {
  if (!image.halo || isMasked(image))
    return 0;
  double pixels = image.height * image.pitch;
  return planes * (image.height * (image.pitch - image.width) + 32 * ceilDiv(pixels, 32) - pixels);
}
double haloVectors(const npu_image &image, int32_t planes) {
  double image_ = ceilDiv(image.height * image.pitch, 32);
  return image.halo ? planes * (image.plane / 128 - image_ + (isMasked(image) ? 2 * image_ : 0)) : 0;
}

double cost(const npu_lookup &p) { return 8.05 * p.vectors + 1.2 * haloVectors(p.y, p.planes) + 1.3 * haloWords(p.y, p.planes) + 60; }

double cost(const npu_convolve &p) {
  bool isPoint = p.taps == 1;
  double tiles = 0, calls = 0, taps = 0, ideal = 0, vectors = 0, shifted = 0;
  for (int32_t at = 0, n; at < p.vectors; at += n) {
    n = std::min(6, p.vectors - at);
    int32_t together = n > 3 ? 1 : isPoint ? 6 / n : 2, many = n <= 3 ? p.outputs / together : 0;
    for (auto [blocks, count] : {std::pair(together, many), std::pair(1, p.outputs - together * many)}) {
      tiles += count;
      calls += count > 0 || blocks == 1;
      (p.inputs > 1 ? taps : shifted) += 1.0 * count * p.taps * (p.inputs > 1 ? 1 : n);
      ideal += 2.0 * blocks * n * count * p.taps * p.inputs;
      vectors += 1.0 * count * blocks * n;
    }
  }
  double halo = haloVectors(p.y, p.outputs), words = haloWords(p.y, p.outputs);
  if (isPoint)
    return 43.4 * tiles + 56.8 * calls + 1.016 * ideal + (p.inputs > 64 ? 2.16 * vectors : 0) + 1.4 * halo +
           2.5 * words + 375;
  return 1.071 * ideal + 9.66 * vectors + 0.24 * shifted + 13 * taps + 1.2 * halo + 1.2 * words + 5.8 * p.outputs;
}

double cost(const npu_row &p) { return 4.0 * p.inputs * p.outputs + 45.0 * p.outputs + 1.1 * p.y_blocks + 60; }

double cost(const npu_depthwise &p) {
  double halo = 1.4 * haloVectors(p.y, p.blocks) + 1.3 * haloWords(p.y, p.blocks);
  if (p.form == NPU_STRIPS) {
    double strips = p.blocks * ceilDiv(p.y.width, 30);
    return strips * (27.1 * ceilDiv(p.y.height, 2) + 47.7) + halo;
  }
  if (p.form == NPU_FLAT)
    return p.blocks * (21.1 * p.vectors + 31) + halo;
  double tiles = 0;
  for (int32_t at = 0; at < p.vectors; ++tiles) {
    int32_t left = p.vectors - at;
    at += left >= 10 || left == 5 ? 5 : left > 5 ? left / 2 : left;
  }
  double all = 1.0 * p.vectors * p.blocks;
  return 31.4 * tiles * p.blocks + 2.4 * all * p.taps + halo + 206;
}

double cost(const npu_largest &p) {
  double steps = p.blocks * ceilDiv(p.vectors, 2);
  return 1.8 * steps * p.taps + 4.3 * steps + 96 * p.blocks + 0.8 * haloWords(p.y, p.blocks);
}

double cost(const npu_join2 &p) {
  return 1.1 * (p.vectors[0] + p.vectors[1] + p.vectors[2] + p.vectors[3]) + 1.3 * haloWords(p.y, p.planes) + 60;
}

double cost(const npu_add &p) {
  return 3.25 * p.vectors + 1.84 * haloWords(p.y, p.planes) + 1.4 * haloVectors(p.y, p.planes) + 32;
}

double cost(const npu_split &p) {
  double passes = p.blocks * ((p.phases & 3 ? 1 : 0) + (p.phases >> 2 & 3 ? 1 : 0)), chunks = ceilDiv(p.columns, 32);
  double rows = passes * p.rows;
  return 27.3 * passes + (chunks == 1 ? 5.3 * rows : 5.1 * rows * chunks + 6.7 * rows) + 12;
}

double cost(const npu_quantize &p) {
  double steps = p.y.height * ceilDiv(p.y.width, 32);
  return 14.2 * steps * ceilDiv(p.channels, 4) + 5.5 * steps * p.channels + 0.8 * haloWords(p.y, (p.channels + 3) / 4) + 170;
}

double cost(const npu_block &p) {
  double pixels = p.y.height * p.y.width;
  return 4.5 * pixels * p.channels + 4 * pixels * ceilDiv(p.channels, 4) + haloWords(p.y, (p.channels + 3) / 4) + 100;
}

double cost(const npu_unblock &p) {
  return 4.9 * p.x.height * p.x.width * p.channels + 16.3 * p.x.height * ceilDiv(p.channels, 4) + 20;
}

double cost(const npu_mean &p) { return 3.25 * p.vectors * p.blocks + 39.5 * p.blocks + 22; }

double cost(const npu_product &p) {
  double tiles = 0, ideal = 0, rows = 0;
  for (int32_t at = 0, n; at < p.vectors; at += n, ++tiles) {
    n = std::min(4, p.vectors - at);
    ideal += 2.1 * n * p.inputs * p.outputs;
    rows += 11.0 * n * p.outputs + (p.x_factor ? n * p.inputs : 0);
  }
  double packing = (p.across ? 3.0 : 12.0) * p.inputs * p.outputs;
  double starts = 12.0 * p.outputs + (p.w_factor ? p.outputs * (p.inputs / 8.0 + 20) : 0);
  return p.groups * (ideal + rows + 25 * tiles * p.outputs + packing + starts + 40) +
         1.4 * haloVectors(p.y, p.groups * p.outputs) + 50;
}

double cost(const npu_softmax &p) { return 1.0 * p.groups * p.vectors * (32.0 * p.blocks + 32 * 28 + 60) + 50; }

double cost(const npu_norm &p) { return p.vectors * (27.0 * p.blocks + 32 * 75 + 60) + 60; }

double cost(const npu_tokens &p) {
  return p.y.width * (16.0 * 4 * ceilDiv(p.channels, 128) + 1.1 * ceilDiv(p.channels, 4) + 20) + 60;
}

double cost(const npu_floats &p) {
  return 1.0 * p.x.height * p.x.width * (50 * ceilDiv(p.channels, 128) + 1.1 * ceilDiv(p.channels, 4) + 25) + 40;
}

template <typename Struct> double costOf(ArrayRef<int32_t> words) {
  Struct value;
  std::memcpy(&value, words.data(), sizeof value);
  return cost(value);
}

} // namespace

double npu::packetsOf(StringRef kernel, ArrayRef<int32_t> parameters) {
#define BRISK_NPU_KERNEL(name, inputs)                                                                                 \
  if (kernel == #name)                                                                                                 \
    return costOf<npu_##name>(parameters);
#include "targets/npu/device/kernels.def"
  return 0;
}

double npu::packetsOf(Operation *op) {
  if (auto kernel = dyn_cast<KernelOp>(op))
    return packetsOf(kernel.getName(), kernel.getParameters());
  auto loops = dyn_cast<linalg::LinalgOp>(op);
  if (!loops)
    return 0;
  // An instruction or two a packet; addresses and the loop itself.
  double points = 1, instructions = 3;
  for (int64_t range : loops.getStaticLoopRanges())
    points *= std::max<int64_t>(range, 1);
  for (Operation &inner : *loops.getBlock())
    instructions += isa<linalg::YieldOp>(inner) ? 0 : inner.getDialect()->getNamespace() == "math" ? 25 : 0.8;
  return points * instructions;
}
