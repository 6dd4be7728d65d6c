// What ops that compute positions share: axes, integer-list operands, index arithmetic, loops.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Index.h"

#include "dialects/onnx/ops/Constant.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

//===--- arithmetic ---------------------------------------------------------===//

Value IndexMath::constant(int64_t value) const { return arith::ConstantIndexOp::create(b, loc, value); }
Value IndexMath::of(OpFoldResult size) const { return getValueOrCreateConstantIndexOp(b, loc, size); }
Value IndexMath::cast(Value integer) const {
  return b.createOrFold<arith::IndexCastOp>(loc, b.getIndexType(), integer);
}
Value IndexMath::add(Value x, Value y) const { return b.createOrFold<arith::AddIOp>(loc, x, y); }
Value IndexMath::sub(Value x, Value y) const { return b.createOrFold<arith::SubIOp>(loc, x, y); }
Value IndexMath::mul(Value x, Value y) const { return b.createOrFold<arith::MulIOp>(loc, x, y); }
Value IndexMath::div(Value x, Value y) const { return b.createOrFold<arith::DivSIOp>(loc, x, y); }
Value IndexMath::rem(Value x, Value y) const { return b.createOrFold<arith::RemSIOp>(loc, x, y); }
Value IndexMath::ceilDiv(Value x, Value y) const { return div(sub(add(x, y), constant(1)), y); }
Value IndexMath::min(Value x, Value y) const { return b.createOrFold<arith::MinSIOp>(loc, x, y); }
Value IndexMath::max(Value x, Value y) const { return b.createOrFold<arith::MaxSIOp>(loc, x, y); }
Value IndexMath::eq(Value x, Value y) const {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, x, y);
}
Value IndexMath::lt(Value x, Value y) const {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, x, y);
}
Value IndexMath::both(Value x, Value y) const { return b.createOrFold<arith::AndIOp>(loc, x, y); }
Value IndexMath::either(Value x, Value y) const { return b.createOrFold<arith::OrIOp>(loc, x, y); }
Value IndexMath::negate(Value x) const {
  Value one = arith::ConstantIntOp::create(b, loc, b.getI1Type(), 1);
  return b.createOrFold<arith::XOrIOp>(loc, x, one);
}
Value IndexMath::select(Value condition, Value x, Value y) const {
  return b.createOrFold<arith::SelectOp>(loc, condition, x, y);
}
Value IndexMath::position(Value x, Value size) const {
  return clamp(fromEnd(x, size), constant(0), sub(size, constant(1)));
}
Value IndexMath::product(ValueRange factors) const {
  Value total = constant(1);
  for (Value factor : factors)
    total = mul(total, factor);
  return total;
}

//===--- operands and axes --------------------------------------------------===//

SmallVector<OpFoldResult> onnx::integers(Decomposer &d, Value onnx) {
  SmallVector<OpFoldResult> result;
  std::optional<Dims> content = d.shapes.content(onnx);
  int64_t length = content ? content->size() : lengthOf(onnx).value_or(0);
  for (int64_t i = 0; i < length; ++i)
    result.push_back(content && d.canMaterialize((*content)[i]) ? d.size((*content)[i])
                                                                : OpFoldResult(d.element(d(onnx), i)));
  return result;
}

SmallVector<Value> onnx::indices(Decomposer &d, Value onnx) {
  return llvm::map_to_vector(integers(d, onnx), [&](OpFoldResult size) { return d.index(size); });
}

Value onnx::scalar(Decomposer &d, Value onnx) {
  std::optional<Dims> content = d.shapes.content(onnx);
  if (content && !content->empty() && d.canMaterialize(content->front()))
    return d.index(d.size(content->front()));
  return d.element(d(onnx), 0);
}

