// Reductions over axes, and positions of extremes.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Reduce.h"

#include "dialects/onnx/Reduction.h"
#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

enum class ReduceKind { Sum, Mean, Max, Min, Prod, L1, L2, LogSum, LogSumExp, SumSquare };

bool isExtreme(ReduceKind kind) { return kind == ReduceKind::Max || kind == ReduceKind::Min; }

/// Kinds whose result on integers is computed as a float.
bool needsFloat(ReduceKind kind) {
  return kind == ReduceKind::L2 || kind == ReduceKind::LogSum || kind == ReduceKind::LogSumExp;
}

//===--- axes ---------------------------------------------------------------===//

/// The axes of a reduction. `known` unless they are computed at run time; then `count` of them, distinct.
struct ReducedAxes {
  bool known = true;
  SmallVector<int64_t> axes;
  std::optional<int64_t> count;
};

template <typename Op> FailureOr<ReducedAxes> reducedAxes(Op op, ShapeContext &context) {
  int64_t rank = context.rank(op.getData());
  ReducedAxes result;
  std::optional<SmallVector<int64_t>> given = SmallVector<int64_t>();
  if (isPresent(op.getAxes())) {
    auto type = cast<RankedTensorType>(op.getAxes().getType());
    if (!type.getElementType().isSignlessInteger(64) || type.getRank() > 1)
      return op.emitOpError("expects axes of type tensor<Nxi64>, but got ") << type;
    given = context.constantContent(op.getAxes());
    if (!given && type.getRank() == 1 && type.getDimSize(0) == 0)
      given = SmallVector<int64_t>();
    if (!given) {
      result.known = false;
      if (type.hasStaticShape())
        result.count = type.getNumElements();
      return result;
    }
  }
  if (given->empty() && !op.getNoopWithEmptyAxes())
    given = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  FailureOr<SmallVector<int64_t>> axes = checkedAxes(op, *given, rank);
  if (failed(axes))
    return failure();
  result.axes = *axes;
  return result;
}

template <typename Op> LogicalResult inferReduce(Op op, ReduceKind kind, ShapeContext &context) {
  Type element = context.elementType(op.getData());
  if (!isOfKind(element, ElementKind::Number) && !(isExtreme(kind) && element.isInteger(1)))
    return op.emitOpError("expects number elements, but got ") << element;
  FailureOr<ReducedAxes> reduced = reducedAxes(op, context);
  if (failed(reduced))
    return failure();
  Dims data = context.dims(op.getData()), dims;
  int64_t rank = data.size();
  auto result = cast<OpResult>(op.getReduced());
  if (!reduced->known) {
    if (!op.getKeepdims() && !reduced->count)
      return op.emitOpError("expects axes whose number is known, to tell the rank of its result");
    int64_t kept = op.getKeepdims() ? rank : rank - *reduced->count;
    if (kept < 0)
      return op.emitOpError("reduces ") << *reduced->count << " axes of a rank-" << rank << " tensor";
    for (int64_t axis = 0; axis < kept; ++axis)
      dims.push_back(context.unknown(result, axis));
  } else {
    for (int64_t axis = 0; axis < rank; ++axis) {
      if (!llvm::is_contained(reduced->axes, axis))
        dims.push_back(data[axis]);
      else if (op.getKeepdims())
        dims.push_back(1);
    }
  }
  context.setType(result, element, dims);
  return success();
}

