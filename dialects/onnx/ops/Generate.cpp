// Ops that make tensors from positions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Generate.h"

#include "dialects/onnx/Scalar.h"
#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Generate.cpp.inc"

namespace brisk::onnx {
void addGenerateOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Generate.cpp.inc"
      >();
}
} // namespace brisk::onnx

//===--- ConstantOfShape ----------------------------------------------------===//

LogicalResult ConstantOfShapeOp::inferShapes(ShapeContext &context) {
  Type element = getValue() ? getValue()->getElementType() : Float32Type::get(getContext());
  if (getValue() && getValue()->getNumElements() != 1)
    return emitOpError("expects a value of one element, but got ") << getValue()->getNumElements();
  Dims dims;
  if (std::optional<Dims> content = context.content(getInput())) {
    for (const Dim &dim : *content) {
      if (dim.constant() && *dim.constant() < 0)
        return emitOpError("expects a shape of sizes, but got ") << dim.str();
      dims.push_back(Dim::max(Dim(0), dim));
    }
  } else {
    std::optional<int64_t> rank = lengthOf(getInput());
    if (!rank)
      return emitOpError("expects a shape of static length");
    for (int64_t i = 0; i < *rank; ++i)
      dims.push_back(context.unknown(getOutput(), i));
  }
  context.setType(getOutput(), element, dims);
  return success();
}
std::optional<Dims> ConstantOfShapeOp::inferContent(ShapeContext &context, unsigned) {
  auto type = cast<RankedTensorType>(getOutput().getType());
  std::optional<SmallVector<int64_t>> value;
  if (getValue())
    value = integersOf(*getValue());
  if (!value || value->size() != 1 || !type.hasStaticShape() || type.getNumElements() > ShapeContext::kMaxContent)
    return std::nullopt;
  return Dims(type.getNumElements(), Dim(value->front()));
}
LogicalResult ConstantOfShapeOp::decompose(Decomposer &d) {
  Dims dims = d.shapes.dims(getOutput());
  SmallVector<OpFoldResult> sizes;
  for (auto [i, dim] : llvm::enumerate(dims))
    sizes.push_back(sizeOr(d, dim, [&, i = i] {
      IndexMath math(d);
      return math.max(d.element(d(getInput()), i), math.constant(0));
    }));
  Type storage = storageType(d.shapes.elementType(getOutput()));
  Value scalar = d.number(storage, 0);
  if (getValue()) {
    Value tensor = d.constant(*getValue());
    SmallVector<Value> at(cast<RankedTensorType>(tensor.getType()).getRank(), d.index(int64_t(0)));
    scalar = d.b.createOrFold<tensor::ExtractOp>(d.loc(), tensor, at);
  }
  d.setResult(getOutput(), d.fill(scalar, d.empty(storage, sizes)));
  return success();
}

//===--- Range --------------------------------------------------------------===//

