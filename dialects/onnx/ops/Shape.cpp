// Ops that ask for or change the shape of a tensor and keep its elements.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Shape.h"

#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Shape.cpp.inc"

namespace brisk::onnx {
void addShapeOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Shape.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

Dim product(ArrayRef<Dim> dims) {
  Dim total(1);
  for (const Dim &dim : dims)
    total = total * dim;
  return total;
}

Type i64(Operation *op) { return IntegerType::get(op->getContext(), 64); }

/// start .. end-1 of `op`, clamped to the rank.
std::pair<int64_t, int64_t> range(ShapeOp op, int64_t rank) {
  auto clamp = [&](int64_t axis) { return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank); };
  int64_t start = clamp(op.getStart()), end = op.getEnd() ? clamp(*op.getEnd()) : rank;
  return {start, std::max(start, end)};
}

/// A result that regroups its operand's elements: identity if nothing changes.
OpFoldResult foldSameType(Value operand, Value result) {
  auto type = dyn_cast<RankedTensorType>(operand.getType());
  bool known = type && llvm::none_of(dimsOf(type), [](const Dim &dim) { return dim.symbolName() == "?"; });
  return known && type == result.getType() ? operand : Value();
}

/// Emits a tensor.empty of the given sizes for a result and binds the symbols of its type.
Value emptyResult(Decomposer &d, Value result, ArrayRef<OpFoldResult> sizes) {
  Value init = d.empty(storageType(getElementTypeOrSelf(result.getType())), sizes);
  d.bind(result, init);
  return init;
}

} // namespace

//===--- Shape, Size --------------------------------------------------------===//

LogicalResult ShapeOp::inferShapes(ShapeContext &context) {
  auto [start, end] = range(*this, context.rank(getData()));
  context.setType(getShape(), i64(*this), Dim(end - start));
  return success();
}
std::optional<Dims> ShapeOp::inferContent(ShapeContext &context, unsigned) {
  if (!isa<RankedTensorType>(getData().getType()))
    return std::nullopt;
  auto [start, end] = range(*this, context.rank(getData()));
  Dims dims = context.dims(getData());
  return Dims(dims.begin() + start, dims.begin() + end);
}
LogicalResult ShapeOp::decompose(Decomposer &d) {
  auto [start, end] = range(*this, d.shapes.rank(getData()));
  SmallVector<Value> elements;
  SmallVector<OpFoldResult> sizes = d.sizes(getData());
  for (OpFoldResult size : ArrayRef(sizes).slice(start, end - start))
    elements.push_back(d.b.createOrFold<arith::IndexCastOp>(d.loc(), d.b.getI64Type(), d.index(size)));
  auto type = RankedTensorType::get({end - start}, d.b.getI64Type());
  d.setResult(getShape(), tensor::FromElementsOp::create(d.b, d.loc(), type, elements));
  return success();
}

LogicalResult SizeOp::inferShapes(ShapeContext &context) {
  context.setType(getSize(), i64(*this), {});
  return success();
}
std::optional<Dims> SizeOp::inferContent(ShapeContext &context, unsigned) {
  if (!isa<RankedTensorType>(getData().getType()))
    return std::nullopt;
  return Dims{product(context.dims(getData()))};
}
LogicalResult SizeOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Value total = math.constant(1);
  for (OpFoldResult size : d.sizes(getData()))
    total = math.mul(total, math.of(size));
  Value element = d.b.createOrFold<arith::IndexCastOp>(d.loc(), d.b.getI64Type(), total);
  auto type = RankedTensorType::get({}, d.b.getI64Type());
  d.setResult(getSize(), tensor::FromElementsOp::create(d.b, d.loc(), type, element));
  return success();
}

//===--- Reshape, Flatten ---------------------------------------------------===//

