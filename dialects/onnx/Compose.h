// Making onnx ops whose types are inferred, and the decomposition of an op into others.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_COMPOSE_H
#define BRISK_DIALECTS_ONNX_COMPOSE_H

#include "dialects/onnx/Onnx.h"

namespace brisk::onnx {

/// Makes onnx ops in front of one that is there and infers their types. After a failure (which was diagnosed)
/// results are null and further calls do nothing.
class OpMaker {
public:
  OpMaker(mlir::Operation *at, ShapeContext &shapes) : shapes(shapes), b(at), loc(at->getLoc()) {}
  virtual ~OpMaker() = default;

  ShapeContext &shapes;

  template <typename Op>
  mlir::Value make(mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return make(Op::getOperationName(), operands, attributes);
  }
  mlir::Value make(llvm::StringRef name, mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attributes);
  /// The same with several results; null after a failure.
  mlir::Operation *makeOp(llvm::StringRef name, mlir::ValueRange operands,
                          llvm::ArrayRef<mlir::NamedAttribute> attributes, unsigned numResults);
  mlir::Value constant(mlir::ElementsAttr value);
  /// A constant list of integers.
  mlir::Value integers(llvm::ArrayRef<int64_t> values);
  /// A constant scalar (rank 0) of any integer or float type.
  mlir::Value scalar(mlir::Type element, double value);
  /// The absent operand.
  mlir::Value none();
  /// The elementwise product.
  mlir::Value multiply(mlir::Value a, mlir::Value b);
  /// The elementwise sum.
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::NamedAttribute attribute(llvm::StringRef name, int64_t value) {
    return b.getNamedAttr(name, b.getI64IntegerAttr(value));
  }
  mlir::OpBuilder &builder() { return b; }
  bool failed() const { return hasFailed; }

protected:
  /// Are told of every op that was made, before and after it has its types.
  virtual void onCreated(mlir::Operation *) {}
  virtual llvm::LogicalResult onTyped(mlir::Operation *) { return mlir::success(); }

  mlir::OpBuilder b;
  mlir::Location loc;
  bool hasFailed = false;
};

/// Makes the ops that another one is decomposed into, and lowers them at once.
class Composer : public OpMaker {
public:
  Composer(Decomposer &d, mlir::Operation *at) : OpMaker(at, d.shapes), d(d) {}
  /// Hands `value` over as the lowered `result` of the op being decomposed.
  llvm::LogicalResult finish(mlir::Value result, mlir::Value value);

private:
  llvm::LogicalResult onTyped(mlir::Operation *op) override { return d.lower(op); }
  Decomposer &d;
};

/// Hands over the one result of a composite op's expansion; fails if something on the way did.
llvm::LogicalResult single(OpMaker &make, mlir::Value result, llvm::SmallVectorImpl<mlir::Value> &results);
/// Types of the results of a composite op: those of what it expands to.
llvm::LogicalResult inferComposite(mlir::Operation *op, ShapeContext &context);
/// Decomposition of a composite op: lowers what it expands to.
llvm::LogicalResult decomposeComposite(mlir::Operation *op, Decomposer &d);

} // namespace brisk::onnx
#endif
