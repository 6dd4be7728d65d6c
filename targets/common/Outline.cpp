// Making functions of ops: what they read from outside, whose work they do.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/Outline.h"

#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace brisk;

std::string brisk::nodeName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str();
  if (auto fused = dyn_cast<FusedLoc>(loc)) {
    SmallVector<std::string> parts;
    for (Location part : fused.getLocations()) {
      std::string name = nodeName(part);
      if (!name.empty() && !llvm::is_contained(parts, name))
        parts.push_back(name);
    }
    return llvm::join(parts, "+");
  }
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return nodeName(call.getCaller());
  return "";
}

SetVector<Value> brisk::capturesOf(Operation *op, SmallVectorImpl<Operation *> &constants,
                                   llvm::function_ref<bool(Operation *)> isParameter) {
  SetVector<Value> used(op->operand_begin(), op->operand_end()), above;
  getUsedValuesDefinedAbove(op->getRegions(), above);
  used.insert(above.begin(), above.end());
  SetVector<Value> captures;
  for (Value value : used) {
    Operation *def = value.getDefiningOp();
    if (def && def->hasTrait<OpTrait::ConstantLike>() && !(isParameter && isParameter(def)))
      constants.push_back(def);
    else
      captures.insert(value);
  }
  return captures;
}
