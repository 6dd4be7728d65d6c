// Ops that sort, search and filter: their loops are sequential.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Select.h"

#include "dialects/onnx/Scalar.h"
#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Select.cpp.inc"

namespace brisk::onnx {
void addSelectOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Select.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

/// Up to this many elements are kept sorted by insertion; more are sorted all.
constexpr int64_t kInsertionLimit = 64;

Value toI64(OpBuilder &b, Location loc, Value index) {
  return arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
}

/// An element as it is compared: narrow floats widened.
Value key(Decomposer &d, Value stored, Type element) {
  return Scalar(d.b, d.loc(), d.load(d.b, stored, element), isUnsignedElement(element)).value();
}

Value isNonZero(Decomposer &d, Value stored, Type element) {
  Value x = d.load(d.b, stored, element);
  if (x.getType().isInteger(1))
    return x;
  Scalar scalar(d.b, d.loc(), x, isUnsignedElement(element));
  return notEqual(scalar, scalar.constant(0)).value();
}

SmallVector<Value> values(Decomposer &d, ArrayRef<OpFoldResult> sizes) {
  return llvm::map_to_vector(sizes, [&](OpFoldResult size) { return d.index(size); });
}

} // namespace

//===--- NonZero, Compress --------------------------------------------------===//

LogicalResult NonZeroOp::inferShapes(ShapeContext &context) {
  context.setType(getY(), IntegerType::get(getContext(), 64), {Dim(context.rank(getX())), context.unknown(getY(), 1)});
  return success();
}
LogicalResult NonZeroOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Type element = d.shapes.elementType(getX());
  Value x = d(getX()), zero = math.constant(0), one = math.constant(1);
  SmallVector<Value> sizes = values(d, d.sizes(getX()));
  auto found = [&](ValueRange at) { return isNonZero(d, tensor::ExtractOp::create(d.b, d.loc(), x, at), element); };
  Value count = loops(d.b, d.loc(), sizes, zero, [&](OpBuilder &b, Location loc, ValueRange at, ValueRange carried) {
    OpBuilder::InsertionGuard guard(d.b);
    d.b.setInsertionPoint(b.getInsertionBlock(), b.getInsertionPoint());
    return SmallVector<Value>{math.select(found(at), math.add(carried[0], one), carried[0])};
  })[0];
  Value init = d.empty(d.b.getI64Type(), {d.b.getIndexAttr(sizes.size()), getAsOpFoldResult(count)});
  SmallVector<Value> filled =
      loops(d.b, d.loc(), sizes, {init, zero}, [&](OpBuilder &b, Location loc, ValueRange at, ValueRange carried) {
        OpBuilder::InsertionGuard guard(d.b);
        d.b.setInsertionPoint(b.getInsertionBlock(), b.getInsertionPoint());
        SmallVector<Value> state(carried);
        return updateIf(d.b, loc, found(at), state, [&] {
          Value result = state[0];
          for (auto [axis, index] : llvm::enumerate(at))
            result = tensor::InsertOp::create(d.b, loc, toI64(d.b, loc, index), result,
                                              ValueRange{math.constant(axis), state[1]});
          return SmallVector<Value>{result, math.add(state[1], one)};
        });
      });
  d.setResult(getY(), filled[0]);
  return success();
}

