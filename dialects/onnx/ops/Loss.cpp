// Losses of classification.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Loss.h"

#include "dialects/onnx/Reduction.h"
#include "dialects/onnx/ops/Index.h"
#include "dialects/onnx/ops/Softmax.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Loss.cpp.inc"

namespace brisk::onnx {
void addLossOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Loss.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

/// Checks what both losses share and gives the loss its type: that of the classes, or a scalar.
LogicalResult inferLoss(Operation *op, Value input, Value target, Value weight, StringRef reduction, Value loss,
                        ShapeContext &context) {
  Dims in = context.dims(input), labels = context.dims(target);
  Type element = context.elementType(input), index = context.elementType(target);
  if (!isa<FloatType>(element))
    return op->emitOpError("expects float elements, but got ") << element;
  if (!index.isSignlessInteger(64) && !index.isSignlessInteger(32))
    return op->emitOpError("expects targets of type i32 or i64, but got ") << index;
  if (reduction != "none" && reduction != "mean" && reduction != "sum")
    return op->emitOpError("expects reduction none, mean or sum, but got ") << reduction;
  if (in.size() < 2)
    return op->emitOpError("expects an input of rank 2 or more, but got rank ") << in.size();
  Dims expected(in);
  expected.erase(expected.begin() + 1);
  bool fits = expected.size() == labels.size();
  for (size_t i = 0; fits && i < labels.size(); ++i)
    fits = !differ(expected[i], labels[i]);
  if (!fits)
    return op->emitOpError("expects targets of shape ") << toString(expected) << ", but got " << toString(labels);
  if (isPresent(weight)) {
    Dims weights = context.dims(weight);
    if (weights.size() != 1 || differ(weights[0], in[1]) || context.elementType(weight) != element)
      return op->emitOpError("expects one weight a class, but got ") << weight.getType();
  }
  context.setType(loss, element, reduction == "none" ? labels : Dims());
  return success();
}

struct LossParts {
  Value logs; // lowered, (N, C, ...)
  Type element;
  Value target, weight; // onnx values
  std::optional<int64_t> ignored;
  StringRef reduction;
};

/// The lowered loss from log probabilities.
Value negativeLogLikelihood(Decomposer &d, const LossParts &parts) {
  Value target = d(parts.target), weights = d(parts.weight);
  Type element = parts.element, index = d.shapes.elementType(parts.target), acc = accumulatorType(element);
  Value classes = d.index(d.sizeOf(parts.logs, 1));
  for (auto [i, size] : llvm::enumerate(d.sizesOf(target))) {
    OpFoldResult whole = d.sizeOf(parts.logs, i == 0 ? 0 : i + 1);
    if (getConstantIntValue(whole) && getConstantIntValue(size))
      continue;
    Value same = arith::CmpIOp::create(d.b, d.loc(), arith::CmpIPredicate::eq, d.index(whole), d.index(size));
    d.check(same, "targets differ in shape from the input");
  }
  // For each target: its weight (0 if ignored) or its weighted loss.
  auto perTarget = [&](bool withLoss) {
    return d.generate(d.empty(acc, d.sizesOf(target)), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
      IndexMath n(b, loc);
      Value label = tensor::ExtractOp::create(b, loc, target, at);
      Scalar stored(b, loc, label);
      Value wanted = n.position(n.cast(label), classes);
      Scalar result(b, loc, d.number(acc, 1));
      if (weights)
        result = Scalar(b, loc, tensor::ExtractOp::create(b, loc, weights, wanted)).to(acc);
      if (withLoss) {
        SmallVector<Value> position(at);
        position.insert(position.begin() + 1, wanted);
        result = -(Scalar(b, loc, tensor::ExtractOp::create(b, loc, parts.logs, position)).to(acc) * result);
      }
      if (parts.ignored) {
        unsigned width = index.getIntOrFloatBitWidth();
        // A value that the targets' type cannot hold ignores nothing.
        if (llvm::isIntN(width, *parts.ignored))
          result = select(equal(stored, stored.constant(APInt(width, *parts.ignored, true))), 0, result);
      }
      return result.value();
    });
  };
  Value losses = perTarget(true);
  int64_t rank = cast<RankedTensorType>(losses.getType()).getRank();
  auto sumOf = [&](Value tensor) {
    Rows rows(d.b.getContext(), rank, llvm::to_vector(llvm::seq<int64_t>(0, rank)));
    return rows.reduce(d, tensor, acc, acc, startOf(d, acc, 0),
                       [](ArrayRef<Scalar> args) { return args[1] + args[0]; });
  };
  auto first = [](ArrayRef<Scalar> args) { return args[0]; };
  if (parts.reduction == "none")
    return acc == element ? losses : mapElements(d, losses, acc, element, first);
  Value total = sumOf(losses);
  if (parts.reduction == "sum")
    return acc == element ? total : mapElements(d, total, acc, element, first);
  return mapElements(d, {total, sumOf(perTarget(false))}, {acc, acc}, element,
                     [](ArrayRef<Scalar> args) { return args[0] / args[1]; });
}

} // namespace

LogicalResult NegativeLogLikelihoodLossOp::inferShapes(ShapeContext &context) {
  return inferLoss(*this, getInput(), getTarget(), getWeight(), getReduction(), getLoss(), context);
}

LogicalResult NegativeLogLikelihoodLossOp::decompose(Decomposer &d) {
  d.setResult(getLoss(), negativeLogLikelihood(d, {d(getInput()), d.shapes.elementType(getInput()), getTarget(),
                                                   getWeight(), getIgnoreIndex(), getReduction()}));
  return success();
}

LogicalResult SoftmaxCrossEntropyLossOp::inferShapes(ShapeContext &context) {
  if (failed(inferLoss(*this, getScores(), getLabels(), getWeights(), getReduction(), getOutput(), context)))
    return failure();
  context.setType(getLogProb(), context.elementType(getScores()), context.dims(getScores()));
  return success();
}

LogicalResult SoftmaxCrossEntropyLossOp::decompose(Decomposer &d) {
  Type element = d.shapes.elementType(getScores());
  Value logs = logSoftmax(d, d(getScores()), element, {1});
  d.setResult(getOutput(), negativeLogLikelihood(
                               d, {logs, element, getLabels(), getWeights(), getIgnoreIndex(), getReduction()}));
  if (!getLogProb().use_empty())
    d.setResult(getLogProb(), logs);
  return success();
}
