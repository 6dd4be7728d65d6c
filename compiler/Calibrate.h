// Measuring a machine: --calibrate-machine.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_CALIBRATE_H
#define BRISK_COMPILER_CALIBRATE_H

#include "passes/cost/Fit.h"
#include "targets/Target.h"
#include "llvm/Support/Error.h"
#include <functional>

namespace brisk {

/// Compiles and runs small programs on the machine at hand, at each of its instruction sets, and fits `machine` to what
/// they take; about a minute. `progress` receives how many of how many programs are done.
llvm::Expected<cost::Errors> calibrate(const Target &host, machine::Description &machine, mlir::MLIRContext &context,
                                       const std::function<void(unsigned, unsigned)> &progress);

/// A module with a function @main on tensors, in the form that a target takes. What is done to its narrow results has an
/// instruction on some levels only: then it is measured on the highest that it was compiled for.
struct CalibrationProgram {
  std::string text;
  bool highestOnly;
};
std::vector<CalibrationProgram> calibrationPrograms();

/// A row "model,latency" of a file of measurements: a model's path (relative to the file) with optional
/// "NAME=1x3x224x224" fields behind the latency in microseconds. Lines that begin with '#' and a first line
/// "model,latency..." do not count.
struct MeasuredModel {
  std::string path;
  double us;
  std::vector<std::string> shapes;
};
llvm::Expected<std::vector<MeasuredModel>> readMeasurements(llvm::StringRef path);

} // namespace brisk
#endif
