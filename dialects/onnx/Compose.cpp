// Decomposition of an op into other onnx ops.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Compose.h"

#include "dialects/onnx/ops/Constant.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

Value Composer::make(StringRef name, ValueRange operands, ArrayRef<NamedAttribute> attributes) {
  if (hasFailed || llvm::is_contained(operands, Value())) {
    hasFailed = true;
    return {};
  }
  // The placeholder of a result whose type is inferred next.
  Type unknown = UnrankedTensorType::get(b.getF32Type());
  OperationState state(b.getInsertionPoint()->getLoc(), name, operands, unknown, attributes);
  Operation *op = b.create(state);
  if (mlir::failed(cast<InferShapesInterface>(op).inferShapes(d.shapes)) || mlir::failed(d.lower(op))) {
    hasFailed = true;
    return {};
  }
  return op->getResult(0);
}

Value Composer::integers(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, b.getI64Type());
  auto op = ConstantOp::create(b, b.getInsertionPoint()->getLoc(), DenseElementsAttr::get(type, values));
  if (mlir::failed(d.lower(op)))
    hasFailed = true;
  return op.getOutput();
}

Value Composer::none() { return NoneOp::create(b, b.getInsertionPoint()->getLoc(), b.getNoneType()); }

LogicalResult Composer::finish(Value result, Value value) {
  if (hasFailed)
    return failure();
  d.setResult(result, d(value));
  return success();
}
