// In: a float model on the onnx dialect, types inferred. Out: the same without some residual branches.
// Why here: before pruning, which then narrows what is left.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/skip/Branches.h"
#include "passes/skip/Passes.h"

#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Diagnostics.h"
#include "passes/measure/Judge.h"
#include "passes/measure/Reduction.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_SKIPMODEL
#include "passes/skip/Passes.h.inc"
} // namespace brisk

namespace {

/// Gains below this share of the time are noise.
constexpr double kNoise = 0.02;
/// Of the branches that are nearest to what they are added to by cosine, so many times as are to go are tried.
constexpr size_t kShortlist = 2;

using Stands = std::vector<std::optional<Stand>>;

class Skipper {
public:
  Skipper(ModuleOp module, const SkipRequest &request) : module(module), request(request) {}

  LogicalResult run() {
    branches = findBranches(module);
    StringRef which = request.which;
    size_t wanted = 0;
    bool isAuto = which == "auto", isNumber = !which.getAsInteger(10, wanted);
    std::vector<char> named(branches.size());
    if (!isAuto && !isNumber)
      for (StringRef name : llvm::split(which, ',')) {
        auto found = llvm::find_if(branches, [&](const Branch &branch) { return branch.name == name; });
        if (found == branches.end())
          return module.emitError("--skip-layers=") << which << ": no node '" << name << "' adds a branch to what it is computed from; those that do: "
                                                    << llvm::join(llvm::map_range(branches, [](const Branch &b) { return b.name; }), ", ");
        named[found - branches.begin()] = true;
      }
    if (branches.empty() || (isNumber && wanted > branches.size())) {
      module.emitWarning("nothing is skipped: the model has ") << branches.size() << " residual branches";
      return success();
    }
    Stands stands(branches.size());
    bool measures = request.judge && request.judge->runner.samples(ModelRunner::Calibration) > 0;
    if (!measures) {
      for (auto [stand, name] : llvm::zip(stands, named))
        if (name)
          stand.emplace();
      removeBranches(module, stands);
      return success();
    }
    Judge &judge = *request.judge;
    if (failed(judge.prepare(module)))
      return failure();
    GatedModel gated(module, judge);
    if (failed(gated.prepare()))
      return failure();
    cosines = gated.cosines;
    divergences.assign(branches.size(), NAN);
    std::optional<Trial> last;
    Stands good = stands;
    while (true) {
      size_t done = llvm::count_if(stands, [](const auto &stand) { return stand.has_value(); });
      if ((isNumber && done == wanted) || done == branches.size())
        break;
      FailureOr<std::optional<unsigned>> next = nearest(gated, stands, isAuto || isNumber ? nullptr : &named, wanted);
      if (failed(next))
        return failure();
      if (!*next)
        break;
      FailureOr<Stand> stand = gated.fit(**next, stands);
      if (failed(stand))
        return failure();
      stands[**next] = *stand;
      FailureOr<double> affine = gated.distance(stands);
      Stands plain = stands;
      plain[**next] = Stand();
      FailureOr<double> bare = gated.distance(plain);
      if (failed(affine) || failed(bare))
        return failure();
      // Nothing is cheaper than itself: factors must bring the outputs nearer.
      divergences[**next] = std::min(*affine, *bare);
      if (*bare <= *affine * 1.02)
        stands = plain;
      if (!isAuto)
        continue;
      FailureOr<Trial> trial = evaluate(judge, stands, done + 1);
      if (failed(trial))
        return failure();
      if (trial->drop > request.maxDrop)
        break;
      good = stands;
      last = *trial;
    }
    if (!isAuto) {
      good = stands;
      FailureOr<Trial> trial = evaluate(judge, stands, llvm::count_if(stands, [](const auto &s) { return s.has_value(); }));
      if (failed(trial))
        return failure();
      last = *trial;
    }
    bool kept = last.has_value();
    if (!kept)
      decision = llvm::formatv("no branch can go within {0:f2} points", request.maxDrop);
    else
      decision = last->name;
    if (kept && request.floorGiven && last->drop > request.maxDrop) {
      decision = llvm::formatv("undone: {0:f2} points lost, above the {1:f2} allowed", last->drop, request.maxDrop);
      module.emitWarning() << "skipping " << decision;
      kept = false;
    }
    if (kept) {
      auto own = judge.runner.compile(OwningOpRef<ModuleOp>(module.clone()), judge.set);
      if (failed(own))
        return failure();
      std::tie(timeBefore, timeAfter) = race(**own, *last->program);
      if (!request.keepSlower && timeAfter > timeBefore * (1 - kNoise)) {
        decision = llvm::formatv("undone: a run takes {0:f1} us, and {1:f1} us with all branches", timeAfter * 1e6, timeBefore * 1e6);
        module.emitWarning() << "skipping " << decision << "; --keep-slower keeps it";
        kept = false;
      }
    }
    report(judge, good, kept);
    if (kept)
      removeBranches(module, good);
    return success();
  }

private:
  /// The branch without which the outputs move least, of those named or those on the shortlist by cosine.
  FailureOr<std::optional<unsigned>> nearest(const GatedModel &gated, const Stands &stands, const std::vector<char> *named, size_t wanted) {
    std::vector<unsigned> candidates;
    for (unsigned i = 0; i < stands.size(); ++i)
      if (!stands[i] && (!named || (*named)[i]))
        candidates.push_back(i);
    if (candidates.empty())
      return std::optional<unsigned>();
    if (named)
      return std::optional<unsigned>(candidates.front());
    llvm::stable_sort(candidates, [&](unsigned a, unsigned b) { return cosines[a] > cosines[b]; });
    size_t longest = std::max<size_t>(6, kShortlist * std::max<size_t>(wanted, 1));
    if (candidates.size() > longest)
      candidates.resize(longest);
    std::optional<unsigned> best;
    double least = INFINITY;
    for (unsigned candidate : candidates) {
      request.judge->runner.progress("without '" + branches[candidate].name + "'");
      Stands without = stands;
      FailureOr<Stand> stand = gated.fit(candidate, stands);
      if (failed(stand))
        return failure();
      without[candidate] = *stand;
      FailureOr<double> distance = gated.distance(without);
      if (failed(distance))
        return failure();
      if (std::isnan(divergences[candidate]))
        divergences[candidate] = *distance;
      if (*distance < least || !best) {
        least = *distance;
        best = candidate;
      }
    }
    request.judge->runner.progress("");
    return best;
  }

