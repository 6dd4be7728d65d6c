// Quantization, and arithmetic on quantized tensors.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Quant.h"

#include "dialects/onnx/FloatConversion.h"
#include "dialects/onnx/Reduction.h"
#include "dialects/onnx/ops/Byte.h"
#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Quant.cpp.inc"

namespace brisk::onnx {
void addQuantOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Quant.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

//===--- granularity --------------------------------------------------------===//

/// Which elements of a tensor share a scale.
struct Granularity {
  enum Kind { Tensor, Axis, Block } kind = Tensor;
  int64_t axis = 0, block = 1;
};

FailureOr<Granularity> granularityOf(Operation *op, Value x, Value scale, Value zeroPoint, int64_t axis,
                                     int64_t block, ShapeContext &context) {
  Dims whole = context.dims(x), dims = context.dims(scale);
  int64_t rank = whole.size();
  Granularity result;
  auto isSingle = [](ArrayRef<Dim> shape) { return shape.empty() || (shape.size() == 1 && shape[0] == Dim(1)); };
  if (isPresent(zeroPoint)) {
    Dims zeros = context.dims(zeroPoint);
    bool same = isSingle(dims) ? isSingle(zeros) : zeros.size() == dims.size();
    for (size_t i = 0; same && !isSingle(dims) && i < dims.size(); ++i)
      same = !differ(zeros[i], dims[i]);
    if (!same)
      return op->emitOpError("expects a zero point of the scale's shape ")
             << toString(dims) << ", but got " << toString(zeros);
  }
  if (isSingle(dims))
    return result;
  FailureOr<int64_t> normal = checkedAxis(op, axis, rank);
  if (failed(normal))
    return failure();
  result.axis = *normal;
  if (block == 0) {
    if (dims.size() != 1 || differ(dims[0], whole[result.axis]))
      return op->emitOpError("expects a scale for each of ")
             << whole[result.axis].str() << " positions of axis " << result.axis << ", but got shape "
             << toString(dims);
    result.kind = Granularity::Axis;
    return result;
  }
  result.kind = Granularity::Block;
  result.block = block;
  bool fits = block > 0 && static_cast<int64_t>(dims.size()) == rank;
  for (int64_t i = 0; fits && i < rank; ++i)
    fits = !differ(dims[i], i == result.axis ? whole[i].ceilDiv(block) : whole[i]);
  if (!fits)
    return op->emitOpError("expects a scale for each block of ")
           << block << " elements of " << toString(whole) << " along axis " << result.axis << ", but got shape "
           << toString(dims);
  return result;
}

/// A scale or zero point with the shape of `x`'s axes that it depends on, and the map that reads it.
std::pair<Value, AffineMap> parameterOf(Decomposer &d, Value lowered, Value x, const Granularity &g) {
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  MLIRContext *context = d.b.getContext();
  switch (g.kind) {
  case Granularity::Tensor:
    return {d.reshape(lowered, {}), AffineMap::get(rank, 0, context)};
  case Granularity::Axis: {
    Value same = arith::CmpIOp::create(d.b, d.loc(), arith::CmpIPredicate::eq, d.index(d.sizeOf(lowered, 0)),
                                       d.index(d.sizeOf(x, g.axis)));
    if (!getConstantIntValue(d.sizeOf(lowered, 0)) || !getConstantIntValue(d.sizeOf(x, g.axis)))
      d.check(same, "the scale differs in length from its axis");
    return {lowered, AffineMap::get(rank, 0, getAffineDimExpr(g.axis, context))};
  }
  case Granularity::Block: {
    // Repeated along the axis: a copy, so that the arithmetic reads plain maps.
    IndexMath m(d);
    Value blocks = d.index(d.sizeOf(lowered, g.axis));
    Value wide = d.generate(d.empty(cast<RankedTensorType>(lowered.getType()).getElementType(), d.sizesOf(x)),
                            [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
                              IndexMath n(b, loc);
                              SmallVector<Value> position(at);
                              Value block = n.div(at[g.axis], n.constant(g.block));
                              position[g.axis] = n.min(block, n.sub(blocks, n.constant(1)));
                              return tensor::ExtractOp::create(b, loc, lowered, position);
                            });
    return {wide, AffineMap::getMultiDimIdentityMap(rank, context)};
  }
  }
  return {};
}

/// Elementwise over x, scale and zero point (which may be null).
Value mapQuantized(Decomposer &d, Value x, Value scale, Value zeroPoint, ArrayRef<Type> elements, Type result,
                   const Granularity &g, Rows::Body body) {
  SmallVector<Value> inputs{x};
  SmallVector<AffineMap> maps{d.b.getMultiDimIdentityMap(cast<RankedTensorType>(x.getType()).getRank())};
  for (Value parameter : {scale, zeroPoint}) {
    if (!parameter)
      continue;
    auto [value, map] = parameterOf(d, parameter, x, g);
    inputs.push_back(value);
    maps.push_back(map);
  }
  Value out = d.empty(storageType(result), d.sizesOf(x));
  return d.map(inputs, maps, out, [&](OpBuilder &b, Location loc, ValueRange args) {
    SmallVector<Scalar, 3> scalars;
    for (auto [stored, element] : llvm::zip(args.drop_back(), elements))
      scalars.emplace_back(b, loc, d.load(b, stored, element), isUnsignedElement(element));
    return d.store(b, body(scalars).as(result), result);
  });
}

bool isQuantized(Type element) {
  auto integer = dyn_cast<IntegerType>(element);
  if (integer)
    return integer.getWidth() > 1 && integer.getWidth() <= 16;
  return isa<FloatType>(element) && element.getIntOrFloatBitWidth() <= 8 && !isa<Float8E8M0FNUType>(element);
}

Type quantizedType(QuantizeLinearOp op) {
  if (isPresent(op.getYZeroPoint()))
    return getElementTypeOrSelf(op.getYZeroPoint().getType());
  return elementTypeOf(op.getContext(), op.getOutputDtype() ? op.getOutputDtype() : 2);
}

/// The type that x / scale is rounded to.
Type divisionType(QuantizeLinearOp op) {
  if (op.getPrecision())
    return elementTypeOf(op.getContext(), op.getPrecision());
  Type x = getElementTypeOrSelf(op.getX().getType()), scale = getElementTypeOrSelf(op.getYScale().getType());
  return x == scale && isa<FloatType>(x) ? x : Float32Type::get(op.getContext());
}

} // namespace

