// In: a float model on the onnx dialect, types inferred. Out: the same with quantization around the products that bear it.
// Why here: before layouts and fusion, so that a model that comes quantized and one that is quantized here are one case.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/quantize/Quantizer.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <tuple>

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_QUANTIZEMODEL
#include "passes/quantize/Passes.h.inc"
} // namespace brisk

/// Gains below this share of the time are noise.
static constexpr double kNoise = 0.02;
/// A layer has little work below this share of the mean.
static constexpr double kLittle = 0.2;

Quantizer::Quantizer(ModuleOp module, const QuantizeRequest &request)
    : module(module), request(request), judge(request.judge), found(findLayers(module)) {
  if (auto main = module.lookupSymbol<func::FuncOp>("main"))
    modelOutputs = main.getNumResults();
}

LogicalResult Quantizer::prepare() {
  if (!measures())
    return success();
  if (failed(judge->prepare(module)))
    return failure();
  set = judge->set;
  auto program = request.runner->compile(OwningOpRef<ModuleOp>(module.clone()), set);
  if (failed(program))
    return failure();
  floats = std::move(*program);
  return success();
}

Plan Quantizer::uniform(Precision precision) const {
  Plan plan(found);
  for (auto [layer, choice] : llvm::zip(found.layers, plan.layers))
    if (supports(layer, precision))
      choice.precision = precision;
  return plan;
}

FailureOr<std::unique_ptr<Program>> Quantizer::compile(const Plan &plan, ModelRunner::Set samples) {
  OwningOpRef<ModuleOp> clone = module.clone();
  applyPlan(*clone, plan);
  return request.runner->compile(std::move(clone), samples);
}

FailureOr<Trial> Quantizer::evaluate(const Plan &plan, StringRef name) {
  Trial trial;
  trial.name = name.str();
  if (measures() && !plan.isFloat()) {
    auto program = compile(plan, set);
    if (failed(program))
      return failure();
    FailureOr<Trial> judged = judge->judge(std::move(*program), name);
    if (failed(judged))
      return failure();
    trial = *judged;
  }
  trials.push_back(trial);
  trials.back().program.reset(); // of many plans, only the one that is chosen
  return trial;
}

FailureOr<Plan> Quantizer::chooseInt8() {
  auto calibrator = llvm::StringSwitch<Calibrator>(request.calibrator)
                        .Case("percentile", Calibrator::Percentile)
                        .Case("entropy", Calibrator::Entropy)
                        .Case("mse", Calibrator::Mse)
                        .Default(Calibrator::MinMax);
  if (failed(observe(/*histograms=*/calibrator != Calibrator::MinMax)))
    return failure();
  Plan plan = uniform(Precision::Int8);
  plan.powerOfTwo = request.powerOfTwo;
  plan.ranges = ranges(calibrator);
  if (request.calibrator == "auto" && failed(correctBias(plan)))
    return failure();
  return plan;
}

FailureOr<Plan> Quantizer::chooseAuto() {
  FailureOr<Plan> first = chooseInt8();
  if (failed(first))
    return failure();
  Plan plan = *first, best = plan;
  double least = INFINITY;
  auto accept = [&](const Plan &candidate, StringRef name) -> FailureOr<bool> {
    FailureOr<Trial> trial = evaluate(candidate, name);
    if (failed(trial))
      return failure();
    if (trial->drop < least) {
      least = trial->drop;
      best = candidate;
      chosen = trial->program;
      lost = least;
      decision = name.str();
    }
    return trial->drop <= allowed();
  };
  // What was corrected for other inputs is corrected anew.
  auto keep = [&](ArrayRef<unsigned> layers) -> LogicalResult {
    for (unsigned layer : layers)
      plan.layers[layer] = {};
    return correctBias(plan);
  };
  SmallVector<unsigned> depthwise, ends;
  for (auto [i, layer] : llvm::enumerate(found.layers))
    if (layer.depthwise)
      depthwise.push_back(i);
  ends = {0, static_cast<unsigned>(found.layers.size()) - 1};

  FailureOr<bool> done = accept(plan, "min-max and bias correction");
  if (succeeded(done) && !*done && !depthwise.empty())
    done = succeeded(keep(depthwise)) ? accept(plan, "depthwise layers in fp32") : FailureOr<bool>(failure());
  if (succeeded(done) && !*done && found.layers.size() > 2)
    done = succeeded(keep(ends)) ? accept(plan, "first and last layer in fp32") : FailureOr<bool>(failure());
  if (succeeded(done) && !*done) {
    observers.clear();
    if (failed(observe(/*histograms=*/true)))
      return failure();
    plan.ranges = ranges(Calibrator::Mse);
    done = succeeded(correctBias(plan)) ? accept(plan, "ranges of least squared error") : FailureOr<bool>(failure());
  }
  // Where a few layers elsewhere lose it all.
  if (succeeded(done) && !*done && found.layers.size() > 1) {
    FailureOr<Plan> kept = keepWhatHolds(*first);
    if (failed(kept))
      return failure();
    if (!kept->isFloat())
      done = accept(*kept, "sensitive layers in fp32");
  }
  // 16-bit activations: no machine here multiplies them by bytes, so they stay floats.
  if (succeeded(done) && !*done)
    done = accept(uniform(Precision::Int8Weights), "8-bit weights, activations in floats");
  if (failed(done))
    return failure();
  if (!*done && least > allowed()) {
    decision = llvm::formatv("nothing stays within {0} points: the model is left in fp32", allowed()).str();
    module.emitWarning() << "quantization undone: " << decision << " (the best lost " << llvm::formatv("{0:f2}", least).str()
                         << ")";
    return Plan(found);
  }
  return best;
}

