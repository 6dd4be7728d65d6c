// What shape inference of an op may ask about the rest of the model.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_INTERFACES_SHAPECONTEXT_H
#define BRISK_DIALECTS_INTERFACES_SHAPECONTEXT_H

#include "dialects/interfaces/Dim.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include <utility>

namespace brisk {

/// A ranked tensor type whose open dims carry their symbolic form: the type's
/// encoding is an array of strings, one per dim, "" for a static one. A type
/// whose dims are all static has no encoding.
mlir::RankedTensorType makeTensorType(mlir::Type element, llvm::ArrayRef<Dim> dims);

/// Symbolic dims of a ranked tensor type made by makeTensorType.
Dims dimsOf(mlir::Type type);

/// An optional operand that the model leaves out has type `none`.
inline bool isPresent(mlir::Value value) { return value && !mlir::isa<mlir::NoneType>(value.getType()); }

class ShapeContext {
public:
  /// Contents longer than this are not tracked (hostile models grow them without bound).
  static constexpr int64_t kMaxContent = 4096;

  /// Dims of a value; the value must be a ranked tensor.
  Dims dims(mlir::Value value) const { return dimsOf(value.getType()); }
  int64_t rank(mlir::Value value) const { return mlir::cast<mlir::RankedTensorType>(value.getType()).getRank(); }
  mlir::Type elementType(mlir::Value value) const;

  /// Elements of a small integer tensor (rank 0 or 1) as symbolic dims, where
  /// they are known: constants, and whatever ops derive from shapes.
  std::optional<Dims> content(mlir::Value value);
  /// content(), when all elements are constants.
  std::optional<llvm::SmallVector<int64_t>> constantContent(mlir::Value value);

  /// Gives a result its type.
  void setType(mlir::Value result, mlir::Type element, llvm::ArrayRef<Dim> dims);
  /// Some type since the last call got a dim that is negative, overflows or is too complex to be followed.
  bool takeInvalidDims() { return std::exchange(invalidDims, false); }
  /// A dim nobody knows before the model runs (NonZero and the like). The same
  /// result and axis always get the same name.
  Dim unknown(mlir::Value result, unsigned axis);

  /// Infers every op of `region` in order. An op with regions calls this in its own
  /// `inferShapes`, after it has given their arguments types.
  llvm::LogicalResult inferRegion(mlir::Region &region);
  /// Keeps unknown() from names that types inside `root` already bear.
  void reserveUnknowns(mlir::Operation *root);

  /// Forgets cached contents (after ops were changed).
  void invalidate() { contents.clear(); }

private:
  llvm::DenseMap<mlir::Value, std::optional<Dims>> contents;
  unsigned depth = 0;
  bool invalidDims = false;
  unsigned unknowns = 0;
};

/// numpy broadcasting of two dims; an open dim against 1 takes the open dim,
/// two different open dims give max (they agree or one is 1 at run time), and
/// two different constants fail.
std::optional<Dim> broadcastDims(const Dim &a, const Dim &b);
/// Broadcasting of whole shapes, aligned at the last axis.
std::optional<Dims> broadcastShapes(llvm::ArrayRef<Dim> a, llvm::ArrayRef<Dim> b);

/// `axis` counted from the front: negative ones count from the end. Fails (nullopt) out of range.
std::optional<int64_t> normalizeAxis(int64_t axis, int64_t rank);

/// Integer values of a constant of rank 0 or 1, sign- or zero-extended by the element type.
std::optional<llvm::SmallVector<int64_t>> integersOf(mlir::ElementsAttr attr, int64_t limit = ShapeContext::kMaxContent);

/// "4xB*S" for messages.
std::string toString(llvm::ArrayRef<Dim> dims);

} // namespace brisk
#endif
