// Which layers bear integers: mixed precision by sensitivity.
//
// Three metrics. divergence: that of the model's outputs when one layer alone is quantized; it ranks layers as their
// true cost in accuracy does. gauss-newton: E[(J dY)^2] by a tenth of the layer's error, forwards only. local: the
// error of the layer's own result, kept for comparison (across layers it says nothing).
// Two searches over the list sorted by it. bisection: the longest beginning of the list that stays within the floor.
// greedy: after it, the other layers one by one, each kept if the floor holds.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/quantize/Quantizer.h"

#include "mlir/IR/Diagnostics.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

using namespace mlir;
using namespace brisk;

namespace {
/// A ranking needs fewer samples than a measurement.
constexpr size_t kRankingSamples = 64;
/// The part of a layer's error by which the Gauss-Newton term is taken.
constexpr float kStep = 0.1f;
/// Noise over the root mean square of what it is added to.
constexpr float kNoiseShare = 0.1f;

/// A program in which the layers of a plan can be quantized one by one, as much as asked for.
struct Gated {
  std::unique_ptr<Program> program;
  std::vector<unsigned> layers;
  std::vector<std::vector<float>> gates; ///< two arguments a layer; all in floats to begin with

  /// The share of quantization in the i-th of `layers`.
  void set(size_t i, float share) {
    gates[2 * i] = {share};
    gates[2 * i + 1] = {1 - share};
  }
};

FailureOr<Gated> compileGated(OwningOpRef<ModuleOp> module, const Plan &low, ModelRunner &runner) {
  Gated gated;
  applyPlan(*module, low, Probe::Gate, &gated.layers);
  auto program = runner.compile(std::move(module), ModelRunner::Calibration);
  if (failed(program))
    return failure();
  gated.program = std::move(*program);
  gated.gates.resize(2 * gated.layers.size());
  for (size_t i = 0; i < gated.layers.size(); ++i)
    gated.set(i, 0);
  return gated;
}
} // namespace

FailureOr<std::vector<double>> Quantizer::layerErrors(const Plan &plan) {
  ModelRunner &runner = *request.runner;
  OwningOpRef<ModuleOp> exact = module.clone(), rounded = module.clone();
  auto results = [](const Layers &layers) {
    SmallVector<Value> values;
    for (const Layer &layer : layers.layers)
      values.push_back(layer.op->getResult(0));
    return values;
  };
  SmallVector<Value> before = results(findLayers(*exact)), after = results(findLayers(*rounded));
  addOutputs(*exact, before);
  addOutputs(*rounded, after);
  applyPlan(*rounded, plan);
  auto first = runner.compile(std::move(exact), set), second = runner.compile(std::move(rounded), set);
  if (failed(first) || failed(second))
    return failure();
  std::vector<double> errors(before.size()), squares(before.size());
  for (size_t sample = 0; sample < std::min(kRankingSamples, runner.samples(set)); ++sample) {
    FailureOr<std::vector<RunOutput>> a = (*first)->run(sample), b = (*second)->run(sample);
    if (failed(a) || failed(b))
      return failure();
    for (size_t layer = 0; layer < errors.size(); ++layer) {
      ArrayRef<float> x = (*a)[modelOutputs + layer].values, y = (*b)[modelOutputs + layer].values;
      for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
        errors[layer] += double(x[i] - y[i]) * (x[i] - y[i]);
        squares[layer] += double(x[i]) * x[i];
      }
    }
  }
  for (size_t layer = 0; layer < errors.size(); ++layer)
    errors[layer] = squares[layer] > 0 ? errors[layer] / squares[layer] : 0;
  return errors;
}

