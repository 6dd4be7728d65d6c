// Residual branches of a model, and what it is without some of them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_SKIP_BRANCHES_H
#define BRISK_PASSES_SKIP_BRANCHES_H

#include "passes/measure/Judge.h"
#include "passes/measure/Rewrite.h"

namespace brisk {

/// result = around + f(around).
struct Branch {
  mlir::Operation *sum = nullptr;
  std::string name;     ///< the ONNX node's that adds
  mlir::Value around;   ///< what the branch is computed from and added to
  int64_t axis = 0;     ///< of channels
  int64_t channels = 0; ///< how many
};

/// The branches of @main in program order. The order is the same for a clone of the module.
std::vector<Branch> findBranches(mlir::ModuleOp module);

/// What a sum becomes without its branch: scale x around + shift by channel; empty: around itself.
struct Stand {
  std::vector<float> scale, shift;
};

/// Takes branches out of @main; `stands` has an entry for each branch, those without a value stay.
void removeBranches(mlir::ModuleOp module, llvm::ArrayRef<std::optional<Stand>> stands);

/// The model with every branch behind a gate, compiled once: any set of branches can be left out of it.
class GatedModel {
public:
  /// `judge` is prepared.
  GatedModel(mlir::ModuleOp module, Judge &judge);

  /// Compiles it and runs the model itself. Fails with a diagnostic.
  llvm::LogicalResult prepare();
  /// What takes the branch's place, with the others as given: by least squares, channel by channel.
  llvm::FailureOr<Stand> fit(unsigned branch, llvm::ArrayRef<std::optional<Stand>> stands) const;
  /// How far the outputs for the calibration samples are from the model's.
  llvm::FailureOr<double> distance(llvm::ArrayRef<std::optional<Stand>> stands) const;

  std::vector<Branch> branches;
  std::vector<double> cosines; ///< of what a branch is around and its sum; filled by prepare

private:
  std::vector<std::vector<float>> arguments(llvm::ArrayRef<std::optional<Stand>> stands) const;

  mlir::ModuleOp module;
  ModelRunner &runner;
  unsigned modelOutputs = 0;
  size_t samples = 0;
  int64_t classes = 0; ///< see Judge::rankingClasses
  std::unique_ptr<Program> program;
  Outputs whole;
};

} // namespace brisk
#endif
