// In: a float model on the onnx dialect, types inferred. Out: what meets the budget within the floor with the least loss.
// Why here: everything that makes models smaller or narrower is decided together, on code compiled in full.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/search/Search.h"

#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FormatVariadic.h"
#include <chrono>
#include <cmath>

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_SEARCHMODEL
#include "passes/search/Passes.h.inc"
} // namespace brisk

namespace {
/// So many points of the path are tried with each finish at most.
constexpr int kMostPoints = 8;
/// With more levels than these only every second one is looked at.
constexpr size_t kManyLevels = 32;
/// Of the time, what looking at steps may take: parts that are not looked at stay as they are.
constexpr double kStepsShare = 0.5;
/// A budget is met where the time is so much below it: measurements differ by that.
constexpr double kNoise = 0.02;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
} // namespace

std::vector<Step> brisk::pathOf(std::vector<std::vector<Step>> byPart) {
  std::vector<Step> path;
  std::vector<size_t> next(byPart.size());
  while (true) {
    std::optional<size_t> best;
    double bestRatio = -1;
    size_t bestCount = 0;
    for (size_t part = 0; part < byPart.size(); ++part) {
      // A step that saves little may open the way to one that saves much: the best run of steps counts.
      double saved = 0, distance = 0;
      for (size_t i = next[part]; i < byPart[part].size(); ++i) {
        saved += byPart[part][i].saved;
        distance += byPart[part][i].distance;
        double ratio = std::max(saved, 0.0) / std::max(distance, 1e-9);
        if (saved > 0 && ratio > bestRatio) {
          best = part;
          bestRatio = ratio;
          bestCount = i + 1 - next[part];
        }
      }
    }
    if (!best)
      return path;
    // As one: nobody wants to stop on the way.
    Step step = byPart[*best][next[*best] + bestCount - 1];
    step.saved = step.distance = 0;
    for (size_t i = 0; i < bestCount; ++i) {
      step.saved += byPart[*best][next[*best] + i].saved;
      step.distance += byPart[*best][next[*best] + i].distance;
    }
    next[*best] += bestCount;
    path.push_back(step);
  }
}

bool Search::isLate() const { return start && now() - *start > request.searchTime; }

std::vector<unsigned> Search::levelsAt(size_t steps) const {
  std::vector<unsigned> levels(request.reduction ? request.reduction->parts() : 0);
  for (const Step &step : ArrayRef(path).take_front(steps))
    levels[step.part] = step.level;
  return levels;
}

LogicalResult Search::findSteps() {
  if (!request.reduction)
    return success();
  Reduction &reduction = *request.reduction;
  if (failed(reduction.prepare(module)))
    return failure();
  FailureOr<double> whole = judge.runner.predict(OwningOpRef<ModuleOp>(module.clone()));
  size_t total = 0, done = 0;
  for (size_t part = 0; part < reduction.parts(); ++part)
    total += reduction.levels(part);
  std::vector<std::vector<Step>> byPart(reduction.parts());
  for (size_t part = 0; part < reduction.parts() && now() - *start < kStepsShare * request.searchTime; ++part) {
    double distance = 0, time = succeeded(whole) ? *whole : 0;
    for (unsigned level = 1; level <= reduction.levels(part); ++level) {
      judge.runner.progress("looking at steps " + std::to_string(++done) + "/" + std::to_string(total));
      if (total > kManyLevels && level % 2 && level < reduction.levels(part))
        continue;
      std::vector<unsigned> levels(reduction.parts());
      levels[part] = level;
      FailureOr<double> apart = reduction.distance(levels);
      if (failed(apart))
        return failure();
      // Where nothing can be predicted (open sizes), every level counts as much as the others.
      double then = time - 1e-9;
      if (succeeded(whole)) {
        OwningOpRef<ModuleOp> clone = module.clone();
        if (failed(reduction.apply(*clone, levels, /*sizesOnly=*/true)))
          return failure();
        FailureOr<double> predicted = judge.runner.predict(std::move(clone));
        then = succeeded(predicted) ? *predicted : then;
      }
      byPart[part].push_back({part, level, *apart - distance, time - then});
      distance = *apart;
      time = then;
    }
  }
  judge.runner.progress("");
  path = pathOf(std::move(byPart));
  return success();
}

