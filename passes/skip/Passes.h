// Passes that leave out branches.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_SKIP_PASSES_H
#define BRISK_PASSES_SKIP_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace brisk {
class Judge;
class Reduction;
struct CompressReport;

/// What the user asks for; see compiler/Options.def.
struct SkipRequest {
  std::string which;        ///< a number, auto, or names separated by commas
  double maxDrop = 0.5;     ///< points; auto stops before it
  bool floorGiven = false;  ///< else it binds auto only
  bool keepSlower = false;  ///< no never-slower gate
  Judge *judge = nullptr;   ///< null: nothing can be measured
  CompressReport *report = nullptr;
};
std::unique_ptr<mlir::Pass> createSkipModelPass(const SkipRequest &request);
/// Skipping as a search sees it (measure/Reduction.h): a part for each branch.
std::unique_ptr<Reduction> createSkipReduction(Judge &judge);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/skip/Passes.h.inc"
} // namespace brisk
#endif
