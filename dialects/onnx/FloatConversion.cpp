// Conversion of scalars to any element type, with ONNX's rules for 8- and 4-bit floats.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/FloatConversion.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

/// A power of two that f8E8M0FNU holds, or NaN, as f32.
Scalar roundToPower(const Scalar &x, bool saturate, StringRef roundMode) {
  OpBuilder &b = x.builder();
  Type i32 = b.getI32Type();
  Scalar bits(b, x.loc(), arith::BitcastOp::create(b, x.loc(), i32, x.to(b.getF32Type()).value()), true);
  Scalar magnitude = bits & bits.constant(0x7FFFFFFF);
  Scalar exponent = shiftRight(magnitude, magnitude.constant(23)), fraction = magnitude & bits.constant(0x7FFFFF);
  Scalar special = equal(exponent, 255);
  Scalar up = roundMode == "up"        ? fraction > 0
              : roundMode == "nearest" ? (fraction > 0x400000) | (equal(fraction, 0x400000) & (exponent > 0))
                                       : exponent < 0;
  if (saturate)
    up = up & ~equal(exponent, 254);
  exponent = select(up, exponent + 1, exponent);
  Scalar infinite = special & equal(fraction, 0);
  exponent = select(special, select(infinite, saturate ? 254 : 255, exponent.constant(255)), exponent);
  // Exponent 0 stands for 2^-127, a denormal f32; 255 for NaN.
  Scalar result = select(equal(exponent, 0), 0x400000, shiftLeft(exponent, exponent.constant(23)));
  result = select(equal(exponent, 255), 0x7FC00000, result);
  return Scalar(b, x.loc(), arith::BitcastOp::create(b, x.loc(), b.getF32Type(), result.value()));
}

} // namespace

Scalar onnx::convert(const Scalar &x, Type element, bool saturate, StringRef roundMode) {
  auto target = dyn_cast<FloatType>(element);
  if (!target || target.getWidth() > 8)
    return x.to(element);
  if (isa<Float8E8M0FNUType>(target))
    return roundToPower(x, saturate, roundMode);
  Scalar wide = x.to(element);
  if (!saturate && target.getWidth() == 8)
    return wide;
  double largest = APFloat::getLargest(target.getFloatSemantics()).convertToDouble();
  return max(min(wide, largest), -largest);
}
