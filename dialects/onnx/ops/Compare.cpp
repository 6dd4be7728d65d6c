// Comparison, logic, bits and choice.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Compare.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

/// Content of a predicate, where it holds or fails whatever the symbols are.
std::optional<Dims> decideContent(Operation *op, ShapeContext &context,
                                  function_ref<std::optional<bool>(const Dim &, const Dim &)> decide) {
  return binaryContent(op, context, [&](const Dim &a, const Dim &b) -> std::optional<Dim> {
    std::optional<bool> decision = decide(a, b);
    return decision ? std::optional<Dim>(Dim(*decision ? 1 : 0)) : std::nullopt;
  });
}

std::optional<bool> isNotEqual(const Dim &a, const Dim &b) {
  std::optional<bool> same = isEqual(a, b);
  return same ? std::optional<bool>(!*same) : std::nullopt;
}
std::optional<bool> decideAnd(const Dim &a, const Dim &b) {
  return a.isConstant() && b.isConstant() ? std::optional<bool>(a.value() && b.value()) : std::nullopt;
}
std::optional<bool> decideOr(const Dim &a, const Dim &b) {
  return a.isConstant() && b.isConstant() ? std::optional<bool>(a.value() || b.value()) : std::nullopt;
}

LogicalResult checkWhere(WhereOp op) {
  Type condition = getElementTypeOrSelf(op.getCondition().getType());
  Type x = getElementTypeOrSelf(op.getX().getType()), y = getElementTypeOrSelf(op.getY().getType());
  if (!condition.isInteger(1))
    return op.emitOpError("expects a boolean condition, but got ") << condition;
  if (!isOfKind(x, ElementKind::Any))
    return op.emitOpError("expects number or boolean elements, but got ") << x;
  if (x != y)
    return op.emitOpError("expects X and Y of one element type, but got ") << x << " and " << y;
  return success();
}

} // namespace

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Compare.cpp.inc"

namespace brisk::onnx {
void addCompareOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Compare.cpp.inc"
      >();
}
} // namespace brisk::onnx
