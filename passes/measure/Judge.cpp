// Judges variants of a model against the model, on the user's samples.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/measure/Judge.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;
using namespace brisk;

/// With fewer decisions, or samples that are no decisions, none are held out.
static constexpr uint64_t kLeastDecisions = 200, kLeastSamples = 16;

LogicalResult Judge::prepare(ModuleOp module) {
  if (original || !measures())
    return success();
  if (runner.samples(ModelRunner::Evaluation) == 0)
    set = ModelRunner::Calibration;
  if (auto main = module.lookupSymbol<func::FuncOp>("main"))
    modelOutputs = main.getNumResults();
  auto program = runner.compile(OwningOpRef<ModuleOp>(module.clone()), set);
  if (failed(program))
    return failure();
  SmallVector<int64_t> rowSizes;
  FailureOr<Outputs> outputs = runAll(**program, runner, set, modelOutputs, &rowSizes);
  if (failed(outputs))
    return failure();
  reference = std::move(*outputs);
  classes = rowSizes.empty() ? 0 : rowSizes.front();
  bool labelled = !runner.labels(set, 0).empty();
  bool probabilities = false;
  Decision decision = decisionOf(reference, classes, &probabilities);
  metric = llvm::StringSwitch<Metric>(wanted)
               .Case("agreement", Metric::Agreement)
               .Case("top1", Metric::Top1)
               .Case("mse", Metric::Mse)
               .Case("cosine", Metric::Cosine)
               .Default(labelled && classes >= 2 ? Metric::Top1 : probabilities ? Metric::Agreement : Metric::Cosine);
  allowance = metric == Metric::Top1 && labelled ? 0.5 : 1;
  // One decision of few is no finding.
  if (metric == Metric::Agreement) {
    uint64_t rows = compare(reference, reference, classes, runner, set).rows;
    allowance = std::max(allowance, 100.0 / static_cast<double>(std::max<uint64_t>(rows, 1)) + 1e-9);
  }
  if (metric == Metric::Agreement && decision == Decision::None)
    return module.emitError("--metric=agreement expects a first output of classes or of probabilities");
  if (metric == Metric::Top1 && classes < 2)
    return module.emitError("--metric=top1 expects a first output whose last axis holds two classes or more, but it has ")
           << classes;
  bool decides = metric == Metric::Top1 || metric == Metric::Agreement;
  uint64_t count = decides ? compare(reference, reference, classes, runner, set).rows : reference.size();
  holdsOut &= set == ModelRunner::Evaluation && reference.size() >= 2 && count >= (decides ? kLeastDecisions : kLeastSamples);
  original = std::move(*program);
  return success();
}

namespace {

/// Every second sample of a set.
class Half : public ModelRunner {
public:
  Half(const ModelRunner &whole, size_t first) : whole(whole), first(first) {}
  size_t samples(Set set) const override { return (whole.samples(set) + 1 - first) / 2; }
  std::vector<int64_t> labels(Set set, size_t index) const override { return whole.labels(set, 2 * index + first); }
  FailureOr<std::unique_ptr<Program>> compile(OwningOpRef<ModuleOp>, Set) override { return failure(); }
  FailureOr<double> predict(OwningOpRef<ModuleOp>) override { return failure(); }
  void progress(StringRef) override {}

  Outputs of(const Outputs &outputs) const {
    Outputs half;
    for (size_t i = first; i < outputs.size(); i += 2)
      half.push_back(outputs[i]);
    return half;
  }

private:
  const ModelRunner &whole;
  size_t first;
};

} // namespace

Accuracy Judge::compareHalf(const Outputs &outputs, bool isHeld) const {
  Half half(runner, isHeld);
  return compare(half.of(reference), half.of(outputs), classes, half, set);
}

FailureOr<Trial> Judge::judge(std::shared_ptr<Program> program, StringRef name) {
  FailureOr<Outputs> outputs = runAll(*program, runner, set, modelOutputs);
  if (failed(outputs))
    return failure();
  Trial trial;
  trial.name = name.str();
  trial.accuracy = compare(reference, *outputs, classes, runner, set);
  trial.drop = trial.accuracy.drop(metric);
  if (holdsOut) {
    trial.drop = compareHalf(*outputs, false).drop(metric);
    Accuracy held = compareHalf(*outputs, true);
    trial.held = held.drop(metric);
    if (metric == Metric::Top1 || metric == Metric::Agreement)
      trial.grain = 100.0 / static_cast<double>(std::max<uint64_t>(held.rows, 1)) + 1e-9;
  }
  trial.program = std::move(program);
  return trial;
}

std::pair<double, double> brisk::race(Program &first, Program &second) {
  std::pair<double, double> least(INFINITY, INFINITY);
  for (int round = 0; round < 5; ++round) {
    least.first = std::min(least.first, first.time());
    least.second = std::min(least.second, second.time());
  }
  return least;
}

StringRef brisk::nameOf(Metric metric) {
  switch (metric) {
  case Metric::Top1: return "top1";
  case Metric::Agreement: return "agreement";
  case Metric::Cosine: return "cosine";
  case Metric::Mse: return "mse";
  }
  return "";
}

llvm::json::Value brisk::jsonNumber(double value) {
  return std::isfinite(value) ? llvm::json::Value(value) : llvm::json::Value(nullptr);
}

llvm::json::Object brisk::jsonOf(const Trial &trial) {
  const Accuracy &a = trial.accuracy;
  llvm::json::Object object{{"name", trial.name},          {"drop", jsonNumber(trial.drop)},
                            {"cosine", jsonNumber(a.cosine)}, {"worst_cosine", jsonNumber(a.worstCosine)},  {"relative_error", jsonNumber(a.relative)},
                            {"max_difference", jsonNumber(a.largest)}, {"finite", a.finite}};
  if (trial.held)
    object["drop_held_out"] = jsonNumber(*trial.held);
  if (a.decision != Decision::None) {
    object["rows"] = static_cast<int64_t>(a.rows);
    object["top1_agreement"] = jsonNumber(a.agreement);
  }
  if (a.decision == Decision::Class)
    object["kl_divergence"] = jsonNumber(a.divergence);
  if (a.labelled) {
    object["top1_before"] = jsonNumber(a.before);
    object["top1_after"] = jsonNumber(a.after);
    object["calibration_error_before"] = jsonNumber(a.calibrationBefore);
    object["calibration_error_after"] = jsonNumber(a.calibrationAfter);
    if (a.worstClass >= 0)
      object["worst_class"] = llvm::json::Object{{"label", a.worstClass}, {"lost", a.worstClassLost}};
  }
  return object;
}

std::string brisk::lineOf(const Trial &trial, Metric metric) {
  const Accuracy &a = trial.accuracy;
  std::string line = llvm::formatv("{0}: {1:f2} points of {2} lost", trial.name, trial.drop, nameOf(metric));
  if (a.labelled)
    line += llvm::formatv(", accuracy {0:f2} -> {1:f2} %", 100 * a.before, 100 * a.after);
  if (a.decision != Decision::None)
    line += llvm::formatv(", agreement {0:f2} %", 100 * a.agreement);
  if (a.decision == Decision::Class)
    line += llvm::formatv(", KL {0:e2}", a.divergence);
  return line + llvm::formatv(", cosine {0:f6}, max difference {1:e2}", a.cosine, a.largest).str();
}
