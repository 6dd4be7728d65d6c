// Which layer runs in which precision, and a module made so.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_QUANTIZE_PLAN_H
#define BRISK_PASSES_QUANTIZE_PLAN_H

#include "passes/quantize/Layers.h"
#include "passes/quantize/Ranges.h"

namespace brisk {

enum class Precision {
  F32,
  Int8,        ///< activations of a calibrated range as unsigned, weights per channel as signed 8-bit integers
  Dynamic,     ///< the same, with the range of each run
  Int8Weights, ///< weights in blocks of 8-bit integers (per channel where they are no matrix), the rest in floats
  Int4Weights, ///< weights in blocks of 4-bit integers, the rest in floats
  BF16         ///< factors and result in bf16, sums in f32
};
llvm::StringRef nameOf(Precision precision);
std::optional<Precision> precisionOf(llvm::StringRef name);

struct LayerPlan {
  Precision precision = Precision::F32;
  std::vector<float> shift;      ///< added to each output channel (bias correction); may be empty
  std::vector<float> inputScale; ///< of weight-only precisions: see searchInputScale; may be empty
};

/// One entry for each layer and tensor of findLayers.
struct Plan {
  std::vector<LayerPlan> layers;
  std::vector<Interval> ranges;
  int64_t block = 32; ///< of weights in blocks
  /// Whether elementwise ops and moves, too, read the integers of a tensor that int8 layers read: then it is nowhere kept
  /// in floats.
  bool share = false;
  bool powerOfTwo = false; ///< scales of Int8 layers

  explicit Plan(const Layers &found) : layers(found.layers.size()), ranges(found.tensors.size()) {}
  bool isFloat() const {
    return llvm::all_of(layers, [](const LayerPlan &layer) { return layer.precision == Precision::F32; });
  }
};

/// Whether a layer can have that precision.
bool supports(const Layer &layer, Precision precision);

/// Whether an op that reads a tensor of int8 layers may read its integers as well (Plan::share).
bool mayShare(mlir::Operation *reader);

/// What a program for measurements takes and returns besides the model's own.
enum class Probe {
  None,
  Shift, ///< every int8 layer with output channels takes its shift as an argument and returns its result after it
  Noise, ///< every layer with output channels takes what is added to them and returns its result after it
  Gate   ///< every int8 layer takes two numbers g and h: its factors are g times quantized plus h times exact
};
/// Rewrites @main; `probed` gets the numbers of the layers that a probe concerns.
void applyPlan(mlir::ModuleOp module, const Plan &plan, Probe probe = Probe::None,
               std::vector<unsigned> *probed = nullptr);

} // namespace brisk
#endif
