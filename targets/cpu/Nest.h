// A structured op on memrefs, seen as a loop nest over flat buffers.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where an operand's place is a linear function of the loop indices (any
// projected permutation, any convolution window, any strided layout), the
// operand becomes a flat buffer and one coefficient per loop, in elements.
// Contiguity, broadcasting, strides and the merging of loops are then
// questions about coefficients.
#ifndef BRISK_TARGETS_CPU_NEST_H
#define BRISK_TARGETS_CPU_NEST_H

#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include <optional>

namespace brisk::cpu {

/// Index arithmetic that folds constants.
struct Indices {
  mlir::OpBuilder &b;
  mlir::Location loc;

  mlir::OpFoldResult constant(int64_t value) { return b.getIndexAttr(value); }
  mlir::Value value(mlir::OpFoldResult x);
  mlir::OpFoldResult add(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult sub(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult mul(mlir::OpFoldResult x, mlir::OpFoldResult y);
  /// Division of non-negative numbers.
  mlir::OpFoldResult floordiv(mlir::OpFoldResult x, int64_t y);
  mlir::OpFoldResult ceildiv(mlir::OpFoldResult x, int64_t y);
  mlir::OpFoldResult min(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult evaluate(mlir::AffineExpr expr, llvm::ArrayRef<mlir::OpFoldResult> dims);
};

/// The constant value, if there is one.
std::optional<int64_t> known(mlir::OpFoldResult x);
inline bool isKnown(mlir::OpFoldResult x, int64_t value) { return known(x) == value; }

struct Operand {
  mlir::Value memref;
  mlir::AffineMap map;
  mlir::Type element;
  bool linear = true;
  mlir::Value flat;                                  // rank-1 view from the first element on (linear operands)
  mlir::OpFoldResult origin;                         // constant part of the place in `flat`
  llvm::SmallVector<mlir::OpFoldResult> coefficient; // per loop

  bool isOutput = false;
  /// True when the element does not depend on loop `d`.
  bool ignores(unsigned d) const;
  /// True when consecutive indices of loop `d` are neighbours in memory.
  bool isContiguous(unsigned d) const { return linear && isKnown(coefficient[d], 1); }
};

struct Nest {
  mlir::Location loc;
  llvm::SmallVector<Operand> operands; // inputs, then outputs
  unsigned inputs = 0;
  llvm::SmallVector<mlir::OpFoldResult> sizes;
  llvm::SmallVector<mlir::utils::IteratorType> iterators;
  llvm::SmallVector<bool> dropped; // loops that are gone: unit, fixed or merged into a later one
  mlir::Block *body = nullptr;
  unsigned factors = 0; // inputs that the body reads
  // Where the reduction starts at a constant and its result is mapped before it is stored, the other inputs taking part:
  mlir::Block *epilogue = nullptr;
  mlir::TypedAttr initial;

  explicit Nest(mlir::Location loc) : loc(loc) {}
  /// Builds the nest over `memrefs` read with `maps`; `sizes` are the loops' trip counts.
  static Nest get(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange memrefs,
                  llvm::ArrayRef<mlir::AffineMap> maps, unsigned inputs, llvm::ArrayRef<mlir::OpFoldResult> sizes,
                  llvm::ArrayRef<mlir::utils::IteratorType> iterators);

  unsigned loops() const { return sizes.size(); }
  bool isParallel(unsigned d) const { return iterators[d] == mlir::utils::IteratorType::parallel; }
  /// Merges neighbouring loops of one kind that walk every operand as one loop would.
  void collapse(mlir::OpBuilder &b);
};

/// A place in the iteration space: an index per loop and the element it means in every linear operand.
struct Point {
  llvm::SmallVector<mlir::OpFoldResult> index;
  llvm::SmallVector<mlir::OpFoldResult> place;

  static Point origin(const Nest &nest, mlir::OpBuilder &b);
  /// The point with `offset` more in loop `d`.
  Point moved(const Nest &nest, Indices ix, unsigned d, mlir::OpFoldResult offset) const;
};

} // namespace brisk::cpu
#endif
