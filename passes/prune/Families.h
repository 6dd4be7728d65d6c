// Which slices of a model's tensors could go, read off the facts that ops state.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_PRUNE_FAMILIES_H
#define BRISK_PASSES_PRUNE_FAMILIES_H

#include "dialects/interfaces/Interfaces.h"
#include "passes/measure/Rewrite.h"
#include "llvm/ADT/DenseMap.h"

namespace brisk {

/// An axis of a tensor. Its slices are the places first .. first + size - 1 among those of all axes.
struct SlicedAxis {
  mlir::Value value;
  int64_t axis = 0, size = 0, first = 0;
};

/// A product with constant weights that sums over slices which could go: it can make up for them.
struct Consumer {
  mlir::Operation *op = nullptr;
  std::string name; ///< the ONNX node's
  unsigned activation = 0, weight = 0;
  std::optional<unsigned> bias;
  int64_t channelAxis = 0, weightAxis = 0; ///< of the weight: output channels, what is summed
  int64_t activationAxis = 0;
  int64_t resultAxis = 0; ///< of output channels
};

/// Units that lie in the same axes: channels of a layer, heads of an attention, the width of two layers in a row.
struct Family {
  std::string name; ///< the node that makes them
  /// Places that only go together, rising.
  std::vector<llvm::SmallVector<int64_t>> units;
  llvm::SmallVector<unsigned> consumers;
  int64_t width = 1; ///< slices of a unit in the axis that its first consumer sums over
};

/// What could be pruned in @main. The order is the same for a clone of the module.
struct Families {
  std::vector<SlicedAxis> axes; ///< of static size, by place
  std::vector<Consumer> consumers;
  std::vector<Family> families;

  /// The axis of a value, or null.
  const SlicedAxis *axis(mlir::Value value, int64_t axis) const;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, unsigned> numbers;
};

Families findFamilies(mlir::ModuleOp module);

/// Gives every user of a constant its own, so that what one of them loses is nobody else's loss.
void unshareConstants(mlir::ModuleOp module);

} // namespace brisk
#endif
