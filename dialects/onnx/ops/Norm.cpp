// Normalizations.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Norm.h"

#include "dialects/onnx/ops/Contraction.h"
#include "dialects/onnx/ops/Rows.h"
#include "dialects/onnx/ops/Window.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Norm.cpp.inc"

namespace brisk::onnx {
void addNormOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Norm.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

/// Result like the first operand.
void inferLike(Operation *op, ShapeContext &shapes) {
  shapes.setType(op->getResult(0), shapes.elementType(op->getOperand(0)), shapes.dims(op->getOperand(0)));
}

/// A diagnostic unless operands [1, 1 + count) are vectors along the channels (or have `other` elements).
LogicalResult checkChannelVectors(Operation *op, ShapeContext &shapes, unsigned count, const Dim *other = nullptr) {
  Dims x = shapes.dims(op->getOperand(0));
  if (failed(requireFloat(op, shapes)))
    return failure();
  if (x.size() < 2)
    return op->emitOpError("expects an input of rank above 1, but got rank ") << x.size();
  const Dim &channels = x[Layout(op, x.size()).channel()];
  for (Value vector : op->getOperands().slice(1, count)) {
    Dims dims = shapes.dims(vector);
    if (dims.size() != 1 || (differ(dims[0], channels) && (!other || differ(dims[0], *other))))
      return op->emitOpError("expects vectors along the ")
             << channels.str() << " channels, but got shape " << toString(dims);
  }
  return success();
}

/// The type to compute in: f32 for narrower floats and where `stash` is 1 (its default).
Type computeType(Builder &b, Type element, int64_t stash = 1) {
  return stash == 11 || element.isF64() ? Type(b.getF64Type()) : Type(b.getF32Type());
}

Value multiply(OpBuilder &b, Location loc, Value x, Value y) {
  return arith::MulFOp::create(b, loc, x, toFloat(b, loc, y, x.getType()));
}
Value add(OpBuilder &b, Location loc, Value x, Value y) {
  return arith::AddFOp::create(b, loc, x, toFloat(b, loc, y, x.getType()));
}

/// Elements of a float vector that is known at compile time.
std::optional<SmallVector<double>> constantFloats(Value value) {
  ElementsAttr attr;
  if (!matchPattern(value, m_Constant(&attr)) || !attr.getElementType().isF32())
    return std::nullopt;
  SmallVector<double> floats;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() < static_cast<size_t>(attr.getNumElements()) * 4)
      return std::nullopt;
    const char *data = blob->getData().data();
    for (int64_t i = 0; i < attr.getNumElements(); ++i) {
      float number;
      memcpy(&number, data + 4 * i, 4);
      floats.push_back(number);
    }
    return floats;
  }
  auto dense = dyn_cast<DenseFPElementsAttr>(attr);
  if (!dense)
    return std::nullopt;
  for (const APFloat &number : dense.getValues<APFloat>())
    floats.push_back(number.convertToDouble());
  return floats;
}

} // namespace

//===--- BatchNormalization -------------------------------------------------===//

LogicalResult BatchNormalizationOp::upgrade(ImportedNode &node) {
  if (node.opset < 7) {
    node.attributes.erase("is_test");
    node.attributes.erase("consumed_inputs");
  }
  if (node.opset < 14) {
    // More than one output meant training, below opset 9 `spatial` = 0 meant statistics by element.
    if (auto spatial = dyn_cast_if_present<IntegerAttr>(node.attributes.erase("spatial")); spatial && !spatial.getInt())
      return node.error() << "spatial = 0 is not supported";
    if (node.numResults > 1)
      return node.error() << "training outputs of opset " << node.opset << " are not supported";
  }
  return success();
}

LogicalResult BatchNormalizationOp::inferShapes(ShapeContext &context) {
  if (failed(checkChannelVectors(*this, context, 4)))
    return failure();
  inferLike(*this, context);
  for (auto [i, result] : llvm::enumerate(getStatistics()))
    context.setType(result, context.elementType(i == 0 ? getInputMean() : getInputVar()), context.dims(getInputMean()));
  return success();
}

