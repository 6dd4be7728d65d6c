// What runs of the model on samples tell: ranges of tensors, shifts of means, scales of inputs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/quantize/Quantizer.h"
#include "passes/quantize/Weights.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace brisk;

namespace {

/// Outputs of one program may take this many bytes together; open dims count as 64.
constexpr int64_t kProbeBytes = int64_t(256) << 20;
/// Samples that means are taken over.
constexpr size_t kCorrectionSamples = 64;
/// Rows of activations that a search for scales looks at.
constexpr size_t kRows = 128;

int64_t probeBytes(Value value) {
  int64_t bytes = 4;
  for (int64_t dim : cast<RankedTensorType>(value.getType()).getShape())
    bytes = std::min<int64_t>(bytes * (ShapedType::isDynamic(dim) ? 64 : std::max<int64_t>(dim, 1)), kProbeBytes);
  return bytes;
}

} // namespace

void ChannelMeans::add(const RunOutput &output, int64_t axis) {
  int64_t size = output.dims[axis], inner = 1;
  for (size_t i = axis + 1; i < output.dims.size(); ++i)
    inner *= output.dims[i];
  sums.resize(size);
  int64_t channel = 0;
  for (size_t at = 0; at < output.values.size(); at += inner, channel = channel + 1 == size ? 0 : channel + 1)
    for (int64_t i = 0; i < inner; ++i)
      sums[channel] += output.values[at + i];
  if (size)
    count += static_cast<double>(output.values.size()) / static_cast<double>(size);
}

LogicalResult Quantizer::observe(bool histograms) {
  ModelRunner &runner = *request.runner;
  observers.assign(found.tensors.size(), {});
  exactMeans.assign(found.layers.size(), {});
  // Tensors that layers read, then results of layers with weights: as many to a program as memory allows.
  std::vector<unsigned> weighted;
  for (auto [i, layer] : llvm::enumerate(found.layers))
    if (layer.hasChannels())
      weighted.push_back(i);
  size_t tensors = found.tensors.size(), total = tensors + weighted.size();
  auto probe = [&](const Layers &layers, size_t i) {
    return i < tensors ? layers.tensors[i] : layers.layers[weighted[i - tensors]].op->getResult(0);
  };
  for (size_t first = 0; first < total;) {
    OwningOpRef<ModuleOp> clone = module.clone();
    Layers layers = findLayers(*clone);
    SmallVector<Value> probes;
    size_t last = first;
    for (int64_t bytes = 0; last < total; ++last) {
      bytes += probeBytes(probe(layers, last));
      if (bytes > kProbeBytes && last > first)
        break;
      probes.push_back(probe(layers, last));
    }
    addOutputs(*clone, probes);
    FailureOr<std::unique_ptr<Program>> program = runner.compile(std::move(clone), ModelRunner::Calibration);
    if (failed(program))
      return failure();
    size_t count = runner.samples(ModelRunner::Calibration);
    for (bool counting : {false, true}) {
      if (counting && !histograms)
        break;
      for (size_t sample = 0; sample < count; ++sample) {
        runner.progress((counting ? "calibrating, counts " : "calibrating ") + std::to_string(sample + 1) + "/" +
                        std::to_string(count));
        FailureOr<std::vector<RunOutput>> outputs = (*program)->run(sample);
        if (failed(outputs))
          return failure();
        for (size_t i = first; i < last; ++i) {
          const RunOutput &output = (*outputs)[modelOutputs + i - first];
          if (i < tensors)
            counting ? observers[i].count(output.values) : observers[i].widen(output.values);
          else if (!counting && sample < kCorrectionSamples)
            exactMeans[weighted[i - tensors]].add(output, found.layers[weighted[i - tensors]].resultAxis);
        }
      }
    }
    first = last;
  }
  runner.progress("");
  return success();
}

std::vector<Interval> Quantizer::ranges(Calibrator calibrator) const {
  std::vector<Interval> result;
  for (const Observer &observer : observers)
    result.push_back(observer.range(calibrator, request.percentile));
  return result;
}

