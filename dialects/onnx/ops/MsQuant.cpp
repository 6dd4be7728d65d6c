// Quantized operators of com.microsoft, written with those of ONNX.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/MsQuant.h"

#include "dialects/onnx/ops/Activation.h"
#include "dialects/onnx/ops/Byte.h"
#include "dialects/onnx/ops/Compare.h"
#include "dialects/onnx/ops/Elementwise.h"
#include "dialects/onnx/ops/Pool.h"
#include "dialects/onnx/ops/Quant.h"
#include "dialects/onnx/ops/Shape.h"
#include "dialects/onnx/ops/Slice.h"
#include "dialects/onnx/ops/Softmax.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/MsQuant.cpp.inc"

namespace brisk::onnx {
void addMsQuantOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/MsQuant.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

Value real(OpMaker &make, Value x, Value scale, Value zeroPoint) {
  return make.make<DequantizeLinearOp>({x, scale, zeroPoint});
}

/// Quantized like `like` where there is no zero point to tell the type.
Value levels(OpMaker &make, Value x, Value scale, Value zeroPoint, Value like) {
  bool isSigned = !isPresent(zeroPoint) && !isUnsignedElement(getElementTypeOrSelf(like.getType()));
  return make.make<QuantizeLinearOp>({x, scale, zeroPoint}, make.attribute("output_dtype", isSigned ? kInt8 : 0));
}

template <typename Float, typename Op>
LogicalResult expandPair(Op op, OpMaker &make, SmallVectorImpl<Value> &results) {
  Value a = real(make, op.getA(), op.getAScale(), op.getAZeroPoint());
  Value b = real(make, op.getB(), op.getBScale(), op.getBZeroPoint());
  return single(make, levels(make, make.template make<Float>({a, b}), op.getCScale(), op.getCZeroPoint(), op.getA()),
                results);
}

template <typename Float, typename Op>
LogicalResult expandOne(Op op, OpMaker &make, SmallVectorImpl<Value> &results, ArrayRef<NamedAttribute> attributes = {}) {
  Value x = real(make, op.getX(), op.getXScale(), op.getXZeroPoint());
  return single(make, levels(make, make.template make<Float>(x, attributes), op.getYScale(), op.getYZeroPoint(),
                             op.getX()),
                results);
}

/// The attributes of a pool that the operator on floats has too.
FailureOr<SmallVector<NamedAttribute>> poolAttributes(Operation *op, int64_t channelsLast) {
  if (channelsLast)
    return op->emitOpError("expects channels_last 0, but got ") << channelsLast;
  SmallVector<NamedAttribute> attributes;
  for (NamedAttribute attribute : op->getAttrs())
    if (attribute.getName() != "channels_last")
      attributes.push_back(attribute);
  return attributes;
}

} // namespace

//===--- elementwise --------------------------------------------------------===//

LogicalResult QLinearAddOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  return expandPair<AddOp>(*this, make, results);
}
LogicalResult QLinearMulOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  return expandPair<MulOp>(*this, make, results);
}
LogicalResult QLinearSigmoidOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  return expandOne<SigmoidOp>(*this, make, results);
}
LogicalResult QLinearLeakyReluOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  return expandOne<LeakyReluOp>(*this, make, results, make.builder().getNamedAttr("alpha", getAlphaAttr()));
}

LogicalResult QLinearSoftmaxOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  int64_t rank = make.shapes.rank(getX()), axis = getAxis() + (getAxis() < 0 ? rank : 0);
  if (getOpset() >= 13 || axis == rank - 1)
    return expandOne<SoftmaxOp>(*this, make, results, make.attribute("axis", getAxis()));
  Value x = real(make, getX(), getXScale(), getXZeroPoint());
  Value rows = make.make<FlattenOp>(x, make.attribute("axis", axis));
  rows = make.make<SoftmaxOp>(rows, make.attribute("axis", 1));
  Value shape = make.make<ShapeOp>(x);
  return single(make, levels(make, make.make<ReshapeOp>({rows, shape}), getYScale(), getYZeroPoint(), getX()), results);
}

LogicalResult QLinearWhereOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  Value x = real(make, getX(), getXScale(), getXZeroPoint()), y = real(make, getY(), getYScale(), getYZeroPoint());
  return single(make, levels(make, make.make<WhereOp>({getCondition(), x, y}), getZScale(), getZZeroPoint(), getX()),
                results);
}

//===--- windows and joins --------------------------------------------------===//

LogicalResult QLinearGlobalAveragePoolOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  FailureOr<SmallVector<NamedAttribute>> attributes = poolAttributes(*this, getChannelsLast());
  return failed(attributes) ? failure() : expandOne<GlobalAveragePoolOp>(*this, make, results, *attributes);
}
LogicalResult QLinearAveragePoolOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  FailureOr<SmallVector<NamedAttribute>> attributes = poolAttributes(*this, getChannelsLast());
  return failed(attributes) ? failure() : expandOne<AveragePoolOp>(*this, make, results, *attributes);
}

LogicalResult QLinearConcatOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  ValueRange inputs = getInputs();
  if (inputs.empty() || inputs.size() % 3)
    return emitOpError("expects a tensor, a scale and a zero point of each input, but got ")
           << inputs.size() << " operands";
  SmallVector<Value> reals;
  for (size_t i = 0; i < inputs.size(); i += 3)
    reals.push_back(real(make, inputs[i], inputs[i + 1], inputs[i + 2]));
  Value all = make.make<ConcatOp>(reals, make.attribute("axis", getAxis()));
  return single(make, levels(make, all, getYScale(), getYZeroPoint(), inputs[0]), results);
}

