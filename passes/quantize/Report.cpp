// What was decided, why, and what it costs: for people and for programs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/quantize/Quantizer.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include <cmath>

using namespace mlir;
using namespace brisk;

static StringRef nameOf(Metric metric) {
  switch (metric) {
  case Metric::Top1: return "top1";
  case Metric::Cosine: return "cosine";
  case Metric::Mse: return "mse";
  }
  return "";
}

/// JSON has no infinity.
static llvm::json::Value number(double value) {
  return std::isfinite(value) ? llvm::json::Value(value) : llvm::json::Value(nullptr);
}

static llvm::json::Object jsonOf(const Trial &trial) {
  const Accuracy &a = trial.accuracy;
  llvm::json::Object object{{"name", trial.name},          {"drop", number(trial.drop)},
                            {"cosine", number(a.cosine)},  {"relative_error", number(a.relative)},
                            {"max_difference", number(a.largest)}, {"finite", a.finite}};
  if (a.classes) {
    object["rows"] = static_cast<int64_t>(a.rows);
    object["top1_agreement"] = number(a.agreement);
    object["kl_divergence"] = number(a.divergence);
  }
  if (a.labelled) {
    object["top1_before"] = number(a.before);
    object["top1_after"] = number(a.after);
  }
  return object;
}

void Quantizer::report(const Plan &plan) {
  if (!request.report)
    return;
  llvm::json::Array layers, steps;
  std::string &table = request.report->table;
  llvm::raw_string_ostream out(table);
  out << llvm::formatv("{0,-40} {1,-8} {2,12} {3,12}\n", "layer", "runs in", "error", "sensitivity");
  for (auto [i, layer] : llvm::enumerate(found.layers)) {
    StringRef precision = brisk::nameOf(plan.layers[i].precision);
    llvm::json::Object object{{"name", layer.name}, {"precision", precision}, {"work", layer.work},
                              {"depthwise", layer.depthwise}, {"bias_corrected", !plan.layers[i].shift.empty()}};
    if (!reasons[i].empty())
      object["reason"] = reasons[i];
    auto cell = [&](const std::vector<double> &values, StringRef key) -> std::string {
      if (values.empty())
        return "-";
      object[key] = number(values[i]);
      return llvm::formatv("{0:e3}", values[i]).str();
    };
    std::string error = cell(errors, "relative_error"), rank = cell(sensitivity, "sensitivity");
    out << llvm::formatv("{0,-40} {1,-8} {2,12} {3,12}\n", StringRef(layer.name).take_back(40), precision, error, rank);
    layers.push_back(std::move(object));
  }
  for (const Trial &trial : trials) {
    const Accuracy &a = trial.accuracy;
    out << llvm::formatv("{0}: {1:f2} points of {2} lost", trial.name, trial.drop, ::nameOf(metric));
    if (a.labelled)
      out << llvm::formatv(", accuracy {0:f2} -> {1:f2} %", 100 * a.before, 100 * a.after);
    if (a.classes)
      out << llvm::formatv(", agreement {0:f2} %, KL {1:e2}", 100 * a.agreement, a.divergence);
    out << llvm::formatv(", cosine {0:f6}, max difference {1:e2}\n", a.cosine, a.largest);
    steps.push_back(jsonOf(trial));
  }
  if (!measures())
    out << "not measured: no samples\n";
  else if (set == ModelRunner::Calibration)
    out << "measured on the calibration samples: give others with --eval=\n";
  if (timeBefore > 0)
    out << llvm::formatv("one run: {0:f1} us in fp32, {1:f1} us quantized\n", timeBefore * 1e6, timeAfter * 1e6);
  if (!decision.empty())
    out << "decided: " << decision << "\n";

  llvm::json::Object object{{"quantize", request.mode},
                            {"calibrator", request.calibrator},
                            {"metric", ::nameOf(metric)},
                            {"max_accuracy_drop", request.maxDrop},
                            {"decision", decision},
                            {"kept", !plan.isFloat()},
                            {"evaluated_on", !measures() ? "nothing" : set == ModelRunner::Calibration ? "calibration" : "eval"},
                            {"layers", std::move(layers)},
                            {"steps", std::move(steps)}};
  if (timeBefore > 0)
    object["time"] = llvm::json::Object{{"fp32_us", timeBefore * 1e6}, {"quantized_us", timeAfter * 1e6}};
  llvm::raw_string_ostream(request.report->json) << llvm::formatv("{0:2}", llvm::json::Value(std::move(object))) << "\n";
}