LogicalResult RangeOp::inferShapes(ShapeContext &context) {
  Type element = context.elementType(getStart());
  for (Value operand : getOperands()) {
    auto type = cast<RankedTensorType>(operand.getType());
    if (!type.hasStaticShape() || type.getNumElements() != 1 || type.getRank() > 1 || type.getElementType() != element)
      return emitOpError("expects scalars of one element type");
  }
  Dim length = context.unknown(getOutput(), 0);
  std::optional<Dims> start = context.content(getStart()), limit = context.content(getLimit());
  std::optional<SmallVector<int64_t>> delta = context.constantContent(getDelta());
  std::optional<SmallVector<double>> first = floats(getStart()), last = floats(getLimit()), step = floats(getDelta());
  if ((delta && delta->front() == 0) || (step && step->front() == 0))
    return emitOpError("expects a delta other than 0");
  if (start && limit && delta && delta->front() != INT64_MIN) {
    Dim span = delta->front() > 0 ? limit->front() - start->front() : start->front() - limit->front();
    length = Dim::max(Dim(0), span).ceilDiv(Dim(std::abs(delta->front())));
  } else if (first && last && step) {
    double count = std::ceil((last->front() - first->front()) / step->front());
    if (!(count < 9e15))
      return emitOpError("expects a range of finite length");
    length = Dim(static_cast<int64_t>(std::max(count, 0.0)));
  }
  context.setType(getOutput(), element, length);
  return success();
}
std::optional<Dims> RangeOp::inferContent(ShapeContext &context, unsigned) {
  std::optional<Dims> start = context.content(getStart());
  std::optional<SmallVector<int64_t>> delta = context.constantContent(getDelta());
  std::optional<int64_t> length = lengthOf(getOutput());
  if (!start || !delta || !length || *length > ShapeContext::kMaxContent)
    return std::nullopt;
  Dims result;
  for (int64_t i = 0; i < *length; ++i)
    result.push_back(start->front() + Dim(i) * Dim(delta->front()));
  return result;
}
LogicalResult RangeOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Type element = d.shapes.elementType(getStart());
  auto read = [&](Value operand) {
    Value tensor = d(operand);
    SmallVector<Value> at(cast<RankedTensorType>(tensor.getType()).getRank(), math.constant(0));
    Value stored = tensor::ExtractOp::create(d.b, d.loc(), tensor, at);
    return Scalar(d.b, d.loc(), d.load(d.b, stored, element), isUnsignedElement(element));
  };
  Scalar start = read(getStart()), limit = read(getLimit()), delta = read(getDelta());
  Dim dim = d.shapes.dims(getOutput())[0];
  OpFoldResult size = sizeOr(d, dim, [&]() -> Value {
    Value count;
    if (start.isFloat()) {
      Value quotient = ((limit - start) / delta).value();
      Value whole = math::CeilOp::create(d.b, d.loc(), quotient);
      // NaN and what no memory holds become 0, so that the conversion is defined.
      Value sane = arith::CmpFOp::create(d.b, d.loc(), arith::CmpFPredicate::OLT, whole, d.number(whole.getType(), 1e12));
      whole = arith::SelectOp::create(d.b, d.loc(), sane, whole, d.number(whole.getType(), 0));
      whole = arith::MaximumFOp::create(d.b, d.loc(), whole, d.number(whole.getType(), 0));
      d.check(sane, "range is not finite");
      count = math.cast(arith::FPToSIOp::create(d.b, d.loc(), d.b.getI64Type(), whole));
    } else {
      Value from = math.cast(start.value()), to = math.cast(limit.value()), by = math.cast(delta.value());
      Value zero = math.constant(0), back = math.lt(by, zero);
      d.check(math.negate(math.eq(by, zero)), "delta is 0");
      Value span = math.select(back, math.sub(from, to), math.sub(to, from));
      Value step = math.max(math.select(back, math.sub(zero, by), by), math.constant(1));
      count = math.select(math.lt(zero, span), math.add(math.div(math.sub(span, math.constant(1)), step), math.constant(1)), zero);
    }
    return math.max(count, math.constant(0));
  });
  Value init = d.empty(storageType(element), size);
  d.setResult(getOutput(), d.generate(init, [&](OpBuilder &b, Location loc, ValueRange at) {
    Value number = arith::IndexCastOp::create(b, loc, b.getI64Type(), at[0]);
    Scalar from(b, loc, start.value(), start.isUnsigned()), by(b, loc, delta.value(), delta.isUnsigned());
    Scalar i = Scalar(b, loc, number).to(by.type());
    return d.store(b, (from + i * by).as(element), element);
  }));
  return success();
}

//===--- EyeLike, Trilu, OneHot ---------------------------------------------===//

LogicalResult EyeLikeOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getInput());
  if (dims.size() != 2)
    return emitOpError("expects a matrix, but got rank ") << dims.size();
  Type element = getDtype() ? elementTypeOf(getContext(), *getDtype()) : context.elementType(getInput());
  if (!element)
    return emitOpError("expects a dtype of numbers, but got ") << *getDtype();
  context.setType(getOutput(), element, dims);
  return success();
}
LogicalResult EyeLikeOp::decompose(Decomposer &d) {
  Type element = d.shapes.elementType(getOutput());
  Value init = d.empty(storageType(element), d.sizes(getInput()));
  d.setResult(getOutput(), d.generate(init, [&](OpBuilder &b, Location loc, ValueRange at) {
    IndexMath math(b, loc);
    Value hit = math.eq(math.add(at[0], math.constant(getK())), at[1]);
    Scalar flag(b, loc, hit, true);
    return d.store(b, flag.to(element).as(element), element);
  }));
  return success();
}