//===--- products -----------------------------------------------------------===//

LogicalResult QGemmOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  auto transposed = [&](Value value, int64_t flag) { return flag ? make.make<TransposeOp>(value) : value; };
  Value a = transposed(getA(), getTransA()), b = transposed(getB(), getTransB());
  Value sums = integerMatMul(make, a, getAZeroPoint(), b, getBZeroPoint(), isPresent(getC()) ? getC() : Value());
  Value scale = getBScale();
  if (float alpha = getAlpha().convertToFloat(); alpha != 1)
    scale = make.multiply(scale, make.scalar(Float32Type::get(getContext()), alpha));
  Value value;
  if (isPresent(getYScale()) && isPresent(getYZeroPoint()))
    value = requantized(make, sums, getAScale(), scale, getYScale(), getYZeroPoint(), 0);
  else
    value = scaledSums(make, sums, getAScale(), scale, {}, 0);
  if (isPresent(getYScale()) && !isPresent(getYZeroPoint()))
    value = levels(make, value, getYScale(), getYZeroPoint(), getA());
  return single(make, value, results);
}

static LogicalResult expandFloatProduct(OpMaker &make, Value a, Value aScale, Value aZero, Value b, Value bScale,
                                        Value bZero, Value bias, SmallVectorImpl<Value> &results) {
  Value sums = integerMatMul(make, a, aZero, b, bZero);
  Value product = scaledSums(make, sums, perRow(make, aScale, a), bScale, {}, 0);
  if (isPresent(bias))
    product = make.make<AddOp>({product, bias});
  return single(make, product, results);
}

LogicalResult MatMulIntegerToFloatOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  return expandFloatProduct(make, getA(), getAScale(), getAZeroPoint(), getB(), getBScale(), getBZeroPoint(), getBias(),
                            results);
}

LogicalResult DynamicQuantizeMatMulOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  Operation *a = make.makeOp(DynamicQuantizeLinearOp::getOperationName(), getA(), {}, 3);
  if (!a)
    return failure();
  return expandFloatProduct(make, a->getResult(0), a->getResult(1), a->getResult(2), getB(), getBScale(),
                            getBZeroPoint(), getBias(), results);
}

/// One byte for each of `count` numbers of `bits` bits packed along the last axis of `packed`, as rows x count.
static Value unpacked(OpMaker &make, Value packed, int64_t rows, int64_t count, int64_t bits) {
  Type byte = getElementTypeOrSelf(packed.getType());
  Value result = packed;
  if (bits < 8) {
    SmallVector<Value> parts;
    Value mask = make.scalar(byte, static_cast<double>((1 << bits) - 1));
    auto right = make.builder().getNamedAttr("direction", make.builder().getStringAttr("RIGHT"));
    for (int64_t shift = 0; shift < 8; shift += bits) {
      Value part = make.make<BitShiftOp>({packed, make.scalar(byte, static_cast<double>(shift))}, right);
      part = make.make<BitwiseAndOp>({part, mask});
      parts.push_back(make.make<UnsqueezeOp>({part, make.integers({-1})}));
    }
    result = make.make<ConcatOp>(parts, make.attribute("axis", -1));
  }
  result = make.make<ReshapeOp>({result, make.integers({rows, -1})});
  return make.make<SliceOp>({result, make.integers({0}), make.integers({count}), make.integers({1}), make.none()});
}

LogicalResult MatMulNBitsOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  int64_t n = getN(), k = getK(), bits = getBits(), block = getBlockSize();
  if (bits != 2 && bits != 4 && bits != 8)
    return emitOpError("expects 2, 4 or 8 bits, but got ") << bits;
  if (n < 1 || k < 1 || block < 1)
    return emitOpError("expects N, K and block_size of at least 1, but got ") << n << ", " << k << " and " << block;
  if (isPresent(getGIdx()))
    return emitOpError("expects no g_idx");
  Type byte = IntegerType::get(getContext(), 8, IntegerType::Unsigned);
  if (make.shapes.elementType(getB()) != byte ||
      (isPresent(getZeroPoints()) && make.shapes.elementType(getZeroPoints()) != byte))
    return emitOpError("expects B and zero points of type ui8");
  int64_t blocks = llvm::divideCeil(k, block);
  Value weights = unpacked(make, getB(), n, k, bits);
  Value scales = make.make<ReshapeOp>({getScales(), make.integers({n, blocks})});
  Value zeros;
  if (isPresent(getZeroPoints()))
    zeros = unpacked(make, make.make<ReshapeOp>({getZeroPoints(), make.integers({n, -1})}), n, blocks, bits);
  else
    zeros = make.make<ExpandOp>({make.scalar(byte, std::ldexp(1.0, bits - 1)), make.integers({n, blocks})});
  NamedAttribute attributes[] = {make.attribute("axis", 0), make.attribute("block_size", block)};
  auto turned = [&](Value value) { return make.make<TransposeOp>(value); };
  Value matrix = make.make<DequantizeLinearOp>({turned(weights), turned(scales), turned(zeros)}, attributes);
  Value product = make.make("onnx.MatMul", {getA(), matrix}, {});
  if (isPresent(getBias()))
    product = make.make<AddOp>({product, getBias()});
  return single(make, product, results);
}