LogicalResult ReshapeOp::upgrade(ImportedNode &node) {
  node.attributeToOperand("shape", 1); // opset 1
  return success();
}
LogicalResult ReshapeOp::inferShapes(ShapeContext &context) {
  Dims from = context.dims(getData()), to;
  std::optional<Dims> target = context.content(getShape());
  if (!target) {
    std::optional<int64_t> rank = lengthOf(getShape());
    if (!rank)
      return emitOpError("expects a target shape of static length");
    for (int64_t i = 0; i < *rank; ++i)
      to.push_back(context.unknown(getReshaped(), i));
    context.setType(getReshaped(), context.elementType(getData()), to);
    return success();
  }
  std::optional<size_t> open;
  for (auto [i, dim] : llvm::enumerate(*target)) {
    if (dim == Dim(0) && !getAllowzero()) {
      if (i >= from.size())
        return emitOpError("expects 0 in the target shape only for axes of the data, but got one at axis ") << i;
      to.push_back(from[i]);
    } else if (dim == Dim(-1)) {
      if (open)
        return emitOpError("expects at most one -1 in the target shape");
      open = i;
      to.push_back(Dim(1));
    } else if (dim.constant() && *dim.constant() < 0) {
      return emitOpError("expects a target shape of sizes, -1 and 0, but got ") << dim.str();
    } else {
      to.push_back(dim);
    }
  }
  Dim have = product(from), want = product(to);
  if (open) {
    std::optional<Dim> quotient;
    if (want != Dim(0))
      quotient = have.exactDiv(want);
    if (!quotient && have.constant() && want.constant())
      return emitOpError("expects a target shape of ") << have.str() << " elements, but got " << toString(*target);
    to[*open] = quotient ? *quotient : have.floorDiv(want);
  } else if (have.constant() && want.constant() && have != want) {
    return emitOpError("expects a target shape of ") << have.str() << " elements, but got " << toString(to);
  }
  context.setType(getReshaped(), context.elementType(getData()), to);
  return success();
}
std::optional<Dims> ReshapeOp::inferContent(ShapeContext &context, unsigned) { return context.content(getData()); }
OpFoldResult ReshapeOp::fold(FoldAdaptor) { return foldSameType(getData(), getReshaped()); }
LogicalResult ReshapeOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Dims dims = d.shapes.dims(getReshaped()), from = d.shapes.dims(getData());
  SmallVector<Value> have = llvm::map_to_vector(d.sizes(getData()), [&](OpFoldResult s) { return math.of(s); });
  SmallVector<OpFoldResult> sizes;
  if (llvm::all_of(dims, [&](const Dim &dim) { return d.canMaterialize(dim); })) {
    for (const Dim &dim : dims)
      sizes.push_back(d.size(dim));
  } else {
    // The target as it is at run time: 0 copies, -1 is what the others leave.
    SmallVector<Value> target = indices(d, getShape());
    Value minusOne = math.constant(-1), zero = math.constant(0), rest = math.constant(1);
    for (auto [i, size] : llvm::enumerate(target)) {
      if (!getAllowzero() && i < have.size())
        size = math.select(math.eq(size, zero), have[i], size);
      rest = math.mul(rest, math.select(math.eq(size, minusOne), math.constant(1), size));
    }
    Value quotient = math.div(math.product(have), math.max(rest, math.constant(1)));
    for (Value size : target)
      sizes.push_back(getAsOpFoldResult(math.max(math.select(math.eq(size, minusOne), quotient, size), zero)));
  }
  if (product(from) != product(dims)) {
    SmallVector<Value> want = llvm::map_to_vector(sizes, [&](OpFoldResult s) { return math.of(s); });
    d.check(math.eq(math.product(have), math.product(want)), "target shape has another number of elements");
  }
  d.setResult(getReshaped(), d.reshape(d(getData()), from, dims, sizes));
  return success();
}

