// Scalar expressions of ops, written as formulas.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Scalar.h"

#include "dialects/interfaces/Decomposer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

Scalar::Scalar(OpBuilder &builder, Location loc, Value value, bool isUnsigned)
    : b(&builder), location(loc), v(value), unsignedness(isUnsigned) {
  if (isFloat() && width() < 32)
    v = arith::ExtFOp::create(builder, loc, builder.getF32Type(), value);
}

Scalar Scalar::raw(OpBuilder &builder, Location loc, Value value) {
  return Scalar(builder, loc, value, RawTag());
}

Scalar Scalar::constant(double number) const {
  if (auto floatType = dyn_cast<FloatType>(type()))
    return wrap(arith::ConstantOp::create(*b, location, b->getFloatAttr(floatType, number)));
  return constant(APInt(64, static_cast<int64_t>(number), /*isSigned=*/true).sextOrTrunc(width()));
}

Scalar Scalar::constant(const APInt &number) const {
  return wrap(arith::ConstantOp::create(*b, location, b->getIntegerAttr(type(), number)));
}

Value Scalar::as(Type element) const {
  if (auto floatType = dyn_cast<FloatType>(element); floatType && floatType.getWidth() < width())
    return arith::TruncFOp::create(*b, location, floatType, v);
  return v;
}

Scalar Scalar::to(Type element) const {
  bool toUnsigned = isUnsignedElement(element);
  auto made = [&](Value value) { return Scalar(*b, location, value, toUnsigned); };
  if (auto target = dyn_cast<FloatType>(element)) {
    Type wide = target.getWidth() < 32 ? b->getF32Type() : target;
    if (isFloat()) {
      // An f64 goes to a narrow float in one rounding, in `as`.
      if (width() == 64 && target.getWidth() < 32)
        return made(v);
      if (wide == type())
        return made(v);
      return width() < target.getWidth() ? made(arith::ExtFOp::create(*b, location, wide, v))
                                         : made(arith::TruncFOp::create(*b, location, wide, v));
    }
    // A 32-bit integer does not fit f32: the narrow float is rounded from f64.
    if (target.getWidth() < 32 && width() >= 32)
      wide = b->getF64Type();
    if (unsignedness || isBool())
      return made(arith::UIToFPOp::create(*b, location, wide, v));
    return made(arith::SIToFPOp::create(*b, location, wide, v));
  }
  auto target = cast<IntegerType>(scalarType(element));
  if (target.getWidth() == 1)
    return isFloat() ? notEqual(*this, constant(0.0)) : isBool() ? *this : notEqual(*this, constant(0.0));
  if (isFloat()) {
    // Through a wider integer, so that values out of range wrap instead of being undefined.
    unsigned via = target.getWidth() < 32 ? 32 : target.getWidth() == 32 && toUnsigned ? 64 : target.getWidth();
    Type viaType = b->getIntegerType(via);
    Value number = via == 64 && target.getWidth() == 64 && toUnsigned
                       ? arith::FPToUIOp::create(*b, location, viaType, v).getResult()
                       : arith::FPToSIOp::create(*b, location, viaType, v).getResult();
    if (via != target.getWidth())
      number = arith::TruncIOp::create(*b, location, target, number);
    return made(number);
  }
  if (target.getWidth() < width())
    return made(arith::TruncIOp::create(*b, location, target, v));
  if (target.getWidth() == width())
    return made(v);
  if (unsignedness || isBool())
    return made(arith::ExtUIOp::create(*b, location, target, v));
  return made(arith::ExtSIOp::create(*b, location, target, v));
}

SmallVector<Scalar, 3> onnx::scalarsOf(Operation *op, OpBuilder &builder, Location loc, ValueRange args) {
  SmallVector<Scalar, 3> scalars;
  for (Value operand : op->getOperands()) {
    if (!isPresent(operand) || scalars.size() == args.size())
      continue;
    bool isUnsigned = isUnsignedElement(getElementTypeOrSelf(operand.getType()));
    scalars.emplace_back(builder, loc, args[scalars.size()], isUnsigned);
  }
  return scalars;
}

//===--- arithmetic ---------------------------------------------------------===//

