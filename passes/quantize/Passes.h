// Passes of the quantize stage.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_QUANTIZE_PASSES_H
#define BRISK_PASSES_QUANTIZE_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/JSON.h"

namespace brisk {
class ModelRunner;
class Judge;
struct CompressReport;

/// What the user asks for; see compiler/Options.def.
struct QuantizeRequest {
  std::string mode, calibrator = "auto", sensitivity = "divergence", search = "bisection";
  double percentile = 99.99;
  double maxDrop = 0.5;       ///< points, if floorGiven
  bool floorGiven = false;    ///< else what the judge allows
  bool keepSlower = false;    ///< no never-slower gate
  bool powerOfTwo = false;    ///< scales
  bool details = false;       ///< errors layer by layer in the report
  const llvm::json::Object *decisions = nullptr; ///< a report, to be applied instead of deciding
  ModelRunner *runner = nullptr; ///< null: nothing can be measured
  Judge *judge = nullptr;        ///< on the same runner
  CompressReport *report = nullptr;
};
std::unique_ptr<mlir::Pass> createQuantizeModelPass(const QuantizeRequest &request);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/quantize/Passes.h.inc"
} // namespace brisk
#endif
