// Ops that read or write at positions given by index tensors.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Gather.h"

#include "dialects/onnx/Scalar.h"
#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Gather.cpp.inc"

namespace brisk::onnx {
void addGatherOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Gather.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

/// Checking every index costs a pass over them: done at run time up to this many.
constexpr int64_t kCheckedIndices = 1024;

LogicalResult expectInteger(Operation *op, Value indices) {
  if (isa<IntegerType>(getElementTypeOrSelf(indices.getType())))
    return success();
  return op->emitOpError("expects integer indices");
}

/// Whether every element of `indices` is within [-size, size).
Value allInRange(Decomposer &d, Value indices, Value size) {
  auto type = cast<RankedTensorType>(indices.getType());
  Value wrong = d.fill(d.number(d.b.getI8Type(), 0), d.empty(d.b.getI8Type(), {}));
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::reduction);
  AffineMap in = d.b.getMultiDimIdentityMap(type.getRank()), out = AffineMap::get(type.getRank(), 0, {}, d.b.getContext());
  Value found = d.generic(indices, wrong, {in, out}, iterators, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    IndexMath math(b, loc);
    Value at = math.fromEnd(math.cast(args[0]), size);
    Value outside = math.either(math.lt(at, math.constant(0)), math.le(size, at));
    return arith::OrIOp::create(b, loc, args[1], arith::ExtUIOp::create(b, loc, b.getI8Type(), outside));
  });
  Value flag = tensor::ExtractOp::create(d.b, d.loc(), found, ValueRange{});
  return arith::CmpIOp::create(d.b, d.loc(), arith::CmpIPredicate::eq, flag, d.number(d.b.getI8Type(), 0));
}

/// Fails the run if there is something to read but nothing to read from.
void checkNotEmpty(Decomposer &d, Value data, int64_t axis, Value result) {
  Dim size = d.shapes.dims(data)[axis];
  if (size.constant() && *size.constant() > 0)
    return;
  IndexMath math(d);
  SmallVector<Value> wanted;
  for (Dim dim : d.shapes.dims(result))
    wanted.push_back(math.of(d.size(dim)));
  Value zero = math.constant(0);
  d.check(math.either(math.lt(zero, math.of(d.sizes(data)[axis])), math.eq(math.product(wanted), zero)),
          "index into an axis of size 0");
}

/// The old element combined with the update, in storage form.
Value combine(Decomposer &d, OpBuilder &b, Location loc, StringRef reduction, Type element, Value old, Value update) {
  if (reduction == "none")
    return update;
  Scalar x(b, loc, d.load(b, old, element), isUnsignedElement(element));
  Scalar y(b, loc, d.load(b, update, element), isUnsignedElement(element));
  Scalar z = reduction == "add" ? x + y : reduction == "mul" ? x * y : reduction == "max" ? max(x, y) : min(x, y);
  return d.store(b, z.as(element), element);
}

LogicalResult checkReduction(Operation *op, StringRef reduction) {
  if (llvm::is_contained({"none", "add", "mul", "max", "min"}, reduction))
    return success();
  return op->emitOpError("expects reduction none, add, mul, max or min, but got ") << reduction;
}

/// Fails if two dims cannot be equal.
bool differ(const Dim &a, const Dim &b) { return a.constant() && b.constant() && a != b; }

/// Makes sure at run time that two sizes agree (or that one is enough for the other) unless it is known.
void checkSizes(Decomposer &d, Value a, int64_t axis, Value b, int64_t other, bool atMost = false) {
  Dim x = d.shapes.dims(a)[axis], y = d.shapes.dims(b)[other];
  if (x == y || (atMost && (y - x).isNonNegative()))
    return;
  IndexMath math(d);
  Value m = math.of(d.sizes(a)[axis]), n = math.of(d.sizes(b)[other]);
  d.check(atMost ? math.le(m, n) : math.eq(m, n), "sizes of operands do not agree");
}

} // namespace

//===--- Gather -------------------------------------------------------------===//

