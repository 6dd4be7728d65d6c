// How far a variant's outputs are from the model's.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_MEASURE_ACCURACY_H
#define BRISK_PASSES_MEASURE_ACCURACY_H

#include "passes/measure/ModelRunner.h"

namespace brisk {

/// The model's outputs for each sample, copied.
using Outputs = std::vector<std::vector<std::vector<float>>>;

enum class Metric { Top1, Agreement, Cosine, Mse };

/// What the first output decides.
enum class Decision {
  None,
  Class, ///< the highest of each row
  Side   ///< which numbers lie above one half: all lie between 0 and 1, and rows do not sum to 1
};
/// Reads it off the outputs of a model: rows of `classes` numbers. `sure`: they are probabilities.
Decision decisionOf(const Outputs &outputs, int64_t classes, bool *sure = nullptr);

struct Accuracy {
  Decision decision = Decision::None;
  bool labelled = false;  ///< the user gave classes
  uint64_t rows = 0;      ///< decisions
  double agreement = 1;   ///< share of the decisions that are the same; of sides, of the rarer one (Dice's coefficient)
  double before = 0, after = 0; ///< share of rows with the right highest class
  double divergence = 0;  ///< mean Kullback-Leibler divergence of the softmax of rows
  double cosine = 1;      ///< mean over samples and outputs; of outputs of few numbers, of all samples at once
  double relative = 0;    ///< sum of squared differences over sum of squares
  double largest = 0;     ///< difference
  double worstCosine = 1; ///< over samples and outputs
  double calibrationBefore = 0, calibrationAfter = 0; ///< expected calibration error of the softmax, in ten bins
  double worstClassLost = 0; ///< points of accuracy, of the class (of ten samples or more) that loses most
  int64_t worstClass = -1;
  bool finite = true;

  /// What is lost, in points (hundredths): of true accuracy where there are labels, else of agreement (Top1); of
  /// agreement or 100 (1 - cosine), whichever is more (Agreement); 100 (1 - cosine); 100 times the relative squared error.
  double drop(Metric metric) const;
  /// A single number to rank variants by, without steps: divergence of classes, else the relative error.
  double distance() const { return decision == Decision::Class ? divergence : relative; }
};

/// Runs every sample of the set.
llvm::FailureOr<Outputs> runAll(Program &program, const ModelRunner &runner, ModelRunner::Set set, size_t modelOutputs,
                                llvm::SmallVectorImpl<int64_t> *rowSize = nullptr,
                                llvm::ArrayRef<std::vector<float>> extra = {}, size_t limit = SIZE_MAX);

/// Compares outputs of the same samples; `classes` is the row length of the first output.
Accuracy compare(const Outputs &before, const Outputs &after, int64_t classes, const ModelRunner &runner,
                 ModelRunner::Set set);

} // namespace brisk
#endif