FailureOr<std::vector<double>> Quantizer::localErrors(const Plan &low) {
  ModelRunner &runner = *request.runner;
  OwningOpRef<ModuleOp> clone = module.clone();
  SmallVector<Value> results;
  for (const Layer &layer : findLayers(*clone).layers)
    results.push_back(layer.op->getResult(0));
  addOutputs(*clone, results);
  FailureOr<Gated> gated = compileGated(std::move(clone), low, runner);
  if (failed(gated))
    return failure();
  std::vector<double> errors(results.size()), squares(results.size());
  size_t count = std::min(kRankingSamples, runner.samples(ModelRunner::Calibration));
  for (size_t sample = 0; sample < count; ++sample) {
    runner.progress("local errors " + std::to_string(sample + 1) + "/" + std::to_string(count));
    FailureOr<std::vector<RunOutput>> outputs = gated->program->run(sample, gated->gates);
    if (failed(outputs))
      return failure();
    std::vector<std::vector<float>> exact;
    for (size_t layer = 0; layer < results.size(); ++layer)
      exact.emplace_back((*outputs)[modelOutputs + layer].values);
    for (size_t i = 0; i < gated->layers.size(); ++i) {
      gated->set(i, 1);
      outputs = gated->program->run(sample, gated->gates);
      if (failed(outputs))
        return failure();
      gated->set(i, 0);
      unsigned layer = gated->layers[i];
      ArrayRef<float> rounded = (*outputs)[modelOutputs + layer].values;
      for (size_t at = 0; at < std::min(rounded.size(), exact[layer].size()); ++at) {
        double x = exact[layer][at], y = rounded[at];
        errors[layer] += (x - y) * (x - y);
        squares[layer] += x * x;
      }
    }
  }
  runner.progress("");
  for (size_t layer = 0; layer < errors.size(); ++layer)
    errors[layer] = squares[layer] > 0 ? errors[layer] / squares[layer] : 0;
  return errors;
}

FailureOr<std::vector<double>> Quantizer::noiseSensitivities(const Plan &low) {
  ModelRunner &runner = *request.runner;
  FailureOr<std::vector<double>> local = localErrors(low);
  if (failed(local))
    return failure();
  OwningOpRef<ModuleOp> clone = module.clone();
  std::vector<unsigned> layers;
  applyPlan(*clone, Plan(found), Probe::Noise, &layers);
  auto program = runner.compile(std::move(clone), ModelRunner::Calibration);
  if (failed(program))
    return failure();
  std::vector<std::vector<float>> noise;
  for (unsigned layer : layers) {
    auto type = cast<RankedTensorType>(found.layers[layer].op->getOperand(*found.layers[layer].weight).getType());
    noise.emplace_back(type.getDimSize(found.layers[layer].channelAxis), 0.0f);
  }
  size_t count = std::min(kRankingSamples, runner.samples(ModelRunner::Calibration));
  std::vector<double> squares(layers.size()), numbers(layers.size());
  Outputs exact;
  for (size_t sample = 0; sample < count; ++sample) {
    FailureOr<std::vector<RunOutput>> outputs = (*program)->run(sample, noise);
    if (failed(outputs))
      return failure();
    exact.emplace_back();
    for (const RunOutput &output : ArrayRef(*outputs).take_front(modelOutputs))
      exact.back().emplace_back(output.values);
    for (size_t i = 0; i < layers.size(); ++i) {
      for (float value : (*outputs)[modelOutputs + i].values)
        squares[i] += double(value) * value;
      numbers[i] += static_cast<double>((*outputs)[modelOutputs + i].values.size());
    }
  }
  // What one unit of relative noise does; for products without channels, what it does on average.
  std::minstd_rand random(1);
  std::vector<double> gain(found.layers.size(), -1);
  double sum = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    runner.progress("sensitivity " + std::to_string(i + 1) + "/" + std::to_string(layers.size()));
    float size = kNoiseShare * static_cast<float>(std::sqrt(squares[i] / std::max(numbers[i], 1.0)));
    for (float &value : noise[i])
      value = random() & 16 ? size : -size;
    FailureOr<Outputs> outputs = runAll(**program, runner, ModelRunner::Calibration, modelOutputs, nullptr, noise, count);
    if (failed(outputs))
      return failure();
    std::fill(noise[i].begin(), noise[i].end(), 0.0f);
    Accuracy accuracy = compare(exact, *outputs, judge->classes, runner, ModelRunner::Calibration);
    sum += gain[layers[i]] = accuracy.distance() / (kNoiseShare * kNoiseShare);
  }
  runner.progress("");
  for (size_t layer = 0; layer < gain.size(); ++layer)
    (*local)[layer] *= gain[layer] >= 0 ? gain[layer] : sum / std::max<size_t>(layers.size(), 1);
  return *local;
}

