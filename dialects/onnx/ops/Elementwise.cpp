// Elementwise ops: unary, binary and n-ary arithmetic, comparison, logic.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Elementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Elementwise.cpp.inc"

namespace brisk::onnx {
void addElementwiseOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Elementwise.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

/// Contents of a binary op on small integer tensors, with a scalar on either side broadcast.
std::optional<Dims> binaryContent(Operation *op, ShapeContext &context, function_ref<Dim(const Dim &, const Dim &)> f) {
  std::optional<Dims> a = context.content(op->getOperand(0)), b = context.content(op->getOperand(1));
  if (!a || !b || (a->size() != b->size() && a->size() != 1 && b->size() != 1))
    return std::nullopt;
  Dims result;
  for (size_t i = 0, n = a->size() == 1 ? b->size() : a->size(); i < n; ++i)
    result.push_back(f((*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]));
  return result;
}

bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

} // namespace

Value AddOp::emitScalar(OpBuilder &b, Location loc, ValueRange args) {
  if (isFloat(args[0]))
    return arith::AddFOp::create(b, loc, args[0], args[1]);
  return arith::AddIOp::create(b, loc, args[0], args[1]);
}
std::optional<Dims> AddOp::inferContent(ShapeContext &context, unsigned) {
  return binaryContent(*this, context, [](const Dim &a, const Dim &b) { return a + b; });
}

Value MulOp::emitScalar(OpBuilder &b, Location loc, ValueRange args) {
  if (isFloat(args[0]))
    return arith::MulFOp::create(b, loc, args[0], args[1]);
  return arith::MulIOp::create(b, loc, args[0], args[1]);
}
std::optional<Dims> MulOp::inferContent(ShapeContext &context, unsigned) {
  return binaryContent(*this, context, [](const Dim &a, const Dim &b) { return a * b; });
}

Value ReluOp::emitScalar(OpBuilder &b, Location loc, ValueRange args) {
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(args[0].getType()));
  if (isFloat(args[0]))
    return arith::MaximumFOp::create(b, loc, args[0], zero);
  return arith::MaxSIOp::create(b, loc, args[0], zero);
}
std::optional<Dims> ReluOp::inferContent(ShapeContext &context, unsigned) { return std::nullopt; }
