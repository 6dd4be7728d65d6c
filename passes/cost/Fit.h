// Numbers of a machine from measurements.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_COST_FIT_H
#define BRISK_PASSES_COST_FIT_H

#include "llvm/ADT/ArrayRef.h"
#include "passes/cost/Predict.h"

namespace brisk::cost {

/// How far predictions are from measurements: |predicted / measured - 1|, and the order they give.
struct Errors {
  double median = 0, p90 = 0, spearman = 0;
};
Errors errorsOf(llvm::ArrayRef<double> predicted, llvm::ArrayRef<double> measured);

/// One run of a program, measured on an instruction set of the machine.
struct Sample {
  const ProgramFacts *program;
  std::string isa;
  double us;
};

/// Fits speeds, bandwidths and overheads of `machine` to the samples: least squares on the logarithm of predicted over
/// measured, outliers counted less (Huber), with a ridge toward the logarithms that `machine` comes with. Returns the
/// errors on the samples afterwards.
Errors fitMachine(machine::Description &machine, llvm::ArrayRef<Sample> samples);

/// A model measured as a whole elsewhere, and what the base machine predicts for it, by class of kernel.
struct Whole {
  std::map<std::string, double> us; // Prediction::byKind()
  double measured;
};

/// Scales of six groups of classes that take a base machine to another one, from a few whole measurements: minimizes
///   sum over models of (sum over groups of s_g t_g / T - 1)^2 + lambda * sum over groups of (s_g / s_0 - 1)^2
/// with s_0 = exp(median of log(T / sum t)), s_g in [0.02, 20], lambda 0.3 (0.03 for overheads). In the spirit of HELP
/// (Lee et al., 2021): a prior and about ten measurements.
struct Adaptation {
  std::map<std::string, double> scales; // by class of kernel
  double common = 1;                    // s_0
  Errors before, leftOut;               // of the base machine; of each model by a fit to the others
};
Adaptation adapt(llvm::ArrayRef<Whole> models);

} // namespace brisk::cost
#endif
