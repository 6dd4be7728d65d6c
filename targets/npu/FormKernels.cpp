// In: linalg on tensors. Out: what kernels can take over is calls of them, on images in blocks of four channels.
// Why here: the last place where sums, their quantization and the tensors between them are visible as such.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Passes.h"
#include "targets/npu/Plan.h"
#include "targets/npu/Scale.h"
#include "targets/npu/device/kernels.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace brisk;
using namespace brisk::npu;

namespace brisk {
#define GEN_PASS_DEF_NPUFORMKERNELS
#include "targets/npu/Passes.h.inc"
} // namespace brisk

namespace {

double at(const Numbers &numbers, size_t i) { return numbers[numbers.size() == 1 ? 0 : i]; }

uint32_t spread(uint8_t byte) { return byte * 0x01010101u; }

/// The words of a kernel's C struct.
template <typename Struct> SmallVector<int32_t> wordsOf(const Struct &value) {
  SmallVector<int32_t> words(sizeof value / 4);
  std::memcpy(words.data(), &value, sizeof value);
  return words;
}

npu_image geometryOf(const Image &image) {
  return {static_cast<int32_t>(image.extent.height), static_cast<int32_t>(image.extent.width),
          static_cast<int32_t>(image.pitch), static_cast<int32_t>(image.origin), static_cast<int32_t>(image.plane),
          image.zero.has_value()};
}

/// A table as the instruction looks for its entries (device/hvx.h, looked_up).
void addTable(std::vector<uint8_t> &tables, function_ref<uint8_t(int)> entry) {
  size_t first = tables.size();
  tables.resize(first + 256);
  for (int i = 0; i < 256; ++i)
    tables[first + (i >= 128 ? 128 : 0) + 2 * (i % 64) + (i % 128 >= 64)] = entry(i);
}

/// A factor as mantissa / 2^31 * 2^exponent.
std::pair<int32_t, int32_t> fractionOf(double factor) {
  int exponent;
  double fraction = std::frexp(factor, &exponent);
  return {static_cast<int32_t>(std::min(std::nearbyint(std::ldexp(fraction, 31)), 2147483647.0)), exponent};
}

class Emitter {
public:
  Emitter(Plan &plan, MLIRContext *context, bool isExact)
      : plan(plan), isExact(isExact), b(context), values(plan.images.size()) {}

  void run() {
    for (Step &step : plan.steps)
      emit(step);
    for (Replaced &replaced : plan.replaced)
      replace(replaced);
  }

private:
  Image &image(int index) { return plan.images[index]; }
  Value constant(ArrayRef<int32_t> words) {
    return arith::ConstantOp::create(b, loc, b.getI32TensorAttr(words));
  }
  Value constant(ArrayRef<uint8_t> bytes) {
    auto type = RankedTensorType::get({static_cast<int64_t>(bytes.size())}, b.getI8Type());
    ArrayRef<char> raw(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::getFromRawBuffer(type, raw));
  }
  Value call(StringRef name, ValueRange inputs, RankedTensorType type, ArrayRef<int32_t> parameters, int64_t products = 0) {
    Value init = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
    auto op = KernelOp::create(b, loc, type, name, inputs, init, b.getDenseI32ArrayAttr(parameters));
    if (products)
      op->setAttr("npu.products", b.getI64IntegerAttr(products));
    return op.getResult(0);
  }
  RankedTensorType bytesType(int64_t bytes) { return RankedTensorType::get({bytes}, b.getI8Type()); }

  void emit(Step &step);
  Value emitProducts(Step &step);
  Value emitDepthwise(Step &step, Value x, int64_t origin, int64_t plane, ArrayRef<int32_t> taps);
  Value emitAdd(Step &step);
  Value emitMean(Step &step);
  Value emitProduct(Step &step);
  Value emitSoftmax(Step &step);
  Value emitNorm(Step &step);
  Value split(Step &step, int64_t &origin, int64_t &plane, SmallVectorImpl<int32_t> &taps);
  SmallVector<Scaled> scaledOf(Step &step, ArrayRef<int64_t> weightSums, ArrayRef<int64_t> magnitudes);
  std::vector<npu_channels> channelsOf(Step &step, ArrayRef<int64_t> weightSums, ArrayRef<int64_t> magnitudes,
                                       int32_t form = NPU_EXACT);
  Value emitRow(Step &step);
  void replace(Replaced &replaced);

