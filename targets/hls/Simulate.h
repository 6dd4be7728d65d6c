// Designs and flows, run on numbers.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_HLS_SIMULATE_H
#define BRISK_TARGETS_HLS_SIMULATE_H

#include "targets/hls/Flow.h"

namespace brisk::hls {

/// A design of adders as a list of operators on numbered values.
class Program {
public:
  explicit Program(DesignOp design);
  /// On the elements of its inputs.
  void run(llvm::ArrayRef<int64_t> inputs, std::vector<int64_t> &outputs);
  int64_t size() const { return steps.size(); }

private:
  struct Step {
    mlir::Operation *op;
    int64_t result, operands[3];
  };
  std::vector<Step> steps;
  std::vector<int64_t> values, outputs;
};

/// A flow, frame by frame.
class FlowProgram {
public:
  explicit FlowProgram(const FlowNetlist &flow);
  /// On the elements of the model's input; those of its output.
  std::vector<int64_t> run(llvm::ArrayRef<int64_t> input);
  /// Operators that a frame takes.
  int64_t size() const;

private:
  const FlowNetlist &flow;
  std::vector<Program> programs;
  std::vector<std::vector<std::vector<std::array<int64_t, 3>>>> arguments; // of each stage and operand
  std::vector<Place> inputPlaces, outputPlaces;
};

} // namespace brisk::hls
#endif
