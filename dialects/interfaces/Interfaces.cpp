// Definitions of the generated interfaces.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/interfaces/Interfaces.h"
#include "dialects/interfaces/Products.h"

#include "dialects/interfaces/Cost.cpp.inc"
#include "dialects/interfaces/Decompose.cpp.inc"
#include "dialects/interfaces/Elementwise.cpp.inc"
#include "dialects/interfaces/InferShapes.cpp.inc"
#include "dialects/interfaces/Permute.cpp.inc"
#include "dialects/interfaces/Products.cpp.inc"
#include "dialects/interfaces/Prunable.cpp.inc"
#include "dialects/interfaces/Quantizable.cpp.inc"
#include "dialects/interfaces/RegionArguments.cpp.inc"
#include "dialects/interfaces/Streamable.cpp.inc"
#include "dialects/interfaces/Upgrade.cpp.inc"

using namespace mlir;
using namespace brisk;

QuantizedForm brisk::quantizedForm(Operation *op) {
  auto iface = dyn_cast<QuantizableInterface>(op);
  return iface ? iface.quantizedForm() : pointwiseForm(op);
}

QuantizedForm brisk::pointwiseForm(Operation *op) {
  QuantizedForm form;
  auto elementwise = dyn_cast<ElementwiseInterface>(op);
  if (!elementwise || op->getNumResults() != 1 || !getElementTypeOrSelf(op->getResult(0).getType()).isF32())
    return form;
  form.kind = QuantizedForm::Pointwise;
  for (unsigned i = 0; i < elementwise.numBroadcastOperands(); ++i) {
    if (!isPresent(op->getOperand(i)))
      continue;
    if (!getElementTypeOrSelf(op->getOperand(i).getType()).isF32())
      return {};
    form.activations.push_back(i);
  }
  return form;
}

void brisk::coupleSlices(Operation *op, SliceCoupling &slices) {
  if (auto iface = dyn_cast<PrunableInterface>(op))
    return iface.coupleSlices(slices);
  auto elementwise = dyn_cast<ElementwiseInterface>(op);
  if (!elementwise || op->getNumResults() != 1)
    return;
  auto result = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  for (Value operand : op->getOperands().take_front(elementwise.numBroadcastOperands())) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type || !result)
      continue;
    // Aligned at the last axis; what is repeated bears any number of slices.
    int64_t offset = result.getRank() - type.getRank();
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (type.getDimSize(axis) == result.getDimSize(axis + offset))
        slices.tie({operand, axis}, {op->getResult(0), axis + offset});
  }
}

void brisk::coupleFrames(Operation *op, FrameCoupling &frames) {
  coupleSlices(op, frames);
  if (auto iface = dyn_cast<StreamableInterface>(op))
    iface.coupleFrames(frames);
}
