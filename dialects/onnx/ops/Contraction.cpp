// Sums of products, written with labels for axes as in einsum.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Contraction.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

Type onnx::accumulatorType(Type element) {
  if (auto type = dyn_cast<FloatType>(element); type && type.getWidth() < 32)
    return Float32Type::get(element.getContext());
  return element;
}

Value onnx::toFloat(OpBuilder &builder, Location loc, Value value, Type type) {
  unsigned have = value.getType().getIntOrFloatBitWidth(), want = type.getIntOrFloatBitWidth();
  if (value.getType() == type)
    return value;
  if (have < want)
    return arith::ExtFOp::create(builder, loc, type, value);
  if (have > want)
    return arith::TruncFOp::create(builder, loc, type, value);
  // f16 against bf16.
  return arith::TruncFOp::create(builder, loc, type, arith::ExtFOp::create(builder, loc, builder.getF32Type(), value));
}

Value onnx::multiplyAdd(OpBuilder &builder, Location loc, Value accumulator, Value x, Value y, const SumType &sum) {
  Type type = accumulator.getType();
  if (isa<FloatType>(type)) {
    Value product = arith::MulFOp::create(builder, loc, toFloat(builder, loc, x, type), toFloat(builder, loc, y, type));
    return arith::AddFOp::create(builder, loc, accumulator, product);
  }
  auto wide = [&](Value value, bool isUnsigned) -> Value {
    if (value.getType() == type)
      return value;
    return isUnsigned ? arith::ExtUIOp::create(builder, loc, type, value).getResult()
                      : arith::ExtSIOp::create(builder, loc, type, value).getResult();
  };
  Value product = arith::MulIOp::create(builder, loc, wide(x, sum.isUnsignedX), wide(y, sum.isUnsignedY));
  return arith::AddIOp::create(builder, loc, accumulator, product);
}

Value onnx::dropUnitAxes(Decomposer &d, Value tensor, ArrayRef<bool> keep) {
  if (llvm::all_of(keep, [](bool k) { return k; }))
    return tensor;
  SmallVector<ReassociationIndices> groups;
  bool any = llvm::is_contained(keep, true);
  for (auto [axis, kept] : llvm::enumerate(keep)) {
    // Leading dropped axes join the first kept one, all others the one before.
    bool first = groups.empty() || (kept && llvm::is_contained(keep.take_front(axis), true));
    if (first && any)
      groups.emplace_back();
    if (any)
      groups.back().push_back(axis);
  }
  return tensor::CollapseShapeOp::create(d.b, d.loc(), tensor, groups);
}

Value onnx::splitAxis(Decomposer &d, Value tensor, int64_t axis, ArrayRef<OpFoldResult> sizes) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<OpFoldResult> all = d.sizesOf(tensor);
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<int64_t> split;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, split);
  // An open axis of static parts has a known size after all.
  if (dynamic.empty() && type.isDynamicDim(axis)) {
    shape[axis] = llvm::product_of(split);
    tensor = d.cast(tensor, RankedTensorType::get(shape, type.getElementType()));
  }
  all.erase(all.begin() + axis);
  all.insert(all.begin() + axis, sizes.begin(), sizes.end());
  shape.erase(shape.begin() + axis);
  shape.insert(shape.begin() + axis, split.begin(), split.end());
  SmallVector<ReassociationIndices> groups;
  int64_t next = 0;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    groups.emplace_back();
    for (int64_t n = i == axis ? sizes.size() : 1; n > 0; --n)
      groups.back().push_back(next++);
  }
  return tensor::ExpandShapeOp::create(d.b, d.loc(), RankedTensorType::get(shape, type.getElementType()), tensor,
                                       groups, all);
}

Value onnx::mergeAxes(Decomposer &d, Value tensor, int64_t axis, int64_t count) {
  if (count == 1)
    return tensor;
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0, rank = cast<RankedTensorType>(tensor.getType()).getRank(); i < rank; ++i) {
    if (i <= axis || i >= axis + count)
      groups.emplace_back();
    groups.back().push_back(i);
  }
  return tensor::CollapseShapeOp::create(d.b, d.loc(), tensor, groups);
}

Value onnx::floatSize(Decomposer &d, const Dim &dim, Type type) {
  if (dim.isConstant())
    return d.number(type, static_cast<double>(dim.value()));
  Value size = arith::IndexCastOp::create(d.b, d.loc(), d.b.getI64Type(), d.index(d.size(dim)));
  return arith::SIToFPOp::create(d.b, d.loc(), type, size);
}

void onnx::checkEqual(Decomposer &d, const Dim &a, const Dim &b, StringRef message) {
  if (a == b || (a.isConstant() && b.isConstant()) || !d.canMaterialize(a) || !d.canMaterialize(b))
    return;
  Value same = arith::CmpIOp::create(d.b, d.loc(), arith::CmpIPredicate::eq, d.index(d.size(a)), d.index(d.size(b)));
  d.check(same, message);
}

Value onnx::narrow(Decomposer &d, Value tensor, Type element) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getElementType() == element)
    return tensor;
  Value init = d.empty(element, d.sizesOf(tensor));
  return d.map(tensor, d.b.getMultiDimIdentityMap(type.getRank()), init,
               [&](OpBuilder &b, Location loc, ValueRange args) { return toFloat(b, loc, args[0], element); });
}