LogicalResult Quantizer::correctBias(Plan &plan) {
  ModelRunner &runner = *request.runner;
  // One program whose shifts are arguments: the layers are then corrected one after the other without compiling again.
  OwningOpRef<ModuleOp> probe = module.clone();
  std::vector<unsigned> layers;
  Plan bare = plan;
  for (LayerPlan &layer : bare.layers)
    layer.shift.clear();
  applyPlan(*probe, bare, Probe::Shift, &layers);
  if (layers.empty())
    return success();
  auto after = runner.compile(std::move(probe), ModelRunner::Calibration);
  if (failed(after))
    return failure();
  size_t count = std::min(kCorrectionSamples, runner.samples(ModelRunner::Calibration));
  std::vector<std::vector<float>> shifts;
  for (unsigned layer : layers) {
    auto type = cast<RankedTensorType>(found.layers[layer].op->getOperand(*found.layers[layer].weight).getType());
    shifts.emplace_back(type.getDimSize(found.layers[layer].channelAxis), 0.0f);
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    runner.progress("correcting bias " + std::to_string(i + 1) + "/" + std::to_string(layers.size()));
    ChannelMeans now;
    const ChannelMeans &goal = exactMeans[layers[i]];
    for (size_t sample = 0; sample < count; ++sample) {
      FailureOr<std::vector<RunOutput>> outputs = (*after)->run(sample, shifts);
      if (failed(outputs))
        return failure();
      now.add((*outputs)[modelOutputs + i], found.layers[layers[i]].resultAxis);
    }
    if (now.count == 0 || now.sums.size() != shifts[i].size() || goal.sums.size() != shifts[i].size())
      continue;
    for (size_t channel = 0; channel < shifts[i].size(); ++channel)
      shifts[i][channel] = static_cast<float>((goal.sums[channel] - now.sums[channel]) / now.count);
    plan.layers[layers[i]].shift = shifts[i];
  }
  runner.progress("");
  return success();
}

LogicalResult Quantizer::scaleInputs(Plan &plan) {
  ModelRunner &runner = *request.runner;
  llvm::SetVector<unsigned> tensors;
  for (auto [layer, choice] : llvm::zip(found.layers, plan.layers))
    if (choice.precision == Precision::Int4Weights)
      tensors.insert(layer.activations.front().second);
  if (tensors.empty())
    return success();
  OwningOpRef<ModuleOp> clone = module.clone();
  Layers same = findLayers(*clone);
  SmallVector<Value> probes;
  for (unsigned tensor : tensors)
    probes.push_back(same.tensors[tensor]);
  addOutputs(*clone, probes);
  auto program = runner.compile(std::move(clone), ModelRunner::Calibration);
  if (failed(program))
    return failure();
  // Some rows of each sample, as far apart as the number wanted allows.
  std::vector<std::vector<float>> rows(found.tensors.size());
  size_t count = runner.samples(ModelRunner::Calibration), share = std::max<size_t>(1, kRows / count);
  for (size_t sample = 0; sample < std::min(count, kRows); ++sample) {
    FailureOr<std::vector<RunOutput>> outputs = (*program)->run(sample);
    if (failed(outputs))
      return failure();
    for (auto [i, tensor] : llvm::enumerate(tensors)) {
      const RunOutput &output = (*outputs)[modelOutputs + i];
      size_t size = output.dims.empty() ? 1 : output.dims.back(), have = size ? output.values.size() / size : 0;
      for (size_t row = 0, step = std::max<size_t>(1, have / share); row < have && row / step < share; row += step)
        rows[tensor].insert(rows[tensor].end(), output.values.begin() + row * size,
                            output.values.begin() + (row + 1) * size);
    }
  }
  size_t done = 0;
  for (auto [layer, choice] : llvm::zip(found.layers, plan.layers)) {
    if (choice.precision != Precision::Int4Weights)
      continue;
    runner.progress("scaling inputs, layer " + std::to_string(++done));
    Value weight = layer.op->getOperand(*layer.weight);
    auto type = cast<RankedTensorType>(weight.getType());
    choice.inputScale = searchInputScale(constantFloats(weight), type, 1 - layer.channelAxis,
                                         rows[layer.activations.front().second], plan.block, 4);
  }
  runner.progress("");
  return success();
}