LogicalResult GatherOp::inferShapes(ShapeContext &context) {
  Dims data = context.dims(getData()), picks = context.dims(getIndices());
  FailureOr<int64_t> axis = checkedAxis(*this, getAxis(), data.size());
  if (failed(axis) || failed(expectInteger(*this, getIndices())))
    return failure();
  setAxis(*axis);
  if (std::optional<SmallVector<int64_t>> known = context.constantContent(getIndices()))
    if (std::optional<int64_t> size = data[*axis].constant())
      for (int64_t index : *known)
        if (!normalizeAxis(index, *size))
          return emitOpError("expects indices into an axis of size ") << *size << ", but got " << index;
  Dims result(data.begin(), data.begin() + *axis);
  llvm::append_range(result, picks);
  result.append(data.begin() + *axis + 1, data.end());
  context.setType(getOutput(), context.elementType(getData()), result);
  return success();
}
std::optional<Dims> GatherOp::inferContent(ShapeContext &context, unsigned) {
  std::optional<Dims> data = context.content(getData());
  std::optional<SmallVector<int64_t>> picks = context.constantContent(getIndices());
  if (!data || !picks)
    return std::nullopt;
  Dims result;
  for (int64_t index : *picks) {
    std::optional<int64_t> at = normalizeAxis(index, data->size());
    if (!at)
      return std::nullopt;
    result.push_back((*data)[*at]);
  }
  return result;
}
LogicalResult GatherOp::decompose(Decomposer &d) {
  IndexMath math(d);
  int64_t axis = getAxis(), rank = d.shapes.rank(getData()), picks = d.shapes.rank(getIndices());
  auto type = cast<RankedTensorType>(getIndices().getType());
  Value data = d(getData());
  SmallVector<OpFoldResult> have = d.sizes(getData());
  Value size = math.of(have[axis]);
  if (type.hasStaticShape() && type.getNumElements() == 1) {
    // One slice is a view.
    Value at;
    if (picks <= 1) {
      at = scalar(d, getIndices());
    } else {
      SmallVector<Value> zeros(picks, math.constant(0));
      at = math.cast(tensor::ExtractOp::create(d.b, d.loc(), d(getIndices()), zeros));
    }
    Value position = math.fromEnd(at, size);
    std::optional<int64_t> known = getConstantIntValue(getAsOpFoldResult(position));
    std::optional<int64_t> limit = getConstantIntValue(getAsOpFoldResult(size));
    if (!known || !limit) {
      d.check(math.both(math.le(math.constant(0), position), math.lt(position, size)), "index out of range");
    }
    SmallVector<OpFoldResult> offsets(rank, d.b.getIndexAttr(0)), sizes = have;
    offsets[axis] = getAsOpFoldResult(position);
    sizes[axis] = d.b.getIndexAttr(1);
    Dims from = d.shapes.dims(getData());
    from[axis] = Dim(1);
    Value slice = window(d, data, offsets, sizes);
    SmallVector<OpFoldResult> to(have.begin(), have.begin() + axis);
    to.append(picks, d.b.getIndexAttr(1));
    to.append(have.begin() + axis + 1, have.end());
    d.setResult(getOutput(), d.reshape(slice, from, d.shapes.dims(getOutput()), to));
    return success();
  }
  bool known = d.shapes.constantContent(getIndices()).has_value() && getConstantIntValue(have[axis]);
  if (!known && type.hasStaticShape() && type.getNumElements() <= kCheckedIndices)
    d.check(allInRange(d, d(getIndices()), size), "index out of range");
  else
    checkNotEmpty(d, getData(), axis, getOutput());
  SmallVector<AffineExpr> exprs;
  for (int64_t i = 0; i < picks; ++i)
    exprs.push_back(d.b.getAffineDimExpr(axis + i));
  int64_t resultRank = rank - 1 + picks;
  d.setResult(getOutput(), d.map(d(getIndices()), AffineMap::get(resultRank, 0, exprs, getContext()), d.empty(getOutput()),
                                 [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                                   IndexMath inner(b, loc);
                                   SmallVector<Value> at;
                                   for (int64_t i = 0; i < rank; ++i)
                                     at.push_back(i == axis ? inner.position(inner.cast(args[0]), size)
                                                            : linalg::IndexOp::create(b, loc, i < axis ? i : i - 1 + picks)
                                                                  .getResult());
                                   return tensor::ExtractOp::create(b, loc, data, at);
                                 }));
  return success();
}

//===--- GatherElements, GatherND -------------------------------------------===//

