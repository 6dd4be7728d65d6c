// Softmax and its kin.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Softmax.h"

#include "dialects/onnx/Reduction.h"
#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

template <typename Op> LogicalResult inferRows(Op op, ShapeContext &context) {
  Type element = context.elementType(op.getInput());
  if (!isa<FloatType>(element))
    return op.emitOpError("expects float elements, but got ") << element;
  int64_t rank = context.rank(op.getInput()), axis = op.getAxis();
  // The flattened form may name the place after the last axis: rows of one element.
  bool past = op.getFlatten() && axis == rank;
  if (!past && failed(checkedAxis(op, axis, rank)))
    return failure();
  context.setType(op.getOutput(), element, context.dims(op.getInput()));
  return success();
}

LogicalResult upgradeRows(ImportedNode &node) {
  if (node.opset >= 13)
    return success();
  if (!node.attributes.get("axis"))
    node.attributes.set("axis", node.builder.getI64IntegerAttr(1));
  node.attributes.set("flatten", node.builder.getUnitAttr());
  return success();
}

/// Where only one of the flattened axes counts, the form of newer opsets says the same.
template <typename Op> OpFoldResult foldRows(Op op) {
  auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
  if (!op.getFlatten() || !type)
    return {};
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + type.getRank() : op.getAxis();
  if (axis >= type.getRank() || llvm::any_of(type.getShape().drop_front(axis + 1), [](int64_t dim) { return dim != 1; }))
    return {};
  op.setFlatten(false);
  return op.getOutput();
}

template <typename Op> SmallVector<int64_t> rowAxes(Op op, int64_t rank) {
  int64_t axis = op.getAxis();
  if (axis < 0)
    axis += rank;
  if (!op.getFlatten())
    return {axis};
  return llvm::to_vector(llvm::seq<int64_t>(axis, rank));
}

} // namespace

SoftmaxRows onnx::softmaxRows(Decomposer &d, Value x, Type element, ArrayRef<int64_t> axes) {
  Type acc = accumulatorType(element);
  Rows rows(d.b.getContext(), cast<RankedTensorType>(x.getType()).getRank(), axes);
  Value highest = rows.reduce(d, x, element, acc, lowestOf(d, acc),
                              [](ArrayRef<Scalar> args) { return max(args[1], args[0]); });
  Value power = rows.map(d, {x, highest}, {element, acc}, acc,
                         [](ArrayRef<Scalar> args) { return exp(args[0] - args[1]); });
  Value sum = rows.reduce(d, power, acc, acc, startOf(d, acc, 0),
                          [](ArrayRef<Scalar> args) { return args[1] + args[0]; });
  return {rows, acc, highest, power, sum};
}

Value onnx::logSoftmax(Decomposer &d, Value x, Type element, ArrayRef<int64_t> axes) {
  SoftmaxRows s = softmaxRows(d, x, element, axes);
  Value logSum = mapElements(d, s.sum, s.accumulator, s.accumulator,
                             [](ArrayRef<Scalar> args) { return log(args[0]); });
  return s.rows.map(d, {x, s.highest, logSum}, {element, s.accumulator, s.accumulator}, element,
                    [](ArrayRef<Scalar> args) { return args[0] - args[1] - args[2]; });
}

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Softmax.cpp.inc"

namespace brisk::onnx {
void addSoftmaxOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Softmax.cpp.inc"
      >();
}
} // namespace brisk::onnx

LogicalResult SoftmaxOp::decompose(Decomposer &d) {
  Type element = d.shapes.elementType(getInput());
  SoftmaxRows s = softmaxRows(d, d(getInput()), element, rowAxes(*this, d.shapes.rank(getInput())));
  Value inverse = mapElements(d, s.sum, s.accumulator, s.accumulator,
                              [](ArrayRef<Scalar> args) { return 1 / args[0]; });
  d.setResult(getOutput(), s.rows.map(d, {s.power, inverse}, {s.accumulator, s.accumulator}, element,
                                      [](ArrayRef<Scalar> args) { return args[0] * args[1]; }));
  return success();
}

LogicalResult LogSoftmaxOp::decompose(Decomposer &d) {
  d.setResult(getOutput(), logSoftmax(d, d(getInput()), d.shapes.elementType(getInput()),
                                      rowAxes(*this, d.shapes.rank(getInput()))));
  return success();
}

LogicalResult HardmaxOp::decompose(Decomposer &d) {
  Value x = d(getInput());
  Type element = d.shapes.elementType(getInput());
  SmallVector<int64_t> axes = rowAxes(*this, d.shapes.rank(getInput()));
  SmallVector<OpFoldResult> sizes = d.sizesOf(x);
  int64_t axis = axes.empty() ? 0 : axes[0];
  if (getFlatten()) {
    // Rows that span several axes become one axis.
    Value row = d.index(int64_t(1)), rest = row;
    for (auto [i, size] : llvm::enumerate(sizes)) {
      Value &product = llvm::is_contained(axes, static_cast<int64_t>(i)) ? row : rest;
      product = d.b.createOrFold<arith::MulIOp>(d.loc(), product, d.index(size));
    }
    x = d.reshape(x, {getAsOpFoldResult(rest), getAsOpFoldResult(row)});
    axis = 1;
  }
  Value position = positionsOfExtremes(d, x, element, axis, /*greatest=*/true, /*last=*/false);
  Rows rows(getContext(), cast<RankedTensorType>(x.getType()).getRank(), axis);
  Value out = d.map(position, rows.keptMap(), d.empty(storageType(element), d.sizesOf(x)),
                    [&](OpBuilder &b, Location loc, ValueRange args) {
                      Value here = arith::IndexCastOp::create(b, loc, args[0].getType(),
                                                              linalg::IndexOp::create(b, loc, axis));
                      Scalar same = equal(Scalar(b, loc, here), Scalar(b, loc, args[0]));
                      return d.store(b, same.to(element).as(element), element);
                    });
  d.setResult(getOutput(), getFlatten() ? d.reshape(out, sizes) : out);
  return success();
}