/// Scale and shift by channel, as constants.
static std::optional<std::pair<Value, Value>> constantFactors(Decomposer &d, BatchNormalizationOp op) {
  auto scale = constantFloats(op.getScale()), bias = constantFloats(op.getB());
  auto mean = constantFloats(op.getInputMean()), variance = constantFloats(op.getInputVar());
  if (!scale || !bias || !mean || !variance || scale->size() != bias->size() || scale->size() != mean->size() ||
      scale->size() != variance->size())
    return std::nullopt;
  double epsilon = op.getEpsilon().convertToDouble();
  SmallVector<float> factors, shifts;
  for (auto [s, b, m, v] : llvm::zip(*scale, *bias, *mean, *variance)) {
    factors.push_back(s / std::sqrt(v + epsilon));
    shifts.push_back(b - m * s / std::sqrt(v + epsilon));
  }
  auto type = RankedTensorType::get({static_cast<int64_t>(factors.size())}, d.b.getF32Type());
  return std::pair(d.constant(DenseElementsAttr::get(type, ArrayRef<float>(factors))),
                   d.constant(DenseElementsAttr::get(type, ArrayRef<float>(shifts))));
}

LogicalResult BatchNormalizationOp::decompose(Decomposer &d) {
  Dims dims = d.shapes.dims(getX());
  Layout layout(*this, dims.size());
  Type element = d.shapes.elementType(getX()), type = computeType(d.b, element);
  double epsilon = getEpsilon().convertToDouble();
  SmallVector<bool> reduced(dims.size(), true);
  reduced[layout.channel()] = false;
  Dim count = 1;
  for (auto [dim, isReduced] : llvm::zip(dims, reduced))
    count = isReduced ? count * dim : count;
  Rows rows(d, d(getX()), reduced, type, count);
  Value mean = d(getInputMean()), variance = d(getInputVar());
  std::optional<std::pair<Value, Value>> factors;
  if (getTrainingMode()) {
    mean = rows.mean();
    Value squares = rows.sum(mean, [](OpBuilder &b, Location loc, ValueRange args) -> Value {
      Value x = arith::SubFOp::create(b, loc, args[0], args[1]);
      return arith::MulFOp::create(b, loc, x, x);
    });
    Value number = floatSize(d, count, type);
    variance = rows.each(squares, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
      return arith::DivFOp::create(b, loc, args[0], number);
    });
    double momentum = getMomentum().convertToDouble();
    SmallVector<Value> before{getInputMean(), getInputVar()}, batch{mean, variance};
    for (auto [result, old, now] : llvm::zip(getStatistics(), before, batch)) {
      Value running = rows.each({now, d(old)}, [&](OpBuilder &b, Location loc, ValueRange args) {
        Value keep = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, momentum));
        Value take = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, 1 - momentum));
        return add(b, loc, multiply(b, loc, keep, args[1]), multiply(b, loc, take, args[0]));
      });
      d.setResult(result, narrow(d, running, d.shapes.elementType(result)));
    }
  } else {
    SmallVector<Value> given{mean, variance};
    for (auto [result, value] : llvm::zip(getStatistics(), given))
      d.setResult(result, value);
    factors = constantFactors(d, *this);
  }
  if (!factors) {
    Value scale = rows.each({d(getScale()), variance}, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
      Value offset = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, epsilon));
      Value deviation = math::SqrtOp::create(b, loc, add(b, loc, offset, args[1]));
      return arith::DivFOp::create(b, loc, toFloat(b, loc, args[0], type), deviation);
    });
    Value shift = rows.each({scale, mean, d(getB())}, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
      return arith::SubFOp::create(b, loc, toFloat(b, loc, args[2], type), multiply(b, loc, args[0], args[1]));
    });
    factors.emplace(scale, shift);
  }
  Value result =
      rows.apply({factors->first, factors->second}, {}, {}, element, [](OpBuilder &b, Location loc, ValueRange args) {
        return add(b, loc, multiply(b, loc, args[0], args[1]), args[2]);
      });
  d.setResult(getY(), result);
  return success();
}