  Plan &plan;
  bool isExact;
  OpBuilder b;
  Location loc = b.getUnknownLoc();
  std::vector<Value> values;
};

/// How sums of a step become stored bytes; `weightSums` corrects for stored bytes of the input that are 128 too large,
/// `magnitudes` are sums of absolute values.
SmallVector<Scaled> Emitter::scaledOf(Step &step, ArrayRef<int64_t> weightSums, ArrayRef<int64_t> magnitudes) {
  const Quantized &q = *step.result;
  double flip = image(step.output).isSigned ? 128 : 0, inFlip = image(step.inputs[0]).isSigned ? 128 : 0;
  SmallVector<Scaled> result;
  for (int64_t k = 0; k < image(step.output).extent.channels; ++k) {
    double factor = at(q.real.terms[0].factor, k);
    double constant = at(q.real.constant, k) + q.offset + flip - factor * inFlip * weightSums[k];
    result.push_back({factor, constant, 255.0 * magnitudes[k]});
  }
  return result;
}

std::vector<npu_channels> Emitter::channelsOf(Step &step, ArrayRef<int64_t> weightSums, ArrayRef<int64_t> magnitudes,
                                              int32_t form) {
  SmallVector<Scaled> all = scaledOf(step, weightSums, magnitudes);
  std::vector<npu_channels> result;
  for (size_t c = 0; c < all.size(); c += 4) {
    ArrayRef<Scaled> four = ArrayRef(all).slice(c, std::min<size_t>(4, all.size() - c));
    result.push_back(npu::channelsOf(four));
    if (isExact || form == NPU_EXACT || (form == NPU_NARROW && makeNarrow(four, result.back())))
      continue;
    makeHalf(four, form == NPU_NARROW ? 1.0 / 64 : 1.0 / 128, result.back());
  }
  return result;
}

/// One pixel: outputs on lanes.
Value Emitter::emitRow(Step &step) {
  const Products &p = *step.products;
  const Image &x = image(step.inputs[0]), &y = image(step.output);
  int64_t inputs = p.input_.channels, outputs = p.output.channels, inBlocks = x.blocks(), groups = (outputs + 127) / 128;
  std::vector<uint8_t> weights(groups * inBlocks * 512, 128);
  std::vector<int64_t> sums(outputs), magnitudes(outputs);
  for (int64_t f = 0; f < outputs; ++f)
    for (int64_t k = 0; k < inputs; ++k) {
      int8_t weight = p.bytes[f * inputs + k];
      sums[f] += weight;
      magnitudes[f] += std::abs(weight);
      weights[((f / 128 * inBlocks + k / 4) * 4 + f % 4) * 128 + f % 128 / 4 * 4 + k % 4] = static_cast<uint8_t>(weight + 128);
    }
  // All outputs share their shifts: those of the four that leave the least room.
  SmallVector<Scaled> all = scaledOf(step, sums, magnitudes);
  Scaled worst{0, 0, 0};
  for (const Scaled &channel : all) {
    worst.factor = std::max(worst.factor, channel.factor);
    worst.largest = std::max(worst.largest, channel.largest + std::fabs(channel.constant / std::max(channel.factor, 1e-7)));
  }
  npu_channels shared = npu::channelsOf(worst);
  int32_t up = shared.up;
  std::vector<int32_t> channels(groups * 256);
  for (auto [f, channel] : llvm::enumerate(all)) {
    double factor = std::max(channel.factor, std::ldexp(1.0, -22));
    int64_t place = f / 128 * 256 + f % 4 * 32 + f % 128 / 4;
    double start = std::nearbyint(std::ldexp(channel.constant / factor, up));
    channels[place] = static_cast<int32_t>(std::min(std::max(start, -2147483000.0), 2147483000.0));
    double scaled = std::nearbyint(std::ldexp(factor, shared.shift - up + 31));
    channels[place + 128] = static_cast<int32_t>(std::min(scaled, 2147483647.0));
  }
  npu_row words{};
  words.inputs = inBlocks;
  words.outputs = groups;
  words.x_origin = x.origin;
  words.x_plane = x.plane;
  words.up = up;
  words.shift = shared.shift;
  words.y_origin = y.origin;
  words.y_plane = y.plane;
  words.y_blocks = y.blocks();
  return call("row", {values[step.inputs[0]], constant(weights), constant(channels)}, bytesType(y.bytes()), wordsOf(words),
              inputs * outputs);
}

template <typename Row> static ArrayRef<int32_t> wordsIn(const std::vector<Row> &rows) {
  return {reinterpret_cast<const int32_t *>(rows.data()), rows.size() * sizeof(Row) / 4};
}

int64_t halfOf(int64_t a) { return a >= 0 ? a / 2 : -((1 - a) / 2); }

/// The four images of every second row and column, and where the taps lie in them.
Value Emitter::split(Step &step, int64_t &origin, int64_t &plane, SmallVectorImpl<int32_t> &taps) {
  const Products &p = *step.products;
  const Image &x = image(step.inputs[0]), &y = image(step.output);
  int64_t top = halfOf(-step.border.top), left = halfOf(-step.border.left);
  int64_t bottom = halfOf((p.kernelHeight - 1) * p.dilation - step.border.top);
  int64_t right = halfOf((p.kernelWidth - 1) * p.dilation - step.border.left);
  int64_t rows = y.extent.height + bottom - top, columns = y.extent.width + right - left;
  int64_t lead = llvm::alignTo(-top * y.pitch - left, 32);
  origin = 4 * lead;
  int64_t onePlane = 4 * (lead + llvm::alignTo((rows + top) * y.pitch + columns, 32) + 96);
  plane = 4 * onePlane;
  int32_t phases = 0;
  for (int64_t i = 0; i < p.kernelHeight; ++i)
    for (int64_t j = 0; j < p.kernelWidth; ++j) {
      int64_t row = i * p.dilation - step.border.top, column = j * p.dilation - step.border.left;
      int64_t phase = (row & 1) * 2 + (column & 1);
      phases |= 1 << phase;
      taps.push_back(phase * onePlane + 4 * (halfOf(row) * y.pitch + halfOf(column)));
    }
  npu_split words{};
  words.blocks = x.blocks();
  words.phases = phases;
  words.x_first = x.origin / 4 + 2 * top * x.pitch + 2 * left;
  words.x_pitch = x.pitch;
  words.x_plane = x.plane;
  words.rows = rows;
  words.columns = columns;
  words.y_first = lead + top * y.pitch + left;
  words.y_pitch = y.pitch;
  words.y_plane = onePlane;
  return call("split", values[step.inputs[0]], bytesType(x.blocks() * plane + 1024), wordsOf(words));
}

Value Emitter::emitProducts(Step &step) {
  const Products &p = *step.products;
  const Image &x = image(step.inputs[0]), &y = image(step.output);
  if (step.kind == Step::Convolve && x.extent.height * x.extent.width == 1 && p.kernelHeight * p.kernelWidth == 1 && x.blocks() <= 4096)
    return emitRow(step);
  Value input = values[step.inputs[0]];
  int64_t origin = x.origin, plane = x.plane;
  SmallVector<int32_t> taps;
  if (p.stride == 2)
    input = split(step, origin, plane, taps);
  else
    for (int64_t i = 0; i < p.kernelHeight; ++i)
      for (int64_t j = 0; j < p.kernelWidth; ++j)
        taps.push_back(4 * ((i * p.dilation - step.border.top) * x.pitch + j * p.dilation - step.border.left));
  if (step.kind == Step::Largest) {
    npu_largest words{static_cast<int32_t>(y.vectors), static_cast<int32_t>(taps.size()), static_cast<int32_t>(y.blocks()),
                      static_cast<int32_t>(origin), static_cast<int32_t>(plane),
                      static_cast<int32_t>(spread(y.zero.value_or(0))), geometryOf(y)};
    return call("largest", {input, constant(taps)}, bytesType(y.bytes()), wordsOf(words));
  }
  if (p.isDepthwise)
    return emitDepthwise(step, input, origin, plane, taps);
  int64_t inputs = p.input_.channels, outputs = p.output.channels, window = taps.size();
  int64_t inBlocks = x.blocks(), outBlocks = y.blocks();
  std::vector<uint8_t> weights(outBlocks * window * inBlocks * 16);
  std::vector<int64_t> sums(outputs), magnitudes(outputs);
  for (int64_t f = 0; f < outputs; ++f)
    for (int64_t t = 0; t < window; ++t)
      for (int64_t k = 0; k < inputs; ++k) {
        int8_t weight = p.bytes[(f * window + t) * inputs + k];
        sums[f] += weight;
        magnitudes[f] += std::abs(weight);
        weights[(((f / 4 * window + t) * inBlocks + k / 4) * 4 + f % 4) * 4 + k % 4] = static_cast<uint8_t>(weight);
      }
  npu_convolve words{};
  words.vectors = y.vectors;
  words.taps = window;
  words.inputs = inBlocks;
  words.outputs = outBlocks;
  words.x_origin = origin;
  words.x_plane = plane;
  words.halo = static_cast<int32_t>(spread(y.zero.value_or(0)));
  words.y = geometryOf(y);
  // Where sums are short, scaling them takes as long as they do.
  auto channels = channelsOf(step, sums, magnitudes, window * inBlocks <= 64 ? NPU_HALF : NPU_EXACT);
  return call("convolve", {input, constant(taps), constant(weights), constant(wordsIn(channels))}, bytesType(y.bytes()),
              wordsOf(words), p.output.height * p.output.width * outputs * inputs * window);
}

Value Emitter::emitDepthwise(Step &step, Value x, int64_t origin, int64_t plane, ArrayRef<int32_t> taps) {
  const Products &p = *step.products;
  const Image &y = image(step.output);
  int64_t window = taps.size(), channels = p.output.channels;
  // Transposing four taps pays once in ten (device/depthwise.c).
  int64_t groups = std::min<int64_t>((window + 5) / 10, window / 4);
  std::vector<uint8_t> weights;
  std::vector<int64_t> sums(channels), magnitudes(channels);
  auto weight = [&](int64_t c, int64_t t) { return c < channels ? p.bytes[c * window + t] : int8_t(0); };
  // Windows three wide and high, walked one by one: words of three rows.
  int form = p.inStrips() ? NPU_STRIPS : NPU_TAPS;
  if (!form && p.stride == 1 && p.dilation == 1 && p.kernelHeight == 3 && p.kernelWidth == 3)
    form = NPU_FLAT;
  for (int64_t c = 0; form && c < y.blocks() * 4; c += 4)
    for (int64_t k = 0; k < 96; ++k) {
      int64_t row = k % 4 - k / 16 % 2, column = k / 32;
      weights.push_back(row < 0 || row > 2 ? 0 : static_cast<uint8_t>(weight(c + k / 4 % 4, row * 3 + column)));
    }
  for (int64_t c = 0; !form && c < y.blocks() * 4; c += 4) {
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t k = 0; k < 16; ++k)
        weights.push_back(static_cast<uint8_t>(weight(c + k / 4, 4 * g + k % 4)));
    for (int64_t t = 4 * groups; t < window; ++t)
      for (int64_t k = 0; k < 16; ++k)
        weights.push_back(k % 4 == k / 4 ? static_cast<uint8_t>(weight(c + k % 4, t)) : 0);
  }
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t t = 0; t < window; ++t)
      sums[c] += weight(c, t), magnitudes[c] += std::abs(weight(c, t));
  npu_depthwise words{};
  words.vectors = y.vectors;
  words.taps = window;
  words.groups = groups;
  words.blocks = y.blocks();
  words.x_origin = origin;
  words.x_plane = plane;
  words.halo = static_cast<int32_t>(spread(y.zero.value_or(0)));
  words.y = geometryOf(y);
  words.form = form;
  auto rows = channelsOf(step, sums, magnitudes, NPU_NARROW);
  return call("depthwise", {x, constant(taps), constant(weights), constant(wordsIn(rows))}, bytesType(y.bytes()),
              wordsOf(words), p.output.height * p.output.width * channels * window);
}