LogicalResult TriluOp::inferShapes(ShapeContext &context) {
  if (context.rank(getInput()) < 2)
    return emitOpError("expects matrices, but got rank ") << context.rank(getInput());
  context.setType(getOutput(), context.elementType(getInput()), context.dims(getInput()));
  return success();
}
LogicalResult TriluOp::decompose(Decomposer &d) {
  IndexMath math(d);
  int64_t rank = d.shapes.rank(getInput());
  Value k = isPresent(getK()) ? scalar(d, getK()) : math.constant(0);
  // Any diagonal beyond the matrix is as good as the first beyond; sums must not overflow.
  SmallVector<Value> sizes = llvm::map_to_vector(d.sizes(getInput()), [&](OpFoldResult s) { return math.of(s); });
  k = math.clamp(k, math.sub(math.constant(0), sizes[rank - 2]), sizes[rank - 1]);
  d.setResult(getOutput(), d.map(d(getInput()), d.b.getMultiDimIdentityMap(rank), d.empty(getOutput()),
                                 [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                                   IndexMath inner(b, loc);
                                   Value row = linalg::IndexOp::create(b, loc, rank - 2);
                                   Value column = linalg::IndexOp::create(b, loc, rank - 1);
                                   Value edge = inner.add(row, k);
                                   Value keep = getUpper() ? inner.le(edge, column) : inner.le(column, edge);
                                   Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(args[0].getType()));
                                   return arith::SelectOp::create(b, loc, keep, args[0], zero);
                                 }));
  return success();
}

LogicalResult OneHotOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getIndices());
  FailureOr<int64_t> axis = checkedAxis(*this, getAxis(), dims.size() + 1);
  if (failed(axis))
    return failure();
  setAxis(*axis);
  if (lengthOf(getValues()) != 2)
    return emitOpError("expects two values");
  std::optional<Dims> depth = context.content(getDepth());
  if (!depth)
    if (std::optional<SmallVector<double>> number = floats(getDepth()); number && number->size() == 1)
      depth = Dims{Dim(static_cast<int64_t>(std::clamp(number->front(), 0.0, 1e15)))};
  if (lengthOf(getDepth()) != 1)
    return emitOpError("expects a scalar depth");
  if (depth && depth->front().constant() && *depth->front().constant() < 0)
    return emitOpError("expects a depth of at least 0, but got ") << depth->front().str();
  dims.insert(dims.begin() + *axis, depth ? depth->front() : context.unknown(getOutput(), *axis));
  context.setType(getOutput(), context.elementType(getValues()), dims);
  return success();
}
LogicalResult OneHotOp::decompose(Decomposer &d) {
  IndexMath math(d);
  int64_t axis = getAxis(), rank = d.shapes.rank(getOutput());
  SmallVector<Value> zeros(d.shapes.rank(getDepth()), math.constant(0));
  auto toIndex = [&](OpBuilder &b, Location loc, Value stored, Type element) {
    IndexMath inner(b, loc);
    if (isa<FloatType>(element))
      return inner.cast(Scalar(b, loc, d.load(b, stored, element)).to(b.getI64Type()).value());
    return inner.cast(stored);
  };
  Type depthElement = d.shapes.elementType(getDepth()), element = d.shapes.elementType(getIndices());
  OpFoldResult depth = sizeOr(d, d.shapes.dims(getOutput())[axis], [&] {
    Value stored = tensor::ExtractOp::create(d.b, d.loc(), d(getDepth()), zeros);
    return math.max(toIndex(d.b, d.loc(), stored, depthElement), math.constant(0));
  });
  SmallVector<OpFoldResult> sizes = d.sizes(getIndices());
  sizes.insert(sizes.begin() + axis, depth);
  Value size = math.of(depth), values = d(getValues());
  Value off = tensor::ExtractOp::create(d.b, d.loc(), values, math.constant(0));
  Value on = tensor::ExtractOp::create(d.b, d.loc(), values, math.constant(1));
  SmallVector<AffineExpr> exprs;
  for (int64_t i = 0; i < rank; ++i)
    if (i != axis)
      exprs.push_back(d.b.getAffineDimExpr(i));
  Value init = d.empty(storageType(d.shapes.elementType(getOutput())), sizes);
  d.setResult(getOutput(), d.map(d(getIndices()), AffineMap::get(rank, 0, exprs, getContext()), init,
                                 [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                                   IndexMath inner(b, loc);
                                   Value at = inner.fromEnd(toIndex(b, loc, args[0], element), size);
                                   Value hit = inner.eq(at, linalg::IndexOp::create(b, loc, axis));
                                   return arith::SelectOp::create(b, loc, hit, on, off);
                                 }));
  return success();
}