namespace {

template <typename Op> Scalar make(const Scalar &x, const Scalar &y) {
  return x.wrap(Op::create(x.builder(), x.loc(), x.value(), y.value()));
}
template <typename FloatOp, typename IntOp> Scalar make(const Scalar &x, const Scalar &y) {
  return x.isFloat() ? make<FloatOp>(x, y) : make<IntOp>(x, y);
}
template <typename FloatOp, typename SignedOp, typename UnsignedOp> Scalar make(const Scalar &x, const Scalar &y) {
  return x.isFloat() ? make<FloatOp>(x, y) : x.isUnsigned() ? make<UnsignedOp>(x, y) : make<SignedOp>(x, y);
}

Scalar compare(const Scalar &x, const Scalar &y, arith::CmpFPredicate f, arith::CmpIPredicate s,
               arith::CmpIPredicate u) {
  OpBuilder &b = x.builder();
  Value result = x.isFloat() ? arith::CmpFOp::create(b, x.loc(), f, x.value(), y.value()).getResult()
                             : arith::CmpIOp::create(b, x.loc(), x.isUnsigned() ? u : s, x.value(), y.value());
  return Scalar(b, x.loc(), result, true);
}

/// A divisor that neither traps nor overflows: 1 in place of 0, and of -1 where the dividend may be the
/// lowest integer.
Scalar safeDivisor(const Scalar &x, const Scalar &y) {
  Scalar bad = equal(y, 0);
  if (!x.isUnsigned()) {
    Scalar lowest = x.constant(APInt::getSignedMinValue(x.width()));
    bad = bad | (equal(y, -1) & equal(x, lowest));
  }
  return select(bad, 1, y);
}

/// x to the power of a non-negative integer, by squaring; wraps.
Scalar integerPower(const Scalar &x, const Scalar &y) {
  Scalar result = x.constant(1), base = x, one = y.constant(1);
  for (unsigned bit = 0, bits = y.isUnsigned() ? y.width() : y.width() - 1; bit < bits; ++bit) {
    Scalar digit = y & y.constant(APInt::getOneBitSet(y.width(), bit));
    result = select(equal(digit, 0), result, result * base);
    base = base * base;
  }
  if (y.isUnsigned())
    return result;
  // A negative power of anything but 1 and -1 truncates to 0.
  Scalar odd = equal(y & one, 1);
  Scalar inverse = select(equal(x, 1), x, select(equal(x, x.constant(APInt::getAllOnes(x.width()))) , select(odd, x, 1), 0));
  return select(y < 0, inverse, result);
}

} // namespace

Scalar onnx::operator+(const Scalar &x, const Scalar &y) { return make<arith::AddFOp, arith::AddIOp>(x, y); }
Scalar onnx::operator-(const Scalar &x, const Scalar &y) { return make<arith::SubFOp, arith::SubIOp>(x, y); }
Scalar onnx::operator*(const Scalar &x, const Scalar &y) { return make<arith::MulFOp, arith::MulIOp>(x, y); }
Scalar onnx::operator/(const Scalar &x, const Scalar &y) {
  if (x.isFloat())
    return make<arith::DivFOp>(x, y);
  Scalar quotient = make<arith::DivFOp, arith::DivSIOp, arith::DivUIOp>(x, safeDivisor(x, y));
  return select(equal(y, 0), 0, quotient);
}
Scalar onnx::operator-(const Scalar &x) {
  if (x.isFloat())
    return x.wrap(arith::NegFOp::create(x.builder(), x.loc(), x.value()));
  return x.constant(0) - x;
}

Scalar onnx::remainder(const Scalar &x, const Scalar &y) {
  if (x.isFloat())
    return make<arith::RemFOp>(x, y);
  return select(equal(y, 0), 0, make<arith::RemFOp, arith::RemSIOp, arith::RemUIOp>(x, safeDivisor(x, y)));
}

Scalar onnx::floorMod(const Scalar &x, const Scalar &y) {
  Scalar r = remainder(x, y);
  if (x.isUnsigned())
    return r;
  Scalar signsDiffer = notEqual(r < 0, y < 0);
  Scalar zero = equal(r, 0);
  if (x.isFloat())
    return select(zero, copysign(r, y), select(signsDiffer, r + y, r));
  return select(signsDiffer & ~zero, r + y, r);
}