Value Emitter::emitAdd(Step &step) {
  const Quantized &q = *step.result;
  const Image &a = image(step.inputs[0]), &b = image(step.inputs[1]), &y = image(step.output);
  double ka = q.real.terms[0].factor[0], kb = q.real.terms[1].factor[0], flip = y.isSigned ? 128 : 0;
  double constant = q.real.constant[0] + q.offset + flip - (a.isSigned ? 128 * ka : 0) - (b.isSigned ? 128 * kb : 0);
  npu_add words{};
  // As many bits of fraction as keep high parts in a byte and sums in 16 bits.
  int bits = 7;
  auto largest = [&] { return std::ldexp(255 * (std::fabs(ka) + std::fabs(kb)) + std::fabs(constant) + 2, bits); };
  while (bits > 0 && (largest() > 32000 || std::ldexp(std::max(std::fabs(ka), std::fabs(kb)), bits) > 126))
    --bits;
  auto parts = [&](double k, int8_t &high, int8_t &low) {
    int64_t whole = std::llround(std::ldexp(k, bits + 7));
    high = static_cast<int8_t>((whole + 64) >> 7);
    low = static_cast<int8_t>(whole - high * 128);
  };
  int8_t highs[4], lows[4];
  parts(ka, highs[0], lows[0]);
  parts(kb, highs[1], lows[1]);
  for (int i : {0, 1}) {
    highs[2 + i] = highs[i];
    lows[2 + i] = lows[i];
  }
  std::memcpy(&words.high, highs, 4);
  std::memcpy(&words.low, lows, 4);
  words.vectors = y.blocks() * y.plane / 128;
  words.bits = bits;
  uint16_t start = static_cast<uint16_t>(static_cast<int16_t>(std::lround(std::ldexp(constant, bits))));
  words.start = static_cast<int32_t>(start * 0x10001u);
  auto bound = [&](double value) { return static_cast<int32_t>(spread(static_cast<uint8_t>(std::min(std::max(value + flip, 0.0), 255.0)))); };
  words.least = bound(q.low);
  words.most = bound(q.high);
  words.planes = y.blocks();
  words.halo = static_cast<int32_t>(spread(y.zero.value_or(0)));
  words.y = geometryOf(y);
  return call("add", {values[step.inputs[0]], values[step.inputs[1]]}, bytesType(y.bytes()), wordsOf(words));
}