LogicalResult GatherElementsOp::inferShapes(ShapeContext &context) {
  FailureOr<int64_t> axis = checkedAxis(*this, getAxis(), context.rank(getData()));
  if (failed(axis) || failed(expectInteger(*this, getIndices())))
    return failure();
  if (context.rank(getIndices()) != context.rank(getData()))
    return emitOpError("expects indices of the data's rank ") << context.rank(getData()) << ", but got "
                                                              << context.rank(getIndices());
  setAxis(*axis);
  context.setType(getOutput(), context.elementType(getData()), context.dims(getIndices()));
  return success();
}
LogicalResult GatherElementsOp::decompose(Decomposer &d) {
  int64_t axis = getAxis(), rank = d.shapes.rank(getData());
  for (int64_t i = 0; i < rank; ++i)
    if (i != axis)
      checkSizes(d, getIndices(), i, getData(), i, /*atMost=*/true);
  checkNotEmpty(d, getData(), axis, getOutput());
  Value data = d(getData()), size = d.index(d.sizes(getData())[axis]);
  d.setResult(getOutput(), d.map(d(getIndices()), d.b.getMultiDimIdentityMap(rank), d.empty(getOutput()),
                                 [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                                   IndexMath math(b, loc);
                                   SmallVector<Value> at;
                                   for (int64_t i = 0; i < rank; ++i)
                                     at.push_back(i == axis ? math.position(math.cast(args[0]), size)
                                                            : linalg::IndexOp::create(b, loc, i).getResult());
                                   return tensor::ExtractOp::create(b, loc, data, at);
                                 }));
  return success();
}

LogicalResult GatherNDOp::inferShapes(ShapeContext &context) {
  Dims data = context.dims(getData()), tuples = context.dims(getIndices());
  int64_t batch = getBatchDims(), rank = data.size(), picks = tuples.size();
  if (failed(expectInteger(*this, getIndices())))
    return failure();
  if (batch < 0 || batch >= std::min(rank, picks))
    return emitOpError("expects batch_dims below both ranks, but got ") << batch;
  std::optional<int64_t> length = tuples.back().constant();
  if (!length || *length > rank - batch)
    return emitOpError("expects tuples of static length, at most ") << rank - batch << ", but got " << tuples.back().str();
  for (int64_t i = 0; i < batch; ++i)
    if (differ(data[i], tuples[i]))
      return emitOpError("expects equal batch dims, but got ") << data[i].str() << " and " << tuples[i].str();
  Dims result(tuples.begin(), tuples.end() - 1);
  result.append(data.begin() + batch + *length, data.end());
  context.setType(getOutput(), context.elementType(getData()), result);
  return success();
}
LogicalResult GatherNDOp::decompose(Decomposer &d) {
  int64_t batch = getBatchDims(), rank = d.shapes.rank(getData()), picks = d.shapes.rank(getIndices());
  int64_t length = *d.shapes.dims(getIndices()).back().constant();
  for (int64_t i = 0; i < batch; ++i)
    checkSizes(d, getIndices(), i, getData(), i);
  for (int64_t i = 0; i < length; ++i)
    checkNotEmpty(d, getData(), batch + i, getOutput());
  Value data = d(getData()), tuples = d(getIndices());
  SmallVector<Value> sizes = llvm::map_to_vector(d.sizes(getData()), [&](OpFoldResult s) { return d.index(s); });
  d.setResult(getOutput(), d.generate(d.empty(getOutput()), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    IndexMath math(b, loc);
    SmallVector<Value> tuple(at.take_front(picks - 1)), source(at.take_front(batch));
    for (int64_t i = 0; i < length; ++i) {
      tuple.push_back(math.constant(i));
      Value index = tensor::ExtractOp::create(b, loc, tuples, tuple);
      source.push_back(math.position(math.cast(index), sizes[batch + i]));
      tuple.pop_back();
    }
    llvm::append_range(source, at.take_back(rank - batch - length));
    return tensor::ExtractOp::create(b, loc, data, source);
  }));
  return success();
}

//===--- Scatter ------------------------------------------------------------===//

LogicalResult ScatterOp::upgrade(ImportedNode &node) {
  node.opType = "ScatterElements";
  return success();
}

