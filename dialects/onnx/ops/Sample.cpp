// Ops that read images at computed positions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Sample.h"

#include "dialects/onnx/Scalar.h"
#include "dialects/onnx/ops/Index.h"
#include "dialects/onnx/ops/Real.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Sample.cpp.inc"

namespace brisk::onnx {
void addSampleOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Sample.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

FloatType computeType(Type element) {
  auto type = dyn_cast<FloatType>(element);
  return type && type.isF64() ? type : cast<FloatType>(Float32Type::get(element.getContext()));
}

/// A stored element as a number of type `compute`.
Real toReal(Decomposer &d, OpBuilder &b, Location loc, Value stored, Type element, FloatType compute) {
  return Real(b, loc, Scalar(b, loc, d.load(b, stored, element), isUnsignedElement(element)).to(compute).value());
}

/// The index of a number, which is first brought into 0 .. last (NaN to last).
Value clampedIndex(IndexMath math, const Real &x, const Real &last) {
  Real safe = Real::select(x <= last, Real::max(x, x(0)), last);
  return math.of(Real::max(safe, x(0)).toIndex());
}

/// `x` mirrored at `low` and `high` until it lies between them.
Real reflect(const Real &x, const Real &low, const Real &high) {
  Real span = Real::max(high - low, x(1e-30)), distance = (x - low).abs();
  // Whole spans passed, and what is left; every other span runs backwards.
  Real passed = (distance / span).floor(), rest = distance - passed * span, half = passed / x(2);
  return Real::select(half <= half.floor(), low + rest, high - rest);
}

/// Weights of the neighbors -1 .. 2 of Keys' cubic convolution at distance `t` from neighbor 0.
SmallVector<Real, 4> cubicWeights(const Real &t) {
  Real a = t(-0.75), one = t(1);
  auto near = [&](const Real &x) { return ((a + t(2)) * x - (a + t(3))) * x * x + one; };
  auto far = [&](const Real &x) { return ((a * x - t(5) * a) * x + t(8) * a) * x - t(4) * a; };
  return {far(t + one), near(t), near(one - t), far(t(2) - t)};
}

} // namespace

//===--- GridSample ---------------------------------------------------------===//