LogicalResult CompressOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getInput());
  if (context.rank(getCondition()) != 1)
    return emitOpError("expects a condition of rank 1, but got ") << context.rank(getCondition());
  if (!getAxis()) {
    context.setType(getOutput(), context.elementType(getInput()), context.unknown(getOutput(), 0));
    return success();
  }
  FailureOr<int64_t> axis = checkedAxis(*this, *getAxis(), dims.size());
  if (failed(axis))
    return failure();
  setAxis(*axis);
  dims[*axis] = context.unknown(getOutput(), *axis);
  context.setType(getOutput(), context.elementType(getInput()), dims);
  return success();
}
LogicalResult CompressOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Type element = d.shapes.elementType(getCondition());
  Value x = d(getInput()), condition = d(getCondition()), zero = math.constant(0), one = math.constant(1);
  SmallVector<OpFoldResult> sizes = d.sizes(getInput());
  int64_t axis = getAxis().value_or(0);
  if (!getAxis()) {
    sizes = {getAsOpFoldResult(math.product(values(d, sizes)))};
    x = d.reshape(x, sizes);
  }
  Value length = math.min(math.of(d.sizes(getCondition())[0]), math.of(sizes[axis]));
  auto holds = [&](Value i) { return isNonZero(d, tensor::ExtractOp::create(d.b, d.loc(), condition, i), element); };
  Value count = loop(d.b, d.loc(), zero, length, one, zero, [&](Value i, ValueRange carried) {
    return SmallVector<Value>{math.select(holds(i), math.add(carried[0], one), carried[0])};
  })[0];
  Value positions = d.empty(d.b.getI64Type(), getAsOpFoldResult(count));
  positions = loop(d.b, d.loc(), zero, length, one, {positions, zero}, [&](Value i, ValueRange carried) {
    SmallVector<Value> state(carried);
    return updateIf(d.b, d.loc(), holds(i), state, [&] {
      Value next = tensor::InsertOp::create(d.b, d.loc(), toI64(d.b, d.loc(), i), state[0], state[1]);
      return SmallVector<Value>{next, math.add(state[1], one)};
    });
  })[0];
  sizes[axis] = getAsOpFoldResult(count);
  Value init = d.empty(cast<RankedTensorType>(x.getType()).getElementType(), sizes);
  AffineMap along = AffineMap::get(sizes.size(), 0, d.b.getAffineDimExpr(axis));
  d.setResult(getOutput(), d.map(positions, along, init, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    IndexMath inner(b, loc);
    SmallVector<Value> at;
    for (int64_t i = 0, rank = sizes.size(); i < rank; ++i)
      at.push_back(i == axis ? inner.cast(args[0]) : linalg::IndexOp::create(b, loc, i).getResult());
    return tensor::ExtractOp::create(b, loc, x, at);
  }));
  return success();
}

//===--- TopK ---------------------------------------------------------------===//