std::optional<SmallVector<double>> onnx::floats(Value onnx) {
  ElementsAttr attr;
  if (!isPresent(onnx) || !matchPattern(onnx, m_Constant(&attr)) || !isa<FloatType>(attr.getElementType()) ||
      attr.getNumElements() > ShapeContext::kMaxContent)
    return std::nullopt;
  SmallVector<double> values;
  if (auto dense = dyn_cast<DenseFPElementsAttr>(attr)) {
    for (const APFloat &value : dense.getValues<APFloat>())
      values.push_back(value.convertToDouble());
    return values;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(attr);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  auto type = cast<FloatType>(attr.getElementType());
  unsigned width = type.getWidth() / 8;
  if (!blob || width == 0 || blob->getData().size() < static_cast<size_t>(attr.getNumElements()) * width)
    return std::nullopt;
  for (int64_t i = 0; i < attr.getNumElements(); ++i) {
    uint64_t raw = 0;
    memcpy(&raw, blob->getData().data() + i * width, width);
    values.push_back(APFloat(type.getFloatSemantics(), APInt(type.getWidth(), raw)).convertToDouble());
  }
  return values;
}

/// No tensor has more, so no list of axes or dims is longer: a file may claim any length.
static constexpr int64_t kMostAxes = 64;

std::optional<int64_t> onnx::lengthOf(Value onnx) {
  auto type = dyn_cast<RankedTensorType>(onnx.getType());
  if (!type || type.getRank() > 1 || !type.hasStaticShape() || type.getNumElements() > kMostAxes)
    return std::nullopt;
  return type.getNumElements();
}

OpFoldResult onnx::sizeOr(Decomposer &d, const Dim &dim, function_ref<Value()> otherwise) {
  return d.canMaterialize(dim) ? d.size(dim) : getAsOpFoldResult(otherwise());
}

Value onnx::window(Decomposer &d, Value source, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
                   ArrayRef<OpFoldResult> strides) {
  auto type = cast<RankedTensorType>(source.getType());
  auto isZero = [](OpFoldResult size) { return isConstantIntValue(size, 0); };
  // Upstream accepts no static offset into an axis of size 0.
  if (llvm::any_of(sizes, isZero) || llvm::is_contained(type.getShape(), 0))
    return d.empty(type.getElementType(), sizes);
  SmallVector<OpFoldResult> ones(sizes.size(), d.b.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(d.b, d.loc(), source, offsets, sizes, strides.empty() ? ArrayRef(ones) : strides);
}

FailureOr<SmallVector<int64_t>> onnx::checkedAxes(Operation *op, ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    FailureOr<int64_t> checked = checkedAxis(op, axis, rank);
    if (failed(checked))
      return failure();
    if (llvm::is_contained(result, *checked))
      return op->emitOpError("expects distinct axes, but got axis ") << axis << " twice";
    result.push_back(*checked);
  }
  return result;
}

FailureOr<int64_t> onnx::checkedAxis(Operation *op, int64_t axis, int64_t rank) {
  std::optional<int64_t> result = normalizeAxis(axis, rank);
  if (!result)
    return op->emitOpError("expects axes of a rank-") << rank << " tensor, but got axis " << axis;
  return *result;
}

int64_t onnx::permutedAxis(int64_t axis, ArrayRef<int64_t> permutation) {
  return llvm::find(permutation, axis) - permutation.begin();
}

Value onnx::makeIntegers(OpBuilder &b, Location loc, ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, b.getI64Type());
  return ConstantOp::create(b, loc, DenseElementsAttr::get(type, values));
}

Type onnx::elementTypeOf(MLIRContext *context, int64_t dataType) {
  auto integer = [&](unsigned width, IntegerType::SignednessSemantics sign) { return IntegerType::get(context, width, sign); };
  switch (dataType) {
  case 1: return Float32Type::get(context);
  case 2: return integer(8, IntegerType::Unsigned);
  case 3: return integer(8, IntegerType::Signless);
  case 4: return integer(16, IntegerType::Unsigned);
  case 5: return integer(16, IntegerType::Signless);
  case 6: return integer(32, IntegerType::Signless);
  case 7: return integer(64, IntegerType::Signless);
  case 9: return integer(1, IntegerType::Signless);
  case 10: return Float16Type::get(context);
  case 11: return Float64Type::get(context);
  case 12: return integer(32, IntegerType::Unsigned);
  case 13: return integer(64, IntegerType::Unsigned);
  case 16: return BFloat16Type::get(context);
  case 17: return Float8E4M3FNType::get(context);
  case 18: return Float8E4M3FNUZType::get(context);
  case 19: return Float8E5M2Type::get(context);
  case 20: return Float8E5M2FNUZType::get(context);
  case 21: return integer(4, IntegerType::Unsigned);
  case 22: return integer(4, IntegerType::Signless);
  case 23: return Float4E2M1FNType::get(context);
  case 24: return Float8E8M0FNUType::get(context);
  case 25: return integer(2, IntegerType::Unsigned);
  case 26: return integer(2, IntegerType::Signless);
  default: return {};
  }
}

//===--- loops --------------------------------------------------------------===//

