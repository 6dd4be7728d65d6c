// The integer forms of products: raw sums of bytes, corrections for zero points, scales.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// sum (a - az)(w - wz) = sum a w - az sum w - wz (sum a - n az). Sums of constant weights fold at compile time; the
// last term vanishes where weights are symmetric.
#include "dialects/onnx/ops/Byte.h"
#include "dialects/onnx/ops/Cast.h"
#include "dialects/onnx/ops/Constant.h"
#include "dialects/onnx/ops/Conv.h"
#include "dialects/onnx/ops/Elementwise.h"
#include "dialects/onnx/ops/MatMul.h"
#include "dialects/onnx/ops/Quant.h"
#include "dialects/onnx/ops/Reduce.h"
#include "dialects/onnx/ops/Pool.h"
#include "dialects/onnx/ops/Shape.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

bool onnx::isZeros(Value value) {
  ElementsAttr attr;
  if (!value || !matchPattern(value, m_Constant(&attr)))
    return false;
  if (auto dense = dyn_cast<DenseElementsAttr>(attr))
    return llvm::all_of(dense.getRawData(), [](char byte) { return byte == 0; });
  return false;
}

Value onnx::castTo(OpMaker &make, Value value, int64_t to) {
  return make.make<CastOp>(value, make.attribute("to", to));
}

Value onnx::perChannel(OpMaker &make, Value parameter, int64_t trailing) {
  if (!isPresent(parameter) || make.shapes.rank(parameter) != 1 || trailing == 0)
    return parameter;
  SmallVector<int64_t> shape(trailing + 1, 1);
  shape[0] = -1;
  return make.make<ReshapeOp>({parameter, make.integers(shape)});
}

Value onnx::perRow(OpMaker &make, Value parameter, Value matrix) {
  if (!isPresent(parameter) || make.shapes.rank(parameter) != 1 || make.shapes.rank(matrix) < 2 ||
      make.shapes.dims(parameter)[0] == Dim(1))
    return parameter;
  return make.make<ReshapeOp>({parameter, make.integers({-1, 1})});
}

namespace {

/// A factor of a product: its bytes, and its zero point in i32 (null where it is zero).
struct Factor {
  Value bytes, zero;
};

Value zeroOf(OpMaker &make, Value zeroPoint) {
  return isPresent(zeroPoint) && !isZeros(zeroPoint) ? castTo(make, zeroPoint, kInt32) : Value();
}

/// Constant unsigned weights around 128 become signed ones around 0, which cost nothing to correct and which
/// machines multiply best.
Factor weightFactor(OpMaker &make, Value w, Value zeroPoint) {
  bool shift = isPresent(zeroPoint) && isUnsignedElement(make.shapes.elementType(w)) && !isZeros(zeroPoint) &&
               matchPattern(w, m_Constant());
  if (!shift)
    return {w, zeroOf(make, zeroPoint)};
  Value middle = make.scalar(IntegerType::get(w.getContext(), 32), 128);
  auto shifted = [&](Value value) { return make.make<SubOp>({castTo(make, value, kInt32), middle}); };
  ElementsAttr zeros;
  bool symmetric = matchPattern(zeroPoint, m_Constant(&zeros));
  std::optional<SmallVector<int64_t>> numbers = symmetric ? integersOf(zeros) : std::nullopt;
  symmetric = numbers && llvm::all_of(*numbers, [](int64_t number) { return number == 128; });
  return {castTo(make, shifted(w), kInt8), symmetric ? Value() : shifted(zeroPoint)};
}

Value sumOver(OpMaker &make, Value bytes, ArrayRef<int64_t> axes, bool keep) {
  return make.make<ReduceSumOp>({castTo(make, bytes, kInt32), make.integers(axes)},
                                make.attribute("keepdims", keep));
}

/// sums + (bias - offset), either of which may be null: one addition where both are constants.
Value addOffset(OpMaker &make, Value sums, Value bias, Value offset, int64_t trailing) {
  if (bias && offset)
    bias = make.make<SubOp>({bias, offset});
  if (bias)
    return make.make<AddOp>({sums, perChannel(make, bias, trailing)});
  return offset ? make.make<SubOp>({sums, perChannel(make, offset, trailing)}) : sums;
}

} // namespace

