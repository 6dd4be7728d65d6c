// Passes that search.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_SEARCH_PASSES_H
#define BRISK_PASSES_SEARCH_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "passes/measure/Reduction.h"

namespace brisk {
class Judge;

/// What the user asks for; see compiler/Options.def.
struct SearchRequest {
  double budget = 0;        ///< seconds, or a share of the model's own time
  bool isShare = false;
  double maxDrop = 1;       ///< points
  double searchTime = 300;  ///< seconds after which no new point is tried
  bool bestEffort = false;  ///< without a point that meets both, the fastest within the floor
  bool predicted = false;   ///< times are those of the machine's description: it is elsewhere
  Judge *judge = nullptr;
  CompressReport *report = nullptr;
  std::vector<Finish> finishes;
  std::shared_ptr<Reduction> reduction; ///< null: nothing is made smaller
};
std::unique_ptr<mlir::Pass> createSearchModelPass(const SearchRequest &request);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/search/Passes.h.inc"
} // namespace brisk
#endif