LogicalResult GridSampleOp::upgrade(ImportedNode &node) {
  if (auto mode = dyn_cast_if_present<StringAttr>(node.attributes.get("mode")); mode && mode.getValue().starts_with("bi"))
    node.attributes.set("mode", node.builder.getStringAttr(mode.getValue().drop_front(2))); // opset < 20
  return success();
}
LogicalResult GridSampleOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getX()), grid = context.dims(getGrid());
  if (dims.size() < 3 || grid.size() != dims.size() || grid.back() != Dim(dims.size() - 2))
    return emitOpError("expects a grid of positions in an image, but got shapes ") << toString(grid) << " and " << toString(dims);
  if (!llvm::is_contained({"nearest", "linear", "cubic"}, getMode()))
    return emitOpError("expects mode nearest, linear or cubic, but got ") << getMode();
  if (!llvm::is_contained({"zeros", "border", "reflection"}, getPaddingMode()))
    return emitOpError("expects padding_mode zeros, border or reflection, but got ") << getPaddingMode();
  if (!isa<FloatType>(context.elementType(getGrid())))
    return emitOpError("expects a grid of floats");
  Dims result = {dims[0], dims[1]};
  result.append(grid.begin() + 1, grid.end() - 1);
  context.setType(getY(), context.elementType(getX()), result);
  return success();
}
LogicalResult GridSampleOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Type element = d.shapes.elementType(getX()), gridElement = d.shapes.elementType(getGrid());
  FloatType compute = computeType(element);
  int64_t axes = d.shapes.rank(getX()) - 2;
  SmallVector<OpFoldResult> sizes = d.sizes(getX());
  if (d.shapes.dims(getX())[0] != d.shapes.dims(getGrid())[0])
    d.check(math.eq(math.of(sizes[0]), math.of(d.sizes(getGrid())[0])), "batch sizes do not agree");
  for (int64_t axis = 0; axis < axes; ++axis)
    if (!d.shapes.dims(getX())[axis + 2].constant())
      d.check(math.lt(math.constant(0), math.of(sizes[axis + 2])), "no elements to sample");
  Value x = d(getX()), grid = d(getGrid());
  StringRef mode = getMode(), padding = getPaddingMode();
  bool isAligned = getAlignCorners();
  d.setResult(getY(), d.generate(d.empty(getY()), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    IndexMath inner(b, loc);
    struct Tap {
      Value index;
      Real weight; // 0 where the position is outside and outside is zero
    };
    std::vector<std::vector<Tap>> taps(axes);
    for (int64_t axis = 0; axis < axes; ++axis) {
      SmallVector<Value> from = {at[0]};
      llvm::append_range(from, at.drop_front(2));
      from.push_back(inner.constant(axes - 1 - axis));
      Real n = toReal(d, b, loc, tensor::ExtractOp::create(b, loc, grid, from), gridElement, compute);
      Real length = Real::ofIndex(b, loc, compute, sizes[axis + 2]), zero = n(0), one = n(1), half = n(0.5), last = length - one;
      Real low = isAligned ? zero : n(-0.5), high = isAligned ? last : length - half;
      Real p = isAligned ? (n + one) * half * last : ((n + one) * length - one) * half;
      if (mode == "nearest")
        p = Real(b, loc, math::RoundEvenOp::create(b, loc, p.value()));
      // Outside, the position itself is moved first, then each neighbor's.
      auto mirrored = [&](const Real &q) {
        return Real::select(q < low, reflect(q, low, high), Real::select(high < q, reflect(q, low, high), q));
      };
      if (padding == "border")
        p = Real::select(p < low, zero, Real::select(high < p, last, p));
      else if (padding == "reflection")
        p = mirrored(p);
      Real base = mode == "nearest" ? p : p.floor(), t = p - base;
      SmallVector<Real, 4> weights = {one};
      if (mode == "linear")
        weights = {one - t, t};
      else if (mode == "cubic")
        weights = cubicWeights(t);
      for (auto [k, weight] : llvm::enumerate(weights)) {
        Real q = base + n(static_cast<double>(k) - (mode == "cubic" ? 1 : 0));
        if (padding == "reflection") {
          q = mirrored(q);
        } else if (padding == "zeros") {
          weight = Real::select(q < zero, zero, Real::select(q <= last, weight, zero));
        }
        // As a conversion to integer does, positions between elements go toward zero.
        taps[axis].push_back({clampedIndex(inner, q, last), weight});
      }
    }
    SmallVector<Value> position = {at[0], at[1]};
    std::function<Real(int64_t)> sum = [&](int64_t axis) -> Real {
      if (axis == axes)
        return toReal(d, b, loc, tensor::ExtractOp::create(b, loc, x, position), element, compute);
      std::optional<Real> total;
      for (const Tap &tap : taps[axis]) {
        position.push_back(tap.index);
        Real part = sum(axis + 1);
        position.pop_back();
        // Weight 0 hides whatever is outside, also NaN.
        Real term = Real::select(tap.weight <= tap.weight(0), Real::select(tap.weight < tap.weight(0), tap.weight * part, tap.weight(0)), tap.weight * part);
        total = total ? *total + term : term;
      }
      return *total;
    };
    return d.store(b, Scalar(b, loc, sum(0).value()).to(element).as(element), element);
  }));
  return success();
}

//===--- RoiAlign -----------------------------------------------------------===//

