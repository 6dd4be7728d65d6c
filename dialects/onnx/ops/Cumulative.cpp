// Running sums and products.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Cumulative.h"

#include "dialects/onnx/Reduction.h"
#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

template <typename Op> LogicalResult inferCumulative(Op op, ShapeContext &context) {
  Type element = context.elementType(op.getX()), axisElement = context.elementType(op.getAxis());
  if (!isOfKind(element, ElementKind::Number))
    return op.emitOpError("expects number elements, but got ") << element;
  if (!axisElement.isSignlessInteger(64) && !axisElement.isSignlessInteger(32))
    return op.emitOpError("expects an axis of type i32 or i64, but got ") << axisElement;
  if (context.rank(op.getX()) == 0)
    return op.emitOpError("expects a tensor with axes, but got a scalar");
  if (std::optional<SmallVector<int64_t>> axis = context.constantContent(op.getAxis()))
    if (axis->size() != 1 || failed(checkedAxis(op, axis->front(), context.rank(op.getX()))))
      return failure();
  context.setType(op.getY(), element, context.dims(op.getX()));
  return success();
}

/// A sequential walk over all elements, in the order in which each one's predecessor comes before it
/// whatever the axis is: y[i] = y[predecessor] (+ or *) x[i].
template <typename Op> LogicalResult decomposeCumulative(Op op, bool isSum, Decomposer &d) {
  Value x = d(op.getX());
  Type element = d.shapes.elementType(op.getX());
  int64_t rank = d.shapes.rank(op.getX());
  IndexMath m(d);
  SmallVector<Value> sizes = llvm::map_to_vector(d.sizesOf(x), [&](OpFoldResult s) { return d.index(s); });
  Value axis = m.fromEnd(scalar(d, op.getAxis()), m.constant(rank));
  SmallVector<Value> along;
  for (int64_t i = 0; i < rank; ++i)
    along.push_back(m.eq(axis, m.constant(i)));

  // Narrow floats run in f32, so that long sums do not stall.
  Type acc = accumulatorType(element);
  Value start = d.empty(storageType(acc), d.sizesOf(x));
  Value y = loops(d.b, d.loc(), sizes, start, [&](OpBuilder &b, Location loc, ValueRange ivs, ValueRange carried) {
    IndexMath n(b, loc);
    SmallVector<Value> at, before;
    Value first = n.lt(n.constant(1), n.constant(0));
    for (auto [iv, size, here] : llvm::zip(ivs, sizes, along)) {
      Value last = n.sub(size, n.constant(1));
      Value position = op.getReverse() ? n.sub(last, iv) : iv;
      Value neighbour = op.getReverse() ? n.min(n.add(position, n.constant(1)), last)
                                        : n.max(n.sub(position, n.constant(1)), n.constant(0));
      at.push_back(position);
      before.push_back(n.select(here, neighbour, position));
      first = n.either(first, n.both(here, n.eq(iv, n.constant(0))));
    }
    bool isUnsigned = isUnsignedElement(element);
    auto read = [&](Value tensor, ValueRange indices, Type type) {
      return Scalar(b, loc, d.load(b, tensor::ExtractOp::create(b, loc, tensor, indices), type), isUnsigned);
    };
    Scalar neutral = read(x, at, element).constant(isSum ? 0 : 1);
    Scalar own = read(x, op.getExclusive() ? before : at, element);
    Scalar sum = select(Scalar::raw(b, loc, first), neutral, read(carried[0], before, acc));
    if (op.getExclusive())
      own = select(Scalar::raw(b, loc, first), neutral, own);
    Value next = d.store(b, (isSum ? sum + own : sum * own).value(), acc);
    return SmallVector<Value>{tensor::InsertOp::create(b, loc, next, carried[0], at)};
  })[0];
  if (acc != element)
    y = mapElements(d, y, acc, element, [](ArrayRef<Scalar> args) { return args[0]; });
  d.setResult(op.getY(), y);
  return success();
}

} // namespace

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Cumulative.cpp.inc"

namespace brisk::onnx {
void addCumulativeOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Cumulative.cpp.inc"
      >();
}
} // namespace brisk::onnx
