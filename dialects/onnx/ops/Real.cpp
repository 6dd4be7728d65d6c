// Numbers that are computed at compile time where they can be, else emitted.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Real.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include <cmath>

using namespace mlir;
using namespace brisk::onnx;

Real::Real(OpBuilder &b, Location loc, FloatType type, double value)
    : b(&b), loc(loc), kind(type), number(type.isF32() ? static_cast<double>(static_cast<float>(value)) : value) {}
Real::Real(OpBuilder &b, Location loc, Value value) : b(&b), loc(loc), kind(cast<FloatType>(value.getType())), v(value) {
  FloatAttr attr;
  if (matchPattern(value, m_Constant(&attr)))
    number = attr.getValueAsDouble();
}

Value Real::value() const {
  if (!number)
    return v;
  return arith::ConstantOp::create(*b, loc, b->getFloatAttr(kind, *number));
}
Real Real::ofIndex(OpBuilder &b, Location loc, FloatType type, OpFoldResult index) {
  if (std::optional<int64_t> known = getConstantIntValue(index))
    return Real(b, loc, type, static_cast<double>(*known));
  Value integer = arith::IndexCastOp::create(b, loc, b.getI64Type(), cast<Value>(index));
  return Real(b, loc, arith::SIToFPOp::create(b, loc, type, integer));
}
OpFoldResult Real::toIndex() const {
  if (number)
    return b->getIndexAttr(static_cast<int64_t>(*number));
  Value integer = arith::FPToSIOp::create(*b, loc, b->getI64Type(), v);
  return arith::IndexCastOp::create(*b, loc, b->getIndexType(), integer).getResult();
}
Real Real::as(FloatType type) const {
  if (number)
    return Real(*b, loc, type, *number);
  if (type == kind)
    return *this;
  FloatType from = kind;
  if (type.getWidth() > from.getWidth())
    return Real(*b, loc, arith::ExtFOp::create(*b, loc, type, v));
  return Real(*b, loc, arith::TruncFOp::create(*b, loc, type, v));
}

Real Real::binary(const Real &y, double result, function_ref<Value(Value, Value)> emit) const {
  if (number && y.number)
    return Real(*b, loc, kind, result);
  return Real(*b, loc, emit(value(), y.value()));
}
Real Real::operator+(const Real &y) const {
  return binary(y, number.value_or(0) + y.number.value_or(0),
                [&](Value p, Value q) { return arith::AddFOp::create(*b, loc, p, q); });
}
Real Real::operator-(const Real &y) const {
  return binary(y, number.value_or(0) - y.number.value_or(0),
                [&](Value p, Value q) { return arith::SubFOp::create(*b, loc, p, q); });
}
Real Real::operator*(const Real &y) const {
  return binary(y, number.value_or(0) * y.number.value_or(0),
                [&](Value p, Value q) { return arith::MulFOp::create(*b, loc, p, q); });
}
Real Real::operator/(const Real &y) const {
  return binary(y, number.value_or(0) / y.number.value_or(1),
                [&](Value p, Value q) { return arith::DivFOp::create(*b, loc, p, q); });
}
Real Real::floor() const {
  return number ? (*this)(std::floor(*number)) : Real(*b, loc, math::FloorOp::create(*b, loc, v));
}
Real Real::ceil() const {
  return number ? (*this)(std::ceil(*number)) : Real(*b, loc, math::CeilOp::create(*b, loc, v));
}
Real Real::abs() const {
  return number ? (*this)(std::abs(*number)) : Real(*b, loc, math::AbsFOp::create(*b, loc, v));
}
Real Real::min(const Real &x, const Real &y) {
  return x.binary(y, std::min(x.number.value_or(0), y.number.value_or(0)),
                  [&](Value p, Value q) { return arith::MinimumFOp::create(*x.b, x.loc, p, q); });
}
Real Real::max(const Real &x, const Real &y) {
  return x.binary(y, std::max(x.number.value_or(0), y.number.value_or(0)),
                  [&](Value p, Value q) { return arith::MaximumFOp::create(*x.b, x.loc, p, q); });
}

Real::Condition Real::operator<(const Real &y) const {
  if (number && y.number)
    return {*number < *y.number, {}};
  return {{}, arith::CmpFOp::create(*b, loc, arith::CmpFPredicate::OLT, value(), y.value())};
}
Real::Condition Real::operator<=(const Real &y) const {
  if (number && y.number)
    return {*number <= *y.number, {}};
  return {{}, arith::CmpFOp::create(*b, loc, arith::CmpFPredicate::OLE, value(), y.value())};
}
Real Real::select(const Condition &condition, const Real &x, const Real &y) {
  if (condition.known)
    return *condition.known ? x : y;
  return Real(*x.b, x.loc, arith::SelectOp::create(*x.b, x.loc, condition.value, x.value(), y.value()));
}