//===--- rows ---------------------------------------------------------------===//

namespace {

/// (x - mean) * inverse deviation * scale + bias over rows; scale and bias raw, under their maps.
/// Returns the result and sets the statistics.
Value normalize(Rows &rows, double epsilon, ValueRange scaleAndBias, ArrayRef<AffineMap> maps, Type element,
                Value &mean, Value &inverse) {
  mean = rows.mean();
  inverse = rows.inverseDeviation(mean, epsilon);
  return rows.apply({mean, inverse}, scaleAndBias, maps, element, [&](OpBuilder &b, Location loc, ValueRange args) {
    Value x = arith::SubFOp::create(b, loc, args[0], args[1]);
    x = multiply(b, loc, multiply(b, loc, x, args[2]), args[3]);
    return args.size() > 4 ? add(b, loc, x, args[4]) : x;
  });
}

/// Marks of the axes from `axis` on, and how many elements they have.
std::pair<SmallVector<bool>, Dim> trailingAxes(ArrayRef<Dim> dims, int64_t axis) {
  SmallVector<bool> reduced;
  Dim count = 1;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    reduced.push_back(static_cast<int64_t>(i) >= axis);
    count = reduced.back() ? count * dim : count;
  }
  return {reduced, count};
}

/// Checks the `axis` of an op and that the operands from 1 on broadcast to its first one.
FailureOr<int64_t> checkTrailing(Operation *op, ShapeContext &shapes, int64_t axis, int64_t stash) {
  Dims x = shapes.dims(op->getOperand(0));
  if (failed(requireFloat(op, shapes)))
    return failure();
  std::optional<int64_t> normal = normalizeAxis(axis, x.size());
  if (!normal)
    return op->emitOpError("expects an axis of rank ") << x.size() << ", but got " << axis;
  if (stash != 1 && stash != 11 && stash != 10 && stash != 16)
    return op->emitOpError("expects a float type as stash_type, but got ") << stash;
  for (Value value : op->getOperands().drop_front()) {
    if (!isPresent(value))
      continue;
    Dims dims = shapes.dims(value);
    std::optional<Dims> both = broadcastShapes(x, dims);
    if (!both || both->size() != x.size())
      return op->emitOpError("expects a scale and bias that broadcast to ")
             << toString(x) << ", but got shape " << toString(dims);
  }
  return *normal;
}

} // namespace

//===--- LayerNormalization, RMSNormalization -------------------------------===//

LogicalResult LayerNormalizationOp::inferShapes(ShapeContext &context) {
  FailureOr<int64_t> axis = checkTrailing(*this, context, getAxis(), getStashType());
  if (failed(axis))
    return failure();
  inferLike(*this, context);
  Dims dims = context.dims(getX());
  for (size_t i = *axis; i < dims.size(); ++i)
    dims[i] = 1;
  Builder b(getContext());
  for (Value result : getStatistics())
    context.setType(result, computeType(b, b.getF32Type(), getStashType()), dims);
  return success();
}

LogicalResult LayerNormalizationOp::decompose(Decomposer &d) {
  Dims dims = d.shapes.dims(getX());
  Type element = d.shapes.elementType(getX()), type = computeType(d.b, element, getStashType());
  auto [reduced, count] = trailingAxes(dims, *normalizeAxis(getAxis(), dims.size()));
  Rows rows(d, d(getX()), reduced, type, count);
  SmallVector<Value> others{d(getScale())};
  SmallVector<Dims> otherDims{d.shapes.dims(getScale())};
  if (isPresent(getB())) {
    others.push_back(d(getB()));
    otherDims.push_back(d.shapes.dims(getB()));
  }
  SmallVector<AffineMap> maps = d.broadcast(others, otherDims, dims);
  Value mean, inverse;
  d.setResult(getY(), normalize(rows, getEpsilon().convertToDouble(), others, maps, element, mean, inverse));
  SmallVector<Value> values{mean, inverse};
  for (auto [result, value] : llvm::zip(getStatistics(), values))
    if (!result.use_empty())
      d.setResult(result, narrow(d, rows.withUnitAxes(value), d.shapes.elementType(result)));
  return success();
}

