// Judges variants of a model against the model, on the user's samples.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_MEASURE_JUDGE_H
#define BRISK_PASSES_MEASURE_JUDGE_H

#include "llvm/Support/JSON.h"
#include "passes/measure/Accuracy.h"

namespace brisk {

/// One variant that was tried, as measured.
struct Trial {
  std::string name;
  Accuracy accuracy;
  double drop = 0;
  std::shared_ptr<Program> program; ///< null for the model itself
  std::optional<double> held; ///< what is lost on samples held out, in points
  double grain = 0;           ///< points that one decision of those is worth
  /// Whether the samples held out confirm that no more is lost, up to one decision.
  bool isConfirmed(double most) const { return !held || *held <= most + grain; }
};

/// Shared by all passes of the compress stage: what one of them loses counts for those after it, too.
class Judge {
public:
  /// `metric` is top1, agreement, cosine, mse, or "" for what fits the samples: top1 with labels, agreement for a first
  /// output of probabilities, else cosine.
  Judge(ModelRunner &runner, std::string metric) : runner(runner), wanted(std::move(metric)) {}

  /// Whether there are samples to judge by.
  bool measures() const { return runner.samples(ModelRunner::Evaluation) + runner.samples(ModelRunner::Calibration) > 0; }
  /// Compiles and runs the model that variants are compared with; later calls do nothing. Fails with a diagnostic.
  llvm::LogicalResult prepare(mlir::ModuleOp module);
  /// Runs the samples and compares.
  llvm::FailureOr<Trial> judge(std::shared_ptr<Program> program, llvm::StringRef name);

  ModelRunner &runner;
  /// The length of rows that are classes, for compare(): 0 where the metric is another one, and rows say nothing as such.
  int64_t rankingClasses() const { return metric == Metric::Top1 || metric == Metric::Agreement ? classes : 0; }

  /// Set before prepare: every second sample of --eval is held out of what judge() says of a variant, where they are enough for
  /// two sets. For those that choose among many variants: the best of many is lucky on the samples that chose it.
  bool holdsOut = false;

  /// Filled by prepare.
  ModelRunner::Set set = ModelRunner::Evaluation;
  Metric metric = Metric::Cosine;
  double allowance = 1; ///< points that a variant may lose where the user names no floor
  unsigned modelOutputs = 0;
  int64_t classes = 0;
  Outputs reference;                 ///< of the model
  std::shared_ptr<Program> original; ///< the model, compiled

private:
  Accuracy compareHalf(const Outputs &outputs, bool isHeld) const;

  std::string wanted;
};

/// The least time of each, in seconds, measured in turns, so that a slow moment of the machine hits both.
std::pair<double, double> race(Program &first, Program &second);

llvm::StringRef nameOf(Metric metric);
/// JSON has no infinity.
llvm::json::Value jsonNumber(double value);
llvm::json::Object jsonOf(const Trial &trial);
/// One line: what is lost, and how far the outputs are from the model's.
std::string lineOf(const Trial &trial, Metric metric);

} // namespace brisk
#endif