Value onnx::integerMatMul(OpMaker &make, Value a, Value aZero, Value b, Value bZero, Value bias) {
  Factor left{a, zeroOf(make, perRow(make, aZero, a))}, right = weightFactor(make, b, bZero);
  Value sums = make.make<ByteMatMulOp>({left.bytes, right.bytes}), offset;
  if (left.zero) {
    int64_t rank = make.shapes.rank(b);
    Value columns = sumOver(make, right.bytes, {rank == 1 ? 0 : rank - 2}, rank > 2);
    offset = make.make<MulOp>({left.zero, columns});
  }
  sums = addOffset(make, sums, bias, offset, 0);
  if (right.zero) {
    Value centred = castTo(make, a, kInt32);
    if (left.zero)
      centred = make.make<SubOp>({centred, left.zero});
    Value rows = make.make<ReduceSumOp>({centred, make.integers({make.shapes.rank(a) - 1})},
                                        make.attribute("keepdims", make.shapes.rank(b) > 1));
    sums = make.make<SubOp>({sums, make.make<MulOp>({rows, right.zero})});
  }
  return sums;
}

Value onnx::integerConv(OpMaker &make, Value x, Value xZero, Value w, Value wZero, ArrayRef<NamedAttribute> window,
                        Value bias) {
  Factor right = weightFactor(make, w, wZero);
  auto type = cast<RankedTensorType>(w.getType());
  if (right.zero && !type.hasStaticShape())
    return {};
  int64_t spatial = type.getRank() - 2;
  Value left = zeroOf(make, xZero);
  Value padding = left ? xZero : make.none();
  if (left && make.shapes.rank(padding) != 0)
    padding = make.make<ReshapeOp>({padding, make.integers({})});
  Value sums = make.make<ByteConvOp>({x, right.bytes, padding}, window);
  SmallVector<int64_t> inner = llvm::to_vector(llvm::seq<int64_t>(1, type.getRank()));
  Value offset = left ? make.make<MulOp>({left, sumOver(make, right.bytes, inner, false)}) : Value();
  sums = addOffset(make, sums, bias, offset, spatial);
  if (right.zero) {
    // What lies below each window, as a convolution with ones.
    auto byte = RankedTensorType::get(type.getShape(), IntegerType::get(w.getContext(), 8));
    Value ones = make.constant(DenseElementsAttr::get(byte, static_cast<int8_t>(1)));
    Value below = make.make<ByteConvOp>({x, ones, padding}, window);
    if (left) {
      int64_t taps = llvm::product_of(type.getShape().drop_front());
      Value count = make.scalar(IntegerType::get(w.getContext(), 32), static_cast<double>(taps));
      below = make.make<SubOp>({below, make.make<MulOp>({left, count})});
    }
    sums = make.make<SubOp>({sums, make.make<MulOp>({below, perChannel(make, right.zero, spatial)})});
  }
  return sums;
}

Value onnx::scaledSums(OpMaker &make, Value sums, Value xScale, Value wScale, Value divisor, int64_t trailing) {
  auto wide = [&](Value scale) {
    return make.shapes.elementType(scale).isF32() ? scale : castTo(make, scale, kFloat);
  };
  Value scale = make.make<MulOp>({wide(xScale), perChannel(make, wide(wScale), trailing)});
  if (divisor)
    scale = make.make<DivOp>({scale, divisor});
  return make.make<MulOp>({castTo(make, sums, kFloat), scale});
}

Value onnx::requantized(OpMaker &make, Value sums, Value xScale, Value wScale, Value yScale, Value yZero, int64_t trailing) {
  Dims dims = make.shapes.dims(yScale);
  bool isSingle = dims.empty() || (dims.size() == 1 && dims[0] == Dim(1));
  if (!isSingle || !make.shapes.elementType(yScale).isF32())
    return make.make<QuantizeLinearOp>({scaledSums(make, sums, xScale, wScale, {}, trailing), yScale, yZero});
  Value levels = scaledSums(make, sums, xScale, wScale, yScale, trailing);
  return make.make<QuantizeLinearOp>({levels, make.scalar(make.shapes.elementType(yScale), 1), yZero});
}

//===--- integer forms of float products ------------------------------------===//