LogicalResult RMSNormalizationOp::inferShapes(ShapeContext &context) {
  if (failed(checkTrailing(*this, context, getAxis(), getStashType())))
    return failure();
  inferLike(*this, context);
  return success();
}

LogicalResult RMSNormalizationOp::decompose(Decomposer &d) {
  Dims dims = d.shapes.dims(getX());
  Type element = d.shapes.elementType(getX()), type = computeType(d.b, element, getStashType());
  auto [reduced, count] = trailingAxes(dims, *normalizeAxis(getAxis(), dims.size()));
  Rows rows(d, d(getX()), reduced, type, count);
  SmallVector<Value> scale{d(getScale())};
  SmallVector<AffineMap> maps = d.broadcast(scale, {d.shapes.dims(getScale())}, dims);
  Value inverse = rows.inverseDeviation({}, getEpsilon().convertToDouble());
  d.setResult(getY(), rows.apply(inverse, scale, maps, element, [&](OpBuilder &b, Location loc, ValueRange args) {
    return multiply(b, loc, multiply(b, loc, args[0], args[1]), args[2]);
  }));
  return success();
}

//===--- InstanceNormalization, GroupNormalization --------------------------===//

LogicalResult InstanceNormalizationOp::inferShapes(ShapeContext &context) {
  if (failed(checkChannelVectors(*this, context, 2)))
    return failure();
  inferLike(*this, context);
  return success();
}

LogicalResult InstanceNormalizationOp::decompose(Decomposer &d) {
  Dims dims = d.shapes.dims(getInput());
  Layout layout(*this, dims.size());
  Type element = d.shapes.elementType(getInput());
  SmallVector<bool> reduced(dims.size(), true);
  reduced[0] = reduced[layout.channel()] = false;
  Dim count = 1;
  for (const Dim &dim : layout.spatialDims(dims))
    count = count * dim;
  Rows rows(d, d(getInput()), reduced, computeType(d.b, element), count);
  AffineMap channel = rows.axis(layout.channel());
  Value mean, inverse;
  d.setResult(getOutput(), normalize(rows, getEpsilon().convertToDouble(), {d(getScale()), d(getB())},
                                     {channel, channel}, element, mean, inverse));
  return success();
}

LogicalResult GroupNormalizationOp::inferShapes(ShapeContext &context) {
  Dim groups = getNumGroups();
  if (failed(checkChannelVectors(*this, context, 2, &groups)))
    return failure();
  Dims dims = context.dims(getX());
  const Dim &channels = dims[Layout(*this, dims.size()).channel()];
  if (getNumGroups() < 1 || (channels.isConstant() && channels.value() % static_cast<int64_t>(getNumGroups()) != 0))
    return emitOpError("expects groups that divide the ") << channels.str() << " channels, but got " << getNumGroups();
  inferLike(*this, context);
  return success();
}

