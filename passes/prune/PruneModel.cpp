// In: a float model on the onnx dialect, types inferred. Out: the same, narrower, with weights that make up for it.
// Why here: before quantization, which then measures ranges of what is left.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/prune/Pruner.h"

#include "dialects/onnx/Onnx.h"
#include "mlir/IR/Diagnostics.h"
#include "passes/measure/Report.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_PRUNEMODEL
#include "passes/prune/Passes.h.inc"
} // namespace brisk

/// Gains below this share of the time are noise.
static constexpr double kNoise = 0.02;

int64_t brisk::unitsKept(const Family &family, double ratio, int64_t multiple) {
  int64_t count = family.units.size(), step = multiple / std::gcd(multiple, family.width);
  double wanted = static_cast<double>(count) * (1 - ratio);
  int64_t kept = std::llround(wanted / static_cast<double>(step)) * step;
  return std::clamp(kept, std::min(step, count), count);
}

PrunePlan Pruner::uniform(const Repairer *repairer) const {
  auto importance = llvm::StringSwitch<Importance>(request.importance)
                        .Case("norm", Importance::Norm)
                        .Case("extent", Importance::Extent)
                        .Case("obs", Importance::Obs)
                        .Default(Importance::Energy);
  PrunePlan plan(found);
  for (auto [i, family] : llvm::enumerate(found.families)) {
    int64_t going = family.units.size() - unitsKept(family, request.ratio, request.multiple);
    std::vector<unsigned> order = repairer->order(i, importance);
    for (unsigned unit : ArrayRef(order).take_front(going))
      plan.gone[i][unit] = true;
  }
  return plan;
}

FailureOr<Trial> Pruner::evaluate(const PrunePlan &plan, StringRef name) {
  OwningOpRef<ModuleOp> clone = module.clone();
  if (failed(applyPlan(*clone, plan)))
    return failure();
  auto program = judge->runner.compile(std::move(clone), judge->set);
  if (failed(program))
    return failure();
  FailureOr<Trial> trial = judge->judge(std::move(*program), name);
  if (succeeded(trial)) {
    trials.push_back(*trial);
    trials.back().program.reset();
  }
  return trial;
}

LogicalResult Pruner::gate(PrunePlan &plan, const Trial &trial) {
  if (request.floorGiven && trial.drop > request.maxDrop) {
    decision = llvm::formatv("undone: {0:f2} points lost, above the {1} allowed", trial.drop, request.maxDrop);
    module.emitWarning() << "pruning " << decision;
    plan = PrunePlan(found);
    return success();
  }
  auto floats = judge->runner.compile(OwningOpRef<ModuleOp>(module.clone()), judge->set);
  if (failed(floats))
    return failure();
  std::tie(timeBefore, timeAfter) = race(**floats, *trial.program);
  if (request.keepSlower || timeAfter <= timeBefore * (1 - kNoise))
    return success();
  std::string text = llvm::formatv("a run takes {0:f1} us, and {1:f1} us unpruned", timeAfter * 1e6, timeBefore * 1e6);
  module.emitWarning() << "pruning undone: it is not faster here (" << text << "); --keep-slower keeps it";
  decision = "undone: " + text;
  plan = PrunePlan(found);
  return success();
}

LogicalResult Pruner::run() {
  unshareConstants(module);
  found = findFamilies(module);
  if (found.families.empty()) {
    module.emitWarning("nothing is pruned: no slices of the model's tensors could go");
    return success();
  }
  if (!judge || !hasSamples()) {
    // Tests of what goes with what; the compiler asks for samples before it comes here.
    struct None : ModelRunner {
      size_t samples(Set) const override { return 0; }
      std::vector<int64_t> labels(Set, size_t) const override { return {}; }
      FailureOr<std::unique_ptr<Program>> compile(OwningOpRef<ModuleOp>, Set) override { return failure(); }
      FailureOr<double> predict(OwningOpRef<ModuleOp>) override { return failure(); }
      void progress(StringRef) override {}
    } none;
    Repairer repairer(module, found, none);
    PrunePlan plan(found);
    for (auto [i, family] : llvm::enumerate(found.families)) {
      int64_t kept = unitsKept(family, request.ratio, request.multiple);
      std::vector<unsigned> order = repairer.order(i, Importance::Norm);
      for (unsigned unit : ArrayRef(order).take_front(family.units.size() - kept))
        plan.gone[i][unit] = true;
      module.emitRemark() << "'" << family.name << "': " << family.units.size() << " units of width " << family.width
                          << ", summed by " << family.consumers.size() << " products; " << kept << " stay";
    }
    return applyPlan(module, plan);
  }
  if (failed(judge->prepare(module)))
    return failure();
  Repairer repairer(module, found, judge->runner);
  if (failed(repairer.observe()))
    return failure();
  PrunePlan plan = uniform(&repairer);
  if (plan.isEmpty()) {
    decision = llvm::formatv("nothing goes: {0} of every width, brought to a multiple of {1}, is all of it",
                             1 - request.ratio, request.multiple);
    module.emitWarning() << "nothing is pruned: " << decision;
    report(plan, false);
    return success();
  }
  std::string name = llvm::formatv("{0:P1} by {1}", request.ratio, request.importance).str();
  if (request.unrepaired && failed(evaluate(plan, name + ", without repair")))
    return failure();
  if (failed(repairer.repair(plan)))
    return failure();
  FailureOr<Trial> trial = evaluate(plan, name);
  if (failed(trial))
    return failure();
  decision = name;
  PrunePlan tried = plan;
  if (failed(gate(plan, *trial)))
    return failure();
  report(tried, !plan.isEmpty());
  return plan.isEmpty() ? success() : applyPlan(module, plan);
}

