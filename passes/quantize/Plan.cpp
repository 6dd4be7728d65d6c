// A module whose layers have the precisions of a plan.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/quantize/Plan.h"

#include "dialects/onnx/Build.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/quantize/Weights.h"

using namespace mlir;
using namespace brisk;

StringRef brisk::nameOf(Precision precision) {
  switch (precision) {
  case Precision::F32: return "fp32";
  case Precision::Int8: return "int8";
  case Precision::Dynamic: return "dynamic";
  case Precision::Int8Weights: return "int8w";
  case Precision::Int4Weights: return "int4w";
  case Precision::BF16: return "bf16";
  }
  return "";
}

std::optional<Precision> brisk::precisionOf(StringRef name) {
  for (Precision precision : {Precision::F32, Precision::Int8, Precision::Dynamic, Precision::Int8Weights,
                              Precision::Int4Weights, Precision::BF16})
    if (nameOf(precision) == name)
      return precision;
  return std::nullopt;
}

static RankedTensorType weightType(const Layer &layer) {
  return cast<RankedTensorType>(layer.op->getOperand(*layer.weight).getType());
}

/// The axis of a matrix of weights that is summed over.
static int64_t inputAxisOf(const Layer &layer) { return 1 - layer.channelAxis; }

bool brisk::supports(const Layer &layer, Precision precision) {
  switch (precision) {
  case Precision::F32:
  case Precision::Int8:
  case Precision::Dynamic:
    return true;
  case Precision::Int8Weights:
    return layer.hasChannels();
  case Precision::Int4Weights:
    // 16 levels are too few for convolutions.
    return layer.hasChannels() && weightType(layer).getRank() == 2;
  case Precision::BF16:
    // Other operands would have to be cast as well, and the facts do not name them.
    return layer.op->getNumResults() == 1 && !layer.recurrent;
  }
  return false;
}

bool brisk::mayShare(Operation *reader) {
  QuantizedForm form = quantizedForm(reader);
  return form.kind == QuantizedForm::Pointwise || form.kind == QuantizedForm::Sum ||
         form.kind == QuantizedForm::Move || form.kind == QuantizedForm::Average;
}

namespace {

class Application {
public:
  Application(ModuleOp module, const Plan &plan, Probe probe)
      : module(module), main(module.lookupSymbol<func::FuncOp>("main")), plan(plan), probe(probe),
        found(findLayers(module)),
        b(module.getContext()), quantized(found.tensors.size()) {}

