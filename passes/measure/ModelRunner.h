// Runs variants of the model at compile time, on the user's samples.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_MEASURE_MODELRUNNER_H
#define BRISK_PASSES_MEASURE_MODELRUNNER_H

#include "mlir/IR/BuiltinOps.h"
#include <memory>
#include <string>
#include <vector>

namespace brisk {

/// An output of a run, its elements as floats whatever their type.
struct RunOutput {
  llvm::SmallVector<int64_t> dims;
  llvm::ArrayRef<float> values; ///< valid until the next run
};

/// A variant of the model, compiled.
class Program {
public:
  virtual ~Program() = default;
  /// Runs sample `index` of the set that the program was compiled for. Arguments beyond those of the model are
  /// `extra`, floats. Fails with a diagnostic.
  virtual llvm::FailureOr<std::vector<RunOutput>> run(size_t index, llvm::ArrayRef<std::vector<float>> extra = {}) = 0;
  /// Processor time of one run of sample 0, in seconds: the least of several short ones.
  virtual double time() = 0;
};

/// Given to the passes of the compress stage by the compiler, which compiles modules like any model: what is measured is the code
/// that will be emitted, and passes stay free of targets.
class ModelRunner {
public:
  enum Set { Calibration, Evaluation };
  virtual ~ModelRunner() = default;
  /// How many samples the user gave; 0: none.
  virtual size_t samples(Set set) const = 0;
  /// Classes of the rows of sample `index`; empty where the user gives none.
  virtual std::vector<int64_t> labels(Set set, size_t index) const = 0;
  /// Compiles @main of `module` (the onnx dialect after shapes; consumed) for the machine at hand. Fails with a
  /// diagnostic.
  virtual llvm::FailureOr<std::unique_ptr<Program>> compile(mlir::OwningOpRef<mlir::ModuleOp> module, Set set) = 0;
  /// Predicted seconds of one run of @main of `module` (as for compile) on the machine that is compiled for. Fails in
  /// silence where its sizes are open.
  virtual llvm::FailureOr<double> predict(mlir::OwningOpRef<mlir::ModuleOp> module) = 0;
  /// Shows how far a long task is ("calibrating 3/20"); an empty text ends it.
  virtual void progress(llvm::StringRef text) = 0;
};

} // namespace brisk
#endif