Scalar onnx::quantized(const Scalar &quotient, std::optional<Scalar> zeroPoint, Type target) {
  Scalar level = roundEven(quotient);
  if (zeroPoint)
    level = level + zeroPoint->to(level.type());
  unsigned width = target.getIntOrFloatBitWidth();
  bool isUnsigned = isUnsignedElement(target);
  double low = isUnsigned ? 0 : -std::ldexp(1.0, width - 1);
  double high = std::ldexp(1.0, isUnsigned ? width : width - 1) - 1;
  // As plain comparisons, which machines have: NaN, of which ONNX says nothing, goes to the lowest level.
  level = select(level > low, level, low);
  return select(level < high, level, high).to(target);
}

//===--- QuantizeLinear, DequantizeLinear -----------------------------------===//

LogicalResult QuantizeLinearOp::inferShapes(ShapeContext &context) {
  Type x = context.elementType(getX()), scale = context.elementType(getYScale()), target = quantizedType(*this);
  if (!isOfKind(x, ElementKind::Number) || !isOfKind(scale, ElementKind::Number))
    return emitOpError("expects numbers and a scale, but got ") << x << " and " << scale;
  if (!target || !isQuantized(target))
    return emitOpError("expects to quantize to integers of 2 to 16 bits or floats of 4 or 8");
  if (getOutputDtype() && elementTypeOf(getContext(), getOutputDtype()) != target)
    return emitOpError("expects output_dtype to be the zero point's type ") << target;
  if (!isa_and_present<FloatType>(divisionType(*this)))
    return emitOpError("expects precision to be a float type, but got ONNX type ") << getPrecision();
  if (failed(granularityOf(*this, getX(), getYScale(), getYZeroPoint(), getAxis(), getBlockSize(), context)))
    return failure();
  context.setType(getY(), target, context.dims(getX()));
  return success();
}