LogicalResult RoiAlignOp::upgrade(ImportedNode &node) {
  if (node.opset < 16)
    node.attributes.set("coordinate_transformation_mode", node.builder.getStringAttr("output_half_pixel"));
  return success();
}
LogicalResult RoiAlignOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getX()), rois = context.dims(getRois()), batches = context.dims(getBatchIndices());
  if (dims.size() != 4 || rois.size() != 2 || batches.size() != 1 || (rois[1].constant() && rois[1] != Dim(4)))
    return emitOpError("expects an image of rank 4, regions of shape Rx4 and R batch indices");
  if (!isa<FloatType>(context.elementType(getX())))
    return emitOpError("expects floats");
  if (getMode() != "avg" && getMode() != "max")
    return emitOpError("expects mode avg or max, but got ") << getMode();
  if (getCoordinateTransformationMode() != "half_pixel" && getCoordinateTransformationMode() != "output_half_pixel")
    return emitOpError("expects coordinates half_pixel or output_half_pixel, but got ") << getCoordinateTransformationMode();
  int64_t height = getOutputHeight(), width = getOutputWidth();
  if (height < 1 || width < 1 || static_cast<int64_t>(getSamplingRatio()) < 0)
    return emitOpError("expects output sizes above 0 and a sampling_ratio of at least 0");
  context.setType(getY(), context.elementType(getX()), {rois[0], dims[1], height, width});
  return success();
}
LogicalResult RoiAlignOp::decompose(Decomposer &d) {
  IndexMath math(d);
  OpBuilder &b = d.b;
  Location loc = d.loc();
  Type element = d.shapes.elementType(getX()), roiElement = d.shapes.elementType(getRois());
  FloatType compute = computeType(element);
  SmallVector<OpFoldResult> sizes = d.sizes(getX());
  SmallVector<Value> bounds = llvm::map_to_vector(d.sizes(getY()), [&](OpFoldResult s) { return math.of(s); });
  Value x = d(getX()), rois = d(getRois()), batches = d(getBatchIndices()), zero = math.constant(0);
  d.check(math.both(math.eq(math.of(d.sizes(getBatchIndices())[0]), bounds[0]), math.eq(math.of(d.sizes(getRois())[1]), math.constant(4))),
          "regions and batch indices do not agree");
  d.check(math.both(math.lt(zero, math.of(sizes[0])), math.both(math.lt(zero, math.of(sizes[2])), math.lt(zero, math.of(sizes[3])))),
          "no elements to pool");
  bool isHalf = getCoordinateTransformationMode() == "half_pixel", isMax = getMode() == "max";
  auto number = [&](double value) { return Real(b, loc, compute, value); };
  Value result = loops(b, loc, bounds, d.empty(getY()), [&](OpBuilder &nested, Location, ValueRange at, ValueRange carried) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
    Value batch = math.position(math.cast(tensor::ExtractOp::create(b, loc, batches, at[0])), math.of(sizes[0]));
    struct Side {
      Real start, bin, steps, last, length;
      Value count;
    };
    SmallVector<Side, 2> sides;
    for (int64_t axis = 0; axis < 2; ++axis) {
      auto corner = [&](int64_t column) {
        Value stored = tensor::ExtractOp::create(b, loc, rois, ValueRange{at[0], math.constant(column)});
        Real scaled = toReal(d, b, loc, stored, roiElement, compute) * number(getSpatialScale().convertToFloat());
        return isHalf ? scaled - number(0.5) : scaled;
      };
      Real low = corner(1 - axis), extent = corner(3 - axis) - low;
      if (!isHalf)
        extent = Real::max(extent, number(1));
      Real bin = extent / number(axis == 0 ? getOutputHeight() : getOutputWidth());
      Real steps = getSamplingRatio() ? number(getSamplingRatio()) : bin.ceil();
      // Regions that are not sane have no samples.
      steps = Real::select(steps <= number(1 << 20), Real::max(steps, number(0)), number(0));
      Real length = Real::ofIndex(b, loc, compute, sizes[axis + 2]);
      Real start = low + Real::ofIndex(b, loc, compute, at[axis + 2]) * bin;
      sides.push_back({start, bin, steps, length - number(1), length, math.of(steps.toIndex())});
    }
    Value init = isMax ? d.number(compute, 0) : d.number(compute, 0);
    Value total = loops(b, loc, {sides[0].count, sides[1].count}, init, [&](OpBuilder &sample, Location, ValueRange grid, ValueRange sum) {
      OpBuilder::InsertionGuard innerGuard(b);
      b.setInsertionPoint(sample.getInsertionBlock(), sample.getInsertionPoint());
      SmallVector<Real, 2> weights;
      SmallVector<std::pair<Value, Value>, 2> rows;
      Value isInside = arith::ConstantIntOp::create(b, loc, b.getI1Type(), 1);
      for (int64_t axis = 0; axis < 2; ++axis) {
        const Side &side = sides[axis];
        Real p = side.start + (Real::ofIndex(b, loc, compute, grid[axis]) + number(0.5)) * side.bin / side.steps;
        isInside = math.both(isInside, math.both((number(-1) <= p).value, (p <= side.length).value));
        p = Real::min(Real::max(p, number(0)), side.last);
        Real low = p.floor();
        weights.push_back(p - low);
        rows.push_back({clampedIndex(math, low, side.last), clampedIndex(math, low + number(1), side.last)});
      }
      auto pixel = [&](Value row, Value column) {
        return toReal(d, b, loc, tensor::ExtractOp::create(b, loc, x, ValueRange{batch, at[1], row, column}), element, compute);
      };
      Real ly = weights[0], lx = weights[1], hy = number(1) - ly, hx = number(1) - lx;
      SmallVector<Real, 4> parts = {hy * hx * pixel(rows[0].first, rows[1].first), hy * lx * pixel(rows[0].first, rows[1].second),
                                    ly * hx * pixel(rows[0].second, rows[1].first), ly * lx * pixel(rows[0].second, rows[1].second)};
      Real value = isMax ? Real::max(Real::max(parts[0], parts[1]), Real::max(parts[2], parts[3])) : parts[0] + parts[1] + parts[2] + parts[3];
      value = Real::select({{}, isInside}, value, number(0));
      Real now(b, loc, sum[0]);
      if (isMax) {
        Value isFirst = math.both(math.eq(grid[0], zero), math.eq(grid[1], zero));
        return SmallVector<Value>{Real::select({{}, isFirst}, value, Real::max(now, value)).value()};
      }
      return SmallVector<Value>{(now + value).value()};
    })[0];
    Real pooled(b, loc, total);
    if (!isMax)
      pooled = pooled / Real::max(sides[0].steps * sides[1].steps, number(1));
    Value stored = d.store(b, Scalar(b, loc, pooled.value()).to(element).as(element), element);
    return SmallVector<Value>{tensor::InsertOp::create(b, loc, stored, carried[0], at)};
  })[0];
  d.setResult(getY(), result);
  return success();
}