  void run(std::vector<unsigned> *probed) {
    SmallVector<Value> outputs;
    for (auto [i, layer] : llvm::enumerate(found.layers)) {
      const LayerPlan &choice = plan.layers[i];
      bool probeNoise = probe == Probe::Noise && layer.hasChannels();
      if (choice.precision == Precision::F32 && !probeNoise)
        continue;
      b.setInsertionPoint(layer.op);
      switch (choice.precision) {
      case Precision::F32:
        weights[layer.op] = layer.op->getOperand(*layer.weight);
        break;
      case Precision::Int8:
      case Precision::Dynamic:
        if (probe == Probe::Gate) {
          probed->push_back(i);
          gate = argument(layer, {}, "gate"), counterGate = argument(layer, {}, "counter_gate");
        }
        quantizeFactors(layer, choice.precision);
        break;
      case Precision::Int8Weights:
      case Precision::Int4Weights:
        quantizeWeights(layer, choice);
        break;
      case Precision::BF16:
        narrow(layer);
        break;
      }
      bool probeShift = probeNoise || (probe == Probe::Shift && choice.precision == Precision::Int8 && layer.hasChannels());
      if (!probeShift && (choice.shift.empty() || probe == Probe::Gate))
        continue;
      int64_t channels = weightType(layer).getDimSize(layer.channelAxis);
      if (probeShift)
        probed->push_back(i);
      Value shift = probeShift ? argument(layer, {channels}, "shift")
                               : onnx::createConstant(b, label(layer, "shift"),
                                                      floatsAttr(b.getContext(), {channels}, choice.shift));
      Value result = addShift({layer.op, layer.name, layer.resultAxis, layer.bias}, shift);
      if (probeShift)
        outputs.push_back(result);
    }
    if (plan.share)
      shareIntegers();
    if (!outputs.empty())
      addOutputs(module, outputs);
    // The weights that are integers now.
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(main.getBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }

private:
  /// Names of what is made lead back to the layer.
  Location label(const Layer &layer, StringRef suffix) {
    return labeled(b.getContext(), layer.name, suffix);
  }

  RankedTensorType weightType(const Layer &layer) { return cast<RankedTensorType>(weights[layer.op].getType()); }

  /// A new argument of @main, of floats.
  Value argument(const Layer &layer, ArrayRef<int64_t> shape, StringRef kind) {
    return addArgument(main, shape, kind, label(layer, kind));
  }

  /// Between what is exact and what is quantized, by the layer's gates.
  Value blend(const Layer &layer, Value exact, Value rounded) {
    if (probe != Probe::Gate)
      return rounded;
    Value a = onnx::createMul(b, label(layer, "gated"), rounded, gate);
    Value c = onnx::createMul(b, label(layer, "gated"), exact, counterGate);
    return onnx::createAdd(b, label(layer, "blend"), a, c);
  }

  Value scalar(Location loc, Type element, Attribute value) {
    return onnx::createConstant(b, loc, DenseElementsAttr::get(RankedTensorType::get({}, element), value));
  }

  /// The tensor through the integers of its range: made once, where the tensor is.
  Value throughIntegers(unsigned tensor) {
    Value &result = quantized[tensor];
    if (result)
      return result;
    OpBuilder::InsertionGuard guard(b);
    Value value = found.tensors[tensor];
    b.setInsertionPointAfterValue(value);
    auto loc = [&](StringRef suffix) {
      return NameLoc::get(b.getStringAttr(found.tensorNames[tensor] + "_" + suffix.str()));
    };
    ScaleZero s = scaleOf(plan.ranges[tensor], plan.powerOfTwo);
    Type integer = b.getIntegerType(8, /*isSigned=*/false);
    Value scale = scalar(loc("scale"), b.getF32Type(), b.getF32FloatAttr(s.scale));
    Value zero = scalar(loc("zero_point"), integer, b.getIntegerAttr(integer, s.zero));
    Value integers = onnx::createQuantize(b, loc("quantize"), value, scale, zero);
    return result = onnx::createDequantize(b, loc("dequantize"), integers, scale, zero);
  }

  /// Readers of a tensor that could as well read its integers do.
  void shareIntegers() {
    for (auto [tensor, rounded] : llvm::zip(found.tensors, quantized)) {
      if (!rounded)
        continue;
      Operation *quantize = rounded.getDefiningOp()->getOperand(0).getDefiningOp();
      tensor.replaceUsesWithIf(rounded, [&](OpOperand &use) {
        return use.getOwner() != quantize && use.getOwner()->getBlock() == quantize->getBlock() &&
               mayShare(use.getOwner());
      });
    }
  }

  Value dequantized(const Layer &layer, const QuantizedWeight &weight, const std::string &kind = "weight") {
    Value integers = onnx::createConstant(b, label(layer, kind + "_quantized"), weight.integers);
    Value scale = onnx::createConstant(b, label(layer, kind + "_scale"), weight.scale);
    Value zero = weight.zeroPoint ? onnx::createConstant(b, label(layer, kind + "_zero_point"), weight.zeroPoint)
                                  : onnx::createNone(b, layer.op->getLoc());
    return onnx::createDequantize(b, label(layer, kind + "_dequantize"), integers, scale, zero, weight.axis, weight.block);
  }

  void quantizeFactors(const Layer &layer, Precision precision) {
    for (auto [operand, tensor] : layer.activations) {
      Value value = layer.op->getOperand(operand);
      Value rounded = precision == Precision::Int8 ? throughIntegers(tensor)
                                                   : onnx::createDynamicQuantize(b, label(layer, "quantize"), value);
      layer.op->setOperand(operand, blend(layer, value, rounded));
    }
    if (!layer.weight)
      return;
    Value weight = weights[layer.op] = layer.op->getOperand(*layer.weight);
    Value rounded = dequantized(layer, quantizeChannels(constantFloats(weight), weightType(layer), layer.channelAxis,
                                                        precision == Precision::Int8 && plan.powerOfTwo));
    layer.op->setOperand(*layer.weight, blend(layer, weight, rounded));
    if (!layer.recurrent)
      return;
    Value matrix = layer.op->getOperand(*layer.recurrent);
    rounded = dequantized(layer, quantizeChannels(constantFloats(matrix), cast<RankedTensorType>(matrix.getType()),
                                                  layer.channelAxis), "recurrence");
    layer.op->setOperand(*layer.recurrent, blend(layer, matrix, rounded));
  }

  void quantizeWeights(const Layer &layer, const LayerPlan &choice) {
    Value weight = weights[layer.op] = layer.op->getOperand(*layer.weight);
    std::vector<float> values = constantFloats(weight);
    RankedTensorType type = weightType(layer);
    if (type.getRank() != 2)
      return layer.op->setOperand(*layer.weight, dequantized(layer, quantizeChannels(values, type, layer.channelAxis)));
    int64_t axis = inputAxisOf(layer);
    unsigned operand = layer.activations.front().first;
    if (!choice.inputScale.empty()) {
      values = scaled(values, type, axis, choice.inputScale);
      std::vector<float> inverse;
      for (float factor : choice.inputScale)
        inverse.push_back(1 / factor);
      Value factors = onnx::createConstant(b, label(layer, "input_scale"),
                                           floatsAttr(b.getContext(), {type.getDimSize(axis)}, inverse));
      layer.op->setOperand(operand, onnx::createMul(b, label(layer, "scale_input"), layer.op->getOperand(operand), factors));
    }
    unsigned bits = choice.precision == Precision::Int4Weights ? 4 : 8;
    layer.op->setOperand(*layer.weight, dequantized(layer, quantizeBlocks(values, type, axis, plan.block, bits)));
  }

  /// The whole op on bf16; what follows is in floats again.
  void narrow(const Layer &layer) {
    Operation *op = layer.op;
    Type narrowType = b.getBF16Type();
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = dyn_cast<RankedTensorType>(operand.get().getType());
      if (type && type.getElementType().isF32())
        operand.set(onnx::createCast(b, label(layer, "narrow"), operand.get(), narrowType));
    }
    Value result = op->getResult(0);
    auto type = cast<RankedTensorType>(result.getType());
    result.setType(RankedTensorType::get(type.getShape(), narrowType, type.getEncoding()));
    b.setInsertionPointAfter(op);
    Value wide = onnx::createCast(b, label(layer, "widen"), result, type.getElementType());
    result.replaceAllUsesExcept(wide, wide.getDefiningOp());
  }

  ModuleOp module;
  func::FuncOp main;
  const Plan &plan;
  Probe probe;
  Layers found;
  Value gate, counterGate; // of the layer at hand
  OpBuilder b;
  std::vector<Value> quantized;
  DenseMap<Operation *, Value> weights; // before they became integers
};

} // namespace

void brisk::applyPlan(ModuleOp module, const Plan &plan, Probe probe, std::vector<unsigned> *probed) {
  Application(module, plan, probe).run(probed);
}