void Pruner::report(const PrunePlan &tried, bool kept) {
  if (!request.report)
    return;
  llvm::json::Array families, steps;
  llvm::raw_string_ostream out(request.report->table);
  out << llvm::formatv("{0,-40} {1,6} {2,6} {3,6} {4,12} {5,12}\n", "slices of", "units", "stay", "width", "error",
                       "repaired");
  for (auto [i, family] : llvm::enumerate(found.families)) {
    int64_t units = family.units.size(), stay = units - tried.count(i);
    llvm::json::Array consumers;
    double before = 0, after = 0;
    for (unsigned number : family.consumers) {
      llvm::json::Object consumer{{"name", found.consumers[number].name}};
      if (auto repair = tried.repairs.find(number); repair != tried.repairs.end() && stay < units) {
        consumer["error"] = jsonNumber(repair->second.before);
        consumer["error_repaired"] = jsonNumber(repair->second.after);
        consumer["ridge"] = repair->second.ridge;
        if (!repair->second.reason.empty())
          consumer["not_repaired"] = repair->second.reason;
        before = std::max(before, repair->second.before);
        after = std::max(after, repair->second.after);
      }
      consumers.push_back(std::move(consumer));
    }
    out << llvm::formatv("{0,-40} {1,6} {2,6} {3,6} {4,12:e2} {5,12:e2}\n", StringRef(family.name).take_back(40), units, stay,
                         family.width, before, after);
    families.push_back(llvm::json::Object{{"name", family.name}, {"units", units}, {"stay", stay},
                                          {"unit_width", family.width}, {"consumers", std::move(consumers)}});
  }
  for (const Trial &trial : trials) {
    out << "pruned " << lineOf(trial, judge->metric) << "\n";
    steps.push_back(jsonOf(trial));
  }
  if (timeBefore > 0)
    out << llvm::formatv("one run: {0:f1} us, {1:f1} us pruned\n", timeBefore * 1e6, timeAfter * 1e6);
  out << "pruning decided: " << decision << "\n";
  llvm::json::Object object{{"ratio", request.ratio}, {"importance", request.importance}, {"multiple", request.multiple},
                            {"metric", nameOf(judge->metric)}, {"decision", decision}, {"kept", kept},
                            {"families", std::move(families)}, {"steps", std::move(steps)}};
  if (timeBefore > 0)
    object["time"] = llvm::json::Object{{"before_us", timeBefore * 1e6}, {"pruned_us", timeAfter * 1e6}};
  request.report->json["pruning"] = std::move(object);
}

namespace {
struct PruneModel : brisk::impl::PruneModelBase<PruneModel> {
  using PruneModelBase::PruneModelBase;
  explicit PruneModel(const PruneRequest &request) : request(request) {}

  void runOnOperation() override {
    PruneRequest chosen = request.value_or(PruneRequest());
    if (!request) {
      chosen.ratio = ratio;
      chosen.multiple = multiple;
    }
    if (chosen.ratio > 0 && failed(Pruner(getOperation(), chosen).run()))
      signalPassFailure();
  }

  std::optional<PruneRequest> request;
};
} // namespace

std::unique_ptr<Pass> brisk::createPruneModelPass(const PruneRequest &request) {
  return std::make_unique<PruneModel>(request);
}