LogicalResult GroupNormalizationOp::decompose(Decomposer &d) {
  Dims dims = d.shapes.dims(getX());
  Layout layout(*this, dims.size());
  int64_t axis = layout.channel(), groups = getNumGroups();
  Type element = d.shapes.elementType(getX());
  Dim perGroup = dims[axis].floorDiv(groups), count = perGroup;
  for (const Dim &dim : layout.spatialDims(dims))
    count = count * dim;
  SmallVector<OpFoldResult> split{d.b.getIndexAttr(groups), d.size(perGroup)};
  Value x = splitAxis(d, d(getX()), axis, split);
  SmallVector<bool> reduced(dims.size() + 1, true);
  reduced[0] = reduced[axis] = false;
  Rows rows(d, x, reduced, computeType(d.b, element, getStashType()), count);
  // A vector over channels splits like them; one over groups (opset 18) has one axis.
  SmallVector<Value> vectors;
  SmallVector<AffineMap> maps;
  for (Value operand : {getScale(), getBias()}) {
    bool byGroup = d.shapes.dims(operand)[0] == Dim(groups) && dims[axis] != Dim(groups);
    vectors.push_back(byGroup ? d(operand) : splitAxis(d, d(operand), 0, split));
    SmallVector<AffineExpr> exprs{d.b.getAffineDimExpr(axis)};
    if (!byGroup)
      exprs.push_back(d.b.getAffineDimExpr(axis + 1));
    maps.push_back(AffineMap::get(reduced.size(), 0, exprs, getContext()));
  }
  Value mean, inverse;
  Value y = normalize(rows, getEpsilon().convertToDouble(), vectors, maps, element, mean, inverse);
  d.setResult(getY(), mergeAxes(d, y, axis, 2));
  return success();
}

//===--- MeanVarianceNormalization, LpNormalization -------------------------===//

LogicalResult MeanVarianceNormalizationOp::inferShapes(ShapeContext &context) {
  if (failed(requireFloat(*this, context)))
    return failure();
  for (int64_t axis : getAxes())
    if (!normalizeAxis(axis, context.rank(getX())))
      return emitOpError("expects axes of rank ") << context.rank(getX()) << ", but got " << axis;
  inferLike(*this, context);
  return success();
}

LogicalResult MeanVarianceNormalizationOp::decompose(Decomposer &d) {
  Dims dims = d.shapes.dims(getX());
  Type element = d.shapes.elementType(getX()), type = computeType(d.b, element);
  SmallVector<bool> reduced(dims.size(), false);
  Dim count = 1;
  for (int64_t axis : getAxes()) {
    int64_t i = *normalizeAxis(axis, dims.size());
    count = reduced[i] ? count : count * dims[i];
    reduced[i] = true;
  }
  Rows rows(d, d(getX()), reduced, type, count);
  Value mean = rows.mean(), inverse = rows.inverseDeviation(mean, 0);
  // The epsilon of 1e-9 is added to the deviation, after the root.
  d.setResult(getY(),
              rows.apply({mean, inverse}, {}, {}, element, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                Value one = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, 1));
                Value epsilon = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, 1e-9));
                Value deviation = arith::DivFOp::create(b, loc, one, args[2]);
                return arith::DivFOp::create(b, loc, arith::SubFOp::create(b, loc, args[0], args[1]),
                                             arith::AddFOp::create(b, loc, deviation, epsilon));
              }));
  return success();
}

LogicalResult LpNormalizationOp::inferShapes(ShapeContext &context) {
  if (failed(requireFloat(*this, context)))
    return failure();
  if (!normalizeAxis(getAxis(), context.rank(getInput())))
    return emitOpError("expects an axis of rank ") << context.rank(getInput()) << ", but got " << static_cast<int64_t>(getAxis());
  if (getP() != 1 && getP() != 2)
    return emitOpError("expects p = 1 or 2, but got ") << getP();
  inferLike(*this, context);
  return success();
}