Value Emitter::emitMean(Step &step) {
  const Image &x = image(step.inputs[0]), &y = image(step.output);
  std::vector<uint8_t> masks(x.vectors * 128);
  for (int64_t i = 0; i < x.vectors * 32; ++i)
    if (i % x.pitch < x.extent.width && i / x.pitch < x.extent.height)
      std::memset(&masks[4 * i], 0xff, 4);
  std::vector<int64_t> sums(x.extent.channels, x.extent.height * x.extent.width);
  auto channels = channelsOf(step, sums, sums);
  npu_mean words{};
  words.vectors = x.vectors;
  words.blocks = x.blocks();
  words.x_origin = x.origin;
  words.x_plane = x.plane;
  words.y_plane = y.plane;
  return call("mean", {values[step.inputs[0]], constant(masks), constant(wordsIn(channels))}, bytesType(y.bytes()),
              wordsOf(words));
}

Value Emitter::emitProduct(Step &step) {
  const Image &x = image(step.inputs[0]), &w = image(step.inputs[1]), &y = image(step.output);
  const Quantized &q = *step.result;
  Scaled all{q.real.terms[0].factor[0], q.real.constant[0] + q.offset + (y.isSigned ? 128 : 0),
             255.0 * 255 * step.sums};
  npu_channels channels = npu::channelsOf({all, all, all, all});
  npu_product words{};
  words.vectors = y.vectors;
  words.groups = step.groups;
  words.inputs = step.sums / 4;
  words.outputs = step.outputs / 4;
  words.across = step.isAcross;
  words.x_origin = x.origin;
  words.x_plane = x.plane;
  words.w_origin = w.origin;
  words.w_plane = w.plane;
  words.x_factor = step.xFactor;
  words.w_factor = step.wFactor;
  words.halo = static_cast<int32_t>(spread(y.zero.value_or(0)));
  words.y = geometryOf(y);
  return call("product", {values[step.inputs[0]], values[step.inputs[1]], constant(wordsOf(channels))},
              bytesType(y.bytes()), wordsOf(words), y.extent.width * step.groups * step.sums * step.outputs);
}

