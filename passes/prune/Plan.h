// Which units go, and a module without them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_PRUNE_PLAN_H
#define BRISK_PASSES_PRUNE_PLAN_H

#include "passes/prune/Families.h"
#include <map>

namespace brisk {

/// What a consumer's weights are instead, so that its sums stay what they were.
struct Repair {
  std::vector<float> weight; ///< laid out like what is left of the weight; empty: as it was
  std::vector<float> shift;  ///< added to each output channel that is left
  double before = 0, after = 0; ///< relative squared error of the sums on samples held out
  double ridge = 0;
  std::string reason; ///< why there is none
};

/// One entry for each family of findFamilies.
struct PrunePlan {
  std::vector<std::vector<char>> gone; ///< by family and unit
  std::map<unsigned, Repair> repairs;  ///< by consumer

  explicit PrunePlan(const Families &found) {
    for (const Family &family : found.families)
      gone.emplace_back(family.units.size());
  }
  int64_t count(unsigned family) const { return llvm::count(gone[family], 1); }
  bool isEmpty() const {
    return llvm::all_of(gone, [](const std::vector<char> &units) { return !llvm::is_contained(units, 1); });
  }
};

/// What stays of an axis.
std::vector<int64_t> keptSlices(const Families &found, const PrunePlan &plan, mlir::Value value, int64_t axis);

/// The row-major places in a tensor of the given shape that lie at the given slices of each axis, and elements there.
std::vector<int64_t> placesKept(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<std::vector<int64_t>> kept);
std::vector<float> cutFloats(llvm::ArrayRef<float> values, llvm::ArrayRef<int64_t> shape,
                             llvm::ArrayRef<std::vector<int64_t>> kept);

/// Consumers that lose something of what they sum, in program order.
std::vector<unsigned> affectedConsumers(const Families &found, const PrunePlan &plan);

/// Rewrites @main. Fails with a diagnostic.
llvm::LogicalResult applyPlan(mlir::ModuleOp module, const PrunePlan &plan);

/// Makes the weights of all consumers arguments of @main, and a shift of their output channels as well, in this order, one
/// consumer after the other: with 0 for the weights of what is gone it computes what any plan does. Returns, for each
/// consumer, what it sums over and its result.
llvm::SmallVector<mlir::Value> makeElastic(mlir::ModuleOp module);

} // namespace brisk
#endif
