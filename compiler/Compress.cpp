// The options of compression, checked, and what they need.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compress.h"

#include "compiler/ReportPage.h"
#include "passes/quantize/Quantizer.h"
#include "targets/common/Tools.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

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
  double percentile = 0, maxDrop = QuantizeRequest().maxDrop;
  StringRef mode = options.quantize;
  if (llvm::Error error = among("quantize", mode, {"none", "int8", "dynamic", "int8w", "int4w", "bf16", "mixed"}))
    return error;
  if (llvm::Error error =
          among("calibrator", options.calibrator, {"auto", "minmax", "percentile", "entropy", "mse"}))
    return error;
  if (!options.metric.empty())
    if (llvm::Error error = among("metric", options.metric, {"top1", "agreement", "cosine", "mse"}))
      return error;
  if (llvm::Error error =
          among("sensitivity", options.sensitivity, {"divergence", "gauss-newton", "noise", "local"}))
    return error;
  if (llvm::Error error = among("precision-search", options.precision_search, {"bisection", "greedy"}))
    return error;
  if (llvm::Error error = number("percentile", options.percentile, 1, 100, percentile))
    return error;
  bool floorGiven = !options.max_accuracy_drop.empty();
  if (floorGiven)
    if (llvm::Error error = number("max-accuracy-drop", options.max_accuracy_drop, 0, 100, maxDrop))
      return error;
  double ratio = 0;
  if (!options.prune.empty()) {
    StringRef text = options.prune;
    bool isPercent = text.consume_back("%");
    if (text.getAsDouble(ratio) || !((ratio /= isPercent ? 100 : 1) > 0 && ratio < 1))
      return llvm::createStringError("--prune=" + options.prune + ": expects a share above 0 and below 1 (0.25 or 25%)");
    if (options.calibration.empty())
      return llvm::createStringError("--prune=" + options.prune + " repairs what it leaves on samples of the model's "
                                     "inputs: give a .npz file or a folder of them with --calibration=");
  }
  if (!options.skip_layers.empty() && options.calibration.empty())
    return llvm::createStringError("--skip-layers=" + options.skip_layers + " decides on samples of the model's inputs: give a .npz "
                                   "file or a folder of them with --calibration=");
  if (llvm::Error error = among("importance", options.importance, {"energy", "norm", "extent", "obs"}))
    return error;
  if (options.prune_multiple < 0)
    return llvm::createStringError("--prune-multiple=" + llvm::Twine(options.prune_multiple) + ": expects a number from 0");
  const llvm::json::Object *recorded = nullptr;
  if (!options.decisions.empty()) {
    if (!options.prune.empty() || !options.skip_layers.empty() || !options.latency_budget.empty())
      return llvm::createStringError("--decisions=" + options.decisions +
                                     ": cannot be combined with --prune, --skip-layers or --latency-budget");
    auto file = llvm::MemoryBuffer::getFile(options.decisions);
    if (!file)
      return llvm::createStringError("--decisions=" + options.decisions + ": " + file.getError().message());
    auto parsed = llvm::json::parse((*file)->getBuffer());
    if (!parsed)
      return llvm::createStringError("--decisions=" + options.decisions + ": " + llvm::toString(parsed.takeError()));
    decisions = std::move(*parsed);
    recorded = decisions->getAsObject();
    if (!recorded || !recorded->getString("quantize"))
      return llvm::createStringError("--decisions=" + options.decisions + ": expects what --report wrote");
    mode = *recorded->getString("quantize");
    if (options.quantize != "none" && options.quantize != mode)
      return llvm::createStringError("--decisions=" + options.decisions + ": recorded with --quantize=" + mode +
                                     ", not with " + options.quantize);
  }
  if (!recorded && (mode == "int8" || mode == "mixed") && options.calibration.empty())
    return llvm::createStringError("--quantize=" + mode +
                                   " needs samples of the model's inputs: give a .npz file or a folder of them with --calibration=");
  if (!options.report.empty() && !StringRef(options.report).ends_with(".json") &&
      !StringRef(options.report).ends_with(".html"))
    return llvm::createStringError("--report=" + options.report + ": expects a name that ends in .json or .html");
  judge.emplace(runner, options.metric);
  // A file for other runtimes is not judged by the time that it takes here.
  bool keepSlower = options.keep_slower || options.emit == "onnx";
  if (mode != "none") {
    QuantizeRequest &quantize = request.quantize.emplace();
    quantize.mode = mode.str();
    quantize.decisions = recorded;
    quantize.powerOfTwo = options.power_of_two_scales;
    quantize.calibrator = options.calibrator;
    quantize.sensitivity = options.sensitivity;
    quantize.search = options.precision_search;
    quantize.percentile = percentile;
    quantize.maxDrop = maxDrop;
    quantize.floorGiven = floorGiven;
    quantize.keepSlower = keepSlower;
    quantize.details = !options.report.empty();
    quantize.runner = &runner;
    quantize.judge = &*judge;
    quantize.report = &report;
  }
  if (!options.latency_budget.empty())
    return checkSearch(floorGiven ? maxDrop : 1, keepSlower);
  if (!options.skip_layers.empty()) {
    SkipRequest &skip = request.skip.emplace();
    skip.which = options.skip_layers;
    skip.maxDrop = maxDrop;
    skip.floorGiven = floorGiven;
    skip.keepSlower = keepSlower;
    skip.judge = &*judge;
    skip.report = &report;
  }
  if (!options.prune.empty()) {
    PruneRequest &prune = request.prune.emplace();
    prune.ratio = ratio;
    prune.importance = options.importance;
    prune.multiple = options.prune_multiple ? options.prune_multiple : host.describe().isa()->vectorBits / 32;
    prune.unrepaired = !options.report.empty();
    prune.maxDrop = maxDrop;
    prune.floorGiven = floorGiven;
    prune.keepSlower = keepSlower;
    prune.judge = &*judge;
    prune.report = &report;
  }
  return llvm::Error::success();
}

