// The onnx dialect and what its op families share.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Onnx.h"

#include "dialects/onnx/ops/Constant.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#include "dialects/onnx/Onnx.Dialect.cpp.inc"

// One per ops/X.td, defined in ops/X.cpp.
#define BRISK_OP_FAMILY(name)                                                                                          \
  namespace brisk::onnx {                                                                                              \
  void add##name##Ops(OnnxDialect &dialect);                                                                           \
  }
#include "dialects/onnx/Families.def"
#undef BRISK_OP_FAMILY

void OnnxDialect::initialize() {
#define BRISK_OP_FAMILY(name) add##name##Ops(*this);
#include "dialects/onnx/Families.def"
#undef BRISK_OP_FAMILY
}

Operation *OnnxDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  return elements ? ConstantOp::create(builder, loc, type, elements) : nullptr;
}

void brisk::registerOnnxDialect(DialectRegistry &registry) { registry.insert<OnnxDialect>(); }

bool onnx::isOfKind(Type element, ElementKind kind) {
  bool scalar = isa<IntegerType, FloatType>(element), number = scalar && !element.isInteger(1);
  switch (kind) {
  case ElementKind::Any:
    return scalar;
  case ElementKind::Number:
    return number;
  case ElementKind::Float:
    return isa<FloatType>(element);
  case ElementKind::Integer:
    return number && isa<IntegerType>(element);
  case ElementKind::Bool:
    return element.isInteger(1);
  }
  return false;
}

LogicalResult onnx::requireFloat(Operation *op, ShapeContext &shapes) {
  Type element = shapes.elementType(op->getOperand(0));
  if (!isa<FloatType>(element) || element.getIntOrFloatBitWidth() < 16)
    return op->emitOpError("expects float elements, but got ") << element;
  return success();
}

LogicalResult onnx::checkElements(Operation *op, ElementKind kind) {
  static constexpr const char *names[] = {"number or boolean", "number", "float", "integer", "boolean"};
  Type first;
  for (Value operand : op->getOperands().take_front(cast<ElementwiseInterface>(op).numBroadcastOperands())) {
    if (!isPresent(operand))
      continue;
    Type element = getElementTypeOrSelf(operand.getType());
    if (!isOfKind(element, kind))
      return op->emitOpError("expects ") << names[static_cast<int>(kind)] << " elements, but got " << element;
    if (first && element != first)
      return op->emitOpError("expects operands of one element type, but got ") << first << " and " << element;
    first = element;
  }
  return success();
}

LogicalResult onnx::inferElementwise(Operation *op, ShapeContext &context) {
  auto iface = cast<ElementwiseInterface>(op);
  Dims dims;
  for (Value operand : op->getOperands().take_front(iface.numBroadcastOperands())) {
    if (!isPresent(operand))
      continue;
    std::optional<Dims> both = broadcastShapes(dims, context.dims(operand));
    if (!both)
      return op->emitOpError("expects operands that broadcast, but got shapes ")
             << toString(dims) << " and " << toString(context.dims(operand));
    dims = *both;
  }
  context.setType(op->getResult(0), iface.resultElementType(), dims);
  return success();
}

std::optional<SmallVector<unsigned>> onnx::elementwisePermutableOperands(Operation *op, ArrayRef<int64_t> permutation) {
  auto iface = cast<ElementwiseInterface>(op);
  SmallVector<unsigned> operands;
  for (unsigned i = 0; i < iface.numBroadcastOperands(); ++i) {
    auto type = dyn_cast<RankedTensorType>(op->getOperand(i).getType());
    if (!type)
      continue;
    if (type.getRank() > static_cast<int64_t>(permutation.size()))
      return std::nullopt;
    // Others broadcast along the leading axes: permuteElementwise gives them all.
    if (type.getRank() == static_cast<int64_t>(permutation.size()))
      operands.push_back(i);
  }
  if (operands.empty())
    return std::nullopt;
  return operands;
}