LogicalResult ScatterElementsOp::inferShapes(ShapeContext &context) {
  int64_t rank = context.rank(getData());
  FailureOr<int64_t> axis = checkedAxis(*this, getAxis(), rank);
  if (failed(axis) || failed(checkReduction(*this, getReduction())) || failed(expectInteger(*this, getIndices())))
    return failure();
  Dims picks = context.dims(getIndices()), updates = context.dims(getUpdates());
  if (context.elementType(getUpdates()) != context.elementType(getData()))
    return emitOpError("expects updates of the data's element type");
  if (static_cast<int64_t>(picks.size()) != rank || static_cast<int64_t>(updates.size()) != rank)
    return emitOpError("expects indices and updates of the data's rank ") << rank;
  for (auto [a, b] : llvm::zip(picks, updates))
    if (differ(a, b))
      return emitOpError("expects indices and updates of one shape, but got ") << toString(picks) << " and " << toString(updates);
  setAxis(*axis);
  context.setType(getOutput(), context.elementType(getData()), context.dims(getData()));
  return success();
}
LogicalResult ScatterElementsOp::decompose(Decomposer &d) {
  int64_t axis = getAxis(), rank = d.shapes.rank(getData());
  IndexMath math(d);
  Type element = d.shapes.elementType(getData());
  for (int64_t i = 0; i < rank; ++i) {
    checkSizes(d, getIndices(), i, getUpdates(), i);
    if (i != axis)
      checkSizes(d, getIndices(), i, getData(), i, /*atMost=*/true);
  }
  SmallVector<Value> sizes = llvm::map_to_vector(d.sizes(getIndices()), [&](OpFoldResult s) { return math.of(s); });
  Value size = math.of(d.sizes(getData())[axis]), picks = d(getIndices()), updates = d(getUpdates());
  if (!d.shapes.dims(getData())[axis].constant() || d.shapes.dims(getData())[axis] == Dim(0))
    d.check(math.either(math.lt(math.constant(0), size), math.eq(math.product(sizes), math.constant(0))), "index into an axis of size 0");
  SmallVector<Value> result =
      loops(d.b, d.loc(), sizes, d(getData()), [&](OpBuilder &b, Location loc, ValueRange at, ValueRange carried) {
        IndexMath inner(b, loc);
        Value index = tensor::ExtractOp::create(b, loc, picks, at), update = tensor::ExtractOp::create(b, loc, updates, at);
        SmallVector<Value> target(at);
        target[axis] = inner.position(inner.cast(index), size);
        if (getReduction() != "none")
          update = combine(d, b, loc, getReduction(), element, tensor::ExtractOp::create(b, loc, carried[0], target), update);
        return SmallVector<Value>{tensor::InsertOp::create(b, loc, update, carried[0], target)};
      });
  d.setResult(getOutput(), result[0]);
  return success();
}

LogicalResult ScatterNDOp::inferShapes(ShapeContext &context) {
  Dims data = context.dims(getData()), tuples = context.dims(getIndices()), updates = context.dims(getUpdates());
  int64_t rank = data.size();
  if (failed(checkReduction(*this, getReduction())) || failed(expectInteger(*this, getIndices())))
    return failure();
  if (context.elementType(getUpdates()) != context.elementType(getData()))
    return emitOpError("expects updates of the data's element type");
  std::optional<int64_t> length = tuples.empty() ? std::nullopt : tuples.back().constant();
  if (!length || *length > rank)
    return emitOpError("expects tuples of static length, at most ") << rank;
  Dims expected(tuples.begin(), tuples.end() - 1);
  expected.append(data.begin() + *length, data.end());
  bool wrong = expected.size() != updates.size();
  for (size_t i = 0; !wrong && i < updates.size(); ++i)
    wrong = differ(expected[i], updates[i]);
  if (wrong)
    return emitOpError("expects updates of shape ") << toString(expected) << ", but got " << toString(updates);
  context.setType(getOutput(), context.elementType(getData()), data);
  return success();
}
LogicalResult ScatterNDOp::decompose(Decomposer &d) {
  IndexMath math(d);
  int64_t rank = d.shapes.rank(getData()), picks = d.shapes.rank(getIndices()) - 1;
  int64_t length = *d.shapes.dims(getIndices()).back().constant();
  Type element = d.shapes.elementType(getData());
  for (int64_t i = 0; i < picks; ++i)
    checkSizes(d, getUpdates(), i, getIndices(), i);
  for (int64_t i = length; i < rank; ++i)
    checkSizes(d, getUpdates(), picks + i - length, getData(), i);
  SmallVector<Value> have = llvm::map_to_vector(d.sizes(getData()), [&](OpFoldResult s) { return math.of(s); });
  SmallVector<Value> sizes = llvm::map_to_vector(d.sizes(getUpdates()), [&](OpFoldResult s) { return math.of(s); });
  for (int64_t i = 0; i < length; ++i)
    if (!d.shapes.dims(getData())[i].constant() || d.shapes.dims(getData())[i] == Dim(0))
      d.check(math.either(math.lt(math.constant(0), have[i]), math.eq(math.product(sizes), math.constant(0))), "index into an axis of size 0");
  Value tuples = d(getIndices()), updates = d(getUpdates());
  SmallVector<Value> result =
      loops(d.b, d.loc(), sizes, d(getData()), [&](OpBuilder &b, Location loc, ValueRange at, ValueRange carried) {
        IndexMath inner(b, loc);
        SmallVector<Value> tuple(at.take_front(picks)), target;
        for (int64_t i = 0; i < length; ++i) {
          tuple.push_back(inner.constant(i));
          Value index = tensor::ExtractOp::create(b, loc, tuples, tuple);
          target.push_back(inner.position(inner.cast(index), have[i]));
          tuple.pop_back();
        }
        llvm::append_range(target, at.drop_front(picks));
        Value update = tensor::ExtractOp::create(b, loc, updates, at);
        if (getReduction() != "none")
          update = combine(d, b, loc, getReduction(), element, tensor::ExtractOp::create(b, loc, carried[0], target), update);
        return SmallVector<Value>{tensor::InsertOp::create(b, loc, update, carried[0], target)};
      });
  d.setResult(getOutput(), result[0]);
  return success();
}

