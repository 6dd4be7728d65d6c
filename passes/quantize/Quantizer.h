// From a float model and samples to a plan.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_QUANTIZE_QUANTIZER_H
#define BRISK_PASSES_QUANTIZE_QUANTIZER_H

#include "passes/measure/Judge.h"
#include "passes/quantize/Passes.h"
#include "passes/quantize/Plan.h"

namespace brisk {

/// The mean of each position of an axis, over all runs: sums / count.
struct ChannelMeans {
  std::vector<double> sums;
  double count = 0;
  void add(const RunOutput &output, int64_t axis);
};

class Quantizer {
public:
  Quantizer(mlir::ModuleOp module, const QuantizeRequest &request);

  /// Chooses a plan and applies it to the module. Fails with a diagnostic.
  llvm::LogicalResult run();

private:
  bool measures() const { return judge && judge->measures(); }
  /// Points that may be lost.
  double allowed() const { return request.floorGiven || !judge ? request.maxDrop : judge->allowance; }

  // Calibrate.cpp
  /// Observers of all tensors, filled by running the model on the calibration samples.
  llvm::LogicalResult observe(bool histograms);
  std::vector<Interval> ranges(Calibrator calibrator) const;
  /// Shifts that make each layer's mean output what it was, in program order: each one sees what those before it changed.
  llvm::LogicalResult correctBias(Plan &plan);
  /// Scales of inputs of weight-only layers.
  llvm::LogicalResult scaleInputs(Plan &plan);

  // Quantizer.cpp
  llvm::LogicalResult prepare();
  Plan uniform(Precision precision) const;
  llvm::FailureOr<std::unique_ptr<Program>> compile(const Plan &plan, ModelRunner::Set samples);
  /// Compiles and compares; remembered in `trials`.
  llvm::FailureOr<Trial> evaluate(const Plan &plan, llvm::StringRef name);
  llvm::FailureOr<Plan> chooseInt8();
  llvm::FailureOr<Plan> chooseAuto();
  /// Undoes what gains nothing in the time of a run: kinds of layers first, then the whole plan.
  llvm::LogicalResult gate(Plan &plan, std::shared_ptr<Program> program);
  /// Applies what was recorded; fails with a diagnostic where it is not of this model.
  llvm::LogicalResult replay();
  /// Kinds of layers that the gate looks at.
  std::vector<std::pair<std::string, std::vector<unsigned>>> suspects(const Plan &plan) const;

  // Sensitivity.cpp
  llvm::FailureOr<Plan> chooseMixed();
  /// As many layers of `low` as the floor bears, the least sensitive first; the others in fp32.
  llvm::FailureOr<Plan> keepWhatHolds(const Plan &low);
  std::vector<size_t> bySensitivity() const;
  llvm::FailureOr<std::vector<double>> sensitivities(const Plan &low);
  /// The relative squared error of each layer's result when it alone is quantized.
  llvm::FailureOr<std::vector<double>> localErrors(const Plan &low);
  /// How far outputs go when noise is added to one layer's result, by the layer's local error over that of the noise.
  llvm::FailureOr<std::vector<double>> noiseSensitivities(const Plan &low);
  /// The relative squared error of each layer's result, with all before it quantized.
  llvm::FailureOr<std::vector<double>> layerErrors(const Plan &plan);

  // Report.cpp
  void report(const Plan &plan);

  mlir::ModuleOp module;
  const QuantizeRequest &request;
  Judge *judge; ///< null: nothing can be measured
  Layers found;
  ModelRunner::Set set = ModelRunner::Evaluation;
  unsigned modelOutputs = 0;
  std::unique_ptr<Program> floats; ///< the model as it came to this pass
  std::vector<Observer> observers;
  std::vector<ChannelMeans> exactMeans; ///< of the results of layers, from observe
  std::vector<Trial> trials;
  std::shared_ptr<Program> chosen; ///< of the plan that the choice ended with, if it was tried
  std::vector<double> sensitivity, errors;
  std::vector<std::string> reasons; ///< why a layer was left in fp32; empty if it was not
  std::string decision; ///< why the result is what it is
  double lost = 0; ///< points, by the plan at hand
  double timeBefore = 0, timeAfter = 0;
};

} // namespace brisk
#endif
