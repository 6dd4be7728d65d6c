// Weights as integers with scales.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/quantize/Weights.h"

#include "passes/quantize/Ranges.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace brisk;

namespace {

/// A tensor seen as outer x axis x inner.
struct View {
  int64_t outer = 1, size, inner = 1;
  View(RankedTensorType type, int64_t axis) : size(type.getDimSize(axis)) {
    for (int64_t i = 0; i < type.getRank(); ++i)
      (i < axis ? outer : inner) *= i == axis ? 1 : type.getDimSize(i);
  }
  int64_t at(int64_t o, int64_t a, int64_t i) const { return (o * size + a) * inner + i; }
};

ElementsAttr bytesAttr(ArrayRef<int64_t> shape, Type element, ArrayRef<uint8_t> bytes) {
  return rawAttr(RankedTensorType::get(shape, element),
                   ArrayRef(reinterpret_cast<const char *>(bytes.data()), bytes.size()), "quantized");
}

std::vector<char> rawBytes(ElementsAttr attr) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    ArrayRef<char> data = resource.getRawHandle().getBlob()->getData();
    return {data.begin(), data.end()};
  }
  auto dense = cast<DenseElementsAttr>(attr);
  std::vector<char> bytes;
  for (int64_t i = 0, copies = dense.isSplat() ? attr.getNumElements() : 1; i < copies; ++i)
    bytes.insert(bytes.end(), dense.getRawData().begin(), dense.getRawData().end());
  return bytes;
}

} // namespace

QuantizedWeight brisk::quantizeChannels(ArrayRef<float> values, RankedTensorType type, int64_t axis, bool powerOfTwo) {
  View view(type, axis);
  std::vector<float> scales(view.size);
  std::vector<uint8_t> bytes(values.size());
  for (int64_t channel = 0; channel < view.size; ++channel) {
    float most = 0;
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t i = 0; i < view.inner; ++i)
        most = std::max(most, std::fabs(values[view.at(o, channel, i)]));
    // A channel of zeros has any scale.
    float scale = most / 127 >= std::numeric_limits<float>::min() ? most / 127 : 1;
    scale = scales[channel] = powerOfTwo ? nextPowerOfTwo(scale) : scale;
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t i = 0; i < view.inner; ++i) {
        int64_t at = view.at(o, channel, i);
        bytes[at] = static_cast<uint8_t>(
            static_cast<int8_t>(std::clamp(std::nearbyint(values[at] / scale), -127.0f, 127.0f)));
      }
  }
  Builder b(type.getContext());
  QuantizedWeight result;
  result.integers = bytesAttr(type.getShape(), b.getI8Type(), bytes);
  result.scale = floatsAttr(b.getContext(), {view.size}, scales);
  result.axis = axis;
  return result;
}

QuantizedWeight brisk::quantizeBlocks(ArrayRef<float> values, RankedTensorType type, int64_t axis, int64_t block,
                                      unsigned bits) {
  View view(type, axis);
  int64_t blocks = llvm::divideCeil(view.size, block);
  std::vector<float> scales(view.outer * blocks * view.inner);
  std::vector<uint8_t> bytes(values.size()), zeros(scales.size());
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t k = 0; k < blocks; ++k)
      for (int64_t i = 0; i < view.inner; ++i) {
        int64_t from = k * block, to = std::min(view.size, from + block), group = (o * blocks + k) * view.inner + i;
        float low = 0, high = 0;
        for (int64_t a = from; a < to; ++a) {
          low = std::min(low, values[view.at(o, a, i)]);
          high = std::max(high, values[view.at(o, a, i)]);
        }
        float scale = bits == 8 ? std::max(-low, high) / 127 : (high - low) / 15;
        if (!(scale >= std::numeric_limits<float>::min()))
          scale = 1;
        float zero = bits == 8 ? 0 : std::clamp(std::nearbyint(-low / scale), 0.0f, 15.0f);
        scales[group] = scale;
        zeros[group] = static_cast<uint8_t>(zero);
        for (int64_t a = from; a < to; ++a) {
          int64_t at = view.at(o, a, i);
          float level = std::nearbyint(values[at] / scale) + zero;
          bytes[at] = bits == 8 ? static_cast<uint8_t>(static_cast<int8_t>(std::clamp(level, -127.0f, 127.0f)))
                                : static_cast<uint8_t>(std::clamp(level, 0.0f, 15.0f));
        }
      }
  Builder b(type.getContext());
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = blocks;
  Type element = bits == 8 ? b.getI8Type() : b.getIntegerType(4, /*isSigned=*/false);
  QuantizedWeight result;
  result.integers = bytesAttr(type.getShape(), element, bytes);
  result.scale = floatsAttr(b.getContext(), shape, scales);
  if (bits == 4)
    result.zeroPoint = bytesAttr(shape, element, zeros);
  result.axis = axis;
  result.block = block;
  return result;
}