namespace {

/// Loops of a contraction and their sizes, by label.
struct Loops {
  SmallVector<int64_t> labels;
  SmallVector<OpFoldResult> sizes;

  std::optional<unsigned> find(int64_t label) const {
    auto it = llvm::find(labels, label);
    return it == labels.end() ? std::nullopt : std::optional<unsigned>(it - labels.begin());
  }
  bool isUnit(int64_t label) const { return isConstantIntValue(sizes[*find(label)], 1); }

  void add(int64_t label, OpFoldResult size) {
    if (std::optional<unsigned> at = find(label)) {
      // A static size says more than an open one, and 1 broadcasts.
      if (isConstantIntValue(sizes[*at], 1) ||
          (!isa<Attribute>(sizes[*at]) && isa<Attribute>(size) && !isConstantIntValue(size, 1)))
        sizes[*at] = size;
      return;
    }
    labels.push_back(label);
    sizes.push_back(size);
  }
};

/// Drops the axes of `tensor` that broadcast (size 1 against a longer loop, or `drop` says so).
Value dropBroadcast(Decomposer &d, Value tensor, SmallVector<int64_t> &labels, const Loops &loops,
                    function_ref<bool(int64_t)> drop) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<bool> keep;
  SmallVector<int64_t> kept;
  for (auto [axis, label] : llvm::enumerate(labels)) {
    keep.push_back(type.getDimSize(axis) != 1 || (!drop(label) && loops.isUnit(label)));
    if (keep.back())
      kept.push_back(label);
  }
  labels = kept;
  return dropUnitAxes(d, tensor, keep);
}

AffineMap mapOf(Decomposer &d, ArrayRef<int64_t> labels, const Loops &loops) {
  SmallVector<AffineExpr> exprs;
  for (int64_t label : labels)
    exprs.push_back(d.b.getAffineDimExpr(*loops.find(label)));
  return AffineMap::get(loops.labels.size(), 0, exprs, d.b.getContext());
}

Value emit(Decomposer &d, ArrayRef<Value> operands, ArrayRef<SmallVector<int64_t>> labels, const Loops &loops,
           ArrayRef<int64_t> outLabels, Type type, Decomposer::Body body) {
  SmallVector<AffineMap> maps;
  for (const auto &list : labels)
    maps.push_back(mapOf(d, list, loops));
  maps.push_back(mapOf(d, outLabels, loops));
  SmallVector<utils::IteratorType> iterators(outLabels.size(), utils::IteratorType::parallel);
  iterators.resize(loops.labels.size(), utils::IteratorType::reduction);
  Value init = d.empty(type, ArrayRef(loops.sizes).take_front(outLabels.size()));
  init = d.fill(d.number(type, 0), init);
  return d.generic(operands, init, maps, iterators, body);
}

/// The loops in order: those of the output, then the summed ones.
Loops orderLoops(const Loops &all, ArrayRef<int64_t> outLabels) {
  Loops loops;
  for (int64_t label : outLabels)
    loops.add(label, all.sizes[*all.find(label)]);
  for (auto [label, size] : llvm::zip(all.labels, all.sizes))
    loops.add(label, size);
  return loops;
}

} // namespace

Value onnx::contract(Decomposer &d, Value a, ArrayRef<int64_t> aLabels, Value b, ArrayRef<int64_t> bLabels,
                     ArrayRef<int64_t> outLabels, SumType sum) {
  Loops all;
  for (auto [axis, label] : llvm::enumerate(aLabels))
    all.add(label, d.sizeOf(a, axis));
  for (auto [axis, label] : llvm::enumerate(bLabels))
    all.add(label, d.sizeOf(b, axis));
  Loops loops = orderLoops(all, outLabels);
  SmallVector<int64_t> as(aLabels), bs(bLabels);
  a = dropBroadcast(d, a, as, loops, [](int64_t) { return false; });
  // What is left of `b` must still name every loop that `a` does not.
  b = dropBroadcast(d, b, bs, loops, [&](int64_t label) { return llvm::is_contained(as, label); });
  Type type = sum.type ? sum.type : accumulatorType(getElementTypeOrSelf(a.getType()));
  return emit(d, {a, b}, {as, bs}, loops, outLabels, type, [&](OpBuilder &nested, Location loc, ValueRange args) {
    return multiplyAdd(nested, loc, args[2], args[0], args[1], sum);
  });
}

Value onnx::contract(Decomposer &d, Value a, ArrayRef<int64_t> aLabels, ArrayRef<int64_t> outLabels) {
  Loops all;
  for (auto [axis, label] : llvm::enumerate(aLabels))
    all.add(label, d.sizeOf(a, axis));
  Loops loops = orderLoops(all, outLabels);
  return emit(d, a, SmallVector<int64_t>(aLabels), loops, outLabels, accumulatorType(getElementTypeOrSelf(a.getType())),
              [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
                if (isa<FloatType>(args[1].getType()))
                  return arith::AddFOp::create(nested, loc, args[1], toFloat(nested, loc, args[0], args[1].getType()));
                return arith::AddIOp::create(nested, loc, args[1], args[0]);
              });
}
