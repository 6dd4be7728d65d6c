// An ONNX node as read from the file, before it becomes an op.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_INTERFACES_IMPORTEDNODE_H
#define BRISK_DIALECTS_INTERFACES_IMPORTEDNODE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OperationSupport.h"
#include <string>

namespace brisk {

struct ImportedNode {
  /// ONNX op type, e.g. as in the schema registry. An upgrade may change it.
  std::string opType;
  /// ONNX domain; "" is ai.onnx.
  std::string domain;
  /// Opset of that domain that the node was written for.
  int64_t opset = 0;
  /// Inputs; those left out have type `none`. Trailing ones may be missing altogether.
  llvm::SmallVector<mlir::Value> operands;
  /// ONNX attributes by name: i64 and f32 for numbers, strings, DenseI64Array and
  /// DenseF32Array for lists, ArrayAttr for lists of strings, ElementsAttr for
  /// tensors, TypeAttr for types.
  mlir::NamedAttrList attributes;
  unsigned numResults = 1;
  mlir::Location loc;
  /// Inserts before the node.
  mlir::OpBuilder &builder;
  /// Makes a constant and returns its value.
  std::function<mlir::Value(mlir::ElementsAttr)> makeConstant;
  /// The absent operand.
  std::function<mlir::Value()> makeNone;

  bool has(unsigned operand) const {
    return operand < operands.size() && !mlir::isa<mlir::NoneType>(operands[operand].getType());
  }
  /// Sets operand `index`, filling gaps with absent ones.
  void setOperand(unsigned index, mlir::Value value) {
    while (operands.size() <= index)
      operands.push_back(makeNone());
    operands[index] = value;
  }
  mlir::Value constant(llvm::ArrayRef<int64_t> values) {
    auto type = mlir::RankedTensorType::get({static_cast<int64_t>(values.size())}, builder.getI64Type());
    return makeConstant(mlir::DenseElementsAttr::get(type, values));
  }
  /// A list attribute that became an input: moves it to operand `index`.
  void attributeToOperand(llvm::StringRef name, unsigned index) {
    if (auto list = mlir::dyn_cast_if_present<mlir::DenseI64ArrayAttr>(attributes.erase(name)))
      setOperand(index, constant(list.asArrayRef()));
  }
  mlir::InFlightDiagnostic error() const { return mlir::emitError(loc) << opType << ": "; }
};

} // namespace brisk
#endif