LogicalResult QuantizeLinearOp::decompose(Decomposer &d) {
  FailureOr<Granularity> g =
      granularityOf(*this, getX(), getYScale(), getYZeroPoint(), getAxis(), getBlockSize(), d.shapes);
  if (failed(g))
    return failure();
  Type target = quantizedType(*this), division = divisionType(*this);
  SmallVector<Type> elements{d.shapes.elementType(getX()), d.shapes.elementType(getYScale()), target};
  Value zeros = isZeros(getYZeroPoint()) ? Value() : d(getYZeroPoint());
  d.setResult(getY(), mapQuantized(d, d(getX()), d(getYScale()), zeros, elements, target, *g,
                                   [&](ArrayRef<Scalar> args) {
    auto rounded = [&](const Scalar &x) { return Scalar(x.builder(), x.loc(), x.as(division)); };
    Scalar quotient = rounded(args[0].to(division));
    if (!matchPattern(getYScale(), m_OneFloat()))
      quotient = rounded(quotient / rounded(args[1].to(division)));
    std::optional<Scalar> zero = args.size() > 2 ? std::optional(args[2]) : std::nullopt;
    if (isa<IntegerType>(target))
      return quantized(quotient, zero, target);
    // Zero points of 8-bit floats are zero.
    if (zero && target.getIntOrFloatBitWidth() < 8)
      quotient = quotient + zero->to(quotient.type());
    return convert(quotient, target, getSaturate());
  }));
  return success();
}

static Type dequantizedType(DequantizeLinearOp op) {
  return op.getOutputDtype() ? elementTypeOf(op.getContext(), op.getOutputDtype())
                             : getElementTypeOrSelf(op.getXScale().getType());
}

LogicalResult DequantizeLinearOp::inferShapes(ShapeContext &context) {
  Type x = context.elementType(getX()), target = dequantizedType(*this);
  if (!isQuantized(x) && !x.isSignlessInteger(32))
    return emitOpError("expects quantized elements, but got ") << x;
  if (!isa_and_present<FloatType>(target))
    return emitOpError("expects to dequantize to floats");
  if (isPresent(getXZeroPoint()) && context.elementType(getXZeroPoint()) != x)
    return emitOpError("expects a zero point of type ") << x << ", but got " << context.elementType(getXZeroPoint());
  if (failed(granularityOf(*this, getX(), getXScale(), getXZeroPoint(), getAxis(), getBlockSize(), context)))
    return failure();
  context.setType(getY(), target, context.dims(getX()));
  return success();
}

LogicalResult DequantizeLinearOp::decompose(Decomposer &d) {
  FailureOr<Granularity> g =
      granularityOf(*this, getX(), getXScale(), getXZeroPoint(), getAxis(), getBlockSize(), d.shapes);
  if (failed(g))
    return failure();
  Type x = d.shapes.elementType(getX()), target = dequantizedType(*this);
  Type wide = target.isF64() ? target : Type(d.b.getF32Type());
  SmallVector<Type> elements{x, d.shapes.elementType(getXScale()), x};
  // Small integers subtract exactly as integers, which fuses best into products.
  Value zeros = isZeros(getXZeroPoint()) ? Value() : d(getXZeroPoint());
  d.setResult(getY(), mapQuantized(d, d(getX()), d(getXScale()), zeros, elements, target, *g,
                                   [&](ArrayRef<Scalar> args) {
    Scalar value = args[0].to(wide);
    if (args.size() > 2)
      value = isa<IntegerType>(x) && x.getIntOrFloatBitWidth() <= 16
                  ? (args[0].to(d.b.getI32Type()) - args[2].to(d.b.getI32Type())).to(wide)
                  : value - args[2].to(wide);
    return value * args[1].to(wide);
  }));
  return success();
}

//===--- DynamicQuantizeLinear ----------------------------------------------===//