FailureOr<double> Search::timeOf(ModuleOp variant, Program &program) {
  if (request.predicted)
    return judge.runner.predict(OwningOpRef<ModuleOp>(variant.clone()));
  // Beside the model's own time, so that a slow moment of the machine hits both.
  auto [own, time] = race(*judge.original, program);
  return time * base / own;
}

FailureOr<Point *> Search::tryPoint(size_t steps, const Finish &finish) {
  std::string name = steps ? llvm::formatv("{0} of {1} steps, {2}", steps, path.size(), finish.name).str() : finish.name;
  for (auto &point : points)
    if (point->name == name)
      return point.get();
  if (isLate())
    return static_cast<Point *>(nullptr);
  judge.runner.progress("trying " + name);
  auto point = std::make_unique<Point>();
  point->name = name;
  point->steps = steps;
  point->module = module.clone();
  {
    // What a variant that is only tried loses is no news.
    ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &diagnostic) {
      return success(diagnostic.getSeverity() != DiagnosticSeverity::Error);
    });
    if (steps && failed(request.reduction->apply(*point->module, levelsAt(steps), /*sizesOnly=*/false)))
      return failure();
    if (finish.apply && failed(finish.apply(*point->module, point->report)))
      return failure();
  }
  auto program = judge.runner.compile(OwningOpRef<ModuleOp>(point->module->clone()), judge.set);
  if (failed(program))
    return failure();
  FailureOr<Trial> trial = judge.judge(std::move(*program), name);
  if (failed(trial))
    return failure();
  FailureOr<double> time = timeOf(*point->module, *trial->program);
  if (failed(time))
    return failure();
  point->trial = std::move(*trial);
  point->trial.program.reset();
  point->time = *time;
  judge.runner.progress("");
  points.push_back(std::move(point));
  return points.back().get();
}

Point *Search::best(bool needsBudget) {
  Point *found = nullptr;
  for (auto &point : points)
    if (fits(*point) && point->trial.isConfirmed(request.maxDrop) && (!needsBudget || meets(*point)))
      // Within a budget the least loss, else the least time.
      if (!found || (needsBudget ? std::pair(point->trial.drop, point->time) < std::pair(found->trial.drop, found->time)
                                 : point->time < found->time))
        found = point.get();
  return found;
}

void Search::adopt(Point &point) {
  auto main = module.lookupSymbol<func::FuncOp>("main"), chosen = point.module->lookupSymbol<func::FuncOp>("main");
  chosen->moveBefore(main);
  main->erase();
}

LogicalResult Search::run() {
  judge.holdsOut = true;
  if (failed(judge.prepare(module)))
    return failure();
  Finish floats{"floats", nullptr};
  // The model itself says what time is.
  if (request.predicted) {
    FailureOr<double> predicted = judge.runner.predict(OwningOpRef<ModuleOp>(module.clone()));
    if (failed(predicted))
      return failure();
    base = *predicted;
  } else {
    base = race(*judge.original, *judge.original).first;
  }
  budget = (request.isShare ? request.budget * base : request.budget) * (1 - kNoise);
  std::vector<const Finish *> finishes{&floats};
  for (const Finish &finish : request.finishes)
    finishes.push_back(&finish);
  for (const Finish *finish : finishes)
    if (failed(tryPoint(0, *finish)))
      return failure();
  if (!best(/*needsBudget=*/true)) {
    start = now();
    if (failed(findSteps()))
      return failure();
    // Along the path time falls and loss grows. With each finish, the fastest first: the first point that meets the budget, and the
    // last one within the floor.
    llvm::stable_sort(finishes, [&](const Finish *a, const Finish *b) {
      auto timeOf = [&](const Finish *finish) {
        auto found = llvm::find_if(points, [&](auto &p) { return p->steps == 0 && StringRef(p->name).ends_with(finish->name); });
        return found == points.end() || !fits(**found) ? INFINITY : (*found)->time;
      };
      return timeOf(a) < timeOf(b);
    });
    for (const Finish *finish : finishes) {
      for (bool seeksBudget : {true, false}) {
        size_t low = 0, high = path.size() + 1;
        for (int tries = 0; low + 1 < high && tries < kMostPoints; ++tries) {
          size_t middle = (low + high) / 2;
          FailureOr<Point *> point = tryPoint(middle, *finish);
          if (failed(point))
            return failure();
          if (!*point)
            break;
          bool goesOn = seeksBudget ? !meets(**point) : fits(**point);
          (goesOn ? low : high) = middle;
        }
        if (best(true))
          break;
      }
      if (best(true) || isLate())
        break;
    }
  }
  Point *chosen = best(/*needsBudget=*/true);
  bool met = chosen;
  if (!met && request.bestEffort)
    chosen = best(false);
  std::string limits = llvm::formatv("{0:f1} us within {1} points", budget / (1 - kNoise) * 1e6, request.maxDrop);
  std::string lost = chosen ? llvm::formatv("{0:f2} points lost", chosen->trial.drop).str() : "";
  if (chosen && chosen->trial.held)
    lost += llvm::formatv(", {0:f2} on samples that did not choose", *chosen->trial.held).str();
  if (met)
    decision = llvm::formatv("{0}: {1:f1} us, {2}", chosen->name, chosen->time * 1e6, lost);
  else if (chosen)
    decision = llvm::formatv("nothing meets {0}; the fastest within the floor is {1}: {2:f1} us, {3}", limits,
                             chosen->name, chosen->time * 1e6, lost);
  else
    decision = "nothing meets " + limits;
  report(chosen);
  if (!met) {
    const char *late = isLate() ? " (--search-time is over)" : "";
    if (chosen)
      module.emitWarning() << decision << late;
    else
      module.emitError() << decision << late;
  }
  if (chosen)
    adopt(*chosen);
  return success();
}

