// Decomposition of an op into other onnx ops.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_COMPOSE_H
#define BRISK_DIALECTS_ONNX_COMPOSE_H

#include "dialects/onnx/Onnx.h"

namespace brisk::onnx {

/// Makes onnx ops in front of the one being decomposed, infers their types and lowers them at once. After
/// a failure (which was diagnosed) results are null and further calls do nothing.
class Composer {
public:
  Composer(Decomposer &d, mlir::Operation *at) : d(d), b(at) {}

  template <typename Op>
  mlir::Value make(mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return make(Op::getOperationName(), operands, attributes);
  }
  mlir::Value make(llvm::StringRef name, mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attributes);
  /// A constant list of integers.
  mlir::Value integers(llvm::ArrayRef<int64_t> values);
  /// The absent operand.
  mlir::Value none();
  mlir::NamedAttribute attribute(llvm::StringRef name, int64_t value) {
    return b.getNamedAttr(name, b.getI64IntegerAttr(value));
  }
  bool failed() const { return hasFailed; }
  /// Hands `value` over as the lowered `result` of the op being decomposed.
  llvm::LogicalResult finish(mlir::Value result, mlir::Value value);

private:
  Decomposer &d;
  mlir::OpBuilder b;
  bool hasFailed = false;
};

} // namespace brisk::onnx
#endif
