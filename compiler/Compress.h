// The options of compression, checked, and what they need.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_COMPRESS_H
#define BRISK_COMPILER_COMPRESS_H

#include "compiler/Options.h"
#include "compiler/Runner.h"
#include "passes/measure/Judge.h"
#include "passes/measure/Report.h"
#include "passes/prune/Passes.h"
#include "passes/quantize/Passes.h"
#include "passes/search/Passes.h"
#include "passes/skip/Passes.h"
#include <optional>

namespace brisk {

/// What the passes of the compress stage are asked for.
struct CompressRequest {
  std::optional<SkipRequest> skip;
  std::optional<PruneRequest> prune;
  std::optional<QuantizeRequest> quantize;
  std::optional<SearchRequest> search; ///< takes the place of all
};

/// What the compress stage works with. Alive from before the first stage to after the last.
class Compression {
public:
  Compression(const Options &options, const Target &host) : options(options), host(host), runner(host) {}

  /// Whether anything is asked for.
  bool wanted() const {
    return options.quantize != "none" || !options.prune.empty() || !options.skip_layers.empty() ||
           !options.latency_budget.empty() || !options.decisions.empty();
  }
  /// Whether a search found nothing that meets its budget.
  bool missedBudget() const { return report.budgetMissed; }
  /// Checks the options; the error is one line about the one that is wrong.
  llvm::Error check();
  /// Reads the samples, for a module whose types are inferred; the error names file and array.
  llvm::Error readSamples(mlir::ModuleOp module);
  /// Writes --report of what `module` has become and gives the table; both empty if nothing was decided.
  llvm::Error writeReport(mlir::ModuleOp module, llvm::StringRef model, std::string &table);

  CompressRequest request;

private:
  llvm::Error checkSearch(double maxDrop, bool keepSlower);

  const Options &options;
  const Target &host;
  HostRunner runner;
  std::optional<Judge> judge;
  CompressReport report;
  std::optional<llvm::json::Value> decisions;
};

} // namespace brisk
#endif