template <typename Op> std::optional<Dims> reduceContent(Op op, ReduceKind kind, ShapeContext &context) {
  bool exact = kind == ReduceKind::Sum || kind == ReduceKind::Prod || isExtreme(kind);
  if (!exact || context.rank(op.getData()) != 1 || !context.elementType(op.getData()).isSignlessInteger(64))
    return std::nullopt;
  std::optional<Dims> content = context.content(op.getData());
  bool empty = !isPresent(op.getAxes());
  if (!empty) {
    std::optional<SmallVector<int64_t>> axes = context.constantContent(op.getAxes());
    if (!axes)
      return std::nullopt;
    empty = axes->empty();
  }
  if (!content || (empty && op.getNoopWithEmptyAxes()))
    return content;
  if (content->empty() && isExtreme(kind))
    return std::nullopt;
  Dim total = isExtreme(kind) ? content->front() : Dim(kind == ReduceKind::Prod ? 1 : 0);
  for (const Dim &dim : *content)
    total = kind == ReduceKind::Sum    ? total + dim
            : kind == ReduceKind::Prod ? total * dim
            : kind == ReduceKind::Max  ? Dim::max(total, dim)
                                       : Dim::min(total, dim);
  return total.isInvalid() ? std::nullopt : std::optional<Dims>(Dims{total});
}

//===--- arithmetic ---------------------------------------------------------===//

/// How a kind treats elements: acc' = combine(acc, before(x)), result = after(acc, count).
class Reducer {
public:
  Reducer(Decomposer &d, ReduceKind kind, Type element) : d(d), kind(kind), element(element) {
    Builder &b = d.b;
    accumulator = accumulatorType(element);
    if (isa<IntegerType>(element) && needsFloat(kind))
      accumulator = b.getF64Type();
    else if (isa<IntegerType>(element) && kind == ReduceKind::Mean)
      accumulator = b.getIntegerType(64, !isUnsignedElement(element));
  }
  Scalar init() const {
    if (isExtreme(kind))
      return kind == ReduceKind::Max ? lowestOf(d, element) : highestOf(d, element);
    return startOf(d, accumulator, kind == ReduceKind::Prod ? 1 : 0);
  }
  Scalar combine(const Scalar &x, const Scalar &acc) const {
    switch (kind) {
    case ReduceKind::Max:
      return max(acc, x);
    case ReduceKind::Min:
      return min(acc, x);
    case ReduceKind::Prod:
      return acc * x.to(accumulator);
    case ReduceKind::L1:
      return acc + abs(x.to(accumulator));
    case ReduceKind::L2:
    case ReduceKind::SumSquare: {
      Scalar wide = x.to(accumulator);
      return acc + wide * wide;
    }
    default:
      return acc + x.to(accumulator);
    }
  }
  bool hasAfter() const {
    return accumulator != element || kind == ReduceKind::Mean || kind == ReduceKind::L2 || kind == ReduceKind::LogSum;
  }
  /// `count` is the number of elements reduced, an i64.
  Scalar after(Scalar acc, const Scalar &count) const {
    if (kind == ReduceKind::Mean)
      acc = acc / count.to(accumulator);
    else if (kind == ReduceKind::L2)
      acc = sqrt(acc);
    else if (kind == ReduceKind::LogSum)
      acc = log(acc);
    return isa<FloatType>(element) ? acc : acc.to(element);
  }

  Decomposer &d;
  ReduceKind kind;
  Type element, accumulator;
};

/// The number of elements that one result element covers.
Value countOf(Decomposer &d, Value data, ArrayRef<int64_t> axes) {
  Value count = d.index(int64_t(1));
  for (int64_t axis : axes)
    count = d.b.createOrFold<arith::MulIOp>(d.loc(), count, d.index(d.sizeOf(data, axis)));
  return d.b.createOrFold<arith::IndexCastOp>(d.loc(), d.b.getI64Type(), count);
}

/// log(sum(e^x)) as m + log(sum(e^(x - m))) with m the row's maximum, or 0 where that is infinite.
Value reduceLogSumExp(Decomposer &d, Value data, const Reducer &reducer, const Rows &rows) {
  Type acc = reducer.accumulator, element = reducer.element;
  Value highest = rows.reduce(d, data, element, acc, lowestOf(d, acc),
                              [&](ArrayRef<Scalar> args) { return max(args[1], args[0].to(acc)); });
  double inf = std::numeric_limits<double>::infinity();
  auto finite = [&](const Scalar &m) { return select(equal(abs(m), inf), 0, m); };
  Value sum = rows.reduce(d, {data, highest}, {element, acc}, acc, startOf(d, acc, 0), [&](ArrayRef<Scalar> args) {
    return args[2] + exp(args[0].to(acc) - finite(args[1]));
  });
  return mapElements(d, {sum, highest}, {acc, acc}, element, [&](ArrayRef<Scalar> args) {
    Scalar result = finite(args[1]) + log(args[0]);
    return isa<FloatType>(element) ? result : result.to(element);
  });
}

