// Scalar expressions of ops, written as formulas.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A Scalar is an SSA value with the builder that made it and the signedness of
// its ONNX type, so that `x / (1.0 + exp(-x))` emits arith and math ops of the
// right kind. Floats narrower than 32 bits are widened to f32 on entry and
// narrowed once at the end (`as`): a formula rounds once, and no target needs
// arithmetic on f16, bf16 or 8-bit floats. Nothing here can trap or be poison
// for any integer input; float to integer out of range gives some value.
#ifndef BRISK_DIALECTS_ONNX_SCALAR_H
#define BRISK_DIALECTS_ONNX_SCALAR_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

namespace brisk::onnx {

class Scalar {
public:
  Scalar(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, bool isUnsigned = false);

  /// A value as it is, not widened: for ops that only move bits.
  static Scalar raw(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);

  mlir::Value value() const { return v; }
  mlir::Type type() const { return v.getType(); }
  bool isFloat() const { return mlir::isa<mlir::FloatType>(type()); }
  bool isBool() const { return type().isInteger(1); }
  bool isUnsigned() const { return unsignedness; }
  unsigned width() const { return type().getIntOrFloatBitWidth(); }
  mlir::OpBuilder &builder() const { return *b; }
  mlir::Location loc() const { return location; }

  /// A number of this type.
  Scalar constant(double number) const;
  Scalar constant(const llvm::APInt &number) const;
  /// Another value of the same signedness.
  Scalar wrap(mlir::Value value) const { return Scalar(*b, location, value, unsignedness); }
  /// Numeric conversion to ONNX type `element` (in its wide form, if a narrow float), as Cast does it:
  /// integers wrap, floats truncate toward zero, booleans are "not zero".
  Scalar to(mlir::Type element) const;
  /// The value in the scalar form of ONNX type `element`, which must be of the same kind.
  mlir::Value as(mlir::Type element) const;

private:
  struct RawTag {};
  Scalar(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, RawTag)
      : b(&builder), location(loc), v(value), unsignedness(false) {}
  mlir::OpBuilder *b;
  mlir::Location location;
  mlir::Value v;
  bool unsignedness;
};

/// The operands of `op`'s expression: `args` with the signedness of the present operands' types.
llvm::SmallVector<Scalar, 3> scalarsOf(mlir::Operation *op, mlir::OpBuilder &builder, mlir::Location loc,
                                       mlir::ValueRange args);

//===--- arithmetic (wraps on integers; x / 0 is 0) -------------------------===//
Scalar operator+(const Scalar &x, const Scalar &y);
Scalar operator-(const Scalar &x, const Scalar &y);
Scalar operator*(const Scalar &x, const Scalar &y);
Scalar operator/(const Scalar &x, const Scalar &y);
Scalar operator-(const Scalar &x);
/// Remainder with the sign of x (x % 0 is 0 on integers, NaN on floats).
Scalar remainder(const Scalar &x, const Scalar &y);
/// Remainder with the sign of y.
Scalar floorMod(const Scalar &x, const Scalar &y);
/// NaN if either is.
Scalar max(const Scalar &x, const Scalar &y);
Scalar min(const Scalar &x, const Scalar &y);
Scalar abs(const Scalar &x);
/// x to the power y; y may be of another type, the result is of x's.
Scalar pow(const Scalar &x, const Scalar &y);

//===--- comparison and logic (results are booleans) ------------------------===//
Scalar operator<(const Scalar &x, const Scalar &y);
Scalar operator<=(const Scalar &x, const Scalar &y);
Scalar operator>(const Scalar &x, const Scalar &y);
Scalar operator>=(const Scalar &x, const Scalar &y);
Scalar equal(const Scalar &x, const Scalar &y);
Scalar notEqual(const Scalar &x, const Scalar &y);
Scalar isNan(const Scalar &x);
/// Bitwise on integers and booleans.
Scalar operator&(const Scalar &x, const Scalar &y);
Scalar operator|(const Scalar &x, const Scalar &y);
Scalar operator^(const Scalar &x, const Scalar &y);
Scalar operator~(const Scalar &x);
/// A shift by a negative amount or by the width and more moves all bits out.
Scalar shiftLeft(const Scalar &x, const Scalar &amount);
Scalar shiftRight(const Scalar &x, const Scalar &amount);
Scalar select(const Scalar &condition, const Scalar &x, const Scalar &y);

//===--- with numbers -------------------------------------------------------===//
inline Scalar operator+(const Scalar &x, double y) { return x + x.constant(y); }
inline Scalar operator+(double x, const Scalar &y) { return y.constant(x) + y; }
inline Scalar operator-(const Scalar &x, double y) { return x - x.constant(y); }
inline Scalar operator-(double x, const Scalar &y) { return y.constant(x) - y; }
inline Scalar operator*(const Scalar &x, double y) { return x * x.constant(y); }
inline Scalar operator*(double x, const Scalar &y) { return y.constant(x) * y; }
inline Scalar operator/(const Scalar &x, double y) { return x / x.constant(y); }
inline Scalar operator/(double x, const Scalar &y) { return y.constant(x) / y; }
inline Scalar operator<(const Scalar &x, double y) { return x < x.constant(y); }
inline Scalar operator<=(const Scalar &x, double y) { return x <= x.constant(y); }
inline Scalar operator>(const Scalar &x, double y) { return x > x.constant(y); }
inline Scalar operator>=(const Scalar &x, double y) { return x >= x.constant(y); }
inline Scalar equal(const Scalar &x, double y) { return equal(x, x.constant(y)); }
inline Scalar max(const Scalar &x, double y) { return max(x, x.constant(y)); }
inline Scalar min(const Scalar &x, double y) { return min(x, x.constant(y)); }
inline Scalar select(const Scalar &condition, const Scalar &x, double y) { return select(condition, x, x.constant(y)); }
inline Scalar select(const Scalar &condition, double x, const Scalar &y) { return select(condition, y.constant(x), y); }

//===--- functions of floats ------------------------------------------------===//
#define BRISK_SCALAR_FUNCTION(name) Scalar name(const Scalar &x);
#include "dialects/onnx/Scalar.def"
Scalar copysign(const Scalar &x, const Scalar &sign);

} // namespace brisk::onnx
#endif
