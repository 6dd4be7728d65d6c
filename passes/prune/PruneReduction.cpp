// Pruning as a search sees it: a part for each family, a level for each width that the machine repays.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/prune/Pruner.h"

#include "passes/measure/Reduction.h"

using namespace mlir;
using namespace brisk;

namespace {

/// Shares of a family that may go; widths that come out equal are one level.
constexpr double kShares[] = {0.125, 0.25, 0.375, 0.5, 0.625, 0.75};

class PruneReduction : public Reduction {
public:
  PruneReduction(Judge &judge, int64_t multiple) : judge(judge), multiple(multiple) {}

  LogicalResult prepare(ModuleOp from) override {
    module = from.clone();
    unshareConstants(*module);
    found = findFamilies(*module);
    if (found.families.empty())
      return success();
    repairer.emplace(*module, found, judge.runner);
    if (failed(repairer->observe()))
      return failure();
    FailureOr<Outputs> outputs = repairer->outputs(PrunePlan(found));
    if (failed(outputs))
      return failure();
    whole = std::move(*outputs);
    for (auto [i, family] : llvm::enumerate(found.families)) {
      kept.push_back({static_cast<int64_t>(family.units.size())});
      for (double share : kShares)
        if (int64_t stay = unitsKept(family, share, multiple); stay < kept.back().back())
          kept.back().push_back(stay);
      orders.push_back(repairer->order(i, Importance::Obs));
    }
    return success();
  }

  size_t parts() const override { return found.families.size(); }
  std::string nameOf(size_t part) const override { return found.families[part].name; }
  unsigned levels(size_t part) const override { return kept[part].size() - 1; }
  std::string describe(size_t part, unsigned level) const override {
    const Family &family = found.families[part];
    return std::to_string(kept[part][level] * family.width) + " of " + std::to_string(kept[part][0] * family.width);
  }

  FailureOr<double> distance(ArrayRef<unsigned> levels) override {
    PrunePlan plan = planOf(levels);
    if (failed(repairer->repair(plan)))
      return failure();
    FailureOr<Outputs> outputs = repairer->outputs(plan);
    if (failed(outputs))
      return failure();
    return compare(whole, *outputs, judge.rankingClasses(), judge.runner, ModelRunner::Calibration).distance();
  }

  LogicalResult apply(ModuleOp clone, ArrayRef<unsigned> levels, bool sizesOnly) override {
    PrunePlan plan = planOf(levels);
    if (plan.isEmpty())
      return success();
    unshareConstants(clone);
    if (!sizesOnly && failed(repairer->repair(plan)))
      return failure();
    return applyPlan(clone, plan);
  }

private:
  PrunePlan planOf(ArrayRef<unsigned> levels) const {
    PrunePlan plan(found);
    for (auto [i, level] : llvm::enumerate(levels))
      for (unsigned unit : ArrayRef(orders[i]).take_front(kept[i][0] - kept[i][level]))
        plan.gone[i][unit] = true;
    return plan;
  }

  Judge &judge;
  int64_t multiple;
  mutable OwningOpRef<ModuleOp> module;
  Families found;
  std::optional<Repairer> repairer;
  Outputs whole; ///< of the calibration samples
  std::vector<std::vector<int64_t>> kept; ///< units by family and level
  std::vector<std::vector<unsigned>> orders;
};

} // namespace

std::unique_ptr<Reduction> brisk::createPruneReduction(Judge &judge, int64_t multiple) {
  return std::make_unique<PruneReduction>(judge, multiple);
}
