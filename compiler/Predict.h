// What --predict prints.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_PREDICT_H
#define BRISK_COMPILER_PREDICT_H

#include "compiler/Compiler.h"
#include "llvm/Support/JSON.h"
#include "passes/cost/Predict.h"
#include <string>

namespace brisk {

/// "input 'x' has open dims batch, time" for each such input of a lowered module.
std::vector<std::string> openInputs(mlir::ModuleOp module);

struct PredictedModel {
  std::string model, machine, isa;
  cost::Prediction prediction;
};

/// Predicts `model` for options.machine, or the machine at hand; see predict() in Compiler.h.
Status predictModel(const ModelSource &model, const Options &options, PredictedModel &predicted,
                    const DiagnosticSink &sink);

/// {"model", "machine", "isa", "total_us", "run_us", "host_us", "unknown": [...],
///  "kernels": [{"nodes": [...], "op", "class", "index", "calls", "us", "overhead_us", "share", "flops", "bytes",
///               "work": {instructions of one call, by kind}, "measured": false, "key": equal for kernels that do the same}]}
llvm::json::Value jsonOf(const PredictedModel &predicted);

/// The same as a table: kernels as they run, then the sum.
std::string tableOf(const PredictedModel &predicted);

} // namespace brisk
#endif