  FailureOr<Trial> evaluate(Judge &judge, const Stands &stands, size_t count) {
    OwningOpRef<ModuleOp> clone = module.clone();
    removeBranches(*clone, stands);
    auto program = judge.runner.compile(std::move(clone), judge.set);
    if (failed(program))
      return failure();
    FailureOr<Trial> trial = judge.judge(std::move(*program), std::to_string(count) + " of " + std::to_string(branches.size()) + " branches left out");
    if (succeeded(trial)) {
      trials.push_back(*trial);
      trials.back().program.reset();
    }
    return trial;
  }

  void report(const Judge &judge, const Stands &stands, bool kept) {
    if (!request.report)
      return;
    llvm::raw_string_ostream out(request.report->table);
    llvm::json::Array listed, steps;
    out << llvm::formatv("{0,-40} {1,10} {2,12} {3}\n", "branch", "cosine", "divergence", "");
    for (auto [i, branch] : llvm::enumerate(branches)) {
      bool isSkipped = stands[i].has_value(), isAffine = isSkipped && !stands[i]->scale.empty();
      out << llvm::formatv("{0,-40} {1,10:f5} {2,12} {3}\n", StringRef(branch.name).take_back(40), cosines[i],
                           std::isnan(divergences[i]) ? std::string("-") : llvm::formatv("{0:e2}", divergences[i]).str(),
                           isAffine ? "left out, scaled and shifted" : isSkipped ? "left out" : "");
      listed.push_back(llvm::json::Object{{"name", branch.name}, {"cosine", jsonNumber(cosines[i])},
                                          {"divergence", jsonNumber(divergences[i])}, {"skipped", isSkipped}, {"affine", isAffine}});
    }
    for (const Trial &trial : trials) {
      out << lineOf(trial, judge.metric) << "\n";
      steps.push_back(jsonOf(trial));
    }
    if (timeBefore > 0)
      out << llvm::formatv("one run: {0:f1} us, {1:f1} us without\n", timeBefore * 1e6, timeAfter * 1e6);
    out << "skipping decided: " << decision << "\n";
    llvm::json::Object object{{"which", request.which}, {"metric", nameOf(judge.metric)}, {"decision", decision}, {"kept", kept},
                              {"branches", std::move(listed)}, {"steps", std::move(steps)}};
    if (timeBefore > 0)
      object["time"] = llvm::json::Object{{"before_us", timeBefore * 1e6}, {"skipped_us", timeAfter * 1e6}};
    request.report->json["skipping"] = std::move(object);
  }

