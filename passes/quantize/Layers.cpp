// What of a model may be quantized, read off the facts that ops state.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/quantize/Layers.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace brisk;

/// Smaller constants are no weights worth telling of.
static constexpr int64_t kMatrix = 256;

static bool isFloatTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getElementType().isF32();
}

/// Describes `op` if it is a product on floats.
static std::optional<Layer> describe(Operation *op) {
  QuantizedForm form = quantizedForm(op);
  if (form.kind != QuantizedForm::Product || op->getNumResults() == 0 || !isFloatTensor(op->getResult(0)))
    return std::nullopt;
  Layer layer;
  layer.op = op;
  layer.name = labelOf(op->getLoc());
  layer.bias = form.bias;
  layer.channelAxis = form.channelAxis;
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<unsigned, 2> activations(form.activations);
  if (form.weight) {
    Value weight = op->getOperand(*form.weight);
    if (matchPattern(weight, m_Constant()))
      layer.weight = form.weight;
    else
      activations.push_back(*form.weight);
  }
  for (unsigned operand : activations) {
    if (!isFloatTensor(op->getOperand(operand)))
      return std::nullopt;
    layer.activations.push_back({operand, 0});
  }
  // Both factors constant: folded by others.
  if (activations.empty() || llvm::all_of(activations, [&](unsigned i) { return matchPattern(op->getOperand(i), m_Constant()); }))
    return std::nullopt;
  layer.work = 1;
  for (int64_t dim : result.getShape())
    layer.work *= ShapedType::isDynamic(dim) ? 1 : static_cast<double>(dim);
  if (layer.weight) {
    auto type = dyn_cast<RankedTensorType>(op->getOperand(*layer.weight).getType());
    if (!type || !type.getElementType().isF32() || !type.hasStaticShape() || type.getNumElements() == 0)
      return std::nullopt;
    if (layer.channelAxis < 0 || layer.channelAxis >= type.getRank())
      return std::nullopt;
    // A product that spans space has its channels in axis 1, a matrix product in the last one.
    bool spatial = type.getRank() >= 3 && layer.channelAxis <= 1 && result.getRank() == type.getRank();
    layer.resultAxis = spatial ? 1 : result.getRank() - 1;
    auto input = cast<RankedTensorType>(op->getOperand(activations.front()).getType());
    layer.depthwise = spatial && layer.channelAxis == 0 && type.getDimSize(1) == 1 && input.getRank() > 1 &&
                      input.getDimSize(1) != 1;
    double weights = static_cast<double>(type.getNumElements());
    if (form.recurrent) {
      auto matrix = dyn_cast<RankedTensorType>(op->getOperand(*form.recurrent).getType());
      if (!matrix || !matrix.getElementType().isF32() || !matrix.hasStaticShape() || matrix.getNumElements() == 0 ||
          !matchPattern(op->getOperand(*form.recurrent), m_Constant()))
        return std::nullopt;
      layer.recurrent = form.recurrent;
      // Gates are channels, of which the result has a part.
      weights += static_cast<double>(matrix.getNumElements());
      layer.work /= static_cast<double>(matrix.getShape().back());
      layer.work *= weights / type.getDimSize(0);
    } else {
      layer.work *= weights / type.getDimSize(layer.channelAxis);
    }
  }
  return layer;
}

Layers brisk::findLayers(ModuleOp module) {
  Layers found;
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return found;
  DenseMap<Value, unsigned> numbers;
  for (Operation &op : main.getBody().front()) {
    std::optional<Layer> layer = describe(&op);
    if (!layer)
      continue;
    if (layer->name.empty())
      layer->name = "layer" + std::to_string(found.layers.size());
    for (auto &[operand, tensor] : layer->activations) {
      Value value = op.getOperand(operand);
      auto [entry, inserted] = numbers.try_emplace(value, found.tensors.size());
      if (inserted) {
        found.tensors.push_back(value);
        std::string name = labelOf(value.getLoc());
        found.tensorNames.push_back(name.empty() ? layer->name + "_input" : name);
      }
      tensor = entry->second;
    }
    found.layers.push_back(std::move(*layer));
  }
  main.walk([&](Operation *op) {
    if (op->getBlock() != &main.getBody().front())
      found.inBodies += describe(op).has_value();
    bool hasWeights = llvm::any_of(op->getOperands(), [](Value operand) {
      auto type = dyn_cast<RankedTensorType>(operand.getType());
      return type && type.getElementType().isF32() && type.hasStaticShape() && type.getRank() >= 2 &&
             type.getNumElements() >= kMatrix && matchPattern(operand, m_Constant());
    });
    if (hasWeights && quantizedForm(op).kind == QuantizedForm::None)
      found.others.push_back(labelOf(op->getLoc()));
  });
  return found;
}