LogicalResult FlattenOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getInput());
  int64_t rank = dims.size(), axis = getAxis();
  if (axis < -rank || axis > rank)
    return emitOpError("expects an axis within -") << rank << " .. " << rank << ", but got " << axis;
  axis += axis < 0 ? rank : 0;
  context.setType(getOutput(), context.elementType(getInput()),
                  {product(ArrayRef(dims).take_front(axis)), product(ArrayRef(dims).drop_front(axis))});
  return success();
}
OpFoldResult FlattenOp::fold(FoldAdaptor) { return foldSameType(getInput(), getOutput()); }
LogicalResult FlattenOp::decompose(Decomposer &d) {
  ShapeContext &shapes = d.shapes;
  d.setResult(getOutput(), d.reshape(d(getInput()), shapes.dims(getInput()), shapes.dims(getOutput()),
                                     d.sizes(getOutput())));
  return success();
}

//===--- Squeeze, Unsqueeze -------------------------------------------------===//

LogicalResult SqueezeOp::upgrade(ImportedNode &node) {
  node.attributeToOperand("axes", 1); // opset < 13
  return success();
}
LogicalResult SqueezeOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getData()), result;
  int64_t rank = dims.size();
  SmallVector<int64_t> dropped;
  if (isPresent(getAxes())) {
    std::optional<SmallVector<int64_t>> axes = context.constantContent(getAxes());
    if (!axes) {
      std::optional<int64_t> length = lengthOf(getAxes());
      if (!length || *length > rank)
        return emitOpError("expects axes of static number, at most ") << rank;
      for (int64_t i = 0; i < rank - *length; ++i)
        result.push_back(context.unknown(getSqueezed(), i));
      context.setType(getSqueezed(), context.elementType(getData()), result);
      return success();
    }
    FailureOr<SmallVector<int64_t>> checked = checkedAxes(*this, *axes, rank);
    if (failed(checked))
      return failure();
    dropped = *checked;
    for (int64_t axis : dropped)
      if (dims[axis].constant() && dims[axis] != Dim(1))
        return emitOpError("expects dims of 1 where it squeezes, but got ") << dims[axis].str() << " at axis " << axis;
  } else {
    for (int64_t axis = 0; axis < rank; ++axis)
      if (dims[axis] == Dim(1))
        dropped.push_back(axis);
  }
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!llvm::is_contained(dropped, axis))
      result.push_back(dims[axis]);
  context.setType(getSqueezed(), context.elementType(getData()), result);
  return success();
}
std::optional<Dims> SqueezeOp::inferContent(ShapeContext &context, unsigned) { return context.content(getData()); }
LogicalResult SqueezeOp::decompose(Decomposer &d) {
  IndexMath math(d);
  SmallVector<OpFoldResult> sizes;
  Dims dims = d.shapes.dims(getData());
  SmallVector<OpFoldResult> have = d.sizes(getData());
  int64_t rank = dims.size();
  std::optional<SmallVector<int64_t>> axes;
  if (isPresent(getAxes()))
    axes = d.shapes.constantContent(getAxes());
  if (axes || !isPresent(getAxes())) {
    for (int64_t axis = 0; axis < rank; ++axis) {
      bool dropped = axes ? llvm::is_contained(*axes, axis) || llvm::is_contained(*axes, axis - rank)
                          : dims[axis] == Dim(1);
      if (!dropped)
        sizes.push_back(have[axis]);
      else if (dims[axis] != Dim(1))
        d.check(math.eq(math.of(have[axis]), math.constant(1)), "squeezed axis is not of size 1");
    }
  } else {
    // Axes known at run time only: result axis j takes the j-th axis that stays.
    SmallVector<Value> dropped;
    for (Value axis : indices(d, getAxes()))
      dropped.push_back(math.fromEnd(axis, math.constant(rank)));
    SmallVector<Value> result(rank - dropped.size(), math.constant(1));
    Value position = math.constant(0), all = math.constant(1), kept = math.constant(1);
    for (int64_t axis = 0; axis < rank; ++axis) {
      Value gone = arith::ConstantIntOp::create(d.b, d.loc(), d.b.getI1Type(), 0);
      for (Value drop : dropped)
        gone = math.either(gone, math.eq(drop, math.constant(axis)));
      for (auto [j, size] : llvm::enumerate(result))
        size = math.select(math.both(math.negate(gone), math.eq(position, math.constant(j))), math.of(have[axis]), size);
      position = math.select(gone, position, math.add(position, math.constant(1)));
      all = math.mul(all, math.of(have[axis]));
    }
    for (Value size : result) {
      kept = math.mul(kept, size);
      sizes.push_back(getAsOpFoldResult(size));
    }
    d.check(math.eq(all, kept), "squeezed axis is not of size 1");
  }
  d.setResult(getSqueezed(), d.reshape(d(getData()), dims, d.shapes.dims(getSqueezed()), sizes));
  return success();
}