Value Emitter::emitSoftmax(Step &step) {
  const Image &x = image(step.inputs[0]), &y = image(step.output);
  auto power = [&](int below) { return std::lround(32767 * std::exp(-step.step * below)); };
  std::vector<uint8_t> tables;
  addTable(tables, [&](int i) { return power(i) >> 8; });
  addTable(tables, [&](int i) { return power(i) & 255; });
  npu_softmax words{};
  words.vectors = y.vectors;
  words.groups = step.groups;
  words.blocks = step.sums / 4;
  words.x_origin = x.origin;
  words.x_plane = x.plane;
  words.one = std::lround(step.result->real.terms[0].factor[0]);
  words.halo = static_cast<int32_t>(spread(y.zero.value_or(0)));
  words.y = geometryOf(y);
  return call("softmax", {values[step.inputs[0]], constant(tables)}, bytesType(y.bytes()), wordsOf(words));
}

Value Emitter::emitNorm(Step &step) {
  const Image &x = image(step.inputs[0]), &y = image(step.output);
  const Quantized &q = *step.result;
  int64_t count = y.extent.channels;
  npu_norm words{};
  // A number is at most the root of their count away from the mean, in deviations.
  words.bits = static_cast<int32_t>(std::floor(std::log2(32767 / std::sqrt(static_cast<double>(count)))));
  double unit = std::ldexp(32767.0, words.bits - 1), root = std::sqrt(static_cast<double>(count));
  std::vector<npu_channels> rows;
  for (int64_t k = 0; k < count; k += 4) {
    SmallVector<Scaled, 4> four;
    for (int64_t i = k; i < k + 4; ++i)
      four.push_back({at(q.real.terms[0].factor, i) / unit, at(q.real.constant, i) + q.offset + (y.isSigned ? 128 : 0),
                      root * unit});
    rows.push_back(npu::channelsOf(four));
  }
  words.vectors = y.vectors;
  words.blocks = y.blocks();
  words.channels = count;
  words.x_origin = x.origin;
  words.x_plane = x.plane;
  float epsilon = step.epsilon;
  std::memcpy(&words.epsilon, &epsilon, 4);
  words.halo = static_cast<int32_t>(spread(y.zero.value_or(0)));
  words.y = geometryOf(y);
  return call("norm", {values[step.inputs[0]], constant(wordsIn(rows))}, bytesType(y.bytes()), wordsOf(words));
}

