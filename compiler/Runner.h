// Variants of a model compiled and run while it is being compiled.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_RUNNER_H
#define BRISK_COMPILER_RUNNER_H

#include "compiler/Samples.h"
#include "passes/cost/Predict.h"
#include "passes/measure/ModelRunner.h"
#include "targets/Target.h"

namespace brisk {

/// Compiles for the machine at hand with the CPU target, and runs on samples.
class HostRunner : public ModelRunner {
public:
  explicit HostRunner(const Target &host) : host(host) {}
  std::vector<Sample> calibration, evaluation;

  size_t samples(Set set) const override { return of(set).size(); }
  std::vector<int64_t> labels(Set set, size_t index) const override { return of(set)[index].labels; }
  llvm::FailureOr<std::unique_ptr<Program>> compile(mlir::OwningOpRef<mlir::ModuleOp> module, Set set) override;
  llvm::FailureOr<double> predict(mlir::OwningOpRef<mlir::ModuleOp> module) override;
  llvm::FailureOr<cost::Prediction> predictKernels(mlir::OwningOpRef<mlir::ModuleOp> module);
  void progress(llvm::StringRef text) override;

  /// What predictions are for; the machine at hand if nothing else is said.
  std::optional<machine::Description> machine;

private:
  const std::vector<Sample> &of(Set set) const { return set == Calibration ? calibration : evaluation; }
  const Target &host;
};

} // namespace brisk
#endif