/// The reduction over known axes, without them.
Value reduceKnown(Decomposer &d, Value data, const Reducer &reducer, ArrayRef<int64_t> axes) {
  int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
  Rows rows(d.b.getContext(), rank, axes);
  if (reducer.kind == ReduceKind::LogSumExp)
    return reduceLogSumExp(d, data, reducer, rows);
  Value acc = rows.reduce(d, data, reducer.element, reducer.accumulator, reducer.init(),
                          [&](ArrayRef<Scalar> args) { return reducer.combine(args[0], args[1]); });
  if (!reducer.hasAfter())
    return acc;
  Value count = reducer.kind == ReduceKind::Mean ? countOf(d, data, axes) : Value();
  return mapElements(d, acc, reducer.accumulator, reducer.element, [&](ArrayRef<Scalar> args) {
    Scalar number(args[0].builder(), d.loc(), count ? count : args[0].value());
    return reducer.after(args[0], number);
  });
}

//===--- axes known only at run time ----------------------------------------===//

/// For each axis of the data, whether it is reduced (i1).
SmallVector<Value> axisMask(Decomposer &d, Value axes, int64_t rank, bool emptyMeansAll) {
  IndexMath m(d);
  Value count = d.index(d.sizeOf(axes, 0));
  SmallVector<Value> mask;
  for (int64_t axis = 0; axis < rank; ++axis) {
    Value none = emptyMeansAll ? m.eq(count, m.constant(0))
                               : arith::ConstantOp::create(d.b, d.loc(), d.b.getBoolAttr(false)).getResult();
    mask.push_back(loops(d.b, d.loc(), count, none, [&](OpBuilder &b, Location loc, ValueRange ivs, ValueRange carried) {
      IndexMath n(b, loc);
      Value named = n.cast(tensor::ExtractOp::create(b, loc, axes, ivs));
      Value hit = n.eq(n.fromEnd(named, n.constant(rank)), n.constant(axis));
      return SmallVector<Value>{n.either(carried[0], hit)};
    })[0]);
  }
  return mask;
}

