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

using namespace mlir;
using namespace brisk;

namespace {
/// A ranking needs fewer samples than a measurement.
constexpr size_t kRankingSamples = 64;
/// The part of a layer's error by which the Gauss-Newton term is taken.
constexpr float kStep = 0.1f;
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

FailureOr<std::vector<double>> Quantizer::sensitivities(const Plan &low) {
  ModelRunner &runner = *request.runner;
  size_t count = std::min(kRankingSamples, runner.samples(ModelRunner::Calibration));
  std::vector<double> result(found.layers.size());
  if (request.sensitivity == "local") {
    // Each layer alone would differ by what the layers before it add: so they are measured one at a time, too.
    for (size_t layer = 0; layer < result.size(); ++layer) {
      runner.progress("sensitivity " + std::to_string(layer + 1) + "/" + std::to_string(result.size()));
      Plan one = low;
      for (size_t other = 0; other < result.size(); ++other)
        if (other != layer)
          one.layers[other] = {};
      FailureOr<std::vector<double>> errors = layerErrors(one);
      if (failed(errors))
        return failure();
      result[layer] = (*errors)[layer];
    }
    runner.progress("");
    return result;
  }
  OwningOpRef<ModuleOp> clone = module.clone();
  std::vector<unsigned> gated;
  applyPlan(*clone, low, Probe::Gate, &gated);
  auto program = runner.compile(std::move(clone), ModelRunner::Calibration);
  if (failed(program))
    return failure();
  std::vector<std::vector<float>> gates;
  for (size_t i = 0; i < gated.size(); ++i) {
    gates.push_back({0.0f});
    gates.push_back({1.0f});
  }
  FailureOr<Outputs> exact =
      runAll(**program, runner, ModelRunner::Calibration, modelOutputs, nullptr, gates, count);
  if (failed(exact))
    return failure();
  float step = request.sensitivity == "gauss-newton" ? kStep : 1.0f;
  for (size_t i = 0; i < gated.size(); ++i) {
    runner.progress("sensitivity " + std::to_string(i + 1) + "/" + std::to_string(gated.size()));
    gates[2 * i] = {step};
    gates[2 * i + 1] = {1 - step};
    FailureOr<Outputs> outputs =
        runAll(**program, runner, ModelRunner::Calibration, modelOutputs, nullptr, gates, count);
    if (failed(outputs))
      return failure();
    gates[2 * i] = {0.0f};
    gates[2 * i + 1] = {1.0f};
    Accuracy accuracy = compare(*exact, *outputs, judge->classes, runner, ModelRunner::Calibration);
    result[gated[i]] = step == 1 ? accuracy.distance() : accuracy.relative / (step * step);
  }
  runner.progress("");
  return result;
}

FailureOr<Plan> Quantizer::chooseMixed() {
  FailureOr<Plan> low = chooseInt8();
  if (failed(low))
    return failure();
  FailureOr<std::vector<double>> ranking = sensitivities(*low);
  if (failed(ranking))
    return failure();
  sensitivity = *ranking;
  std::vector<size_t> order(found.layers.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return sensitivity[a] < sensitivity[b]; });
  auto with = [&](ArrayRef<size_t> layers) {
    Plan plan(found);
    plan.ranges = low->ranges;
    for (size_t layer : layers)
      plan.layers[layer] = low->layers[layer];
    return plan;
  };
  auto holds = [&](ArrayRef<size_t> layers) -> FailureOr<bool> {
    FailureOr<Trial> trial = evaluate(with(layers), std::to_string(layers.size()) + " layers int8");
    if (failed(trial))
      return failure();
    return trial->drop <= request.maxDrop;
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
  decision = std::to_string(chosen.size()) + " of " + std::to_string(found.layers.size()) + " layers in int8 by " +
             request.sensitivity + " and " + request.search;
  return with(chosen);
}
