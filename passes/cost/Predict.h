// How long kernels take: their facts on a machine.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_COST_PREDICT_H
#define BRISK_PASSES_COST_PREDICT_H

#include "dialects/machine/Machine.h"
#include "passes/cost/Facts.h"
#include "passes/cost/Work.h"
#include <map>

namespace brisk::cost {

struct KernelPrediction {
  std::string nodes, op, kind; // kind: a key of the machine's scales
  int64_t index = -1;
  double calls = 0;
  double us = 0;         // of all calls of a run, overheads included
  double overheadUs = 0; // what of it is counted in calls, loops and blocks
  double flops = 0, bytes = 0;
  Work work;       // of one call
  std::string key; // of KernelFacts
  /// True when the time is not the model's but measured.
  bool measured = false;
};

struct Prediction {
  std::vector<KernelPrediction> kernels;
  double hostUs = 0; // between the kernels
  double runUs = 0;  // once a run
  double totalUs = 0;
  std::vector<std::string> open; // what is not known

  /// Microseconds by class of kernel: what adaptation scales.
  std::map<std::string, double> byKind() const;
};

/// Predicts one run on `isa` of `machine` (the highest if null).
Prediction predict(const ProgramFacts &facts, const machine::Description &machine, const machine::Isa *isa = nullptr);

/// One kernel of a program.
KernelPrediction predictKernel(const KernelFacts &facts, const machine::Description &machine,
                               const machine::Isa *isa = nullptr);

/// The prediction of a variant from a measured base: kernels that the base has too (equal keys) take what they took
/// there, the others what the model says, scaled by how right it was on the base (over kernels of their class, or all).
Prediction predictVariant(const Prediction &variant, const Prediction &base,
                          const std::map<int64_t, double> &measuredUs, double measuredTotalUs);

} // namespace brisk::cost
#endif
