// Activation functions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Activation.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

double number(const APFloat &attribute) { return attribute.convertToDouble(); }

Scalar sigmoid(const Scalar &x) { return 1 / (1 + exp(-x)); }

/// log(1 + e^x) without overflow.
Scalar softplus(const Scalar &x) { return max(x, 0) + log1p(exp(-abs(x))); }

LogicalResult checkSlope(PReluOp op, ShapeContext &context) {
  Dims x = context.dims(op.getX()), slope = context.dims(op.getSlope());
  std::optional<Dims> both = broadcastShapes(x, slope);
  bool fits = both && both->size() == x.size();
  for (size_t i = 0; fits && i < x.size(); ++i)
    fits = !(x[i] == Dim(1)) || (*both)[i] == Dim(1);
  if (!fits)
    return op.emitOpError("expects a slope that broadcasts to X, but got shapes ")
           << toString(slope) << " and " << toString(x);
  return checkElements(op, ElementKind::Number);
}

LogicalResult checkGate(SwiGLUOp op, ShapeContext &context) {
  Dims a = context.dims(op.getA()), b = context.dims(op.getB());
  bool same = a.size() == b.size();
  for (size_t i = 0; same && i < a.size(); ++i)
    same = a[i] == b[i] || !a[i].isConstant() || !b[i].isConstant();
  if (!same)
    return op.emitOpError("expects operands of one shape, but got ") << toString(a) << " and " << toString(b);
  return checkElements(op, ElementKind::Float);
}

} // namespace

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Activation.cpp.inc"

namespace brisk::onnx {
void addActivationOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Activation.cpp.inc"
      >();
}
} // namespace brisk::onnx

QuantizedForm ReluOp::quantizedForm() { return pointwiseForm(*this); }
std::optional<std::pair<double, double>> ReluOp::clampBounds() {
  return std::pair(0.0, std::numeric_limits<double>::infinity());
}
