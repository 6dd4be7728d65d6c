// What a search asks of whatever makes models smaller.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_MEASURE_REDUCTION_H
#define BRISK_PASSES_MEASURE_REDUCTION_H

#include "mlir/IR/BuiltinOps.h"
#include "passes/measure/Report.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace brisk {

/// Something that can be done to parts of a model, more or less of it.
class Reduction {
public:
  virtual ~Reduction() = default;
  /// Looks at the module, which stays as it is while this lives. Fails with a diagnostic.
  virtual llvm::LogicalResult prepare(mlir::ModuleOp module) = 0;
  virtual size_t parts() const = 0;
  virtual std::string nameOf(size_t part) const = 0;
  /// How far it can go in a part; level 0 is nothing.
  virtual unsigned levels(size_t part) const = 0;
  virtual std::string describe(size_t part, unsigned level) const = 0;
  /// How far the outputs for the calibration samples are from the model's, with a level for each part.
  virtual llvm::FailureOr<double> distance(llvm::ArrayRef<unsigned> levels) = 0;
  /// Rewrites a clone of the module. Fails with a diagnostic. `sizesOnly`: its time is asked for, and numbers do not matter.
  virtual llvm::LogicalResult apply(mlir::ModuleOp clone, llvm::ArrayRef<unsigned> levels, bool sizesOnly) = 0;
};

/// Several as one: parts one after the other. Distances of different ones are taken to add up; `apply` goes through them
/// in order, each on what those before it left, which keep the order of parts.
class Reductions : public Reduction {
public:
  explicit Reductions(std::vector<std::unique_ptr<Reduction>> all) : all(std::move(all)) {}
  llvm::LogicalResult prepare(mlir::ModuleOp module) override;
  size_t parts() const override;
  std::string nameOf(size_t part) const override;
  unsigned levels(size_t part) const override;
  std::string describe(size_t part, unsigned level) const override;
  llvm::FailureOr<double> distance(llvm::ArrayRef<unsigned> levels) override;
  llvm::LogicalResult apply(mlir::ModuleOp clone, llvm::ArrayRef<unsigned> levels, bool sizesOnly) override;

private:
  std::pair<Reduction *, size_t> find(size_t part) const;
  std::vector<std::unique_ptr<Reduction>> all;
};

/// Something that is done to the whole of a model, after that: rewrites it and adds its part to the report. Fails with a
/// diagnostic.
struct Finish {
  std::string name;
  std::function<llvm::LogicalResult(mlir::ModuleOp, CompressReport &)> apply; ///< null: nothing
};

} // namespace brisk
#endif
