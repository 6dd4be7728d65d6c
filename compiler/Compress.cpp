// The options of compression, checked, and what they need.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compress.h"

#include "targets/common/Tools.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace brisk;

llvm::Error Compression::check() {
  auto among = [](StringRef flag, StringRef value, ArrayRef<StringRef> known) -> llvm::Error {
    if (llvm::is_contained(known, value))
      return llvm::Error::success();
    return llvm::createStringError("--" + flag + "=" + value + ": expects " + llvm::join(known, ", "));
  };
  auto number = [](StringRef flag, StringRef text, double least, double most, double &to) -> llvm::Error {
    StringRef digits = text;
    digits.consume_back("%");
    if (!digits.getAsDouble(to) && to >= least && to <= most)
      return llvm::Error::success();
    return llvm::createStringError("--" + flag + "=" + text + ": expects a number from " + llvm::Twine(int(least)) + " to " +
                                   llvm::Twine(int(most)));
  };
  StringRef mode = options.quantize;
  if (llvm::Error error = among("quantize", mode, {"none", "int8", "dynamic", "int8w", "int4w", "bf16", "mixed"}))
    return error;
  if (llvm::Error error =
          among("calibrator", options.calibrator, {"auto", "minmax", "percentile", "entropy", "mse"}))
    return error;
  if (!options.metric.empty())
    if (llvm::Error error = among("metric", options.metric, {"top1", "cosine", "mse"}))
      return error;
  if (llvm::Error error =
          among("sensitivity", options.sensitivity, {"divergence", "gauss-newton", "local"}))
    return error;
  if (llvm::Error error = among("precision-search", options.precision_search, {"bisection", "greedy"}))
    return error;
  if (llvm::Error error = number("percentile", options.percentile, 1, 100, request.percentile))
    return error;
  request.floorGiven = !options.max_accuracy_drop.empty();
  if (request.floorGiven)
    if (llvm::Error error = number("max-accuracy-drop", options.max_accuracy_drop, 0, 100, request.maxDrop))
      return error;
  if ((mode == "int8" || mode == "mixed") && options.calibration.empty())
    return llvm::createStringError("--quantize=" + mode +
                                   " needs samples of the model's inputs: give a .npz file or a folder of them with --calibration=");
  if (!options.report.empty() && !StringRef(options.report).ends_with(".json"))
    return llvm::createStringError("--report=" + options.report + ": expects a name that ends in .json");
  request.mode = options.quantize;
  request.calibrator = options.calibrator;
  request.sensitivity = options.sensitivity;
  request.search = options.precision_search;
  // A file for other runtimes is not judged by the time that it takes here.
  request.keepSlower = options.keep_slower || options.emit == "onnx";
  request.details = !options.report.empty();
  judge.emplace(runner, options.metric);
  request.runner = &runner;
  request.judge = &*judge;
  request.report = &report;
  return llvm::Error::success();
}

llvm::Error Compression::readSamples(ModuleOp module) {
  for (auto [path, samples] : {std::pair(&options.calibration, &runner.calibration),
                               std::pair(&options.eval, &runner.evaluation)}) {
    if (path->empty())
      continue;
    llvm::Expected<std::vector<Sample>> read = brisk::readSamples(*path, module);
    if (!read)
      return read.takeError();
    *samples = std::move(*read);
  }
  return llvm::Error::success();
}

llvm::Error Compression::writeReport(std::string &table) {
  table = report.table;
  if (options.report.empty() || report.json.empty())
    return llvm::Error::success();
  return writeFile(options.report, report.json);
}