LogicalResult LpNormalizationOp::decompose(Decomposer &d) {
  Dims dims = d.shapes.dims(getInput());
  Type element = d.shapes.elementType(getInput()), type = computeType(d.b, element);
  SmallVector<bool> reduced(dims.size(), false);
  int64_t axis = *normalizeAxis(getAxis(), dims.size());
  reduced[axis] = true;
  Rows rows(d, d(getInput()), reduced, type, dims[axis]);
  bool isEuclid = getP() == 2;
  Value sum = rows.sum({}, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (isEuclid)
      return arith::MulFOp::create(b, loc, args[0], args[0]);
    return math::AbsFOp::create(b, loc, args[0]);
  });
  if (isEuclid)
    sum = rows.each(sum, [](OpBuilder &b, Location loc, ValueRange args) -> Value {
      return math::SqrtOp::create(b, loc, args[0]);
    });
  d.setResult(getOutput(), rows.apply(sum, {}, {}, element, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, args[1], zero);
    return arith::SelectOp::create(b, loc, isZero, zero, arith::DivFOp::create(b, loc, args[0], args[1]));
  }));
  return success();
}

//===--- LRN ----------------------------------------------------------------===//

LogicalResult LRNOp::inferShapes(ShapeContext &context) {
  if (failed(requireFloat(*this, context)))
    return failure();
  if (context.rank(getX()) < 2)
    return emitOpError("expects an input of rank above 1, but got rank ") << context.rank(getX());
  if (getSize() < 1)
    return emitOpError("expects a size of at least 1, but got ") << getSize();
  inferLike(*this, context);
  return success();
}

LogicalResult LRNOp::decompose(Decomposer &d) {
  Value x = d(getX());
  Layout layout(*this, d.shapes.rank(getX()));
  int64_t axis = layout.channel(), size = getSize();
  Type element = d.shapes.elementType(getX()), type = computeType(d.b, element);
  // The channels between zeros, then a window of `size` along them.
  SmallVector<OpFoldResult> inner = d.sizesOf(x), outer = inner;
  SmallVector<OpFoldResult> offsets(layout.rank, d.b.getIndexAttr(0)), strides(layout.rank, d.b.getIndexAttr(1));
  outer[axis] = d.size(d.shapes.dims(getX())[axis] + (size - 1));
  offsets[axis] = d.b.getIndexAttr((size - 1) / 2);
  Value buffer = d.fill(d.number(element, 0), d.empty(element, outer));
  Value padded = tensor::InsertSliceOp::create(d.b, d.loc(), x, buffer, offsets, inner, strides);
  SmallVector<AffineExpr> from;
  SmallVector<utils::IteratorType> iterators(layout.rank, utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  for (int64_t i = 0; i < layout.rank; ++i)
    from.push_back(d.b.getAffineDimExpr(i) +
                   (i == axis ? d.b.getAffineDimExpr(layout.rank) : d.b.getAffineConstantExpr(0)));
  unsigned loops = layout.rank + 1;
  SmallVector<AffineMap> maps{
      AffineMap::get(loops, 0, from, getContext()), AffineMap::get(loops, 0, d.b.getAffineDimExpr(layout.rank)),
      AffineMap::get(loops, 0, d.b.getMultiDimIdentityMap(layout.rank).getResults(), getContext())};
  Value taps = d.empty(element, {OpFoldResult(d.b.getIndexAttr(size))});
  Value squares = d.generic(
      {padded, taps}, d.fill(d.number(type, 0), d.empty(type, inner)), maps, iterators,
      [&](OpBuilder &b, Location loc, ValueRange args) { return multiplyAdd(b, loc, args[2], args[0], args[0]); });
  double alpha = getAlpha().convertToDouble() / size, beta = getBeta().convertToDouble(),
         bias = getBias().convertToDouble();
  AffineMap all = d.b.getMultiDimIdentityMap(layout.rank);
  d.setResult(getY(),
              d.map({x, squares}, {all, all}, d.empty(getY()), [&](OpBuilder &b, Location loc, ValueRange args) {
                auto number = [&](double v) { return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, v)); };
                Value base = add(b, loc, multiply(b, loc, number(alpha), args[1]), number(bias));
                Value divisor = math::PowFOp::create(b, loc, base, number(beta));
                return toFloat(b, loc, arith::DivFOp::create(b, loc, toFloat(b, loc, args[0], type), divisor), element);
              }));
  return success();
}
