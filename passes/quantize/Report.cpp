// What was decided, why, and what it costs: for people and for programs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/measure/Report.h"
#include "passes/quantize/Quantizer.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace brisk;

void Quantizer::report(const Plan &plan) {
  if (!request.report)
    return;
  llvm::json::Array layers, steps, tensors;
  std::string &table = request.report->table;
  llvm::raw_string_ostream out(table);
  out << llvm::formatv("{0,-40} {1,-8} {2,12} {3,12}\n", "layer", "runs in", "error", "sensitivity");
  for (auto [i, layer] : llvm::enumerate(found.layers)) {
    StringRef precision = brisk::nameOf(plan.layers[i].precision);
    llvm::json::Object object{{"name", layer.name}, {"precision", precision}, {"work", layer.work},
                              {"depthwise", layer.depthwise}, {"bias_corrected", !plan.layers[i].shift.empty()}};
    if (i < reasons.size() && !reasons[i].empty())
      object["reason"] = reasons[i];
    if (!plan.layers[i].shift.empty())
      object["shift"] = llvm::json::Array(plan.layers[i].shift);
    if (!plan.layers[i].inputScale.empty())
      object["input_scale"] = llvm::json::Array(plan.layers[i].inputScale);
    auto cell = [&](const std::vector<double> &values, StringRef key) -> std::string {
      if (values.empty())
        return "-";
      object[key] = jsonNumber(values[i]);
      return llvm::formatv("{0:e3}", values[i]).str();
    };
    std::string error = cell(errors, "relative_error"), rank = cell(sensitivity, "sensitivity");
    out << llvm::formatv("{0,-40} {1,-8} {2,12} {3,12}\n", StringRef(layer.name).take_back(40), precision, error, rank);
    layers.push_back(std::move(object));
  }
  for (auto [name, range] : llvm::zip(found.tensorNames, plan.ranges))
    tensors.push_back(llvm::json::Object{{"name", name}, {"low", jsonNumber(range.low)}, {"high", jsonNumber(range.high)}});
  if (found.inBodies)
    out << found.inBodies << " products in bodies of other ops (branches, loops) stay in fp32\n";
  llvm::json::Array others(found.others);
  if (!others.empty())
    out << found.others.size() << " ops with weights of their own stay in fp32: " << llvm::join(found.others, ", ") << "\n";
  for (const Trial &trial : trials) {
    out << lineOf(trial, judge ? judge->metric : Metric::Cosine) << "\n";
    steps.push_back(jsonOf(trial));
  }
  if (!measures())
    out << "not measured: no samples\n";
  else if (judge->set == ModelRunner::Calibration)
    out << "measured on the calibration samples: give others with --eval=\n";
  if (timeBefore > 0)
    out << llvm::formatv("one run: {0:f1} us in fp32, {1:f1} us quantized\n", timeBefore * 1e6, timeAfter * 1e6);
  if (!decision.empty())
    out << "decided: " << decision << "\n";

  llvm::json::Object object{{"quantize", request.mode},
                            {"calibrator", request.calibrator},
                            {"metric", brisk::nameOf(judge ? judge->metric : Metric::Cosine)},
                            {"max_accuracy_drop", allowed()},
                            {"decision", decision},
                            {"kept", !plan.isFloat()},
                            {"evaluated_on", !measures() ? "nothing" : judge->set == ModelRunner::Calibration ? "calibration" : "eval"},
                            {"block", plan.block},
                            {"share", plan.share},
                            {"power_of_two_scales", plan.powerOfTwo},
                            {"products_in_bodies", found.inBodies},
                            {"other_ops_with_weights", std::move(others)},
                            {"layers", std::move(layers)},
                            {"tensors", std::move(tensors)},
                            {"steps", std::move(steps)}};
  if (timeBefore > 0)
    object["time"] = llvm::json::Object{{"fp32_us", timeBefore * 1e6}, {"quantized_us", timeAfter * 1e6}};
  for (auto &[key, value] : object)
    request.report->json[key] = std::move(value);
}