void Search::report(const Point *chosen) {
  CompressReport &to = *request.report;
  to.budgetMissed = !chosen || chosen->time > budget;
  llvm::raw_string_ostream out(to.table);
  std::vector<Point *> sorted;
  for (auto &point : points)
    sorted.push_back(point.get());
  llvm::stable_sort(sorted, [](const Point *a, const Point *b) { return a->time < b->time; });
  double least = INFINITY;
  llvm::json::Array listed, steps;
  out << llvm::formatv("{0,-44} {1,10} {2,8} {3,8}\n", "variant", request.predicted ? "us (pred.)" : "us", "speed-up", "lost");
  for (Point *point : sorted) {
    point->pareto = point->trial.drop < least;
    least = std::min(least, point->trial.drop);
    out << llvm::formatv("{0,-44} {1,10:f1} {2,8:f2} {3,8:f2}{4}{5}{6}{7}\n", point->name, point->time * 1e6, base / point->time,
                         point->trial.drop, point->trial.held ? llvm::formatv(" held-out {0:f2}", *point->trial.held).str() : "",
                         fits(*point) && !point->trial.isConfirmed(request.maxDrop) ? " refused" : "", point->pareto ? " pareto" : "", point == chosen ? ", chosen" : "");
    llvm::json::Object object = jsonOf(point->trial);
    object["time_us"] = point->time * 1e6;
    object["pareto"] = point->pareto;
    object["chosen"] = point == chosen;
    object["steps"] = static_cast<int64_t>(point->steps);
    listed.push_back(std::move(object));
  }
  for (auto [i, step] : llvm::enumerate(path))
    steps.push_back(llvm::json::Object{{"part", request.reduction->nameOf(step.part)},
                                       {"to", request.reduction->describe(step.part, step.level)},
                                       {"divergence", jsonNumber(step.distance)},
                                       {"predicted_saved_us", jsonNumber(step.saved * 1e6)},
                                       {"taken", chosen && i < chosen->steps}});
  out << "decided: " << decision << "\n";
  if (chosen)
    for (auto &[key, value] : chosen->report.json)
      to.json[key] = value;
  to.json["search"] = llvm::json::Object{{"budget_us", budget / (1 - kNoise) * 1e6},
                                         {"base_us", base * 1e6},
                                         {"max_accuracy_drop", request.maxDrop},
                                         {"metric", nameOf(judge.metric)},
                                         {"times", request.predicted ? "predicted" : "measured"},
                                         {"met", !to.budgetMissed},
                                         {"decision", decision},
                                         {"points", std::move(listed)},
                                         {"path", std::move(steps)}};
}

namespace {
struct SearchModel : brisk::impl::SearchModelBase<SearchModel> {
  using SearchModelBase::SearchModelBase;
  explicit SearchModel(const SearchRequest &request) : request(request) {}

  void runOnOperation() override {
    if (request && failed(Search(getOperation(), *request).run()))
      signalPassFailure();
  }

  std::optional<SearchRequest> request;
};
} // namespace

std::unique_ptr<Pass> brisk::createSearchModelPass(const SearchRequest &request) {
  return std::make_unique<SearchModel>(request);
}