LogicalResult DynamicQuantizeLinearOp::inferShapes(ShapeContext &context) {
  Type x = context.elementType(getX());
  if (!x.isF32())
    return emitOpError("expects f32 elements, but got ") << x;
  Type target = IntegerType::get(getContext(), 8, IntegerType::Unsigned);
  context.setType(getY(), target, context.dims(getX()));
  context.setType(getYScale(), x, {});
  context.setType(getYZeroPoint(), target, {});
  return success();
}

LogicalResult DynamicQuantizeLinearOp::decompose(Decomposer &d) {
  Value x = d(getX());
  Type f32 = d.b.getF32Type(), target = IntegerType::get(getContext(), 8, IntegerType::Unsigned);
  int64_t rank = d.shapes.rank(getX());
  Rows rows(getContext(), rank, llvm::to_vector(llvm::seq<int64_t>(0, rank)));
  // The range holds 0.
  Value low = rows.reduce(d, x, f32, f32, startOf(d, f32, 0), [](ArrayRef<Scalar> a) { return min(a[1], a[0]); });
  Value high = rows.reduce(d, x, f32, f32, startOf(d, f32, 0), [](ArrayRef<Scalar> a) { return max(a[1], a[0]); });
  Value scale = mapElements(d, {low, high}, {f32, f32}, f32, [](ArrayRef<Scalar> a) { return (a[1] - a[0]) / 255; });
  auto quotient = [](const Scalar &number, const Scalar &step) {
    return select(equal(step, 0), 0, number / step);
  };
  Value zero = mapElements(d, {low, scale}, {f32, f32}, target,
                           [&](ArrayRef<Scalar> a) { return quantized(quotient(-a[0], a[1]), {}, target); });
  d.setResult(getYScale(), scale);
  d.setResult(getYZeroPoint(), zero);
  d.setResult(getY(), mapQuantized(d, x, scale, zero, {f32, f32, target}, target, Granularity(),
                                   [&](ArrayRef<Scalar> a) { return quantized(quotient(a[0], a[1]), a[2], target); }));
  return success();
}

//===--- facts --------------------------------------------------------------===//

/// Of QuantizeLinear and DequantizeLinear.
static QuantizedForm conversionForm(QuantizedForm::Kind kind, Operation *op, int64_t axis, int64_t block) {
  QuantizedForm form;
  form.kind = kind;
  form.activations = {0};
  form.blockSize = block;
  auto scale = dyn_cast<RankedTensorType>(op->getOperand(1).getType());
  auto x = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  if (scale && x && scale.getRank() > 0 && !(scale.getRank() == 1 && scale.getDimSize(0) == 1))
    form.channelAxis = axis < 0 ? axis + x.getRank() : axis;
  return form;
}

QuantizedForm QuantizeLinearOp::quantizedForm() {
  return conversionForm(QuantizedForm::Quantize, *this, getAxis(), getBlockSize());
}

QuantizedForm DequantizeLinearOp::quantizedForm() {
  return conversionForm(QuantizedForm::Dequantize, *this, getAxis(), getBlockSize());
}

//===--- layout -------------------------------------------------------------===//

/// Of QuantizeLinear and DequantizeLinear: scales along one axis move with it, blocks do not.
static std::optional<SmallVector<unsigned>> permutableConversion(const QuantizedForm &form) {
  if (form.channelAxis >= 0 && form.blockSize)
    return std::nullopt;
  return SmallVector<unsigned>{0};
}
template <typename Op> static void permuteConversion(Op op, ArrayRef<int64_t> permutation) {
  QuantizedForm form = op.quantizedForm();
  if (form.channelAxis >= 0)
    op.setAxis(llvm::find(permutation, form.channelAxis) - permutation.begin());
}

std::optional<SmallVector<unsigned>> QuantizeLinearOp::permutableOperands(ArrayRef<int64_t>) {
  return permutableConversion(quantizedForm());
}
void QuantizeLinearOp::permute(OpBuilder &, ArrayRef<int64_t> permutation) { permuteConversion(*this, permutation); }
std::optional<SmallVector<unsigned>> DequantizeLinearOp::permutableOperands(ArrayRef<int64_t>) {
  return permutableConversion(quantizedForm());
}
void DequantizeLinearOp::permute(OpBuilder &, ArrayRef<int64_t> permutation) { permuteConversion(*this, permutation); }