std::vector<float> brisk::dequantize(const QuantizedWeight &weight) {
  auto type = cast<RankedTensorType>(weight.integers.getShapedType());
  View view(type, weight.axis);
  int64_t block = weight.block ? weight.block : 1, blocks = llvm::divideCeil(view.size, block);
  std::vector<char> bytes = rawBytes(weight.integers), scaleBytes = rawBytes(weight.scale);
  std::vector<char> zeros = weight.zeroPoint ? rawBytes(weight.zeroPoint) : std::vector<char>();
  auto *scales = reinterpret_cast<const float *>(scaleBytes.data());
  std::vector<float> values(bytes.size());
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t a = 0; a < view.size; ++a)
      for (int64_t i = 0; i < view.inner; ++i) {
        int64_t group = weight.block ? (o * blocks + a / block) * view.inner + i : a, at = view.at(o, a, i);
        int level = zeros.empty() ? static_cast<int8_t>(bytes[at]) : static_cast<uint8_t>(bytes[at]);
        values[at] = static_cast<float>(level - (zeros.empty() ? 0 : static_cast<uint8_t>(zeros[group]))) * scales[group];
      }
  return values;
}

std::vector<float> brisk::scaled(ArrayRef<float> values, RankedTensorType type, int64_t axis, ArrayRef<float> factors) {
  View view(type, axis);
  std::vector<float> result(values);
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t a = 0; a < view.size; ++a)
      for (int64_t i = 0; i < view.inner; ++i)
        result[view.at(o, a, i)] *= factors[a];
  return result;
}

std::vector<float> brisk::searchInputScale(ArrayRef<float> weight, RankedTensorType type, int64_t inputAxis,
                                           ArrayRef<float> rows, int64_t block, unsigned bits) {
  int64_t inputs = type.getDimSize(inputAxis), outputs = type.getDimSize(1 - inputAxis);
  int64_t count = static_cast<int64_t>(rows.size()) / inputs;
  std::vector<float> mean(inputs);
  for (int64_t r = 0; r < count; ++r)
    for (int64_t k = 0; k < inputs; ++k)
      mean[k] += std::fabs(rows[r * inputs + k]) / static_cast<float>(count);
  for (float &value : mean)
    value = std::max(value, 1e-6f);
  std::vector<float> best;
  double least = INFINITY;
  for (int step = 0; step <= 10; ++step) {
    std::vector<float> scale(inputs), inverse(inputs);
    float low = INFINITY, high = 0;
    for (int64_t k = 0; k < inputs; ++k) {
      scale[k] = std::pow(mean[k], static_cast<float>(step) / 10);
      low = std::min(low, scale[k]);
      high = std::max(high, scale[k]);
    }
    for (int64_t k = 0; k < inputs; ++k) {
      scale[k] = std::clamp(scale[k] / std::sqrt(low * high), 1e-4f, 1e4f);
      inverse[k] = 1 / scale[k];
    }
    std::vector<float> rounded = scaled(
        dequantize(quantizeBlocks(scaled(weight, type, inputAxis, scale), type, inputAxis, block, bits)), type, inputAxis,
        inverse);
    // The error of the product is the product with the error.
    for (size_t i = 0; i < rounded.size(); ++i)
      rounded[i] -= weight[i];
    double error = 0;
    std::vector<float> sums(outputs);
    for (int64_t r = 0; r < count; ++r) {
      std::fill(sums.begin(), sums.end(), 0.0f);
      for (int64_t k = 0; k < inputs; ++k)
        for (int64_t n = 0; n < outputs; ++n)
          sums[n] += rows[r * inputs + k] * rounded[inputAxis == 0 ? k * outputs + n : n * inputs + k];
      for (float sum : sums)
        error += static_cast<double>(sum) * sum;
    }
    if (error < least * (step == 0 ? 1 : 0.98)) {
      least = error;
      best = step == 0 ? std::vector<float>() : scale;
    }
  }
  return best;
}