namespace {

/// The factors of a product whose first operand is an activation and whose second may be a weight, as bytes; fails
/// for those that sums of bytes do not cover.
LogicalResult takeFactors(OpMaker &make, ArrayRef<QuantizedValue> factors, int64_t weightAxis, QuantizedValue &x,
                          QuantizedValue &w) {
  x = factors[0];
  w = factors[1];
  auto isNarrow = [&](Value value) {
    auto integer = dyn_cast<IntegerType>(make.shapes.elementType(value));
    return integer && (integer.getWidth() == 8 || integer.getWidth() == 4);
  };
  if (x.axis != -1 || (w.axis != -1 && w.axis != weightAxis) || !isNarrow(x.value) || !isNarrow(w.value))
    return failure();
  for (QuantizedValue *value : {&x, &w}) {
    if (!make.shapes.elementType(value->scale).isF32())
      return failure();
    // Four bits take a byte here, as in every tensor in memory.
    Type element = make.shapes.elementType(value->value);
    if (element.getIntOrFloatBitWidth() == 8)
      continue;
    int64_t byte = isUnsignedElement(element) ? kUInt8 : kInt8;
    value->value = castTo(make, value->value, byte);
    if (isPresent(value->zeroPoint))
      value->zeroPoint = castTo(make, value->zeroPoint, byte);
  }
  return success();
}

/// real + bias / divisor.
Value addFloatBias(OpMaker &make, Value real, Value bias, Value divisor, int64_t trailing) {
  if (!isPresent(bias))
    return real;
  if (divisor)
    bias = make.make<DivOp>({bias, divisor});
  return make.make<AddOp>({real, perChannel(make, bias, trailing)});
}

/// The numbers of a constant of f32.
std::optional<SmallVector<float>> floatsOf(Value value) {
  ElementsAttr attr;
  if (!isPresent(value) || !matchPattern(value, m_Constant(&attr)) || !attr.getElementType().isF32())
    return std::nullopt;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    ArrayRef<char> data = resource.getRawHandle().getBlob()->getData();
    SmallVector<float> numbers(data.size() / sizeof(float));
    memcpy(numbers.data(), data.data(), numbers.size() * sizeof(float));
    return numbers;
  }
  return llvm::to_vector(cast<DenseElementsAttr>(attr).getValues<float>());
}

/// The integers of a bias that was quantized with the product of the factors' scales, as quantizers do; else null.
Value integerBias(OpMaker &make, Value bias, const QuantizedValue &x, const QuantizedValue &w) {
  auto dequantize = isPresent(bias) ? bias.getDefiningOp<DequantizeLinearOp>() : nullptr;
  if (!dequantize || dequantize.getBlockSize() || !make.shapes.elementType(dequantize.getX()).isSignlessInteger(32) ||
      (isPresent(dequantize.getXZeroPoint()) && !isZeros(dequantize.getXZeroPoint())))
    return {};
  auto mine = floatsOf(dequantize.getXScale()), left = floatsOf(x.scale), right = floatsOf(w.scale);
  if (!mine || !left || !right || left->size() != 1 || mine->empty() || right->empty())
    return {};
  for (size_t i = 0, count = std::max(mine->size(), right->size()); i < count; ++i) {
    float scale = (*left)[0] * (*right)[right->size() == 1 ? 0 : i % right->size()];
    // Some multiply in double precision.
    if (!(std::fabs((*mine)[mine->size() == 1 ? 0 : i % mine->size()] - scale) <= 1e-6f * scale))
      return {};
  }
  return dequantize.getX();
}

} // namespace

Value ConvOp::buildQuantized(OpMaker &make, ArrayRef<QuantizedValue> factors, Value divisor) {
  QuantizedValue x, w;
  if (getChannelsLast() || failed(takeFactors(make, factors, 0, x, w)))
    return {};
  int64_t spatial = make.shapes.rank(getW()) - 2;
  Value bias = integerBias(make, getB(), x, w);
  Value sums = integerConv(make, x.value, x.zeroPoint, w.value, w.zeroPoint, llvm::to_vector((*this)->getAttrs()), bias);
  if (!sums)
    return {};
  Value real = scaledSums(make, sums, x.scale, w.scale, divisor, spatial);
  return bias ? real : addFloatBias(make, real, getB(), divisor, spatial);
}

Value MatMulOp::buildQuantized(OpMaker &make, ArrayRef<QuantizedValue> factors, Value divisor) {
  QuantizedValue a, b;
  if (failed(takeFactors(make, factors, make.shapes.rank(getB()) - 1, a, b)))
    return {};
  Value sums = integerMatMul(make, a.value, a.zeroPoint, b.value, b.zeroPoint);
  return scaledSums(make, sums, a.scale, b.scale, divisor, 0);
}