/// The reduction with axes of size 1 where `mask` holds: a sequential loop over all elements.
Value reduceMasked(Decomposer &d, Value data, const Reducer &reducer, ArrayRef<Value> mask) {
  IndexMath m(d);
  Type element = reducer.element;
  SmallVector<Value> sizes = llvm::map_to_vector(d.sizesOf(data), [&](OpFoldResult s) { return d.index(s); });
  SmallVector<OpFoldResult> keptSizes;
  Value count = m.constant(1);
  for (auto [size, reduced] : llvm::zip(sizes, mask)) {
    keptSizes.push_back(m.select(reduced, m.constant(1), size));
    count = m.mul(count, m.select(reduced, size, m.constant(1)));
  }
  // One pass: at each element, out[kept position] = f(element, out[kept position], ...).
  using Step = function_ref<Scalar(const Scalar &x, const Scalar &acc, OpBuilder &b, ValueRange at)>;
  auto pass = [&](Type acc, Scalar init, Step step) {
    Value out = d.fill(d.store(d.b, init.as(acc), acc), d.empty(storageType(acc), keptSizes));
    return loops(d.b, d.loc(), sizes, out, [&](OpBuilder &b, Location loc, ValueRange ivs, ValueRange carried) {
      IndexMath n(b, loc);
      SmallVector<Value> at;
      for (auto [iv, reduced] : llvm::zip(ivs, mask))
        at.push_back(n.select(reduced, n.constant(0), iv));
      Scalar x(b, loc, d.load(b, tensor::ExtractOp::create(b, loc, data, ivs), element), isUnsignedElement(element));
      Scalar old(b, loc, d.load(b, tensor::ExtractOp::create(b, loc, carried[0], at), acc), isUnsignedElement(acc));
      Value next = d.store(b, step(x, old, b, at).as(acc), acc);
      return SmallVector<Value>{tensor::InsertOp::create(b, loc, next, carried[0], at)};
    })[0];
  };
  Type acc = reducer.accumulator;
  if (reducer.kind == ReduceKind::LogSumExp) {
    double inf = std::numeric_limits<double>::infinity();
    auto finite = [&](const Scalar &s) { return select(equal(abs(s), inf), 0, s); };
    Value highest = pass(acc, lowestOf(d, acc), [&](const Scalar &x, const Scalar &old, OpBuilder &, ValueRange) {
      return max(old, x.to(acc));
    });
    Value sum = pass(acc, startOf(d, acc, 0), [&](const Scalar &x, const Scalar &old, OpBuilder &b, ValueRange at) {
      return old + exp(x.to(acc) - finite(old.wrap(tensor::ExtractOp::create(b, d.loc(), highest, at))));
    });
    return mapElements(d, {sum, highest}, {acc, acc}, element, [&](ArrayRef<Scalar> args) {
      Scalar result = finite(args[1]) + log(args[0]);
      return isa<FloatType>(element) ? result : result.to(element);
    });
  }
  Value result = pass(acc, reducer.init(), [&](const Scalar &x, const Scalar &old, OpBuilder &, ValueRange) {
    return reducer.combine(x, old);
  });
  if (!reducer.hasAfter())
    return result;
  Value number = arith::IndexCastOp::create(d.b, d.loc(), d.b.getI64Type(), count);
  return mapElements(d, result, acc, element, [&](ArrayRef<Scalar> args) {
    return reducer.after(args[0], Scalar(args[0].builder(), d.loc(), number));
  });
}

/// Sizes of the axes where `mask` does not hold, in order, `kept` of them.
SmallVector<OpFoldResult> unmaskedSizes(Decomposer &d, Value data, ArrayRef<Value> mask, int64_t kept) {
  IndexMath m(d);
  SmallVector<Value> sizes(kept, m.constant(1));
  Value next = m.constant(0);
  for (auto [axis, reduced] : llvm::enumerate(mask)) {
    Value size = d.index(d.sizeOf(data, axis));
    for (int64_t i = 0; i < kept; ++i)
      sizes[i] = m.select(m.both(m.negate(reduced), m.eq(next, m.constant(i))), size, sizes[i]);
    next = m.add(next, m.select(reduced, m.constant(0), m.constant(1)));
  }
  d.check(m.eq(next, m.constant(kept)), "axes are named twice");
  return llvm::to_vector_of<OpFoldResult>(sizes);
}

template <typename Op> LogicalResult decomposeReduce(Op op, ReduceKind kind, Decomposer &d) {
  FailureOr<ReducedAxes> reduced = reducedAxes(op, d.shapes);
  if (failed(reduced))
    return failure();
  Value data = d(op.getData());
  Reducer reducer(d, kind, d.shapes.elementType(op.getData()));
  int64_t rank = d.shapes.rank(op.getData());
  if (reduced->known) {
    Value result = reduceKnown(d, data, reducer, reduced->axes);
    if (op.getKeepdims()) {
      SmallVector<OpFoldResult> sizes = d.sizesOf(data);
      for (int64_t axis : reduced->axes)
        sizes[axis] = d.b.getIndexAttr(1);
      result = d.reshape(result, sizes);
    }
    d.setResult(op.getReduced(), result);
    return success();
  }
  Value axes = d.reshape(d(op.getAxes()), d.shapes.rank(op.getAxes()) == 0
                                              ? SmallVector<OpFoldResult>{d.b.getIndexAttr(1)}
                                              : d.sizesOf(d(op.getAxes())));
  SmallVector<Value> mask = axisMask(d, axes, rank, !op.getNoopWithEmptyAxes());
  Value result = reduceMasked(d, data, reducer, mask);
  if (!op.getKeepdims())
    result = d.reshape(result, unmaskedSizes(d, data, mask, d.shapes.rank(op.getReduced())));
  d.setResult(op.getReduced(), result);
  return success();
}

