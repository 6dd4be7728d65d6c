// Constants, absent operands and the ends of regions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Constant.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Constant.cpp.inc"

namespace brisk::onnx {
void addConstantOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Constant.cpp.inc"
      >();
}
} // namespace brisk::onnx

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult ConstantOp::inferShapes(ShapeContext &context) {
  ShapedType type = getValue().getShapedType();
  context.setType(getOutput(), type.getElementType(), Dims(type.getShape().begin(), type.getShape().end()));
  return success();
}

LogicalResult ConstantOp::decompose(Decomposer &d) {
  d.bind(getOutput(), d.constant(getValue()));
  return success();
}

// Readers ask isPresent() first.
LogicalResult NoneOp::decompose(Decomposer &) { return success(); }

LogicalResult ConstantOp::upgrade(ImportedNode &node) {
  Builder &b = node.builder;
  auto scalar = [&](Type type, Attribute value) {
    return DenseElementsAttr::get(RankedTensorType::get({}, type), value);
  };
  ElementsAttr value;
  if (auto number = dyn_cast_if_present<FloatAttr>(node.attributes.erase("value_float")))
    value = scalar(b.getF32Type(), number);
  if (auto number = dyn_cast_if_present<IntegerAttr>(node.attributes.erase("value_int")))
    value = scalar(b.getI64Type(), number);
  if (auto list = dyn_cast_if_present<DenseF32ArrayAttr>(node.attributes.erase("value_floats")))
    value = DenseElementsAttr::get(RankedTensorType::get({list.size()}, b.getF32Type()), list.asArrayRef());
  if (auto list = dyn_cast_if_present<DenseI64ArrayAttr>(node.attributes.erase("value_ints")))
    value = DenseElementsAttr::get(RankedTensorType::get({list.size()}, b.getI64Type()), list.asArrayRef());
  if (value)
    node.attributes.set("value", value);
  if (!isa_and_present<ElementsAttr>(node.attributes.get("value")))
    return node.error() << "has no value of a supported type";
  return success();
}