llvm::Error Compression::checkSearch(double maxDrop, bool keepSlower) {
  SearchRequest search;
  StringRef text = options.latency_budget;
  double scale = text.consume_back("%") ? 0.01 : text.consume_back("us") ? 1e-6 : text.consume_back("ms") ? 1e-3
                 : text.consume_back("s")                                ? 1
                                                                         : 0;
  search.isShare = StringRef(options.latency_budget).ends_with("%");
  if (scale == 0 || text.getAsDouble(search.budget) || !(search.budget > 0))
    return llvm::createStringError("--latency-budget=" + options.latency_budget + ": expects a time (5ms, 800us) or a share (60%)");
  if (options.calibration.empty())
    return llvm::createStringError("--latency-budget=" + options.latency_budget + " needs samples of the model's inputs: give a "
                                   ".npz file or a folder of them with --calibration=, and others with --eval=");
  if (!options.prune.empty() || !options.skip_layers.empty())
    return llvm::createStringError("--latency-budget chooses what to prune and skip by itself: leave --prune and --skip-layers out");
  if (options.search_time <= 0)
    return llvm::createStringError("--search-time=" + llvm::Twine(options.search_time) + ": expects seconds");
  search.budget *= scale;
  search.maxDrop = maxDrop;
  search.searchTime = options.search_time;
  search.bestEffort = options.best_effort;
  search.judge = &*judge;
  search.report = &report;
  if (!options.machine.empty()) {
    llvm::Expected<machine::Description> machine = machine::Description::read(options.machine);
    if (!machine)
      return llvm::createStringError("--machine=" + llvm::toString(machine.takeError()));
    runner.machine = std::move(*machine);
    search.predicted = true;
  }
  int64_t multiple = options.prune_multiple ? options.prune_multiple : host.describe().isa()->vectorBits / 32;
  // Branches go after widths: pruning knows the model as it is, and leaves branches what they are.
  std::vector<std::unique_ptr<Reduction>> reductions;
  reductions.push_back(createPruneReduction(*judge, multiple));
  reductions.push_back(createSkipReduction(*judge));
  search.reduction = std::make_shared<Reductions>(std::move(reductions));
  QuantizeRequest quantize = request.quantize.value_or(QuantizeRequest());
  quantize.mode = options.quantize == "none" ? "int8" : options.quantize;
  quantize.calibrator = options.calibrator;
  quantize.maxDrop = maxDrop;
  quantize.floorGiven = true;
  quantize.keepSlower = keepSlower || search.predicted;
  quantize.runner = &runner;
  quantize.judge = &*judge;
  search.finishes.push_back({quantize.mode, [quantize](ModuleOp module, CompressReport &to) mutable {
                               quantize.report = &to;
                               return Quantizer(module, quantize).run();
                             }});
  request.quantize.reset();
  request.search = std::move(search);
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

llvm::Error Compression::writeReport(ModuleOp module, StringRef model, std::string &table) {
  table = report.table;
  if (options.report.empty() || report.json.empty())
    return llvm::Error::success();
  llvm::json::Object json(report.json);
  // Of models with open sizes no times are predicted.
  if (FailureOr<cost::Prediction> predicted = runner.predictKernels(module.clone()); succeeded(predicted)) {
    llvm::json::Array kernels;
    for (const cost::KernelPrediction &kernel : predicted->kernels)
      kernels.push_back(llvm::json::Object{{"nodes", kernel.nodes}, {"class", kernel.kind}, {"calls", kernel.calls}, {"us", kernel.us}});
    json["kernels"] = std::move(kernels);
  }
  if (StringRef(options.report).ends_with(".html"))
    return writeFile(options.report, reportPage(json, model));
  return writeFile(options.report, llvm::formatv("{0:2}\n", llvm::json::Value(std::move(json))).str());
}
