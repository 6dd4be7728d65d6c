// From a float model and samples to a pruned one.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_PRUNE_PRUNER_H
#define BRISK_PASSES_PRUNE_PRUNER_H

#include "passes/measure/Judge.h"
#include "passes/prune/Passes.h"
#include "passes/prune/Repairer.h"

namespace brisk {

/// How many of a family's units stay: near (1 - ratio) of them, and such that widths are multiples of `multiple`.
int64_t unitsKept(const Family &family, double ratio, int64_t multiple);

class Pruner {
public:
  Pruner(mlir::ModuleOp module, const PruneRequest &request)
      : module(module), request(request), judge(request.judge && request.judge->measures() ? request.judge : nullptr) {}

  /// Chooses a plan and applies it to the module. Fails with a diagnostic.
  llvm::LogicalResult run();

private:
  bool hasSamples() const { return judge && judge->runner.samples(ModelRunner::Calibration) > 0; }
  PrunePlan uniform(const Repairer *repairer) const;
  llvm::FailureOr<Trial> evaluate(const PrunePlan &plan, llvm::StringRef name);
  llvm::LogicalResult gate(PrunePlan &plan, const Trial &trial);
  void report(const PrunePlan &tried, bool kept);

  mlir::ModuleOp module;
  const PruneRequest &request;
  Judge *judge; ///< null: nothing can be measured
  Families found;
  std::vector<Trial> trials;
  std::string decision; ///< why the result is what it is
  double timeBefore = 0, timeAfter = 0;
};

} // namespace brisk
#endif
