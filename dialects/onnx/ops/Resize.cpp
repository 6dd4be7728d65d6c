// Resampling of images.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Resize.h"

#include "dialects/onnx/Scalar.h"
#include "dialects/onnx/ops/Index.h"
#include "dialects/onnx/ops/Real.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cmath>

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Resize.cpp.inc"

namespace brisk::onnx {
void addResizeOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Resize.cpp.inc"
      >();
}
} // namespace brisk::onnx

//===--- facts --------------------------------------------------------------===//

static void asymmetric(ImportedNode &node) {
  Value scales = node.operands.size() > 1 ? node.operands[1] : Value();
  node.opType = "Resize";
  if (scales) {
    node.operands[1] = node.makeNone();
    node.setOperand(2, scales);
  }
  Builder &b = node.builder;
  node.attributes.set("coordinate_transformation_mode", b.getStringAttr("asymmetric"));
  node.attributes.set("nearest_mode", b.getStringAttr("floor"));
  auto mode = dyn_cast_if_present<StringAttr>(node.attributes.get("mode"));
  if (mode && mode.getValue() == "bilinear")
    node.attributes.set("mode", b.getStringAttr("linear"));
}

LogicalResult UpsampleOp::upgrade(ImportedNode &node) {
  if (auto list = dyn_cast_if_present<DenseF32ArrayAttr>(node.attributes.erase("scales"))) { // opset < 9
    auto type = RankedTensorType::get({list.size()}, node.builder.getF32Type());
    node.setOperand(1, node.makeConstant(DenseElementsAttr::get(type, list.asArrayRef())));
  }
  node.opset = 11;
  asymmetric(node);
  return success();
}
LogicalResult ResizeOp::upgrade(ImportedNode &node) {
  if (node.opset < 11)
    asymmetric(node);
  return success();
}

SmallVector<int64_t> ResizeOp::resizedAxes() {
  int64_t rank = cast<RankedTensorType>(getX().getType()).getRank();
  if (!getAxes())
    return llvm::to_vector(llvm::seq<int64_t>(0, rank));
  return llvm::map_to_vector(*getAxes(), [&](int64_t axis) { return axis < 0 ? axis + rank : axis; });
}

/// Opset 11 leaves an operand out by making it empty.
static bool isGiven(Value operand) { return isPresent(operand) && lengthOf(operand) != 0; }

/// Size of `dim` after scaling, where that has a symbolic form.
static std::optional<Dim> scaled(const Dim &dim, double scale) {
  if (dim.constant())
    return Dim(static_cast<int64_t>(std::floor(static_cast<float>(scale) * static_cast<float>(*dim.constant()))));
  // A scale with few bits is a fraction p / 2^k, which scales exactly.
  int64_t divisor = 1;
  for (int k = 0; k < 8; ++k, divisor *= 2)
    if (scale * divisor == std::floor(scale * divisor) && scale * divisor < 4096)
      return (dim * Dim(static_cast<int64_t>(scale * divisor))).floorDiv(Dim(divisor));
  return std::nullopt;
}

