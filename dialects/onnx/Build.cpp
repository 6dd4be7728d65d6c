// Ops that passes make.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Build.h"

#include "dialects/onnx/ops/Cast.h"
#include "dialects/onnx/ops/Compare.h"
#include "dialects/onnx/ops/Constant.h"
#include "dialects/onnx/ops/Elementwise.h"
#include "dialects/onnx/ops/Index.h"
#include "dialects/onnx/ops/Quant.h"
#include "dialects/onnx/ops/Slice.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

NamedAttribute number(OpBuilder &b, StringRef name, int64_t value) {
  return b.getNamedAttr(name, b.getI64IntegerAttr(value));
}

} // namespace

Value onnx::createOp(OpBuilder &b, Location loc, StringRef name, ValueRange operands, ArrayRef<NamedAttribute> attributes,
                     unsigned results) {
  OperationState state(loc, name, operands, SmallVector<Type>(results, b.getNoneType()), attributes);
  Operation *op = b.create(state);
  ShapeContext context;
  // Made of values of known types only: inference has nothing to complain of.
  [[maybe_unused]] LogicalResult inferred = cast<InferShapesInterface>(op).inferShapes(context);
  return op->getResult(0);
}

Value onnx::createConstant(OpBuilder &b, Location loc, ElementsAttr value) { return ConstantOp::create(b, loc, value); }

Value onnx::createNone(OpBuilder &b, Location loc) { return NoneOp::create(b, loc, b.getNoneType()); }

Value onnx::createCast(OpBuilder &b, Location loc, Value value, Type element) {
  int64_t to = element.isBF16() ? 16 : element.isF16() ? 10 : 1;
  return createOp(b, loc, CastOp::getOperationName(), value, number(b, "to", to));
}

Value onnx::createQuantize(OpBuilder &b, Location loc, Value value, Value scale, Value zeroPoint, int64_t axis) {
  return createOp(b, loc, QuantizeLinearOp::getOperationName(), {value, scale, zeroPoint}, number(b, "axis", axis));
}

Value onnx::createDequantize(OpBuilder &b, Location loc, Value value, Value scale, Value zeroPoint, int64_t axis,
                             int64_t block) {
  SmallVector<NamedAttribute> attributes{number(b, "axis", axis)};
  if (block > 0)
    attributes.push_back(number(b, "block_size", block));
  return createOp(b, loc, DequantizeLinearOp::getOperationName(), {value, scale, zeroPoint}, attributes);
}

Value onnx::createDynamicQuantize(OpBuilder &b, Location loc, Value value) {
  Operation *op = createOp(b, loc, DynamicQuantizeLinearOp::getOperationName(), value, {}, 3).getDefiningOp();
  return createDequantize(b, loc, op->getResult(0), op->getResult(1), op->getResult(2));
}

Value onnx::createAdd(OpBuilder &b, Location loc, Value value, Value other) {
  return createOp(b, loc, AddOp::getOperationName(), {value, other});
}

Value onnx::createMul(OpBuilder &b, Location loc, Value value, Value other) {
  return createOp(b, loc, MulOp::getOperationName(), {value, other});
}

Value onnx::createConcat(OpBuilder &b, Location loc, ValueRange values, int64_t axis) {
  return createOp(b, loc, ConcatOp::getOperationName(), values, number(b, "axis", axis));
}

Value onnx::createSlice(OpBuilder &b, Location loc, Value value, int64_t axis, int64_t begin, int64_t end) {
  auto list = [&](int64_t entry) { return makeIntegers(b, loc, entry); };
  return createOp(b, loc, SliceOp::getOperationName(), {value, list(begin), list(end), list(axis), createNone(b, loc)});
}

Value onnx::createLess(OpBuilder &b, Location loc, Value value, Value other) {
  return createOp(b, loc, LessOp::getOperationName(), {value, other});
}

Value onnx::createSelect(OpBuilder &b, Location loc, Value condition, Value yes, Value no) {
  return createOp(b, loc, WhereOp::getOperationName(), {condition, yes, no});
}