FailureOr<std::vector<double>> Quantizer::sensitivities(const Plan &low) {
  ModelRunner &runner = *request.runner;
  size_t count = std::min(kRankingSamples, runner.samples(ModelRunner::Calibration));
  std::vector<double> result(found.layers.size());
  if (request.sensitivity == "local")
    return localErrors(low);
  if (request.sensitivity == "noise")
    return noiseSensitivities(low);
  OwningOpRef<ModuleOp> clone = module.clone();
  FailureOr<Gated> gated = compileGated(std::move(clone), low, runner);
  if (failed(gated))
    return failure();
  FailureOr<Outputs> exact =
      runAll(*gated->program, runner, ModelRunner::Calibration, modelOutputs, nullptr, gated->gates, count);
  if (failed(exact))
    return failure();
  float step = request.sensitivity == "gauss-newton" ? kStep : 1.0f;
  for (size_t i = 0; i < gated->layers.size(); ++i) {
    runner.progress("sensitivity " + std::to_string(i + 1) + "/" + std::to_string(gated->layers.size()));
    gated->set(i, step);
    FailureOr<Outputs> outputs =
        runAll(*gated->program, runner, ModelRunner::Calibration, modelOutputs, nullptr, gated->gates, count);
    if (failed(outputs))
      return failure();
    gated->set(i, 0);
    Accuracy accuracy = compare(*exact, *outputs, judge->classes, runner, ModelRunner::Calibration);
    result[gated->layers[i]] = step == 1 ? accuracy.distance() : accuracy.relative / (step * step);
  }
  runner.progress("");
  return result;
}

std::vector<size_t> Quantizer::bySensitivity() const {
  std::vector<size_t> order(found.layers.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return sensitivity[a] < sensitivity[b]; });
  return order;
}

FailureOr<Plan> Quantizer::keepWhatHolds(const Plan &low) {
  FailureOr<std::vector<double>> ranking = sensitivities(low);
  if (failed(ranking))
    return failure();
  sensitivity = *ranking;
  std::vector<size_t> order = bySensitivity();
  auto with = [&](ArrayRef<size_t> layers) {
    Plan plan(found);
    plan.ranges = low.ranges;
    plan.powerOfTwo = low.powerOfTwo;
    for (size_t layer : layers)
      plan.layers[layer] = low.layers[layer];
    return plan;
  };
  auto holds = [&](ArrayRef<size_t> layers) -> FailureOr<bool> {
    FailureOr<Trial> trial = evaluate(with(layers), std::to_string(layers.size()) + " layers int8");
    if (failed(trial))
      return failure();
    return trial->drop <= allowed();
  };
  // Invariant: the first `good` layers hold; drops are taken to grow along the list, and the end is verified.
  ArrayRef<size_t> all(order);
  size_t good = 0, bad = all.size() + 1, next = all.size();
  while (good + 1 < bad) {
    FailureOr<bool> fits = holds(all.take_front(next));
    if (failed(fits))
      return failure();
    (*fits ? good : bad) = next;
    next = (good + bad) / 2;
  }
  std::vector<size_t> chosen(order.begin(), order.begin() + good);
  if (request.search == "greedy")
    for (size_t layer : all.drop_front(good)) {
      std::vector<size_t> more = chosen;
      more.push_back(layer);
      FailureOr<bool> fits = holds(more);
      if (failed(fits))
        return failure();
      if (*fits)
        chosen = more;
    }
  return with(chosen);
}

FailureOr<Plan> Quantizer::chooseMixed() {
  FailureOr<Plan> low = chooseInt8();
  if (failed(low))
    return failure();
  FailureOr<Plan> kept = keepWhatHolds(*low);
  if (failed(kept))
    return failure();
  // What int8 would cost too much may bear bf16, in the same order.
  std::vector<size_t> rest;
  size_t narrow = 0;
  for (size_t layer : bySensitivity()) {
    narrow += kept->layers[layer].precision != Precision::F32;
    if (kept->layers[layer].precision == Precision::F32 && supports(found.layers[layer], Precision::BF16))
      rest.push_back(layer);
  }
  auto widened = [&](size_t number) {
    Plan plan = *kept;
    for (size_t layer : ArrayRef(rest).take_front(number))
      plan.layers[layer].precision = Precision::BF16;
    return plan;
  };
  size_t good = 0, bad = rest.size() + 1, next = rest.size();
  while (good + 1 < bad) {
    FailureOr<Trial> trial = evaluate(widened(next), std::to_string(narrow) + " layers int8, " + std::to_string(next) + " bf16");
    if (failed(trial))
      return failure();
    (trial->drop <= allowed() ? good : bad) = next;
    next = (good + bad) / 2;
  }
  decision = std::to_string(narrow) + " of " + std::to_string(found.layers.size()) + " layers in int8, " +
             std::to_string(good) + " in bf16 by " + request.sensitivity + " and " + request.search;
  return widened(good);
}