//===--- AffineGrid ---------------------------------------------------------===//

LogicalResult AffineGridOp::inferShapes(ShapeContext &context) {
  Dims theta = context.dims(getTheta());
  std::optional<int64_t> length = lengthOf(getSize());
  if (!length || (*length != 4 && *length != 5))
    return emitOpError("expects a size of 4 or 5 numbers");
  int64_t axes = *length - 2;
  if (theta.size() != 3 || (theta[1].constant() && theta[1] != Dim(axes)) || (theta[2].constant() && theta[2] != Dim(axes + 1)))
    return emitOpError("expects maps of shape Nx") << axes << "x" << axes + 1 << ", but got " << toString(theta);
  if (!isa<FloatType>(context.elementType(getTheta())))
    return emitOpError("expects floats");
  std::optional<Dims> sizes = context.content(getSize());
  Dims result = {theta[0]};
  for (int64_t i = 0; i < axes; ++i)
    result.push_back(sizes ? Dim::max(Dim(0), (*sizes)[i + 2]) : context.unknown(getGrid(), i + 1));
  result.push_back(Dim(axes));
  context.setType(getGrid(), context.elementType(getTheta()), result);
  return success();
}
LogicalResult AffineGridOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Type element = d.shapes.elementType(getTheta());
  FloatType compute = computeType(element);
  SmallVector<Value> numbers = indices(d, getSize());
  int64_t axes = numbers.size() - 2;
  SmallVector<OpFoldResult> maps = d.sizes(getTheta()), sizes = {maps[0]};
  Value isFit = math.both(math.eq(math.of(maps[0]), numbers[0]),
                          math.both(math.eq(math.of(maps[1]), math.constant(axes)), math.eq(math.of(maps[2]), math.constant(axes + 1))));
  d.check(isFit, "maps do not fit the size");
  for (int64_t i = 0; i < axes; ++i)
    sizes.push_back(getAsOpFoldResult(math.max(numbers[i + 2], math.constant(0))));
  sizes.push_back(d.b.getIndexAttr(axes));
  Value theta = d(getTheta()), init = d.empty(storageType(element), sizes);
  bool isAligned = getAlignCorners();
  d.setResult(getGrid(), d.generate(init, [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    IndexMath inner(b, loc);
    auto factor = [&](int64_t k) {
      Value stored = tensor::ExtractOp::create(b, loc, theta, ValueRange{at[0], at[axes + 1], inner.constant(k)});
      return toReal(d, b, loc, stored, element, compute);
    };
    Real total = factor(axes), one = total(1), two = total(2);
    for (int64_t k = 0; k < axes; ++k) {
      // Coordinates count from the last axis: x, y, z.
      Real i = Real::ofIndex(b, loc, compute, at[axes - k]), n = Real::ofIndex(b, loc, compute, sizes[axes - k]);
      Real position = isAligned ? i * two / Real::max(n - one, one) - one : (i * two + one) / n - one;
      total = total + factor(k) * position;
    }
    return d.store(b, Scalar(b, loc, total.value()).to(element).as(element), element);
  }));
  return success();
}