LogicalResult UnsqueezeOp::upgrade(ImportedNode &node) {
  node.attributeToOperand("axes", 1); // opset < 13
  return success();
}
LogicalResult UnsqueezeOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getData()), result;
  std::optional<SmallVector<int64_t>> axes = context.constantContent(getAxes());
  std::optional<int64_t> length = axes ? std::optional<int64_t>(axes->size()) : lengthOf(getAxes());
  if (!length)
    return emitOpError("expects axes of static number");
  int64_t rank = dims.size() + *length;
  if (axes) {
    FailureOr<SmallVector<int64_t>> checked = checkedAxes(*this, *axes, rank);
    if (failed(checked))
      return failure();
    for (int64_t axis = 0, next = 0; axis < rank; ++axis)
      result.push_back(llvm::is_contained(*checked, axis) ? Dim(1) : dims[next++]);
  } else {
    for (int64_t axis = 0; axis < rank; ++axis)
      result.push_back(context.unknown(getExpanded(), axis));
  }
  context.setType(getExpanded(), context.elementType(getData()), result);
  return success();
}
std::optional<Dims> UnsqueezeOp::inferContent(ShapeContext &context, unsigned) { return context.content(getData()); }
LogicalResult UnsqueezeOp::decompose(Decomposer &d) {
  SmallVector<OpFoldResult> have = d.sizes(getData()), sizes;
  int64_t rank = d.shapes.rank(getExpanded());
  if (std::optional<SmallVector<int64_t>> axes = d.shapes.constantContent(getAxes())) {
    for (int64_t axis = 0, next = 0; axis < rank; ++axis) {
      bool added = llvm::is_contained(*axes, axis) || llvm::is_contained(*axes, axis - rank);
      sizes.push_back(added ? OpFoldResult(d.b.getIndexAttr(1)) : have[next++]);
    }
  } else {
    IndexMath math(d);
    SmallVector<Value> added;
    for (Value axis : indices(d, getAxes()))
      added.push_back(math.fromEnd(axis, math.constant(rank)));
    Value next = math.constant(0);
    for (int64_t axis = 0; axis < rank; ++axis) {
      Value isNew = arith::ConstantIntOp::create(d.b, d.loc(), d.b.getI1Type(), 0), size = math.constant(1);
      for (Value add : added)
        isNew = math.either(isNew, math.eq(add, math.constant(axis)));
      for (auto [i, old] : llvm::enumerate(have))
        size = math.select(math.both(math.negate(isNew), math.eq(next, math.constant(i))), math.of(old), size);
      next = math.select(isNew, next, math.add(next, math.constant(1)));
      sizes.push_back(getAsOpFoldResult(size));
    }
    // Repeated or wild axes would leave the shapes with different numbers of elements.
    Value all = math.constant(1), kept = math.constant(1);
    for (OpFoldResult size : have)
      all = math.mul(all, math.of(size));
    for (OpFoldResult size : sizes)
      kept = math.mul(kept, math.of(size));
    d.check(math.eq(all, kept), "axes are out of range or repeated");
  }
  d.setResult(getExpanded(), d.reshape(d(getData()), d.shapes.dims(getData()), d.shapes.dims(getExpanded()), sizes));
  return success();
}