  ModuleOp module;
  const SkipRequest &request;
  std::vector<Branch> branches;
  std::vector<double> cosines, divergences;
  std::vector<Trial> trials;
  std::string decision;
  double timeBefore = 0, timeAfter = 0;
};

class SkipReduction : public Reduction {
public:
  explicit SkipReduction(Judge &judge) : judge(judge) {}

  LogicalResult prepare(ModuleOp from) override {
    module = from.clone();
    gated.emplace(*module, judge);
    return gated->branches.empty() ? success() : gated->prepare();
  }
  size_t parts() const override { return gated->branches.size(); }
  std::string nameOf(size_t part) const override { return gated->branches[part].name; }
  unsigned levels(size_t) const override { return 1; }
  std::string describe(size_t, unsigned) const override { return "no branch"; }
  FailureOr<double> distance(ArrayRef<unsigned> levels) override {
    FailureOr<Stands> stands = standsOf(levels);
    return failed(stands) ? FailureOr<double>(failure()) : gated->distance(*stands);
  }
  LogicalResult apply(ModuleOp clone, ArrayRef<unsigned> levels, bool) override {
    if (llvm::all_of(levels, [](unsigned level) { return level == 0; }))
      return success();
    FailureOr<Stands> stands = standsOf(levels);
    if (failed(stands))
      return failure();
    removeBranches(clone, *stands);
    return success();
  }

private:
  FailureOr<Stands> standsOf(ArrayRef<unsigned> levels) {
    Stands stands(levels.size());
    for (auto [i, level] : llvm::enumerate(levels)) {
      if (!level)
        continue;
      FailureOr<Stand> stand = gated->fit(i, stands);
      if (failed(stand))
        return failure();
      stands[i] = *stand;
    }
    return stands;
  }

  Judge &judge;
  OwningOpRef<ModuleOp> module;
  std::optional<GatedModel> gated;
};

struct SkipModel : brisk::impl::SkipModelBase<SkipModel> {
  using SkipModelBase::SkipModelBase;
  explicit SkipModel(const SkipRequest &request) : request(request) {}

  void getDependentDialects(DialectRegistry &registry) const override { registry.insert<func::FuncDialect, arith::ArithDialect>(); }

  void runOnOperation() override {
    SkipRequest chosen = request.value_or(SkipRequest());
    if (!request)
      chosen.which = which;
    if (!chosen.which.empty() && failed(Skipper(getOperation(), chosen).run()))
      signalPassFailure();
  }

  std::optional<SkipRequest> request;
};

} // namespace

std::unique_ptr<Pass> brisk::createSkipModelPass(const SkipRequest &request) { return std::make_unique<SkipModel>(request); }

std::unique_ptr<Reduction> brisk::createSkipReduction(Judge &judge) { return std::make_unique<SkipReduction>(judge); }