LogicalResult TopKOp::upgrade(ImportedNode &node) {
  if (auto k = dyn_cast_if_present<IntegerAttr>(node.attributes.erase("k"))) // opset < 10
    node.setOperand(1, node.constant(k.getInt()));
  return success();
}
LogicalResult TopKOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getX());
  FailureOr<int64_t> axis = checkedAxis(*this, getAxis(), dims.size());
  if (failed(axis))
    return failure();
  setAxis(*axis);
  if (lengthOf(getK()) != 1)
    return emitOpError("expects one number k");
  std::optional<Dims> k = context.content(getK());
  if (k && k->front().constant() &&
      (*k->front().constant() < 0 || (dims[*axis].constant() && *k->front().constant() > *dims[*axis].constant())))
    return emitOpError("expects k from 0 to ") << dims[*axis].str() << ", but got " << k->front().str();
  dims[*axis] = k ? k->front() : context.unknown(getValues(), *axis);
  context.setType(getValues(), context.elementType(getX()), dims);
  context.setType(getIndices(), IntegerType::get(getContext(), 64), dims);
  return success();
}
LogicalResult TopKOp::decompose(Decomposer &d) {
  IndexMath math(d);
  OpBuilder &b = d.b;
  Location loc = d.loc();
  Type element = d.shapes.elementType(getX());
  int64_t axis = getAxis();
  Value x = d(getX()), zero = math.constant(0), one = math.constant(1);
  SmallVector<OpFoldResult> sizes = d.sizes(getX()), results = sizes;
  Value size = math.of(sizes[axis]), k = math.of(sizeOr(d, d.shapes.dims(getValues())[axis], [&] { return scalar(d, getK()); }));
  if (!getConstantIntValue(getAsOpFoldResult(k)) || !getConstantIntValue(sizes[axis]))
    d.check(math.both(math.le(zero, k), math.le(k, size)), "k is out of range");
  // Safe whatever k is.
  k = math.clamp(k, zero, size);
  results[axis] = getAsOpFoldResult(k);
  Value valuesInit = d.empty(storageType(element), results), indicesInit = d.empty(b.getI64Type(), results);
  SmallVector<Value> outer = values(d, sizes);
  outer[axis] = one;
  auto better = [&](Value p, Value q) { return getLargest() ? lessThan(b, loc, element, q, p) : lessThan(b, loc, element, p, q); };
  std::optional<int64_t> known = getConstantIntValue(results[axis]);
  bool isSmall = known && *known <= kInsertionLimit;
  Value order = d.empty(b.getI64Type(), isSmall ? OpFoldResult(b.getIndexAttr(1)) : sizes[axis]), scratch = order;
  if (!isSmall)
    scratch = d.empty(b.getI64Type(), sizes[axis]);
  SmallVector<Value> init = {valuesInit, indicesInit};
  if (!isSmall)
    init.append({order, scratch});
  SmallVector<Value> done = loops(b, loc, outer, init, [&](OpBuilder &nested, Location, ValueRange at, ValueRange carried) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
    SmallVector<Value> state(carried);
    auto place = [&](Value i) {
      SmallVector<Value> position(at);
      position[axis] = i;
      return position;
    };
    auto read = [&](Value i) { return key(d, tensor::ExtractOp::create(b, loc, x, place(i)), element); };
    auto store = [&](ArrayRef<Value> targets, Value from, Value to) {
      Value stored = tensor::ExtractOp::create(b, loc, x, place(from));
      Value first = tensor::InsertOp::create(b, loc, stored, targets[0], place(to));
      Value second = tensor::InsertOp::create(b, loc, toI64(b, loc, from), targets[1], place(to));
      return SmallVector<Value>{first, second};
    };
    if (!isSmall) {
      auto [sorted, other] = sortIndices(b, loc, size, state[2], state[3], [&](Value i, Value j) { return better(read(i), read(j)); });
      SmallVector<Value> copied = loop(b, loc, zero, k, one, {state[0], state[1]}, [&](Value i, ValueRange targets) {
        return store({targets[0], targets[1]}, math.cast(tensor::ExtractOp::create(b, loc, sorted, i)), i);
      });
      return SmallVector<Value>{copied[0], copied[1], sorted, other};
    }
    if (*known == 0)
      return state;
    // The best so far, in order; a newcomer moves those after it back by one.
    Value last = math.sub(k, one);
    return loop(b, loc, zero, size, one, state, [&](Value i, ValueRange best) {
      SmallVector<Value> now(best);
      Value x0 = read(i), worst = math.cast(tensor::ExtractOp::create(b, loc, now[1], place(math.min(last, i))));
      // Positions from i on hold nothing yet, whatever is read there is not used.
      Value safe = math.clamp(worst, zero, math.sub(size, one));
      Value enters = math.either(math.lt(i, k), better(x0, read(safe)));
      return updateIf(b, loc, enters, now, [&] {
        Value top = math.min(last, i);
        SmallVector<Value> shifted = loop(b, loc, zero, top, one, {now[0], now[1], top}, [&](Value step, ValueRange inner) {
          Value slot = math.sub(math.sub(top, step), one), hole = inner[2];
          Value held = math.cast(tensor::ExtractOp::create(b, loc, inner[1], place(slot)));
          SmallVector<Value> values(inner);
          Value moves = math.both(math.eq(hole, math.add(slot, one)), better(x0, read(held)));
          return updateIf(b, loc, moves, values, [&] {
            SmallVector<Value> next = store({values[0], values[1]}, held, math.add(slot, one));
            next.push_back(slot);
            return next;
          });
        });
        return store({shifted[0], shifted[1]}, i, shifted[2]);
      });
    });
  });
  d.setResult(getValues(), done[0]);
  d.setResult(getIndices(), done[1]);
  return success();
}

//===--- Unique -------------------------------------------------------------===//

