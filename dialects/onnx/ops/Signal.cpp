// Fourier transforms and what goes with them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Signal.h"

#include "dialects/onnx/Scalar.h"
#include "dialects/onnx/ops/Index.h"
#include "dialects/onnx/ops/Real.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cmath>

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Signal.cpp.inc"

namespace brisk::onnx {
void addSignalOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Signal.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr auto kParallel = utils::IteratorType::parallel, kReduction = utils::IteratorType::reduction;

/// Sums cancel: in f64 what should be zero is.
FloatType computeType(Type element) { return Float64Type::get(element.getContext()); }

/// Cosines (or sines) of i/n of a turn.
Value turns(Decomposer &d, OpFoldResult n, FloatType type, bool sine) {
  if (std::optional<int64_t> known = getConstantIntValue(n)) {
    SmallVector<Attribute> values;
    for (int64_t i = 0; i < *known; ++i) {
      double angle = 2 * kPi * static_cast<double>(i) / static_cast<double>(*known);
      values.push_back(d.b.getFloatAttr(type, sine ? std::sin(angle) : std::cos(angle)));
    }
    return arith::ConstantOp::create(d.b, d.loc(), DenseElementsAttr::get(RankedTensorType::get({*known}, type), values));
  }
  return d.generate(d.empty(type, n), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    Real angle = Real::ofIndex(b, loc, type, at[0]) * Real(b, loc, type, 2 * kPi) / Real::ofIndex(b, loc, type, n);
    if (sine)
      return math::SinOp::create(b, loc, angle.value());
    return math::CosOp::create(b, loc, angle.value());
  });
}

/// One complex number and how it is read.
struct Complex {
  Value real, imaginary; // imaginary: null if there is none
};

/// The term of a transform for result component `part` (0 real, 1 imaginary).
Value rotated(OpBuilder &b, Location loc, Complex x, Value cosine, Value sine, bool inverse, Value part) {
  auto mul = [&](Value p, Value q) -> Value { return arith::MulFOp::create(b, loc, p, q); };
  Value turn = inverse ? sine : arith::NegFOp::create(b, loc, sine).getResult();
  Value real = mul(x.real, cosine), imaginary = mul(x.real, turn);
  if (x.imaginary) {
    real = arith::SubFOp::create(b, loc, real, mul(x.imaginary, turn));
    imaginary = arith::AddFOp::create(b, loc, imaginary, mul(x.imaginary, cosine));
  }
  IndexMath math(b, loc);
  return math.select(math.eq(part, math.constant(0)), real, imaginary);
}

/// Reads an element as a number of the computing type.
Value readAs(Decomposer &d, OpBuilder &b, Location loc, Value tensor, ValueRange at, Type element, Type compute) {
  Value stored = tensor::ExtractOp::create(b, loc, tensor, at);
  return Scalar(b, loc, d.load(b, stored, element), isUnsignedElement(element)).to(compute).value();
}

/// `sums` times `factor`, as elements of the result.
Value finish(Decomposer &d, Value sums, const Real &factor, Type element) {
  Value init = d.empty(storageType(element), d.sizesOf(sums));
  int64_t rank = cast<RankedTensorType>(sums.getType()).getRank();
  Value scale = factor.value();
  return d.map(sums, d.b.getMultiDimIdentityMap(rank), init, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value scaled = arith::MulFOp::create(b, loc, args[0], scale);
    return d.store(b, Scalar(b, loc, scaled).to(element).as(element), element);
  });
}

/// A scalar operand's number.
std::optional<int64_t> knownScalar(ShapeContext &context, Value operand) {
  std::optional<SmallVector<int64_t>> content = isPresent(operand) ? context.constantContent(operand) : std::nullopt;
  return content && content->size() == 1 ? std::optional<int64_t>(content->front()) : std::nullopt;
}

} // namespace

//===--- DFT ----------------------------------------------------------------===//

