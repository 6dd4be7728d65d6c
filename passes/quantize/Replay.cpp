// Decisions that a report recorded, applied again.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/quantize/Quantizer.h"

using namespace mlir;
using namespace brisk;

static std::vector<float> floatsIn(const llvm::json::Object &object, StringRef key) {
  std::vector<float> result;
  if (const llvm::json::Array *numbers = object.getArray(key))
    for (const llvm::json::Value &number : *numbers)
      result.push_back(static_cast<float>(number.getAsNumber().value_or(0)));
  return result;
}

LogicalResult Quantizer::replay() {
  const llvm::json::Array *layers = request.decisions->getArray("layers"), *tensors = request.decisions->getArray("tensors");
  if (!layers || !tensors || layers->size() != found.layers.size() || tensors->size() != found.tensors.size())
    return module.emitError("--decisions= was recorded for another model: it has ")
           << (layers ? layers->size() : 0) << " layers, but the model has " << found.layers.size();
  Plan plan(found);
  for (auto [i, entry] : llvm::enumerate(*layers)) {
    const llvm::json::Object *object = entry.getAsObject();
    std::optional<StringRef> name = object ? object->getString("name") : std::nullopt;
    if (!name || *name != found.layers[i].name)
      return module.emitError("--decisions= was recorded for another model: layer ")
             << i << " is '" << name.value_or("") << "' there, but '" << found.layers[i].name << "' here";
    std::optional<Precision> precision = precisionOf(object->getString("precision").value_or(""));
    LayerPlan &layer = plan.layers[i];
    layer.shift = floatsIn(*object, "shift");
    layer.inputScale = floatsIn(*object, "input_scale");
    auto length = [&](int64_t axis) -> size_t {
      return cast<RankedTensorType>(found.layers[i].op->getOperand(*found.layers[i].weight).getType()).getDimSize(axis);
    };
    bool fits = precision && supports(found.layers[i], *precision);
    if (fits && !layer.shift.empty())
      fits = found.layers[i].hasChannels() && layer.shift.size() == length(found.layers[i].channelAxis);
    if (fits && !layer.inputScale.empty())
      fits = *precision == Precision::Int4Weights && layer.inputScale.size() == length(1 - found.layers[i].channelAxis);
    if (!fits)
      return module.emitError("--decisions= holds what layer '") << found.layers[i].name << "' cannot be";
    layer.precision = *precision;
  }
  for (auto [range, entry] : llvm::zip(plan.ranges, *tensors)) {
    const llvm::json::Object *object = entry.getAsObject();
    std::optional<double> low = object ? object->getNumber("low") : std::nullopt;
    std::optional<double> high = object ? object->getNumber("high") : std::nullopt;
    // Tensors that no run reached have no range.
    range = {static_cast<float>(low.value_or(0)), static_cast<float>(high.value_or(0))};
  }
  plan.block = std::max<int64_t>(1, request.decisions->getInteger("block").value_or(plan.block));
  plan.share = request.decisions->getBoolean("share").value_or(false);
  plan.powerOfTwo = request.decisions->getBoolean("power_of_two_scales").value_or(false);
  decision = "as recorded";
  if (measures() && !plan.isFloat()) {
    if (failed(prepare()))
      return failure();
    FailureOr<Trial> trial = evaluate(plan, "as recorded");
    if (failed(trial))
      return failure();
  }
  report(plan);
  applyPlan(module, plan);
  return success();
}