LogicalResult UniqueOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getX());
  Type i64 = IntegerType::get(getContext(), 64);
  Dim all(1);
  for (const Dim &dim : dims)
    all = all * dim;
  Dim count;
  if (getAxis()) {
    FailureOr<int64_t> axis = checkedAxis(*this, *getAxis(), dims.size());
    if (failed(axis))
      return failure();
    setAxis(*axis);
    count = context.unknown(getY(), *axis);
    all = dims[*axis];
    dims[*axis] = count;
  } else {
    count = context.unknown(getY(), 0);
    dims = {count};
  }
  context.setType(getY(), context.elementType(getX()), dims);
  context.setType(getIndices(), i64, count);
  context.setType(getInverseIndices(), i64, all);
  context.setType(getCounts(), i64, count);
  return success();
}
LogicalResult UniqueOp::decompose(Decomposer &d) {
  IndexMath math(d);
  OpBuilder &b = d.b;
  Location loc = d.loc();
  Type element = d.shapes.elementType(getX()), i64 = b.getI64Type();
  Value zero = math.constant(0), one = math.constant(1), x = d(getX());
  SmallVector<OpFoldResult> sizes = d.sizes(getX());
  int64_t rank = sizes.size(), axis = getAxis().value_or(0);
  // A matrix of slices: row i is slice i.
  SmallVector<int64_t> front;
  if (getAxis()) {
    front.push_back(axis);
    for (int64_t i = 0; i < rank; ++i)
      if (i != axis)
        front.push_back(i);
    x = d.transpose(x, front);
    applyPermutationToVector(sizes, front);
  }
  Value total = math.product(values(d, sizes));
  Value n = getAxis() ? math.of(sizes[0]) : total;
  Value m = getAxis() ? math.product(values(d, ArrayRef(sizes).drop_front())) : one;
  x = d.reshape(x, {getAsOpFoldResult(n), getAsOpFoldResult(m)});
  auto read = [&](Value row, Value column) {
    return key(d, tensor::ExtractOp::create(b, loc, x, ValueRange{row, column}), element);
  };
  // The first difference decides: 1 before, 2 after, 0 equal so far.
  auto before = [&](Value i, Value j) {
    Value state = loop(b, loc, zero, m, one, zero, [&](Value c, ValueRange carried) {
      Value p = read(i, c), q = read(j, c);
      Value step = math.select(lessThan(b, loc, element, p, q), one,
                               math.select(lessThan(b, loc, element, q, p), math.constant(2), zero));
      return SmallVector<Value>{math.select(math.eq(carried[0], zero), step, carried[0])};
    })[0];
    return math.eq(state, one);
  };
  OpFoldResult rows = getAsOpFoldResult(n);
  Value order = d.empty(i64, rows), scratch = d.empty(i64, rows), firsts = d.empty(i64, rows);
  order = sortIndices(b, loc, n, order, scratch, before).first;
  auto number = [&](Value tensor, Value at) { return math.cast(tensor::ExtractOp::create(b, loc, tensor, at)); };
  auto put = [&](Value tensor, Value at, Value index) -> Value {
    return tensor::InsertOp::create(b, loc, toI64(b, loc, index), tensor, at);
  };
  // Equal slices follow each other; the sort is stable, so the first of them occurs first.
  SmallVector<Value> grouped = loop(b, loc, zero, n, one, {firsts, zero, zero}, [&](Value t, ValueRange carried) {
    Value i = number(order, t), last = number(order, math.max(math.sub(t, one), zero));
    Value isNew = math.either(math.eq(t, zero), before(last, i));
    Value first = math.select(isNew, i, carried[1]);
    return SmallVector<Value>{put(carried[0], i, first), first, math.select(isNew, math.add(carried[2], one), carried[2])};
  });
  firsts = grouped[0];
  OpFoldResult count = getAsOpFoldResult(grouped[2]);
  SmallVector<Value> outputs = {d.empty(i64, count), d.empty(i64, rows), d.empty(i64, count), zero};
  outputs = loop(b, loc, zero, n, one, outputs, [&](Value t, ValueRange carried) {
    Value i = getSorted() ? number(order, t) : t, first = number(firsts, i), next = carried[3];
    Value isNew = math.eq(first, i);
    SmallVector<Value> opened = updateIf(b, loc, isNew, {carried[0], carried[1], carried[2], next}, [&] {
      return SmallVector<Value>{put(carried[0], next, i), put(carried[1], i, next), put(carried[2], next, zero), math.add(next, one)};
    });
    Value id = number(opened[1], first);
    Value inverse = put(opened[1], i, id), counts = put(opened[2], id, math.add(number(opened[2], id), one));
    return SmallVector<Value>{opened[0], inverse, counts, opened[3]};
  });
  Value indices = outputs[0];
  SmallVector<OpFoldResult> shape = {count, getAsOpFoldResult(m)};
  AffineMap row = AffineMap::get(2, 0, b.getAffineDimExpr(0));
  Value y = d.map(indices, row, d.empty(storageType(element), shape), [&](OpBuilder &nested, Location at, ValueRange args) -> Value {
    IndexMath inner(nested, at);
    Value column = linalg::IndexOp::create(nested, at, 1);
    return tensor::ExtractOp::create(nested, at, x, ValueRange{inner.cast(args[0]), column});
  });
  sizes[0] = count;
  if (getAxis()) {
    y = d.transpose(d.reshape(y, sizes), invertPermutationVector(front));
  } else {
    y = d.reshape(y, count);
  }
  d.setResult(getY(), y);
  d.setResult(getIndices(), indices);
  d.setResult(getInverseIndices(), outputs[1]);
  d.setResult(getCounts(), outputs[2]);
  return success();
}

