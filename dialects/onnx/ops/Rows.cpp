// Statistics over some axes of a tensor.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Rows.h"

#include "dialects/onnx/ops/Contraction.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

Rows::Rows(Decomposer &d, Value tensor, ArrayRef<bool> reduced, Type type, const Dim &count)
    : d(d), tensor(tensor), count(floatSize(d, count, type)), reduced(reduced), type(type) {
  SmallVector<AffineExpr> exprs;
  for (auto [axis, isReduced] : llvm::enumerate(reduced))
    if (!isReduced)
      exprs.push_back(d.b.getAffineDimExpr(axis));
  all = d.b.getMultiDimIdentityMap(reduced.size());
  kept = AffineMap::get(reduced.size(), 0, exprs, d.b.getContext());
}

AffineMap Rows::axis(int64_t axis) const { return AffineMap::get(reduced.size(), 0, d.b.getAffineDimExpr(axis)); }

Value Rows::sum(ValueRange stats, Term term) {
  SmallVector<OpFoldResult> sizes;
  SmallVector<utils::IteratorType> iterators;
  for (auto [axis, isReduced] : llvm::enumerate(reduced)) {
    iterators.push_back(isReduced ? utils::IteratorType::reduction : utils::IteratorType::parallel);
    if (!isReduced)
      sizes.push_back(d.sizeOf(tensor, axis));
  }
  SmallVector<Value> inputs{tensor};
  llvm::append_range(inputs, stats);
  SmallVector<AffineMap> maps{all};
  maps.append(stats.size() + 1, kept);
  Value init = d.fill(d.number(type, 0), d.empty(type, sizes));
  return d.generic(inputs, init, maps, iterators, [&](OpBuilder &b, Location loc, ValueRange args) {
    SmallVector<Value> values(args.drop_back());
    values[0] = toFloat(b, loc, values[0], type);
    return arith::AddFOp::create(b, loc, args.back(), term(b, loc, values)).getResult();
  });
}

Value Rows::each(ValueRange stats, Term term) {
  Value init = d.empty(type, d.sizesOf(stats[0]));
  int64_t rank = cast<RankedTensorType>(init.getType()).getRank();
  SmallVector<AffineMap> maps(stats.size(), d.b.getMultiDimIdentityMap(rank));
  return d.map(stats, maps, init, [&](OpBuilder &b, Location loc, ValueRange args) { return term(b, loc, args); });
}

Value Rows::mean() {
  Value total = sum({}, [](OpBuilder &, Location, ValueRange args) { return args[0]; });
  return each(total, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return arith::DivFOp::create(b, loc, args[0], count);
  });
}

Value Rows::inverseDeviation(Value mean, double epsilon) {
  SmallVector<Value> stats;
  if (mean)
    stats.push_back(mean);
  Value squares = sum(stats, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value x = mean ? arith::SubFOp::create(b, loc, args[0], args[1]).getResult() : args[0];
    return arith::MulFOp::create(b, loc, x, x);
  });
  return each(squares, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value variance = arith::DivFOp::create(b, loc, args[0], count);
    Value offset = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, epsilon));
    Value one = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, 1));
    Value deviation = math::SqrtOp::create(b, loc, arith::AddFOp::create(b, loc, variance, offset));
    return arith::DivFOp::create(b, loc, one, deviation);
  });
}

Value Rows::apply(ValueRange stats, ValueRange others, ArrayRef<AffineMap> maps, Type element, Term term) {
  SmallVector<Value> inputs{tensor};
  llvm::append_range(inputs, stats);
  llvm::append_range(inputs, others);
  SmallVector<AffineMap> allMaps{all};
  allMaps.append(stats.size(), kept);
  llvm::append_range(allMaps, maps);
  Value init = d.empty(element, d.sizesOf(tensor));
  return d.map(inputs, allMaps, init, [&](OpBuilder &b, Location loc, ValueRange args) {
    SmallVector<Value> values(args.take_front(inputs.size()));
    values[0] = toFloat(b, loc, values[0], type);
    return toFloat(b, loc, term(b, loc, values), element);
  });
}

Value Rows::withUnitAxes(Value stat) {
  SmallVector<OpFoldResult> sizes;
  for (auto [axis, isReduced] : llvm::enumerate(reduced))
    sizes.push_back(isReduced ? OpFoldResult(d.b.getIndexAttr(1)) : d.sizeOf(tensor, axis));
  // One group for each kept axis; reduced ones join the axis before (leading ones the first).
  SmallVector<ReassociationIndices> groups;
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  ReassociationIndices leading;
  for (auto [axis, isReduced] : llvm::enumerate(reduced)) {
    if (isReduced) {
      (groups.empty() ? leading : groups.back()).push_back(axis);
      continue;
    }
    groups.emplace_back(std::exchange(leading, {}));
    groups.back().push_back(axis);
  }
  return tensor::ExpandShapeOp::create(d.b, d.loc(), RankedTensorType::get(shape, type), stat, groups, sizes);
}