LogicalResult Quantizer::gate(Plan &plan, std::shared_ptr<Program> program) {
  if (!measures() || request.keepSlower || plan.isFloat())
    return success();
  if (!program) {
    auto compiled = compile(plan, set);
    if (failed(compiled))
      return failure();
    program = std::move(*compiled);
  }
  // Kinds of layers that often cost more than they gain: each kind goes back to floats if that makes a run faster.
  for (auto &[kind, layers] : suspects(plan)) {
    Plan without = plan;
    for (unsigned layer : layers)
      without.layers[layer] = {};
    if (layers.empty() || without.isFloat())
      continue;
    request.runner->progress("measuring " + kind);
    auto compiled = compile(without, set);
    if (failed(compiled))
      return failure();
    auto [with, bare] = race(*program, **compiled);
    if (bare > with * (1 - kNoise))
      continue;
    plan = without;
    program = std::move(*compiled);
    for (unsigned layer : layers)
      reasons[layer] = llvm::formatv("{0} are not faster: a run takes {1:f1} us with them, {2:f1} us without", kind,
                                     with * 1e6, bare * 1e6);
    module.emitRemark() << layers.size() << " layers left in fp32: " << reasons[layers.front()];
  }
  request.runner->progress("");
  if (llvm::any_of(reasons, [](const std::string &reason) { return !reason.empty(); })) {
    FailureOr<Trial> trial = evaluate(plan, "without layers that are not faster");
    if (failed(trial))
      return failure();
    decision += (decision.empty() ? "" : ", ") + trial->name;
    lost = trial->drop;
    if (trial->drop > allowed() && (request.floorGiven || request.calibrator == "auto")) {
      decision = llvm::formatv("undone: {0:f2} points lost once layers that are not faster are in floats", trial->drop);
      module.emitWarning() << "quantization " << decision;
      plan = Plan(found);
      return success();
    }
  }
  auto shares = [&](auto pair) {
    auto &[layer, choice] = pair;
    return choice.precision == Precision::Int8 && llvm::any_of(layer.activations, [&](auto activation) {
             return llvm::any_of(found.tensors[activation.second].getUsers(), mayShare);
           });
  };
  if (llvm::any_of(llvm::zip(found.layers, plan.layers), shares)) {
    Plan shared = plan;
    shared.share = true;
    FailureOr<Trial> trial = evaluate(shared, "8-bit tensors for all who read them");
    if (failed(trial))
      return failure();
    // It must gain more than noise, and lose nothing that was asked to be kept.
    if (trial->drop <= std::max(allowed(), lost)) {
      auto [without, with] = race(*program, *trial->program);
      if (with <= without * (1 - kNoise)) {
        plan = shared;
        program = trial->program;
        decision += (decision.empty() ? "" : ", ") + trial->name;
      }
    }
  }
  std::tie(timeBefore, timeAfter) = race(*floats, *program);
  if (timeAfter <= timeBefore * (1 - kNoise))
    return success();
  std::string text = llvm::formatv("a run takes {0:f1} us, and {1:f1} us in fp32", timeAfter * 1e6, timeBefore * 1e6);
  module.emitWarning() << "quantization undone: it is not faster here (" << text << "); --keep-slower keeps it";
  decision = "undone: " + text;
  plan = Plan(found);
  return success();
}