//===--- NonMaxSuppression --------------------------------------------------===//

LogicalResult NonMaxSuppressionOp::inferShapes(ShapeContext &context) {
  Dims boxes = context.dims(getBoxes()), scores = context.dims(getScores());
  if (boxes.size() != 3 || scores.size() != 3 || (boxes[2].constant() && boxes[2] != Dim(4)))
    return emitOpError("expects boxes of shape BxNx4 and scores of shape BxCxN, but got ")
           << toString(boxes) << " and " << toString(scores);
  if (!context.elementType(getBoxes()).isF32() || !context.elementType(getScores()).isF32())
    return emitOpError("expects boxes and scores of f32");
  context.setType(getSelectedIndices(), IntegerType::get(getContext(), 64),
                  {context.unknown(getSelectedIndices(), 0), Dim(3)});
  return success();
}
LogicalResult NonMaxSuppressionOp::decompose(Decomposer &d) {
  IndexMath math(d);
  OpBuilder &b = d.b;
  Location loc = d.loc();
  Type i64 = b.getI64Type(), f32 = b.getF32Type();
  Value zero = math.constant(0), one = math.constant(1), boxes = d(getBoxes()), scores = d(getScores());
  SmallVector<Value> sizes = values(d, d.sizes(getScores())), boxSizes = values(d, d.sizes(getBoxes()));
  d.check(math.both(math.both(math.eq(sizes[0], boxSizes[0]), math.eq(sizes[2], boxSizes[1])), math.eq(boxSizes[2], math.constant(4))),
          "boxes and scores do not agree");
  Value count = sizes[2], most = zero;
  if (isPresent(getMaxOutputBoxesPerClass()))
    most = math.clamp(scalar(d, getMaxOutputBoxesPerClass()), zero, count);
  auto number = [&](Value operand) -> Scalar {
    if (!isPresent(operand))
      return Scalar(b, loc, d.number(f32, 0));
    Value tensor = d(operand);
    SmallVector<Value> at(cast<RankedTensorType>(tensor.getType()).getRank(), zero);
    return Scalar(b, loc, tensor::ExtractOp::create(b, loc, tensor, at));
  };
  Scalar overlap = number(getIouThreshold()), least = number(getScoreThreshold());
  auto score = [&](Value batch, Value kind, Value i) {
    return Scalar(b, loc, tensor::ExtractOp::create(b, loc, scores, ValueRange{batch, kind, i}));
  };
  /// Low and high corner along both axes.
  auto corners = [&](Value batch, Value i) {
    SmallVector<Scalar, 4> raw, box;
    for (int64_t c = 0; c < 4; ++c)
      raw.push_back(Scalar(b, loc, tensor::ExtractOp::create(b, loc, boxes, ValueRange{batch, i, math.constant(c)})));
    for (int64_t c = 0; c < 2; ++c) {
      Scalar half = raw[c + 2] / raw[c].constant(2);
      box.push_back(getCenterPointBox() ? raw[c] - half : min(raw[c], raw[c + 2]));
      box.push_back(getCenterPointBox() ? raw[c] + half : max(raw[c], raw[c + 2]));
    }
    return box;
  };
  auto area = [](ArrayRef<Scalar> box) { return (box[1] - box[0]) * (box[3] - box[2]); };
  OpFoldResult length = getAsOpFoldResult(count), room = getAsOpFoldResult(math.mul(math.mul(sizes[0], sizes[1]), most));
  SmallVector<Value> init = {d.empty(i64, {room, b.getIndexAttr(3)}), zero, d.empty(i64, length), d.empty(i64, length)};
  SmallVector<Value> done = loops(b, loc, {sizes[0], sizes[1]}, init, [&](OpBuilder &nested, Location, ValueRange at, ValueRange carried) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
    Value batch = at[0], kind = at[1], start = carried[1];
    auto [order, scratch] = sortIndices(b, loc, count, carried[2], carried[3], [&](Value i, Value j) {
      return (score(batch, kind, j) < score(batch, kind, i)).value();
    });
    SmallVector<Value> chosen = loop(b, loc, zero, count, one, {carried[0], start}, [&](Value t, ValueRange state) {
      Value i = math.cast(tensor::ExtractOp::create(b, loc, order, t)), taken = state[1];
      Value candidate = math.lt(math.sub(taken, start), most);
      if (isPresent(getScoreThreshold()))
        candidate = math.both(candidate, (least < score(batch, kind, i)).value());
      SmallVector<Value> now(state);
      return updateIf(b, loc, candidate, now, [&] {
        SmallVector<Scalar, 4> box = corners(batch, i);
        Value free = loop(b, loc, start, taken, one, arith::ConstantIntOp::create(b, loc, b.getI1Type(), 1).getResult(),
                          [&](Value s, ValueRange clear) {
          Value j = math.cast(tensor::ExtractOp::create(b, loc, now[0], ValueRange{s, math.constant(2)}));
          SmallVector<Scalar, 4> other = corners(batch, j);
          Scalar zeroF = box[0].constant(0);
          Scalar height = max(min(box[1], other[1]) - max(box[0], other[0]), zeroF);
          Scalar width = max(min(box[3], other[3]) - max(box[2], other[2]), zeroF);
          Scalar both = height * width, joined = area(box) + area(other) - both;
          Value hit = math.both((zeroF < joined).value(), (overlap < both / joined).value());
          return SmallVector<Value>{math.both(clear[0], math.negate(math.both((zeroF < both).value(), hit)))};
        })[0];
        return updateIf(b, loc, free, now, [&] {
          Value rows = now[0];
          for (auto [c, index] : llvm::enumerate(SmallVector<Value>{batch, kind, i}))
            rows = tensor::InsertOp::create(b, loc, toI64(b, loc, index), rows, ValueRange{taken, math.constant(c)});
          return SmallVector<Value>{rows, math.add(taken, one)};
        });
      });
    });
    return SmallVector<Value>{chosen[0], chosen[1], order, scratch};
  });
  OpFoldResult none = b.getIndexAttr(0);
  d.setResult(getSelectedIndices(), window(d, done[0], {none, none}, {getAsOpFoldResult(done[1]), b.getIndexAttr(3)}));
  return success();
}