void Emitter::emit(Step &step) {
  b.setInsertionPoint(step.anchor);
  loc = step.loc;
  const Image &y = image(step.output);
  int32_t halo = static_cast<int32_t>(spread(y.zero.value_or(0)));
  Value &result = values[step.output];
  // The kernels differ in how the floats lie.
  auto toBytes = [&](StringRef kernel, auto words) {
    auto [mantissa, exponent] = fractionOf(step.result->real.terms[0].factor[0]);
    words.channels = y.extent.channels;
    words.mantissa = mantissa;
    words.exponent = exponent;
    words.zero = static_cast<int32_t>(step.result->offset + step.result->real.constant[0]) + (y.isSigned ? 128 : 0);
    words.halo = halo;
    words.y = geometryOf(y);
    return call(kernel, step.source, bytesType(y.bytes()), wordsOf(words));
  };
  switch (step.kind) {
  case Step::Convolve:
  case Step::Depthwise:
  case Step::Largest:
    result = emitProducts(step);
    return;
  case Step::Join: {
    npu_join2 words{};
    SmallVector<Value> parts;
    for (auto [i, input] : llvm::enumerate(step.inputs)) {
      words.vectors[i] = image(input).blocks() * y.plane / 128;
      parts.push_back(values[input]);
    }
    words.planes = y.blocks();
    words.halo = halo;
    words.y = geometryOf(y);
    result = call("join" + std::to_string(parts.size()), parts, bytesType(y.bytes()), wordsOf(words));
    return;
  }
  case Step::Add:
    result = emitAdd(step);
    return;
  case Step::Mean:
    result = emitMean(step);
    return;
  case Step::Lookup: {
    std::vector<uint8_t> table;
    addTable(table, [&](int i) { return step.table[i]; });
    npu_lookup words{static_cast<int32_t>(y.blocks() * y.plane / 128), static_cast<int32_t>(y.blocks()), halo, geometryOf(y)};
    result = call("lookup", {values[step.inputs[0]], constant(table)}, bytesType(y.bytes()), wordsOf(words));
    return;
  }
  case Step::Quantize:
    result = toBytes("quantize", npu_quantize());
    return;
  case Step::Tokens:
    result = toBytes("tokens", npu_tokens());
    return;
  case Step::Product:
    result = emitProduct(step);
    return;
  case Step::Softmax:
    result = emitSoftmax(step);
    return;
  case Step::Norm:
    result = emitNorm(step);
    return;
  case Step::Block: {
    npu_block words{static_cast<int32_t>(y.extent.channels), y.isSigned ? 128 : 0, halo, geometryOf(y)};
    result = call("block", step.source, bytesType(y.bytes()), wordsOf(words));
    return;
  }
  }
}