std::vector<std::pair<std::string, std::vector<unsigned>>> Quantizer::suspects(const Plan &plan) const {
  std::vector<std::pair<std::string, std::vector<unsigned>>> kinds = {
      {"products of two activations", {}}, {"depthwise layers", {}}, {"layers of little work", {}}, {"layers in bf16", {}},
      {"recurrent layers", {}}};
  double total = 0;
  for (const Layer &layer : found.layers)
    total += layer.work;
  for (auto [i, layer] : llvm::enumerate(found.layers)) {
    if (plan.layers[i].precision == Precision::F32)
      continue;
    if (plan.layers[i].precision == Precision::BF16)
      kinds[3].second.push_back(i);
    else if (layer.recurrent)
      kinds[4].second.push_back(i);
    else if (!layer.weight)
      kinds[0].second.push_back(i);
    else if (layer.depthwise)
      kinds[1].second.push_back(i);
    else if (layer.work < kLittle * total / static_cast<double>(found.layers.size()))
      kinds[2].second.push_back(i);
  }
  return kinds;
}

LogicalResult Quantizer::run() {
  if (found.layers.empty()) {
    decision = found.inBodies ? llvm::formatv("nothing is quantized: all {0} products of floats lie in bodies of other ops "
                                              "(branches, loops), which stay in fp32", found.inBodies).str()
                              : std::string("nothing is quantized: the model has no product of floats");
    module.emitWarning(decision);
    report(Plan(found));
    return success();
  }
  if (request.decisions)
    return replay();
  if (failed(prepare()))
    return failure();
  StringRef mode = request.mode;
  bool calibrated = mode == "int8" || mode == "mixed";
  if (calibrated && (!request.runner || request.runner->samples(ModelRunner::Calibration) == 0))
    return module.emitError("--quantize=") << mode << " needs samples: give them with --calibration=";
  FailureOr<Plan> plan = failure();
  if (mode == "mixed")
    plan = chooseMixed();
  else if (mode == "int8" && request.calibrator == "auto")
    plan = chooseAuto();
  else if (mode == "int8")
    plan = chooseInt8();
  else
    plan = uniform(llvm::StringSwitch<Precision>(mode)
                       .Case("dynamic", Precision::Dynamic)
                       .Case("int8w", Precision::Int8Weights)
                       .Case("int4w", Precision::Int4Weights)
                       .Case("bf16", Precision::BF16)
                       .Default(Precision::F32));
  if (failed(plan))
    return failure();
  if (mode == "int8w")
    plan->block = 128;
  if (mode == "int4w" && request.runner && request.runner->samples(ModelRunner::Calibration) && failed(scaleInputs(*plan)))
    return failure();
  // Choices that measured nothing on the way.
  bool searched = mode == "mixed" || (mode == "int8" && request.calibrator == "auto");
  if (!searched && !plan->isFloat()) {
    FailureOr<Trial> trial = evaluate(*plan, mode.str() + (calibrated ? ", " + request.calibrator : std::string()));
    if (failed(trial))
      return failure();
    chosen = trial->program;
    lost = trial->drop;
    if (request.floorGiven && measures() && trial->drop > allowed()) {
      decision = llvm::formatv("undone: {0:f2} points lost, above the {1} allowed", trial->drop, allowed());
      module.emitWarning() << "quantization " << decision;
      *plan = Plan(found);
    }
  }
  if (request.details && measures() && !plan->isFloat()) {
    FailureOr<std::vector<double>> measured = layerErrors(*plan);
    if (failed(measured))
      return failure();
    errors = *measured;
  }
  reasons.resize(found.layers.size());
  if (failed(gate(*plan, chosen)))
    return failure();
  report(*plan);
  applyPlan(module, *plan);
  return success();
}

namespace {
struct QuantizeModel : brisk::impl::QuantizeModelBase<QuantizeModel> {
  using QuantizeModelBase::QuantizeModelBase;
  explicit QuantizeModel(const QuantizeRequest &request) : request(request) {}

  void runOnOperation() override {
    QuantizeRequest chosen = request.value_or(QuantizeRequest());
    if (!request)
      chosen.mode = mode;
    if (chosen.mode != "none" && failed(Quantizer(getOperation(), chosen).run()))
      signalPassFailure();
  }

  std::optional<QuantizeRequest> request;
};
} // namespace

std::unique_ptr<Pass> brisk::createQuantizeModelPass(const QuantizeRequest &request) {
  return std::make_unique<QuantizeModel>(request);
}