Scalar onnx::max(const Scalar &x, const Scalar &y) {
  return make<arith::MaximumFOp, arith::MaxSIOp, arith::MaxUIOp>(x, y);
}
Scalar onnx::min(const Scalar &x, const Scalar &y) {
  return make<arith::MinimumFOp, arith::MinSIOp, arith::MinUIOp>(x, y);
}
Scalar onnx::abs(const Scalar &x) {
  if (x.isFloat())
    return x.wrap(math::AbsFOp::create(x.builder(), x.loc(), x.value()));
  return x.isUnsigned() ? x : select(x < 0, -x, x);
}

Scalar onnx::pow(const Scalar &x, const Scalar &y) {
  if (!x.isFloat() && !y.isFloat())
    return integerPower(x, y);
  Type type = x.isFloat() && x.width() >= (y.isFloat() ? y.width() : 0) ? x.type() : x.builder().getF64Type();
  Scalar power = make<math::PowFOp>(x.to(type), y.to(type));
  if (x.isFloat())
    return power.to(x.type());
  Scalar integer = power.to(IntegerType::get(x.builder().getContext(), x.width(),
                                             x.isUnsigned() ? IntegerType::Unsigned : IntegerType::Signless));
  return x.wrap(integer.value());
}

//===--- comparison and logic -----------------------------------------------===//

Scalar onnx::operator<(const Scalar &x, const Scalar &y) {
  return compare(x, y, arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, arith::CmpIPredicate::ult);
}
Scalar onnx::operator<=(const Scalar &x, const Scalar &y) {
  return compare(x, y, arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle, arith::CmpIPredicate::ule);
}
Scalar onnx::operator>(const Scalar &x, const Scalar &y) {
  return compare(x, y, arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt, arith::CmpIPredicate::ugt);
}
Scalar onnx::operator>=(const Scalar &x, const Scalar &y) {
  return compare(x, y, arith::CmpFPredicate::OGE, arith::CmpIPredicate::sge, arith::CmpIPredicate::uge);
}
Scalar onnx::equal(const Scalar &x, const Scalar &y) {
  return compare(x, y, arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, arith::CmpIPredicate::eq);
}
Scalar onnx::notEqual(const Scalar &x, const Scalar &y) {
  return compare(x, y, arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne, arith::CmpIPredicate::ne);
}
Scalar onnx::isNan(const Scalar &x) {
  return compare(x, x, arith::CmpFPredicate::UNO, arith::CmpIPredicate::ne, arith::CmpIPredicate::ne);
}
Scalar onnx::operator&(const Scalar &x, const Scalar &y) { return make<arith::AndIOp>(x, y); }
Scalar onnx::operator|(const Scalar &x, const Scalar &y) { return make<arith::OrIOp>(x, y); }
Scalar onnx::operator^(const Scalar &x, const Scalar &y) { return make<arith::XOrIOp>(x, y); }
Scalar onnx::operator~(const Scalar &x) { return x ^ x.constant(APInt::getAllOnes(x.width())); }

namespace {
/// True where a shift by `amount` leaves bits of x in place.
Scalar shiftInRange(const Scalar &x, const Scalar &amount) {
  Scalar bits(x.builder(), x.loc(), amount.value(), /*isUnsigned=*/true);
  return bits < bits.constant(APInt(x.width(), x.width()));
}
} // namespace

Scalar onnx::shiftLeft(const Scalar &x, const Scalar &amount) {
  Scalar inRange = shiftInRange(x, amount);
  return select(inRange, make<arith::ShLIOp>(x, select(inRange, amount, 0)), 0);
}

Scalar onnx::shiftRight(const Scalar &x, const Scalar &amount) {
  Scalar inRange = shiftInRange(x, amount);
  if (x.isUnsigned())
    return select(inRange, make<arith::ShRUIOp>(x, select(inRange, amount, 0)), 0);
  return make<arith::ShRSIOp>(x, select(inRange, amount, x.width() - 1));
}

Scalar onnx::select(const Scalar &condition, const Scalar &x, const Scalar &y) {
  return x.wrap(arith::SelectOp::create(x.builder(), x.loc(), condition.value(), x.value(), y.value()));
}

//===--- functions of floats ------------------------------------------------===//

#define BRISK_SCALAR_MATH(name, op)                                                                                    \
  Scalar onnx::name(const Scalar &x) { return x.wrap(math::op::create(x.builder(), x.loc(), x.value())); }
#include "dialects/onnx/Scalar.def"

Scalar onnx::copysign(const Scalar &x, const Scalar &sign) { return make<math::CopySignOp>(x, sign); }
