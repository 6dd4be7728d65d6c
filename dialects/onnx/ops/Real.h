// Numbers that are computed at compile time where they can be, else emitted.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_REAL_H
#define BRISK_DIALECTS_ONNX_OPS_REAL_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <optional>

namespace brisk::onnx {

/// A number of type f32 or f64: a constant, rounded after each operation as the
/// type asks, or an SSA value. Formulas on Reals serve both: with constants they
/// yield a constant and emit nothing.
class Real {
public:
  Real(mlir::OpBuilder &b, mlir::Location loc, mlir::FloatType type, double value);
  Real(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value);

  std::optional<double> constant() const { return number; }
  /// The SSA value; a constant is emitted.
  mlir::Value value() const;
  mlir::FloatType type() const { return kind; }
  /// Another number of this type.
  Real operator()(double value) const { return Real(*b, loc, kind, value); }
  /// An integer value (index) as a number of this type.
  static Real ofIndex(mlir::OpBuilder &b, mlir::Location loc, mlir::FloatType type, mlir::OpFoldResult index);
  /// As an index, rounded toward zero; the number must be finite and fit.
  mlir::OpFoldResult toIndex() const;
  /// The same number in another type.
  Real as(mlir::FloatType type) const;

  Real operator+(const Real &y) const;
  Real operator-(const Real &y) const;
  Real operator*(const Real &y) const;
  Real operator/(const Real &y) const;
  Real floor() const;
  Real ceil() const;
  Real abs() const;
  static Real min(const Real &x, const Real &y);
  static Real max(const Real &x, const Real &y);

  /// A condition: constant or an i1 value.
  struct Condition {
    std::optional<bool> known;
    mlir::Value value;
  };
  Condition operator<(const Real &y) const;
  Condition operator<=(const Real &y) const;
  static Real select(const Condition &condition, const Real &x, const Real &y);

private:
  Real binary(const Real &y, double result, llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> emit) const;
  mlir::OpBuilder *b;
  mlir::Location loc;
  mlir::FloatType kind;
  std::optional<double> number;
  mlir::Value v;
};

} // namespace brisk::onnx
#endif