//===--- layout -------------------------------------------------------------===//

template <typename Op> std::optional<SmallVector<unsigned>> reducePermutableOperands(Op op) {
  ShapeContext context;
  if (!op.getKeepdims() || (isPresent(op.getAxes()) && !context.constantContent(op.getAxes())))
    return std::nullopt;
  return SmallVector<unsigned>{0};
}

template <typename Op> void permuteReduce(Op op, OpBuilder &b, ArrayRef<int64_t> permutation) {
  ShapeContext context;
  if (!isPresent(op.getAxes()))
    return;
  SmallVector<int64_t> given = *context.constantContent(op.getAxes()), axes;
  for (int64_t axis : given)
    axes.push_back(permutedAxis(*normalizeAxis(axis, permutation.size()), permutation));
  op.getAxesMutable().assign(makeIntegers(b, op.getLoc(), axes));
}

//===--- positions ----------------------------------------------------------===//

template <typename Op> LogicalResult inferArg(Op op, ShapeContext &context) {
  Type element = context.elementType(op.getData());
  if (!isOfKind(element, ElementKind::Number))
    return op.emitOpError("expects number elements, but got ") << element;
  FailureOr<int64_t> axis = checkedAxis(op, op.getAxis(), context.rank(op.getData()));
  if (failed(axis))
    return failure();
  Dims dims = context.dims(op.getData());
  if (op.getKeepdims())
    dims[*axis] = 1;
  else
    dims.erase(dims.begin() + *axis);
  context.setType(op.getReduced(), IntegerType::get(op.getContext(), 64), dims);
  return success();
}

template <typename Op> LogicalResult decomposeArg(Op op, bool isMax, Decomposer &d) {
  Value data = d(op.getData());
  Type element = d.shapes.elementType(op.getData());
  int64_t rank = d.shapes.rank(op.getData()), axis = *normalizeAxis(op.getAxis(), rank);
  Value result = positionsOfExtremes(d, data, element, axis, isMax, op.getSelectLastIndex());
  if (op.getKeepdims()) {
    SmallVector<OpFoldResult> sizes = d.sizesOf(data);
    sizes[axis] = d.b.getIndexAttr(1);
    result = d.reshape(result, sizes);
  }
  d.setResult(op.getReduced(), result);
  return success();
}

template <typename Op> std::optional<SmallVector<unsigned>> argPermutableOperands(Op op) {
  return op.getKeepdims() ? std::optional(SmallVector<unsigned>{0}) : std::nullopt;
}

/// PrunableInterface: slices of the axes that stay.
template <typename Op> void coupleKeptAxes(Op op, SliceCoupling &slices) {
  ShapeContext context;
  FailureOr<ReducedAxes> reduced = reducedAxes(op, context);
  if (failed(reduced) || !reduced->known)
    return;
  for (int64_t axis = 0, to = 0; axis < context.rank(op.getData()); ++axis) {
    bool isReduced = llvm::is_contained(reduced->axes, axis);
    if (!isReduced)
      slices.tie({op.getData(), axis}, {op.getReduced(), to});
    to += !isReduced || op.getKeepdims();
  }
}

} // namespace

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Reduce.cpp.inc"

namespace brisk::onnx {
void addReduceOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Reduce.cpp.inc"
      >();
}
} // namespace brisk::onnx

QuantizedForm ReduceMeanOp::quantizedForm() {
  QuantizedForm form;
  form.kind = QuantizedForm::Average;
  form.activations = {0};
  return form;
}