Value GemmOp::buildQuantized(OpMaker &make, ArrayRef<QuantizedValue> factors, Value divisor) {
  QuantizedValue a, b;
  if (failed(takeFactors(make, factors, getTransB() ? 0 : 1, a, b)))
    return {};
  auto transposed = [&](Value value, int64_t flag) { return flag ? make.make<TransposeOp>(value) : value; };
  Value left = transposed(a.value, getTransA()), right = transposed(b.value, getTransB());
  bool plain = getAlpha().convertToFloat() == 1 && getBeta().convertToFloat() == 1;
  Value bias = plain ? integerBias(make, getC(), a, b) : Value();
  Value sums = integerMatMul(make, left, a.zeroPoint, right, b.zeroPoint, bias);
  auto scaled = [&](Value value, float factor) {
    return factor == 1 ? value : make.make<MulOp>({value, make.scalar(Float32Type::get(getContext()), factor)});
  };
  Value scale = scaled(b.scale, getAlpha().convertToFloat());
  Value real = scaledSums(make, sums, a.scale, scale, divisor, 0);
  if (bias)
    return real;
  Value c = getC();
  if (isPresent(c))
    c = scaled(c, getBeta().convertToFloat());
  return addFloatBias(make, real, c, divisor, 0);
}

//===--- weights in blocks --------------------------------------------------===//

/// a times the matrix whose blocks lie along `axis`.
static Value blockMatMul(OpMaker &make, Value a, const QuantizedValue &weight, int64_t axis) {
  auto type = dyn_cast<IntegerType>(make.shapes.elementType(weight.value));
  if (!type || weight.axis != axis || !make.shapes.elementType(weight.scale).isF32() ||
      !make.shapes.elementType(a).isF32() || (type.getWidth() != 4 && type.getWidth() != 8))
    return {};
  Value b = weight.value, scale = weight.scale, zero = weight.zeroPoint ? weight.zeroPoint : make.none();
  if (isPresent(zero) && isZeros(zero))
    zero = make.none();
  if (type.getWidth() == 4 && !isUnsignedElement(type)) {
    // Around 8, as other writers of 4 bits have them.
    Type i32 = IntegerType::get(type.getContext(), 32);
    auto shifted = [&](Value value) {
      return castTo(make, make.make<AddOp>({castTo(make, value, kInt32), make.scalar(i32, 8)}), kUInt8);
    };
    if (isPresent(zero))
      zero = shifted(zero);
    else
      zero = make.make<ExpandOp>({make.scalar(IntegerType::get(type.getContext(), 8, IntegerType::Unsigned), 8),
                                  make.make<ShapeOp>(scale)});
    b = shifted(b);
  }
  if (axis == 1) {
    b = make.make<TransposeOp>(b);
    scale = make.make<TransposeOp>(scale);
    zero = isPresent(zero) ? make.make<TransposeOp>(zero) : zero;
  }
  return make.make<BlockMatMulOp>({a, b, scale, zero});
}

Value MatMulOp::buildInBlocks(OpMaker &make, const QuantizedValue &weight) {
  return blockMatMul(make, getA(), weight, 0);
}

Value GemmOp::buildInBlocks(OpMaker &make, const QuantizedValue &weight) {
  auto times = [&](Value value, float factor) {
    return factor == 1 ? value : make.make<MulOp>({value, make.scalar(Float32Type::get(getContext()), factor)});
  };
  QuantizedValue scaled = weight;
  scaled.scale = times(weight.scale, getAlpha().convertToFloat());
  Value product = blockMatMul(make, getTransA() ? make.make<TransposeOp>(getA()) : getA(), scaled, getTransB() ? 1 : 0);
  if (!product || !isPresent(getC()))
    return product;
  return make.make<AddOp>({product, times(getC(), getBeta().convertToFloat())});
}

//===--- integer forms of means ---------------------------------------------===//

Value GlobalAveragePoolOp::buildQuantized(OpMaker &make, ArrayRef<QuantizedValue> factors, Value divisor) {
  const QuantizedValue &x = factors[0];
  Dims dims = make.shapes.dims(x.value);
  int64_t count = 1;
  for (const Dim &dim : ArrayRef(dims).drop_front(2)) {
    if (!dim.isConstant())
      return {};
    count *= dim.value();
  }
  // Floats hold sums of that many bytes exactly.
  bool isExact = count > 0 && count <= (1 << 24) / 255;
  if (x.axis != -1 || !isExact || !isByte(make.shapes.elementType(x.value)) || !make.shapes.elementType(x.scale).isF32())
    return {};
  Type f32 = Float32Type::get(getContext());
  Value size = make.scalar(f32, static_cast<double>(count));
  Value sums = make.make<ReduceSumOp>({castTo(make, x.value, kFloat), make.integers(llvm::to_vector(
                                                                          llvm::seq<int64_t>(2, dims.size())))});
  if (Value zero = zeroOf(make, x.zeroPoint))
    sums = make.make<SubOp>({sums, make.make<MulOp>({castTo(make, zero, kFloat), size})});
  Value scale = make.make<DivOp>({x.scale, divisor ? make.make<MulOp>({divisor, size}) : size});
  return make.make<MulOp>({sums, scale});
}
