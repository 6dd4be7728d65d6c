// How sums of products step along the sum, for each kind of factors and machine.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_DOT_H
#define BRISK_TARGETS_CPU_DOT_H

#include "mlir/IR/Builders.h"
#include "targets/cpu/VectorUnit.h"
#include <memory>

namespace brisk::cpu {

/// How bytes are read; nothing to know of floats.
struct Factors {
  mlir::Type element, weight; // of A, of B
  bool unsignedA = false, unsignedB = false;
};

/// One step of many sums: for each row a group of factors (32 bits) that all lanes see, for each vector of columns
/// a group a lane. What is done once a row or once a vector of columns is told apart from what is done for each sum.
class Dot {
public:
  virtual ~Dot() = default;
  static std::unique_ptr<Dot> get(const Factors &factors, const VectorUnit &unit);

  int64_t group = 1;           // factors a lane
  int64_t columnRegisters = 1; // that hold a vector of columns
  int64_t rowRegisters = 1;    // that hold a row's group, and what a step needs beside it
  /// The sums must start from 128 times the negated (-1) or plain (1) sums of columns.
  int columnSumFactor = 0;

  virtual mlir::Type sumType(mlir::OpBuilder &b) const = 0;
  /// `raw`: lanes * group factors as they lie in memory.
  virtual llvm::SmallVector<mlir::Value> columns(mlir::OpBuilder &b, mlir::Location loc, mlir::Value raw) const = 0;
  /// One number a lane of `columns`: the first may be read before others are made.
  virtual mlir::Value column(mlir::OpBuilder &b, mlir::Location loc, mlir::Value raw, int64_t i) const {
    return columns(b, loc, raw)[i];
  }
  /// `raw`: 32 bits (f32 or i32) in each lane.
  virtual llvm::SmallVector<mlir::Value> row(mlir::OpBuilder &b, mlir::Location loc, mlir::Value raw) const = 0;
  virtual mlir::Value add(mlir::OpBuilder &b, mlir::Location loc, mlir::Value sum, mlir::ValueRange row,
                          mlir::ValueRange columns) const = 0;
};

} // namespace brisk::cpu
#endif