LogicalResult DFTOp::upgrade(ImportedNode &node) {
  if (node.opset >= 20)
    return success();
  auto axis = dyn_cast_if_present<IntegerAttr>(node.attributes.erase("axis"));
  auto type = RankedTensorType::get({}, node.builder.getI64Type());
  node.setOperand(2, node.makeConstant(DenseElementsAttr::get(type, axis ? axis.getInt() : int64_t(1))));
  return success();
}
LogicalResult DFTOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getInput());
  int64_t rank = dims.size();
  if (rank < 2 || (dims.back() != Dim(1) && dims.back() != Dim(2)))
    return emitOpError("expects a last axis of size 1 or 2, but got shape ") << toString(dims);
  if (!isa<FloatType>(context.elementType(getInput())))
    return emitOpError("expects floats");
  std::optional<int64_t> axis = isPresent(getAxis()) ? knownScalar(context, getAxis()) : std::optional<int64_t>(-2);
  if (axis) {
    FailureOr<int64_t> checked = checkedAxis(*this, *axis, rank);
    if (failed(checked))
      return failure();
    axis = *checked;
    if (*axis == rank - 1)
      return emitOpError("expects another axis than the last");
  }
  bool isReal = getInverse() && getOnesided();
  std::optional<Dims> length;
  if (isPresent(getDftLength()))
    length = context.content(getDftLength());
  for (int64_t i = 0; i < rank - 1; ++i) {
    if (axis && i != *axis)
      continue;
    std::optional<Dim> n;
    if (length)
      n = length->front();
    else if (!isPresent(getDftLength()))
      n = isReal ? Dim::max(Dim(0), (dims[i] - 1) * Dim(2)) : dims[i];
    if (axis && n && n->constant() && *n->constant() < 1)
      return emitOpError("expects a length above 0, but got ") << n->str();
    if (!axis || !n)
      dims[i] = context.unknown(getOutput(), i);
    else
      dims[i] = getOnesided() && !getInverse() ? n->floorDiv(Dim(2)) + 1 : *n;
  }
  dims.back() = isReal ? Dim(1) : Dim(2);
  context.setType(getOutput(), context.elementType(getInput()), dims);
  return success();
}
LogicalResult DFTOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Type element = d.shapes.elementType(getInput());
  FloatType compute = computeType(element);
  int64_t rank = d.shapes.rank(getInput());
  bool isReal = getInverse() && getOnesided(), isHalf = getOnesided() && !getInverse();
  bool isComplex = d.shapes.dims(getInput()).back() == Dim(2);
  Value axis = isPresent(getAxis()) ? scalar(d, getAxis()) : math.constant(-2), one = math.constant(1), two = math.constant(2);
  axis = math.fromEnd(axis, math.constant(rank));
  if (!getConstantIntValue(getAsOpFoldResult(axis)))
    d.check(math.both(math.le(math.constant(0), axis), math.lt(axis, math.constant(rank - 1))), "axis is out of range");
  SmallVector<OpFoldResult> sizes = d.sizes(getInput());
  SmallVector<Value> isAxis;
  Value have = one;
  for (int64_t i = 0; i < rank - 1; ++i) {
    isAxis.push_back(math.eq(axis, math.constant(i)));
    have = math.select(isAxis[i], math.of(sizes[i]), have);
  }
  Value n = isPresent(getDftLength()) ? scalar(d, getDftLength()) : isReal ? math.mul(math.sub(have, one), two) : have;
  if (!getConstantIntValue(getAsOpFoldResult(n)))
    d.check(math.lt(math.constant(0), n), "length is not above 0");
  n = math.max(n, one);
  Value bins = math.add(math.div(n, two), one), used = math.min(have, isReal ? bins : n);
  for (int64_t i = 0; i < rank - 1; ++i)
    sizes[i] = getAsOpFoldResult(math.select(isAxis[i], isHalf ? bins : n, math.of(sizes[i])));
  sizes.back() = d.b.getIndexAttr(isReal ? 1 : 2);
  OpFoldResult length = getAsOpFoldResult(n);
  Value cosines = turns(d, length, compute, false), sines = turns(d, length, compute, true), x = d(getInput());
  // The reduction runs over an operand without elements of its own: it gives the loop its length.
  Value steps = d.empty(compute, getAsOpFoldResult(used));
  Value init = d.fill(d.number(compute, 0), d.empty(compute, sizes));
  SmallVector<utils::IteratorType> iterators(rank, kParallel);
  iterators.push_back(kReduction);
  AffineMap along = AffineMap::get(rank + 1, 0, d.b.getAffineDimExpr(rank));
  AffineMap out = d.b.getMultiDimIdentityMap(rank + 1).dropResult(rank);
  Value sums = d.generic(steps, init, {along, out}, iterators, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    IndexMath inner(b, loc);
    Value t = linalg::IndexOp::create(b, loc, rank), k = inner.constant(0);
    SmallVector<Value> at;
    for (int64_t i = 0; i < rank - 1; ++i) {
      Value index = linalg::IndexOp::create(b, loc, i);
      k = inner.select(isAxis[i], index, k);
      at.push_back(inner.select(isAxis[i], t, index));
    }
    Value turn = inner.rem(inner.mul(k, t), n);
    Value cosine = tensor::ExtractOp::create(b, loc, cosines, turn), sine = tensor::ExtractOp::create(b, loc, sines, turn);
    Complex number;
    at.push_back(inner.constant(0));
    number.real = readAs(d, b, loc, x, at, element, compute);
    if (isComplex) {
      at.back() = inner.constant(1);
      number.imaginary = readAs(d, b, loc, x, at, element, compute);
    }
    Value term = rotated(b, loc, number, cosine, sine, getInverse(), linalg::IndexOp::create(b, loc, rank - 1));
    if (isReal) {
      // The half that is not there mirrors this one, but for its ends.
      Value single = inner.either(inner.eq(t, inner.constant(0)), inner.eq(inner.add(t, t), n));
      Value twice = arith::AddFOp::create(b, loc, term, term);
      term = inner.select(single, term, twice);
    }
    return arith::AddFOp::create(b, loc, args[1], term);
  });
  Real factor(d.b, d.loc(), compute, 1);
  if (getInverse())
    factor = factor / Real::ofIndex(d.b, d.loc(), compute, length);
  d.setResult(getOutput(), finish(d, sums, factor, element));
  return success();
}

