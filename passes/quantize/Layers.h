// What of a model may be quantized, read off the facts that ops state.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_QUANTIZE_LAYERS_H
#define BRISK_PASSES_QUANTIZE_LAYERS_H

#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/measure/Rewrite.h"

namespace brisk {

/// A product on floats.
struct Layer {
  mlir::Operation *op = nullptr;
  std::string name; ///< the ONNX node's
  /// Operands that carry activations, and the tensor (index into Layers::tensors) that each one is.
  llvm::SmallVector<std::pair<unsigned, unsigned>> activations;
  std::optional<unsigned> weight; ///< operand that is a constant
  std::optional<unsigned> recurrent; ///< operand that is a constant and multiplies states of the op
  std::optional<unsigned> bias;   ///< operand, which may be absent
  int64_t channelAxis = -1;       ///< of the weight
  int64_t resultAxis = -1;        ///< of output channels in the result
  bool depthwise = false;         ///< each input channel is filtered on its own
  double work = 0;                ///< multiplications, open dims taken as 1

  /// Whether a number may be added to each output channel.
  bool hasChannels() const { return weight && !recurrent; }
};

/// The layers of @main in program order (those of subgraphs stay as they are) and the tensors that they read. The
/// order is the same for a clone of the module.
struct Layers {
  std::vector<Layer> layers;
  std::vector<mlir::Value> tensors;
  std::vector<std::string> tensorNames;
  unsigned inBodies = 0; ///< products on floats inside other ops
  std::vector<std::string> others; ///< ops with matrices of weights that state no product
};

Layers findLayers(mlir::ModuleOp module);

} // namespace brisk
#endif