//===--- Transpose ----------------------------------------------------------===//

SmallVector<int64_t> TransposeOp::permutation() {
  if (getPerm())
    return SmallVector<int64_t>(*getPerm());
  SmallVector<int64_t> reversed;
  for (int64_t axis = cast<RankedTensorType>(getData().getType()).getRank(); axis-- > 0;)
    reversed.push_back(axis);
  return reversed;
}
LogicalResult TransposeOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getData()), result;
  SmallVector<int64_t> perm = permutation();
  if (perm.size() != dims.size())
    return emitOpError("expects a permutation of ") << dims.size() << " axes, but got " << perm.size();
  if (failed(checkedAxes(*this, perm, dims.size())))
    return failure();
  for (int64_t &axis : perm) {
    axis = *normalizeAxis(axis, dims.size());
    result.push_back(dims[axis]);
  }
  if (getPerm())
    setPerm(perm);
  context.setType(getTransposed(), context.elementType(getData()), result);
  return success();
}
std::optional<Dims> TransposeOp::inferContent(ShapeContext &context, unsigned) { return context.content(getData()); }
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (!isa<RankedTensorType>(getData().getType()))
    return {};
  SmallVector<int64_t> perm = permutation();
  for (auto [i, axis] : llvm::enumerate(perm))
    if (axis != static_cast<int64_t>(i))
      return {};
  return getData().getType() == getTransposed().getType() ? getData() : Value();
}
LogicalResult TransposeOp::decompose(Decomposer &d) {
  // Axes of size 1 may move anywhere: if the others keep their order, nothing moves in memory.
  Dims dims = d.shapes.dims(getData());
  SmallVector<int64_t> perm = permutation(), moving;
  llvm::copy_if(perm, std::back_inserter(moving), [&](int64_t axis) { return dims[axis] != Dim(1); });
  Value data = d(getData());
  d.setResult(getTransposed(),
              llvm::is_sorted(moving)
                  ? d.reshape(data, dims, d.shapes.dims(getTransposed()), d.sizes(getTransposed()))
                  : d.transpose(data, perm));
  return success();
}

//===--- Expand, Tile -------------------------------------------------------===//

LogicalResult ExpandOp::inferShapes(ShapeContext &context) {
  Dims from = context.dims(getInput());
  std::optional<Dims> target = context.content(getShape());
  if (!target) {
    std::optional<int64_t> length = lengthOf(getShape());
    if (!length)
      return emitOpError("expects a target shape of static length");
    Dims to;
    for (int64_t i = 0, rank = std::max<int64_t>(*length, from.size()); i < rank; ++i)
      to.push_back(i < rank - *length ? from[i] : context.unknown(getOutput(), i));
    context.setType(getOutput(), context.elementType(getInput()), to);
    return success();
  }
  std::optional<Dims> to = broadcastShapes(from, *target);
  if (!to)
    return emitOpError("expects a shape that broadcasts with ") << toString(from) << ", but got " << toString(*target);
  context.setType(getOutput(), context.elementType(getInput()), *to);
  return success();
}
std::optional<Dims> ExpandOp::inferContent(ShapeContext &context, unsigned) {
  auto type = cast<RankedTensorType>(getOutput().getType());
  std::optional<Dims> content = context.content(getInput());
  if (!content || !type.hasStaticShape() || type.getNumElements() > ShapeContext::kMaxContent)
    return std::nullopt;
  if (content->size() == 1)
    return Dims(type.getNumElements(), content->front());
  return content;
}
OpFoldResult ExpandOp::fold(FoldAdaptor) { return foldSameType(getInput(), getOutput()); }
LogicalResult ExpandOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Dims dims = d.shapes.dims(getOutput());
  SmallVector<OpFoldResult> have = d.sizes(getInput()), want, sizes;
  if (!llvm::all_of(dims, [&](const Dim &dim) { return d.canMaterialize(dim); }))
    want = integers(d, getShape());
  for (auto [i, dim] : llvm::enumerate(dims)) {
    sizes.push_back(sizeOr(d, dim, [&] {
      int64_t fromWant = i + want.size() - dims.size(), fromHave = i + have.size() - dims.size();
      Value size = math.max(math.of(want[fromWant]), math.constant(0));
      if (fromHave < 0)
        return size;
      Value old = math.of(have[fromHave]);
      return math.select(math.eq(old, math.constant(1)), size, old);
    }));
  }
  Value init = emptyResult(d, getOutput(), sizes);
  SmallVector<Value> lowered = {d(getInput())};
  SmallVector<AffineMap> maps = d.broadcast(lowered, {d.shapes.dims(getInput())}, dims);
  d.setResult(getOutput(), d.map(lowered, maps, init, [](OpBuilder &, Location, ValueRange args) { return args[0]; }));
  return success();
}