//===--- STFT ---------------------------------------------------------------===//

LogicalResult STFTOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getSignal());
  if (dims.size() != 3 || (dims[2] != Dim(1) && dims[2] != Dim(2)))
    return emitOpError("expects a signal of shape BxLx1 or BxLx2, but got ") << toString(dims);
  if (!isa<FloatType>(context.elementType(getSignal())))
    return emitOpError("expects floats");
  if (isPresent(getWindow()) && context.rank(getWindow()) != 1)
    return emitOpError("expects a window of rank 1");
  Dim length = dims[1];
  if (isPresent(getWindow())) {
    length = context.dims(getWindow())[0];
  } else if (isPresent(getFrameLength())) {
    std::optional<Dims> content = context.content(getFrameLength());
    length = content ? content->front() : context.unknown(getOutput(), 2);
  }
  std::optional<int64_t> step = knownScalar(context, getFrameStep());
  if ((step && *step < 1) || (length.constant() && *length.constant() < 1))
    return emitOpError("expects a step and a length above 0");
  bool isKnown = step && !length.symbolName().starts_with("?");
  Dim frames = isKnown ? Dim::max(Dim(0), (dims[1] - length).floorDiv(Dim(*step)) + 1) : context.unknown(getOutput(), 1);
  Dim bins = getOnesided() ? length.floorDiv(Dim(2)) + 1 : length;
  if (length.symbolName().starts_with("?"))
    bins = context.unknown(getOutput(), 2);
  context.setType(getOutput(), context.elementType(getSignal()), {dims[0], frames, bins, Dim(2)});
  return success();
}
LogicalResult STFTOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Type element = d.shapes.elementType(getSignal());
  FloatType compute = computeType(element);
  bool isComplex = d.shapes.dims(getSignal())[2] == Dim(2);
  SmallVector<OpFoldResult> sizes = d.sizes(getSignal());
  Value one = math.constant(1), zero = math.constant(0), have = math.of(sizes[1]), length = have;
  if (isPresent(getWindow()))
    length = math.of(d.sizes(getWindow())[0]);
  else if (isPresent(getFrameLength()))
    length = scalar(d, getFrameLength());
  Value step = scalar(d, getFrameStep());
  d.check(math.both(math.lt(zero, step), math.both(math.lt(zero, length), math.le(length, have))), "frames do not fit the signal");
  step = math.max(step, one);
  length = math.clamp(length, one, math.max(have, one));
  Value frames = math.add(math.div(math.max(math.sub(have, length), zero), step), one);
  Value bins = getOnesided() ? math.add(math.div(length, math.constant(2)), one) : length;
  SmallVector<OpFoldResult> result = {sizes[0], getAsOpFoldResult(frames), getAsOpFoldResult(bins), d.b.getIndexAttr(2)};
  OpFoldResult n = getAsOpFoldResult(length);
  Value cosines = turns(d, n, compute, false), sines = turns(d, n, compute, true), x = d(getSignal());
  Value window = isPresent(getWindow()) ? d(getWindow()) : d.fill(d.number(storageType(element), 1), d.empty(storageType(element), n));
  Value init = d.fill(d.number(compute, 0), d.empty(compute, result));
  AffineMap along = AffineMap::get(5, 0, d.b.getAffineDimExpr(4)), out = d.b.getMultiDimIdentityMap(5).dropResult(4);
  Value sums = d.generic(window, init, {along, out}, {kParallel, kParallel, kParallel, kParallel, kReduction},
                         [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                           IndexMath inner(b, loc);
                           SmallVector<Value> i;
                           for (int64_t axis = 0; axis < 5; ++axis)
                             i.push_back(linalg::IndexOp::create(b, loc, axis));
                           Value turn = inner.rem(inner.mul(i[2], i[4]), length);
                           Value cosine = tensor::ExtractOp::create(b, loc, cosines, turn);
                           Value sine = tensor::ExtractOp::create(b, loc, sines, turn);
                           Value weight = Scalar(b, loc, d.load(b, args[0], element)).to(compute).value();
                           Value position = inner.add(inner.mul(i[1], step), i[4]);
                           auto part = [&](int64_t c) -> Value {
                             Value v = readAs(d, b, loc, x, {i[0], position, inner.constant(c)}, element, compute);
                             return arith::MulFOp::create(b, loc, v, weight);
                           };
                           Complex number = {part(0), isComplex ? part(1) : Value()};
                           Value term = rotated(b, loc, number, cosine, sine, false, i[3]);
                           return arith::AddFOp::create(b, loc, args[1], term);
                         });
  d.setResult(getOutput(), finish(d, sums, Real(d.b, d.loc(), compute, 1), element));
  return success();
}