LogicalResult TensorScatterOp::inferShapes(ShapeContext &context) {
  Dims cache = context.dims(getPastCache()), update = context.dims(getUpdate());
  FailureOr<int64_t> axis = checkedAxis(*this, getAxis(), cache.size());
  if (failed(axis))
    return failure();
  if (*axis == 0)
    return emitOpError("expects a sequence axis other than the batch axis 0");
  if (getMode() != "linear" && getMode() != "circular")
    return emitOpError("expects mode linear or circular, but got ") << getMode();
  bool wrong = cache.size() != update.size();
  for (size_t i = 0; !wrong && i < cache.size(); ++i)
    wrong = static_cast<int64_t>(i) != *axis && differ(cache[i], update[i]);
  if (wrong)
    return emitOpError("expects an update that differs from the cache along the axis only, but got shapes ")
           << toString(cache) << " and " << toString(update);
  setAxis(*axis);
  context.setType(getPresentCache(), context.elementType(getPastCache()), cache);
  return success();
}
LogicalResult TensorScatterOp::decompose(Decomposer &d) {
  IndexMath math(d);
  int64_t axis = getAxis(), rank = d.shapes.rank(getPastCache());
  bool circular = getMode() == "circular";
  for (int64_t i = 0; i < rank; ++i)
    checkSizes(d, getUpdate(), i, getPastCache(), i, /*atMost=*/i == axis);
  Value starts = d(getWriteIndices()), update = d(getUpdate()), zero = math.constant(0);
  if (starts)
    checkSizes(d, getPastCache(), 0, getWriteIndices(), 0);
  SmallVector<Value> sizes = llvm::map_to_vector(d.sizes(getUpdate()), [&](OpFoldResult s) { return math.of(s); });
  Value size = math.of(d.sizes(getPastCache())[axis]), length = sizes[axis];
  // Where each sample's update begins, brought inside the cache.
  SmallVector<Value> result =
      loops(d.b, d.loc(), sizes, d(getPastCache()), [&](OpBuilder &b, Location loc, ValueRange at, ValueRange carried) {
        IndexMath inner(b, loc);
        Value start = starts ? inner.cast(tensor::ExtractOp::create(b, loc, starts, at[0])) : zero;
        SmallVector<Value> target(at);
        start = inner.max(start, zero);
        target[axis] = circular ? inner.rem(inner.add(inner.rem(start, size), at[axis]), size)
                                : inner.add(inner.min(start, inner.sub(size, length)), at[axis]);
        Value element = tensor::ExtractOp::create(b, loc, update, at);
        return SmallVector<Value>{tensor::InsertOp::create(b, loc, element, carried[0], target)};
      });
  d.setResult(getPresentCache(), result[0]);
  return success();
}
