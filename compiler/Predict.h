// What --predict prints.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_PREDICT_H
#define BRISK_COMPILER_PREDICT_H

#include "llvm/Support/JSON.h"
#include "passes/cost/Predict.h"
#include <string>

namespace brisk {

/// "input 'x' has open dims batch, time" for each such input of a lowered module.
std::vector<std::string> openInputs(mlir::ModuleOp module);

/// {"model", "machine", "isa", "total_us", "run_us", "host_us", "unknown": [...],
///  "kernels": [{"nodes": [...], "op", "class", "index", "calls", "us", "overhead_us", "share", "flops", "bytes", "work": {instructions of
///               one call, by kind}, "key": equal for kernels that take the same time}]}
llvm::json::Value predictionJson(llvm::StringRef model, llvm::StringRef machine, llvm::StringRef isa,
                                 const cost::Prediction &prediction);

/// The same as a table: kernels as they run, then the sum.
std::string predictionTable(llvm::StringRef model, llvm::StringRef machine, llvm::StringRef isa,
                            const cost::Prediction &prediction);

} // namespace brisk
#endif
