// From a budget and a floor to a module.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_SEARCH_SEARCH_H
#define BRISK_PASSES_SEARCH_SEARCH_H

#include "passes/measure/Judge.h"
#include "passes/search/Passes.h"

namespace brisk {

/// A part of the model, one level further.
struct Step {
  size_t part = 0;
  unsigned level = 0;
  double distance = 0; ///< added to that of the level before, alone
  double saved = 0;    ///< seconds, predicted
};

/// One compiled variant.
struct Point {
  std::string name;
  size_t steps = 0; ///< of the path
  Trial trial;
  double time = 0; ///< seconds
  bool pareto = false;
  CompressReport report; ///< of its finish
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// Steps by time saved for distance added, each after those of lower levels of its part.
std::vector<Step> pathOf(std::vector<std::vector<Step>> byPart);

class Search {
public:
  Search(mlir::ModuleOp module, const SearchRequest &request) : module(module), request(request), judge(*request.judge) {}

  /// Rewrites the module, or notes in the report that it cannot be done. Fails with a diagnostic.
  llvm::LogicalResult run();

private:
  llvm::LogicalResult findSteps();
  llvm::FailureOr<double> timeOf(mlir::ModuleOp variant, Program &program);
  /// Compiles, runs and keeps the point; null once the time is over.
  llvm::FailureOr<Point *> tryPoint(size_t steps, const Finish &finish);
  std::vector<unsigned> levelsAt(size_t steps) const;
  bool fits(const Point &point) const { return point.trial.drop <= request.maxDrop; }
  bool meets(const Point &point) const { return point.time <= budget; }
  /// The point to be taken: meets both with the least loss, and samples that had no say confirm it; else null.
  Point *best(bool needsBudget);
  void adopt(Point &point);
  void report(const Point *chosen);
  bool isLate() const;

  mlir::ModuleOp module;
  const SearchRequest &request;
  Judge &judge;
  double budget = 0, base = 0; ///< seconds
  std::optional<double> start; ///< of the search; what must be tried anyhow comes before
  std::vector<Step> path;
  std::vector<std::unique_ptr<Point>> points;
  std::string decision;
};

} // namespace brisk
#endif