//===--- MelWeightMatrix ----------------------------------------------------===//

LogicalResult MelWeightMatrixOp::inferShapes(ShapeContext &context) {
  for (Value operand : getOperands())
    if (lengthOf(operand) != 1)
      return emitOpError("expects scalars");
  Type element = elementTypeOf(getContext(), getOutputDatatype());
  if (!element)
    return emitOpError("expects an output_datatype of numbers, but got ") << static_cast<int64_t>(getOutputDatatype());
  std::optional<Dims> bins = context.content(getNumMelBins()), length = context.content(getDftLength());
  Dim rows = length ? Dim::max(Dim(0), length->front()).floorDiv(Dim(2)) + 1 : context.unknown(getOutput(), 0);
  Dim columns = bins ? Dim::max(Dim(0), bins->front()) : context.unknown(getOutput(), 1);
  context.setType(getOutput(), element, {rows, columns});
  return success();
}
LogicalResult MelWeightMatrixOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Type element = d.shapes.elementType(getOutput());
  auto f64 = cast<FloatType>(d.b.getF64Type());
  auto real = [&](double value) { return Real(d.b, d.loc(), f64, value); };
  auto number = [&](Value operand) {
    Value tensor = d(operand);
    SmallVector<Value> at(cast<RankedTensorType>(tensor.getType()).getRank(), math.constant(0));
    return Real(d.b, d.loc(), readAs(d, d.b, d.loc(), tensor, at, d.shapes.elementType(operand), f64));
  };
  Value bins = math.max(scalar(d, getNumMelBins()), math.constant(0)), length = math.max(scalar(d, getDftLength()), math.constant(0));
  auto mel = [&](const Real &hertz) {
    Real scaled = hertz / real(700) + real(1);
    return real(2595 / std::log(10.0)) * Real(d.b, d.loc(), math::LogOp::create(d.b, d.loc(), scaled.value()));
  };
  Real low = mel(number(getLowerEdgeHertz())), high = mel(number(getUpperEdgeHertz())), rate = number(getSampleRate());
  Real count = Real::ofIndex(d.b, d.loc(), f64, getAsOpFoldResult(bins)), size = Real::ofIndex(d.b, d.loc(), f64, getAsOpFoldResult(length));
  Real step = (high - low) / (count + real(2));
  // The bin of the spectrum where each triangle has an end or its peak.
  OpFoldResult points = getAsOpFoldResult(math.add(bins, math.constant(2)));
  Value edges = d.generate(d.empty(f64, points), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    Real point = Real::ofIndex(b, loc, f64, at[0]) * step + low;
    Real power = point * Real(b, loc, f64, std::log(10.0) / 2595);
    Real hertz = (Real(b, loc, math::ExpOp::create(b, loc, power.value())) - Real(b, loc, f64, 1)) * Real(b, loc, f64, 700);
    return ((size + Real(b, loc, f64, 1)) * hertz / rate).floor().value();
  });
  SmallVector<OpFoldResult> sizes = {getAsOpFoldResult(math.add(math.div(length, math.constant(2)), math.constant(1))), getAsOpFoldResult(bins)};
  d.setResult(getOutput(), d.generate(d.empty(storageType(element), sizes), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    IndexMath inner(b, loc);
    auto edge = [&](int64_t k) {
      return Real(b, loc, tensor::ExtractOp::create(b, loc, edges, inner.add(at[1], inner.constant(k))));
    };
    Real lower = edge(0), peak = edge(1), upper = edge(2), j = Real::ofIndex(b, loc, f64, at[0]), zero = lower(0), one = lower(1);
    // Rising to the peak and with it, falling after it; a triangle without a left side still has its peak.
    Real rising = Real::select(peak <= lower, one, (j - lower) / (peak - lower));
    rising = Real::select(j < lower, zero, Real::select(j <= peak, rising, zero));
    rising = Real::select(peak <= lower, Real::select(j < peak, zero, rising), rising);
    Real falling = (upper - j) / (upper - peak);
    Real value = Real::select(j < peak, rising, Real::select(j < upper, falling, rising));
    return d.store(b, Scalar(b, loc, value.value()).to(element).as(element), element);
  }));
  return success();
}