/// Whoever is no kernel reads the tensor as linalg has it; nobody may be left to.
void Emitter::replace(Replaced &replaced) {
  Operation *def = replaced.tensor.getDefiningOp();
  b.setInsertionPoint(def);
  loc = def->getLoc();
  const Image &x = image(replaced.image);
  auto type = cast<RankedTensorType>(replaced.tensor.getType());
  if (!replaced.table.empty() && replaced.map.isIdentity() && type.getElementType().isF32() &&
      x.extent.channels <= 8192) {
    // Floats: each of their four bytes is a function of one.
    std::vector<uint8_t> tables;
    for (int byte = 0; byte < 4; ++byte)
      addTable(tables, [&](int i) {
        APInt bits = cast<FloatAttr>(replaced.table[i ^ (x.isSigned ? 0x80 : 0)]).getValue().bitcastToAPInt();
        return static_cast<uint8_t>(bits.getZExtValue() >> 8 * byte);
      });
    npu_floats words{static_cast<int32_t>(x.extent.channels), geometryOf(x)};
    replaced.tensor.replaceAllUsesWith(
        call("floats", {values[replaced.image], constant(tables)}, type, wordsOf(words)));
    return;
  }
  npu_unblock words{static_cast<int32_t>(x.extent.channels), x.isSigned ? 128 : 0, geometryOf(x)};
  SmallVector<int64_t> shape;
  for (unsigned i = 0; i < replaced.map.getNumResults(); ++i)
    shape.push_back(type.getDimSize(replaced.map.getDimPosition(i)));
  Value result = call("unblock", values[replaced.image], RankedTensorType::get(shape, b.getI8Type()), wordsOf(words));
  if (!replaced.table.empty() || !replaced.map.isIdentity()) {
    Value table;
    if (!replaced.table.empty()) {
      auto tableType = RankedTensorType::get({256}, type.getElementType());
      table = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(tableType, replaced.table));
    }
    Value init = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
    AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
    SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
    result = linalg::GenericOp::create(b, loc, type, result, init, ArrayRef<AffineMap>{replaced.map, identity}, loops,
                                       [&](OpBuilder &inner, Location at, ValueRange arguments) {
                                         if (!table) {
                                           linalg::YieldOp::create(inner, at, arguments[0]);
                                           return;
                                         }
                                         Value wide = arith::ExtUIOp::create(inner, at, inner.getI32Type(), arguments[0]);
                                         Value index = arith::IndexCastOp::create(inner, at, inner.getIndexType(), wide);
                                         Value value = tensor::ExtractOp::create(inner, at, table, index);
                                         linalg::YieldOp::create(inner, at, value);
                                       })
                 .getResult(0);
  }
  replaced.tensor.replaceAllUsesWith(result);
}

struct NpuFormKernels : brisk::impl::NpuFormKernelsBase<NpuFormKernels> {
  using NpuFormKernelsBase::NpuFormKernelsBase;
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    Plan plan = makePlan(main);
    Emitter(plan, &getContext(), exact).run();
  }
};

} // namespace
