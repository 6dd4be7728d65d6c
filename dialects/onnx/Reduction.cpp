// Reductions of lowered tensors over some axes, and maps along the rest.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

Rows::Rows(MLIRContext *context, int64_t rank, ArrayRef<int64_t> reducedAxes)
    : full(AffineMap::getMultiDimIdentityMap(rank, context)), kinds(rank, utils::IteratorType::parallel) {
  SmallVector<AffineExpr> exprs;
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (llvm::is_contained(reducedAxes, axis)) {
      kinds[axis] = utils::IteratorType::reduction;
      continue;
    }
    axes.push_back(axis);
    exprs.push_back(getAffineDimExpr(axis, context));
  }
  kept = AffineMap::get(rank, 0, exprs, context);
}

SmallVector<OpFoldResult> Rows::keptSizes(Decomposer &d, Value whole) const {
  SmallVector<OpFoldResult> sizes;
  for (int64_t axis : axes)
    sizes.push_back(d.sizeOf(whole, axis));
  return sizes;
}

AffineMap Rows::mapOf(Value input) const {
  return cast<RankedTensorType>(input.getType()).getRank() == static_cast<int64_t>(kinds.size()) ? full : kept;
}

namespace {
SmallVector<Scalar, 3> loadAll(Decomposer &d, OpBuilder &b, Location loc, ValueRange stored, ArrayRef<Type> elements) {
  SmallVector<Scalar, 3> scalars;
  for (auto [value, element] : llvm::zip(stored, elements))
    scalars.emplace_back(b, loc, d.load(b, value, element), isUnsignedElement(element));
  return scalars;
}
} // namespace

Value Rows::reduce(Decomposer &d, ValueRange inputs, ArrayRef<Type> elements, Type accumulator, Scalar init,
                   Body body) const {
  SmallVector<AffineMap> maps = llvm::map_to_vector(inputs, [&](Value input) { return mapOf(input); });
  maps.push_back(kept);
  Value start = d.store(d.b, init.as(accumulator), accumulator);
  Value out = d.fill(start, d.empty(storageType(accumulator), keptSizes(d, inputs[0])));
  SmallVector<Type> types(elements);
  types.push_back(accumulator);
  return d.generic(inputs, out, maps, kinds, [&](OpBuilder &b, Location loc, ValueRange args) {
    return d.store(b, body(loadAll(d, b, loc, args, types)).as(accumulator), accumulator);
  });
}

Value Rows::map(Decomposer &d, ValueRange inputs, ArrayRef<Type> elements, Type result, Body body) const {
  SmallVector<AffineMap> maps = llvm::map_to_vector(inputs, [&](Value input) { return mapOf(input); });
  Value out = d.empty(storageType(result), d.sizesOf(inputs[0]));
  return d.map(inputs, maps, out, [&](OpBuilder &b, Location loc, ValueRange args) {
    return d.store(b, body(loadAll(d, b, loc, args.drop_back(), elements)).as(result), result);
  });
}

Value onnx::mapElements(Decomposer &d, ValueRange inputs, ArrayRef<Type> elements, Type result, Rows::Body body) {
  int64_t rank = cast<RankedTensorType>(inputs[0].getType()).getRank();
  return Rows(d.b.getContext(), rank, {}).map(d, inputs, elements, result, body);
}

Scalar onnx::startOf(Decomposer &d, Type element, double number) {
  return Scalar(d.b, d.loc(), d.number(scalarType(element), number), isUnsignedElement(element));
}

namespace {
Scalar extremeOf(Decomposer &d, Type element, bool highest) {
  if (isa<FloatType>(element)) {
    double inf = std::numeric_limits<double>::infinity();
    return startOf(d, accumulatorType(element), highest ? inf : -inf);
  }
  unsigned width = cast<IntegerType>(scalarType(element)).getWidth();
  bool isUnsigned = isUnsignedElement(element);
  APInt value = highest ? (isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width))
                        : (isUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width));
  return startOf(d, element, 0).constant(value);
}
} // namespace

Scalar onnx::lowestOf(Decomposer &d, Type element) { return extremeOf(d, element, false); }
Scalar onnx::highestOf(Decomposer &d, Type element) { return extremeOf(d, element, true); }

Value onnx::positionsOfExtremes(Decomposer &d, Value data, Type element, int64_t axis, bool greatest, bool last) {
  int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
  Rows rows(d.b.getContext(), rank, axis);
  Type acc = accumulatorType(element), i64 = d.b.getI64Type();
  SmallVector<OpFoldResult> sizes = rows.keptSizes(d, data);
  Scalar start = greatest ? lowestOf(d, element) : highestOf(d, element);
  Value best = d.fill(d.store(d.b, start.value(), acc), d.empty(storageType(acc), sizes));
  Value where = d.fill(d.number(i64, 0), d.empty(i64, sizes));
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    bool isUnsigned = isUnsignedElement(element);
    Scalar x(b, loc, d.load(b, args[0], element), isUnsigned), old(b, loc, d.load(b, args[1], acc), isUnsigned);
    Scalar better = greatest ? (last ? x >= old : x > old) : (last ? x <= old : x < old);
    if (x.isFloat())
      better = (better & ~isNan(old)) | (isNan(x) & (last ? isNan(x) : ~isNan(old)));
    Value position = arith::IndexCastOp::create(b, loc, i64, linalg::IndexOp::create(b, loc, axis));
    Scalar next = select(better, x, old);
    linalg::YieldOp::create(b, loc,
                            ValueRange{d.store(b, next.value(), acc),
                                       arith::SelectOp::create(b, loc, better.value(), position, args[2])});
  };
  auto op = linalg::GenericOp::create(d.b, d.loc(), {best.getType(), where.getType()}, data, {best, where},
                                      {rows.fullMap(), rows.keptMap(), rows.keptMap()}, rows.iterators(), body);
  return op.getResult(1);
}
