// Passes that prune.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_PRUNE_PASSES_H
#define BRISK_PASSES_PRUNE_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace brisk {
class Judge;
class Reduction;
struct CompressReport;

/// What the user asks for; see compiler/Options.def.
struct PruneRequest {
  double ratio = 0;                  ///< of each family's units
  std::string importance = "obs"; ///< energy, norm, extent
  int64_t multiple = 16;             ///< widths that stay: what the machine repays
  bool unrepaired = false;           ///< also try without repair, for the report
  double maxDrop = 0.5;              ///< points
  bool floorGiven = false;           ///< else maxDrop is our own, and not enforced
  bool keepSlower = false;           ///< no never-slower gate
  Judge *judge = nullptr;            ///< null: nothing can be measured or repaired
  CompressReport *report = nullptr;
};
/// Pruning as a search sees it (measure/Reduction.h); widths are multiples of `multiple`.
std::unique_ptr<Reduction> createPruneReduction(Judge &judge, int64_t multiple);
std::unique_ptr<mlir::Pass> createPruneModelPass(const PruneRequest &request);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/prune/Passes.h.inc"
} // namespace brisk
#endif