SmallVector<Value> onnx::loops(OpBuilder &b, Location loc, ValueRange sizes, ValueRange init, LoopBody body) {
  if (sizes.empty())
    return body(b, loc, {}, init);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
  SmallVector<Value> lower(sizes.size(), zero), steps(sizes.size(), one);
  scf::LoopNest nest = scf::buildLoopNest(b, loc, lower, sizes, steps, init,
                                          [&](OpBuilder &nested, Location at, ValueRange ivs, ValueRange carried) {
                                            SmallVector<Value> next = body(nested, at, ivs, carried);
                                            return scf::ValueVector(next.begin(), next.end());
                                          });
  return llvm::to_vector(nest.results);
}

SmallVector<Value> onnx::loop(OpBuilder &b, Location loc, Value low, Value high, Value step, ValueRange init,
                              function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto op = scf::ForOp::create(b, loc, low, high, step, init,
                               [&](OpBuilder &nested, Location at, Value iv, ValueRange carried) {
                                 OpBuilder::InsertionGuard guard(b);
                                 b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
                                 SmallVector<Value> next = body(iv, carried);
                                 nested.setInsertionPoint(b.getInsertionBlock(), b.getInsertionPoint());
                                 scf::YieldOp::create(nested, at, next);
                               });
  return SmallVector<Value>(op.getResults());
}

SmallVector<Value> onnx::updateIf(OpBuilder &b, Location loc, Value condition, ValueRange values,
                                  function_ref<SmallVector<Value>()> then) {
  auto op = scf::IfOp::create(b, loc, values.getTypes(), condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  scf::YieldOp::create(b, loc, then());
  b.setInsertionPointToStart(op.elseBlock());
  scf::YieldOp::create(b, loc, values);
  return SmallVector<Value>(op.getResults());
}

std::pair<Value, Value> onnx::sortIndices(OpBuilder &b, Location loc, Value count, Value order, Value scratch,
                                          function_ref<Value(Value, Value)> before) {
  IndexMath math(b, loc);
  Value zero = math.constant(0), one = math.constant(1), last = math.max(math.sub(count, one), zero);
  auto read = [&](Value tensor, Value at) { return math.cast(tensor::ExtractOp::create(b, loc, tensor, at)); };
  order = loop(b, loc, zero, count, one, order, [&](Value i, ValueRange carried) {
    Value number = arith::IndexCastOp::create(b, loc, b.getI64Type(), i);
    return SmallVector<Value>{tensor::InsertOp::create(b, loc, number, carried[0], i)};
  })[0];
  // Runs of length `width` are merged in pairs, from left to right; 63 doublings pass any size.
  SmallVector<Value> done =
      loop(b, loc, zero, math.constant(63), one, {order, scratch, one}, [&](Value, ValueRange state) {
        Value width = state[2], twice = math.add(width, width);
        SmallVector<Value> merged = updateIf(b, loc, math.lt(width, count), state, [&] {
          SmallVector<Value> pass = loop(b, loc, zero, count, twice, {state[1]}, [&](Value low, ValueRange outer) {
            Value middle = math.min(math.add(low, width), count), high = math.min(math.add(low, twice), count);
            SmallVector<Value> run =
                loop(b, loc, low, high, one, {outer[0], low, middle}, [&](Value t, ValueRange carried) {
                  Value i = carried[1], j = carried[2];
                  Value left = read(state[0], math.min(i, last)), right = read(state[0], math.min(j, last));
                  Value isRight = math.both(math.lt(j, high), math.either(math.le(middle, i), before(right, left)));
                  Value next = arith::IndexCastOp::create(b, loc, b.getI64Type(), math.select(isRight, right, left));
                  Value stored = tensor::InsertOp::create(b, loc, next, carried[0], t);
                  return SmallVector<Value>{stored, math.select(isRight, i, math.add(i, one)),
                                            math.select(isRight, math.add(j, one), j)};
                });
            return SmallVector<Value>{run[0]};
          });
          Value copied = loop(b, loc, zero, count, one, {state[0]}, [&](Value t, ValueRange carried) {
            Value moved = tensor::ExtractOp::create(b, loc, pass[0], t);
            return SmallVector<Value>{tensor::InsertOp::create(b, loc, moved, carried[0], t)};
          })[0];
          return SmallVector<Value>{copied, pass[0], twice};
        });
        return merged;
      });
  return {done[0], done[1]};
}

Value onnx::lessThan(OpBuilder &b, Location loc, Type element, Value x, Value y) {
  if (!isa<FloatType>(element))
    return arith::CmpIOp::create(
        b, loc, isUnsignedElement(element) ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt, x, y);
  Value less = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, y);
  Value xNumber = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, x, x);
  Value yNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, y, y);
  return arith::OrIOp::create(b, loc, less, arith::AndIOp::create(b, loc, xNumber, yNan));
}