LogicalResult TileOp::upgrade(ImportedNode &node) {
  if (node.opset < 6)
    return node.error() << "is not supported before opset 6";
  return success();
}
LogicalResult TileOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getInput());
  std::optional<Dims> repeats = context.content(getRepeats());
  if (repeats && repeats->size() != dims.size())
    return emitOpError("expects ") << dims.size() << " repeats, but got " << repeats->size();
  for (auto [i, dim] : llvm::enumerate(dims)) {
    if (repeats && (*repeats)[i].constant() && *(*repeats)[i].constant() < 0)
      return emitOpError("expects repeats of at least 0, but got ") << (*repeats)[i].str();
    dim = repeats ? dim * (*repeats)[i] : context.unknown(getOutput(), i);
  }
  context.setType(getOutput(), context.elementType(getInput()), dims);
  return success();
}
std::optional<Dims> TileOp::inferContent(ShapeContext &context, unsigned) {
  std::optional<Dims> content = context.content(getInput());
  std::optional<SmallVector<int64_t>> repeats = context.constantContent(getRepeats());
  if (!content || !repeats || repeats->size() != 1 || repeats->front() < 0 ||
      repeats->front() > ShapeContext::kMaxContent)
    return std::nullopt;
  Dims result;
  for (int64_t i = 0; i < repeats->front() && result.size() <= ShapeContext::kMaxContent; ++i)
    llvm::append_range(result, *content);
  return result;
}
OpFoldResult TileOp::fold(FoldAdaptor) { return foldSameType(getInput(), getOutput()); }
LogicalResult TileOp::decompose(Decomposer &d) {
  // Each axis is a pair (repeat, position) until the pairs are merged.
  IndexMath math(d);
  Dims dims = d.shapes.dims(getInput());
  SmallVector<OpFoldResult> have = d.sizes(getInput()), pairs, sizes;
  SmallVector<AffineExpr> exprs;
  SmallVector<Value> repeats = indices(d, getRepeats());
  if (repeats.size() != dims.size())
    return emitOpError("expects repeats of static number");
  for (auto [i, dim] : llvm::enumerate(dims)) {
    Value repeat = math.max(repeats[i], math.constant(0));
    sizes.push_back(getAsOpFoldResult(math.mul(repeat, math.of(have[i]))));
    bool once = getConstantIntValue(getAsOpFoldResult(repeat)) == 1;
    if (!once)
      pairs.push_back(getAsOpFoldResult(repeat));
    if (!once && dim == Dim(1)) {
      exprs.push_back(d.b.getAffineConstantExpr(0));
      continue;
    }
    exprs.push_back(d.b.getAffineDimExpr(pairs.size()));
    pairs.push_back(have[i]);
  }
  Value init = d.empty(storageType(d.shapes.elementType(getInput())), pairs);
  AffineMap map = AffineMap::get(pairs.size(), 0, exprs, getContext());
  Value tiled = d.map(d(getInput()), map, init, [](OpBuilder &, Location, ValueRange args) { return args[0]; });
  d.setResult(getOutput(), d.reshape(tiled, sizes));
  return success();
}
