// Elementwise arithmetic on the contents of small integer tensors.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Content.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

std::optional<Dims> onnx::elementwiseContent(Operation *op, ShapeContext &context,
                                             function_ref<std::optional<Dim>(ArrayRef<Dim>)> f) {
  SmallVector<Dims> operands;
  size_t size = 1;
  bool narrow = false;
  for (Value operand : op->getOperands()) {
    if (!isPresent(operand))
      continue;
    // Shapes are computed on i64 and i32; other types wrap where a Dim does not.
    Type element = context.elementType(operand);
    if (!element.isSignlessInteger(64) && !element.isSignlessInteger(32) && !element.isSignlessInteger(1))
      return std::nullopt;
    narrow |= element.isSignlessInteger(32);
    std::optional<Dims> content = context.content(operand);
    if (!content || (content->size() != 1 && size != 1 && content->size() != size))
      return std::nullopt;
    if (content->size() != 1)
      size = content->size();
    operands.push_back(std::move(*content));
  }
  Dims result;
  for (size_t i = 0; i < size; ++i) {
    Dims elements;
    for (const Dims &operand : operands)
      elements.push_back(operand[operand.size() == 1 ? 0 : i]);
    std::optional<Dim> element = f(elements);
    if (!element || element->isInvalid() ||
        (narrow && element->isConstant() && !llvm::isInt<32>(element->value())))
      return std::nullopt;
    result.push_back(*element);
  }
  return result;
}

std::optional<Dims> onnx::binaryContent(Operation *op, ShapeContext &context,
                                        function_ref<std::optional<Dim>(const Dim &, const Dim &)> f) {
  return elementwiseContent(op, context,
                            [&](ArrayRef<Dim> elements) { return f(elements.front(), elements.back()); });
}

static bool isNonNegativeAtom(const Dim::Atom &atom) {
  switch (atom->kind) {
  case Dim::Kind::Symbol:
    return true;
  case Dim::Kind::FloorDiv:
  case Dim::Kind::Min:
    return isNonNegative(atom->args[0]) && isNonNegative(atom->args[1]);
  case Dim::Kind::Max:
    return isNonNegative(atom->args[0]) || isNonNegative(atom->args[1]);
  }
  return false;
}

bool onnx::isNonNegative(const Dim &dim) {
  return !dim.isInvalid() && llvm::all_of(dim.getTerms(), [](const Dim::Term &term) {
    return term.coefficient >= 0 && llvm::all_of(term.factors, isNonNegativeAtom);
  });
}

std::optional<bool> onnx::isLess(const Dim &a, const Dim &b) {
  if (isNonNegative(b - a - 1))
    return true;
  if (isNonNegative(a - b))
    return false;
  return std::nullopt;
}

std::optional<bool> onnx::isLessOrEqual(const Dim &a, const Dim &b) {
  std::optional<bool> greater = isLess(b, a);
  return greater ? std::optional<bool>(!*greater) : std::nullopt;
}

std::optional<bool> onnx::isEqual(const Dim &a, const Dim &b) {
  if (a == b)
    return true;
  if (isNonNegative(a - b - 1) || isNonNegative(b - a - 1))
    return false;
  return std::nullopt;
}

std::optional<Dim> onnx::truncatingDiv(const Dim &a, const Dim &b) {
  if (std::optional<int64_t> divisor = b.constant()) {
    if (*divisor == 0)
      return std::nullopt;
    if (*divisor < 0)
      return truncatingDiv(Dim(0) - a, Dim(0) - b);
    if (isNonNegative(a))
      return a.floorDiv(b);
    // floorDiv rounds a negative quotient down; each half is 0 where the other counts.
    return Dim::max(a.floorDiv(b), 0) - Dim::max((Dim(0) - a).floorDiv(b), 0);
  }
  return a.exactDiv(b);
}
