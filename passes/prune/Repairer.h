// What calibration samples tell: which units matter, and weights that make up for those that go.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_PRUNE_REPAIRER_H
#define BRISK_PASSES_PRUNE_REPAIRER_H

#include "passes/measure/Accuracy.h"
#include "passes/prune/LeastSquares.h"
#include "passes/prune/Plan.h"

namespace brisk {

enum class Importance {
  Energy, ///< E[x^2] |w|^2: what a unit adds to the sums of its consumers
  Norm,   ///< |w|^2 of the consumers alone
  Extent, ///< max w + |min w| of the weights that make the unit, over all of them: for gated layers
  Obs     ///< the least squared error that is left once the others have made up for the unit, one after the other
};

class Repairer {
public:
  /// The module's constants are not shared (unshareConstants).
  Repairer(mlir::ModuleOp module, const Families &found, ModelRunner &runner);

  /// Runs the model on the calibration samples: keeps what consumers sum to on some rows, and how large their inputs are.
  llvm::LogicalResult observe();

  /// The units of a family, the one to go first first.
  std::vector<unsigned> order(unsigned family, Importance importance) const;

  /// Gives the plan repairs: consumer after consumer, each with what those before it have become, by least squares on
  /// three quarters of the samples; kept only if the sums of the last quarter are nearer to the model's than without.
  llvm::LogicalResult repair(PrunePlan &plan) const;

  /// The model's outputs for the calibration samples, with a plan and its repairs in force.
  llvm::FailureOr<Outputs> outputs(const PrunePlan &plan) const;

private:
  /// Rows of one consumer that are looked at: for each sample a few places of the result.
  struct Rows {
    int64_t perSample = 0;
    std::vector<int64_t> places;           ///< by sample: how many the result has
    std::vector<llvm::SmallVector<int64_t>> dims; ///< by sample: of the result
    std::vector<std::vector<float>> sums;  ///< by sample: the consumer's results there, all channels
    std::vector<double> energy;            ///< by slice that it sums over: the sum of squares
    std::optional<NormalEquations> inputs; ///< of the model itself, for Importance::Obs
  };

  /// Arguments of the elastic program: weights with 0 for what is gone, and shifts.
  std::vector<std::vector<float>> arguments(const PrunePlan &plan) const;
  std::vector<double> scores(unsigned family, Importance importance) const;
  std::vector<unsigned> eliminate(unsigned family) const;

  mlir::ModuleOp module;
  const Families &found;
  ModelRunner &runner;
  unsigned modelOutputs = 0;
  size_t samples = 0;
  std::unique_ptr<Program> elastic; ///< see makeElastic
  std::vector<Rows> rows;           ///< by consumer
};

} // namespace brisk
#endif