LogicalResult ResizeOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getX());
  if (getAxes() && failed(checkedAxes(*this, *getAxes(), dims.size())))
    return failure();
  if (!llvm::is_contained({"nearest", "linear", "cubic"}, getMode()))
    return emitOpError("expects mode nearest, linear or cubic, but got ") << getMode();
  if (!llvm::is_contained({"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}, getNearestMode()))
    return emitOpError("expects another nearest_mode than ") << getNearestMode();
  if (!llvm::is_contained({"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
                           "tf_half_pixel_for_nn", "tf_crop_and_resize"},
                          getCoordinateTransformationMode()))
    return emitOpError("expects another coordinate_transformation_mode than ") << getCoordinateTransformationMode();
  bool isStretch = getKeepAspectRatioPolicy() == "stretch";
  if (!isStretch && getKeepAspectRatioPolicy() != "not_larger" && getKeepAspectRatioPolicy() != "not_smaller")
    return emitOpError("expects another keep_aspect_ratio_policy than ") << getKeepAspectRatioPolicy();
  SmallVector<int64_t> axes = resizedAxes();
  bool bySizes = isGiven(getSizes());
  if (!bySizes && !isGiven(getScales()))
    return emitOpError("expects scales or sizes");
  std::optional<int64_t> count = lengthOf(bySizes ? getSizes() : getScales());
  if (!count)
    return emitOpError("expects scales or sizes of static number");
  if (*count != static_cast<int64_t>(axes.size()))
    return emitOpError("expects a scale or size for each of ") << axes.size() << " axes, but got " << *count;
  if (getCoordinateTransformationMode() == "tf_crop_and_resize" && lengthOf(getRoi()) != 2 * static_cast<int64_t>(axes.size()))
    return emitOpError("expects a region of ") << 2 * axes.size() << " numbers";
  std::optional<Dims> sizes;
  std::optional<SmallVector<double>> scales;
  if (bySizes)
    sizes = context.content(getSizes());
  else
    scales = floats(getScales());
  std::optional<double> common;
  bool known = sizes.has_value();
  for (size_t i = 0; sizes && !isStretch && i < axes.size(); ++i) {
    known &= (*sizes)[i].constant() && dims[axes[i]].constant() && dims[axes[i]] != Dim(0);
    if (!known)
      break;
    double ratio = static_cast<double>(*(*sizes)[i].constant()) / *dims[axes[i]].constant();
    common = !common ? ratio : getKeepAspectRatioPolicy() == "not_larger" ? std::min(*common, ratio) : std::max(*common, ratio);
  }
  for (auto [i, axis] : llvm::enumerate(axes)) {
    std::optional<Dim> size;
    if (scales) {
      if (!((*scales)[i] > 0) || (*scales)[i] > 1e9)
        return emitOpError("expects scales above 0, but got ") << (*scales)[i];
      size = scaled(dims[axis], (*scales)[i]);
    } else if (known && common) {
      size = Dim(static_cast<int64_t>(std::floor(*common * *dims[axis].constant() + 0.5)));
    } else if (known) {
      size = (*sizes)[i];
    }
    if (size && size->constant() && *size->constant() < 0)
      return emitOpError("expects sizes of at least 0, but got ") << size->str();
    dims[axis] = size ? Dim::max(Dim(0), *size) : context.unknown(getY(), axis);
  }
  context.setType(getY(), context.elementType(getX()), dims);
  return success();
}

std::optional<SmallVector<unsigned>> ResizeOp::permutableOperands(ArrayRef<int64_t> permutation) {
  auto type = dyn_cast<RankedTensorType>(getX().getType());
  if (!type || type.getRank() != static_cast<int64_t>(permutation.size()))
    return std::nullopt;
  return SmallVector<unsigned>{0};
}
void ResizeOp::permute(OpBuilder &, ArrayRef<int64_t> permutation) {
  setAxes(llvm::map_to_vector(resizedAxes(), [&](int64_t axis) { return permutedAxis(axis, permutation); }));
}

//===--- decomposition ------------------------------------------------------===//

namespace {

/// An axis that changes.
struct Axis {
  int64_t axis;
  OpFoldResult in, out;
  Real scale, width; // width: the result's size before it is rounded
  Real begin, end;   // of the region, as fractions of the axis
};

/// More neighbors than this in one expression are combined axis by axis.
constexpr int64_t kMaxTaps = 16;
/// Antialiasing wider than this is refused.
constexpr int64_t kMaxFilter = int64_t(1) << 16;

class Resampler {
public:
  Resampler(ResizeOp op, Decomposer &d) : op(op), d(d), mode(op.getCoordinateTransformationMode()) {
    auto element = dyn_cast<FloatType>(d.shapes.elementType(op.getX()));
    compute = element && element.isF64() ? d.b.getF64Type() : d.b.getF32Type();
    // What frameworks compute: f32 from scales, the exact ratio from sizes.
    position = isGiven(op.getSizes()) ? d.b.getF64Type() : d.b.getF32Type();
  }
  void run();

private:
  Real real(double value) { return Real(d.b, d.loc(), position, value); }
  Real real(OpFoldResult index) { return Real::ofIndex(d.b, d.loc(), position, index); }
  /// Numbers of a float operand in `position` type.
  SmallVector<Real> numbers(Value operand);
  SmallVector<Axis> axes(SmallVectorImpl<OpFoldResult> &sizes);
  /// Where result position `o` lies on the operand's axis.
  Real source(const Axis &axis, const Real &o);
  /// The nearest element's position.
  Real nearest(const Axis &axis, const Real &x);
  /// Weight of an element at distance `x` (in operand elements, shrunk by an antialiasing scale).
  Real filter(const Real &x);
  /// Position of neighbor `k` (counted from -support+1) of `x`, and its weight before normalization.
  std::pair<Real, Real> tap(const Axis &axis, const Real &x, const Real &k, const Real &shrink);
  Real inside(const Axis &axis, const Real &index) {
    return Real::min(Real::max(index, real(0.0)), real(axis.in) - real(1));
  }
  /// A tensor of `sizes` whose elements `formula` gives: a constant if all are; integers as i64.
  Value table(ArrayRef<OpFoldResult> sizes, bool integer, function_ref<Real(ArrayRef<Real>)> formula);
  /// Nearest by a whole factor: each element is repeated.
  bool repeats(ArrayRef<Axis> changed);
  void gather(ArrayRef<Axis> changed, ArrayRef<OpFoldResult> sizes);
  void filterAxes(ArrayRef<Axis> changed);
  Value toCompute(OpBuilder &b, Location loc, Value stored);
  Value fromCompute(OpBuilder &b, Location loc, Value number);

  ResizeOp op;
  Decomposer &d;
  StringRef mode;
  FloatType compute, position;
};

SmallVector<Real> Resampler::numbers(Value operand) {
  SmallVector<Real> result;
  if (std::optional<SmallVector<double>> known = floats(operand)) {
    for (double value : *known)
      result.push_back(real(value));
    return result;
  }
  Value tensor = d(operand);
  Type element = d.shapes.elementType(operand);
  for (int64_t i = 0; i < lengthOf(operand).value_or(0); ++i) {
    Value stored = tensor::ExtractOp::create(d.b, d.loc(), tensor, d.index(i));
    result.push_back(Real(d.b, d.loc(), Scalar(d.b, d.loc(), d.load(d.b, stored, element)).to(position).value()));
  }
  return result;
}

SmallVector<Axis> Resampler::axes(SmallVectorImpl<OpFoldResult> &sizes) {
  SmallVector<int64_t> named = op.resizedAxes();
  SmallVector<OpFoldResult> in = d.sizes(op.getX());
  Dims from = d.shapes.dims(op.getX()), to = d.shapes.dims(op.getY());
  sizes = in;
  SmallVector<Real> region, scales;
  SmallVector<OpFoldResult> wanted;
  bool isCrop = mode == "tf_crop_and_resize";
  if (isCrop)
    region = numbers(op.getRoi());
  bool bySizes = isGiven(op.getSizes()), isStretch = op.getKeepAspectRatioPolicy() == "stretch";
  if (bySizes) {
    wanted = integers(d, op.getSizes());
    std::optional<Real> common;
    for (auto [size, axis] : llvm::zip(wanted, named)) {
      Real ratio = real(size) / real(in[axis]);
      bool isFirst = !common;
      common = isFirst ? ratio : op.getKeepAspectRatioPolicy() == "not_larger" ? Real::min(*common, ratio) : Real::max(*common, ratio);
      scales.push_back(ratio);
    }
    if (!isStretch)
      scales.assign(named.size(), *common);
  } else {
    scales = numbers(op.getScales());
    for (const Real &scale : scales)
      if (!scale.constant())
        d.check((real(0.0) < scale).value, "scale is not above 0");
  }
  SmallVector<Axis> changed;
  for (auto [i, axis] : llvm::enumerate(named)) {
    Real width = bySizes && isStretch ? real(wanted[i]) : scales[i] * real(in[axis]);
    OpFoldResult out = sizeOr(d, to[axis], [&, i = i]() -> Value {
      OpFoldResult size = bySizes ? isStretch ? wanted[i] : (width + real(0.5)).floor().toIndex() : width.floor().toIndex();
      IndexMath math(d);
      return math.max(math.of(size), math.constant(0));
    });
    sizes[axis] = out;
    bool isWhole = bySizes ? isStretch : scales[i].constant() == 1.0;
    if (from[axis] == to[axis] && isWhole && !isCrop)
      continue;
    if (!from[axis].constant() && bySizes) {
      IndexMath math(d);
      d.check(math.either(math.lt(math.constant(0), math.of(in[axis])), math.eq(math.of(out), math.constant(0))),
              "no elements to resize");
    }
    Real begin = isCrop ? region[i] : real(0.0), end = isCrop ? region[i + named.size()] : real(1);
    changed.push_back({axis, in[axis], out, scales[i], width, begin, end});
  }
  return changed;
}

Real Resampler::source(const Axis &axis, const Real &o) {
  Real in = real(axis.in), out = real(axis.out), half = real(0.5), one = real(1), zero = real(0.0);
  if (mode == "asymmetric")
    return o / axis.scale;
  if (mode == "tf_half_pixel_for_nn")
    return (o + half) / axis.scale;
  if (mode == "align_corners")
    return Real::select(axis.width <= one, zero, o * (in - one) / (axis.width - one));
  if (mode == "tf_crop_and_resize") {
    Real span = (axis.end - axis.begin) * (in - one);
    Real middle = half * (axis.begin + axis.end) * (in - one);
    return Real::select(out <= one, middle, axis.begin * (in - one) + o * span / (axis.width - one));
  }
  Real x = (o + half) / axis.scale - half;
  if (mode == "pytorch_half_pixel")
    return Real::select(out <= one, zero, x);
  if (mode == "half_pixel_symmetric")
    return in * half * (one - out / axis.width) + x;
  return x;
}

Real Resampler::nearest(const Axis &axis, const Real &x) {
  StringRef rounding = op.getNearestMode();
  Real index = rounding == "floor"               ? x.floor()
               : rounding == "ceil"              ? x.ceil()
               : rounding == "round_prefer_ceil" ? (x + real(0.5)).floor()
                                                 : (x - real(0.5)).ceil();
  return inside(axis, index);
}

Real Resampler::filter(const Real &signedDistance) {
  Real x = signedDistance.abs(), zero = x(0), one = x(1);
  if (op.getMode() == "linear")
    return Real::max(one - x, zero);
  Real a = x(op.getCubicCoeffA().convertToFloat());
  Real near = ((a + x(2)) * x - (a + x(3))) * x * x + one;
  Real far = ((a * x - x(5) * a) * x + x(8) * a) * x - x(4) * a;
  return Real::select(x <= one, near, Real::select(x < x(2), far, zero));
}

std::pair<Real, Real> Resampler::tap(const Axis &axis, const Real &x, const Real &k, const Real &shrink) {
  // Neighbors are counted from the element left of x, so that the distance to it is in (0, 1].
  Real base = x.ceil() - real(1), index = base + k;
  Real weight = filter((k - (x - base)) * shrink);
  if (op.getExcludeOutside()) {
    weight = Real::select(index < real(0.0), real(0.0), weight);
    weight = Real::select(real(axis.in) <= index, real(0.0), weight);
  }
  return {inside(axis, index), weight};
}

Value Resampler::table(ArrayRef<OpFoldResult> sizes, bool integer, function_ref<Real(ArrayRef<Real>)> formula) {
  Type element = integer ? Type(d.b.getI64Type()) : Type(compute);
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  auto type = RankedTensorType::get(shape, element);
  SmallVector<Real> origin(sizes.size(), real(0.0));
  if (type.hasStaticShape() && formula(origin).constant()) {
    SmallVector<Attribute> values;
    for (int64_t i = 0; i < type.getNumElements(); ++i) {
      SmallVector<Real> at(sizes.size(), real(0.0));
      for (int64_t axis = sizes.size(), rest = i; axis-- > 0; rest /= shape[axis])
        at[axis] = real(static_cast<double>(rest % shape[axis]));
      double value = *formula(at).constant();
      values.push_back(integer ? Attribute(d.b.getI64IntegerAttr(static_cast<int64_t>(value)))
                               : Attribute(d.b.getFloatAttr(compute, value)));
    }
    return arith::ConstantOp::create(d.b, d.loc(), DenseElementsAttr::get(type, values));
  }
  return d.generate(d.empty(element, sizes), [&](OpBuilder &b, Location loc, ValueRange indices) -> Value {
    SmallVector<Real> at;
    for (Value index : indices)
      at.push_back(real(OpFoldResult(index)));
    Real result = formula(at);
    if (!integer)
      return result.as(compute).value();
    return arith::IndexCastOp::create(b, loc, b.getI64Type(), d.index(result.toIndex()));
  });
}

Value Resampler::toCompute(OpBuilder &b, Location loc, Value stored) {
  Type element = d.shapes.elementType(op.getX());
  return Scalar(b, loc, d.load(b, stored, element), isUnsignedElement(element)).to(compute).value();
}
Value Resampler::fromCompute(OpBuilder &b, Location loc, Value number) {
  Type element = d.shapes.elementType(op.getX());
  return d.store(b, Scalar(b, loc, number).to(element).as(element), element);
}

bool Resampler::repeats(ArrayRef<Axis> changed) {
  StringRef rounding = op.getNearestMode();
  bool exact = (mode == "asymmetric" && rounding == "floor") ||
               ((mode == "half_pixel" || mode == "pytorch_half_pixel") && rounding.starts_with("round"));
  if (op.getMode() != "nearest" || !exact || isGiven(op.getSizes()))
    return false;
  SmallVector<OpFoldResult> in = d.sizes(op.getX()), pairs, sizes = in;
  SmallVector<int64_t> factor(in.size(), 1);
  for (const Axis &axis : changed) {
    std::optional<double> scale = axis.scale.constant();
    if (!scale || *scale != std::floor(*scale) || *scale > 4096)
      return false;
    factor[axis.axis] = static_cast<int64_t>(*scale);
    sizes[axis.axis] = axis.out;
  }
  SmallVector<AffineExpr> exprs;
  Dims paired;
  for (auto [i, size] : llvm::enumerate(in)) {
    exprs.push_back(d.b.getAffineDimExpr(pairs.size()));
    pairs.push_back(size);
    paired.push_back(d.shapes.dims(op.getX())[i]);
    if (factor[i] > 1) {
      pairs.push_back(d.b.getIndexAttr(factor[i]));
      paired.push_back(Dim(factor[i]));
    }
  }
  Value x = d(op.getX());
  Value init = d.empty(cast<RankedTensorType>(x.getType()).getElementType(), pairs);
  Value repeated = d.map(x, AffineMap::get(pairs.size(), 0, exprs, d.b.getContext()), init,
                         [](OpBuilder &, Location, ValueRange args) { return args[0]; });
  d.setResult(op.getY(), d.reshape(repeated, paired, d.shapes.dims(op.getY()), sizes));
  return true;
}

void Resampler::gather(ArrayRef<Axis> changed, ArrayRef<OpFoldResult> sizes) {
  int64_t rank = sizes.size(), count = op.getMode() == "nearest" ? 1 : op.getMode() == "linear" ? 2 : 4;
  bool isCrop = mode == "tf_crop_and_resize";
  // Per axis: `count` positions, `count` weights (unless nearest), and where the source lies outside.
  SmallVector<Value> tables;
  SmallVector<AffineMap> maps;
  for (const Axis &axis : changed) {
    AffineMap along = AffineMap::get(rank, 0, d.b.getAffineDimExpr(axis.axis));
    auto neighbor = [&](const Real &o, int64_t k) {
      return tap(axis, source(axis, o), real(static_cast<double>(k + 1 - count / 2)), real(1));
    };
    for (int64_t k = 0; k < count; ++k)
      tables.push_back(table(axis.out, true, [&](ArrayRef<Real> at) {
        return count == 1 ? nearest(axis, source(axis, at[0])) : neighbor(at[0], k).first;
      }));
    for (int64_t k = 0; count > 1 && k < count; ++k)
      tables.push_back(table(axis.out, false, [&](ArrayRef<Real> at) {
        Real weight = neighbor(at[0], k).second, total = real(0.0);
        if (!op.getExcludeOutside())
          return weight;
        for (int64_t other = 0; other < count; ++other)
          total = total + neighbor(at[0], other).second;
        return weight / total;
      }));
    if (isCrop)
      tables.push_back(table(axis.out, true, [&](ArrayRef<Real> at) {
        Real x = source(axis, at[0]);
        Real outside = Real::select(x < real(0.0), real(1), real(0.0));
        return Real::select(real(axis.in) - real(1) < x, real(1), outside);
      }));
    maps.append(tables.size() - maps.size(), along);
  }
  size_t stride = count == 1 ? 1 : 2 * count;
  stride += isCrop;
  Value x = d(op.getX());
  Value init = d.empty(cast<RankedTensorType>(x.getType()).getElementType(), sizes);
  Value result = d.map(tables, maps, init, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    IndexMath math(b, loc);
    SmallVector<Value> at;
    for (int64_t i = 0; i < rank; ++i)
      at.push_back(linalg::IndexOp::create(b, loc, i));
    // Sums over the neighbors along one axis after the other.
    std::function<Value(size_t)> sum = [&](size_t level) -> Value {
      if (level == changed.size()) {
        Value stored = tensor::ExtractOp::create(b, loc, x, at);
        return count == 1 ? stored : toCompute(b, loc, stored);
      }
      Value total;
      for (int64_t k = 0; k < count; ++k) {
        at[changed[level].axis] = math.cast(args[level * stride + k]);
        Value term = sum(level + 1);
        if (count > 1)
          term = arith::MulFOp::create(b, loc, args[level * stride + count + k], term);
        total = total ? arith::AddFOp::create(b, loc, total, term).getResult() : term;
      }
      return total;
    };
    Value value = sum(0);
    if (count > 1)
      value = fromCompute(b, loc, value);
    for (size_t level = 0; isCrop && level < changed.size(); ++level) {
      Value outside = args[level * stride + stride - 1];
      Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, outside, d.number(outside.getType(), 0));
      Value other = fromCompute(b, loc, d.number(compute, op.getExtrapolationValue().convertToFloat()));
      value = arith::SelectOp::create(b, loc, inside, value, other);
    }
    return value;
  });
  d.setResult(op.getY(), result);
}

void Resampler::filterAxes(ArrayRef<Axis> changed) {
  Value current = d(op.getX());
  auto convert = [&](Value tensor, function_ref<Value(OpBuilder &, Location, Value)> f, Type to) {
    Value init = d.empty(to, d.sizesOf(tensor));
    return d.map(tensor, d.b.getMultiDimIdentityMap(cast<RankedTensorType>(tensor.getType()).getRank()), init,
                 [&](OpBuilder &b, Location loc, ValueRange args) { return f(b, loc, args[0]); });
  };
  Type storage = cast<RankedTensorType>(current.getType()).getElementType();
  int64_t rank = cast<RankedTensorType>(current.getType()).getRank();
  current = convert(current, [&](OpBuilder &b, Location loc, Value v) { return toCompute(b, loc, v); }, compute);
  for (const Axis &axis : changed) {
    Real one = real(1), support = real(op.getMode() == "linear" ? 1 : 2);
    Real shrink = op.getAntialias() ? Real::min(axis.scale, one) : one;
    Real first = (real(0.0) - support / shrink).floor() + one;
    OpFoldResult width = (real(2) - first * real(2)).toIndex();
    IndexMath math(d);
    d.check(math.le(math.of(width), math.constant(kMaxFilter)), "scale is too small to filter");
    SmallVector<OpFoldResult> shape = {axis.out, width};
    auto neighbor = [&](ArrayRef<Real> at) { return tap(axis, source(axis, at[0]), first + at[1], shrink); };
    Value positions = table(shape, true, [&](ArrayRef<Real> at) { return neighbor(at).first; });
    Value weights = table(shape, false, [&](ArrayRef<Real> at) { return neighbor(at).second; });
    auto parallel = utils::IteratorType::parallel, reduction = utils::IteratorType::reduction;
    AffineMap pairs = d.b.getMultiDimIdentityMap(2), row = AffineMap::get(2, 0, d.b.getAffineDimExpr(0));
    Value zero = d.number(compute, 0);
    Value totals = d.generic(weights, d.fill(zero, d.empty(compute, axis.out)), {pairs, row}, {parallel, reduction},
                             [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                               return arith::AddFOp::create(b, loc, args[0], args[1]);
                             });
    SmallVector<OpFoldResult> sizes = d.sizesOf(current);
    sizes[axis.axis] = axis.out;
    SmallVector<utils::IteratorType> iterators(rank, parallel);
    iterators.push_back(reduction);
    AffineExpr o = d.b.getAffineDimExpr(axis.axis), k = d.b.getAffineDimExpr(rank);
    AffineMap table = AffineMap::get(rank + 1, 0, {o, k}, d.b.getContext());
    AffineMap total = AffineMap::get(rank + 1, 0, o), out = d.b.getMultiDimIdentityMap(rank + 1).dropResult(rank);
    Value source = current;
    current = d.generic({positions, weights, totals}, d.fill(zero, d.empty(compute, sizes)), {table, table, total, out},
                        iterators, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                          IndexMath inner(b, loc);
                          SmallVector<Value> at;
                          for (int64_t i = 0; i < rank; ++i)
                            at.push_back(i == axis.axis ? inner.cast(args[0]) : linalg::IndexOp::create(b, loc, i).getResult());
                          Value x = tensor::ExtractOp::create(b, loc, source, at);
                          Value weight = arith::DivFOp::create(b, loc, args[1], args[2]);
                          return arith::AddFOp::create(b, loc, args[3], arith::MulFOp::create(b, loc, weight, x));
                        });
  }
  current = convert(current, [&](OpBuilder &b, Location loc, Value v) { return fromCompute(b, loc, v); }, storage);
  d.setResult(op.getY(), current);
}

void Resampler::run() {
  SmallVector<OpFoldResult> sizes;
  SmallVector<Axis> changed = axes(sizes);
  if (changed.empty()) {
    d.setResult(op.getY(), d(op.getX()));
    return;
  }
  if (repeats(changed))
    return;
  int64_t count = op.getMode() == "nearest" ? 1 : op.getMode() == "linear" ? 2 : 4, taps = 1;
  for (size_t i = 0; i < changed.size() && taps <= kMaxTaps; ++i)
    taps *= count;
  bool isFiltered = count > 1 && (op.getAntialias() || taps > kMaxTaps);
  if (isFiltered && mode != "tf_crop_and_resize")
    filterAxes(changed);
  else
    gather(changed, sizes);
}

} // namespace

LogicalResult ResizeOp::decompose(Decomposer &d) {
  Resampler(*this, d).run();
  return success();
}

QuantizedForm ResizeOp::quantizedForm() {
  QuantizedForm form;
  form.activations = {0};
  // Interpolation makes new numbers, and so does a crop that reads outside.
  if (getMode() == "nearest" && getCoordinateTransformationMode() != "tf_crop_and_resize")
    form.kind = QuantizedForm::Move;
  return form;
}
