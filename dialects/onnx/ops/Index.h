// What ops that compute positions share: axes, integer-list operands, index arithmetic, loops.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_INDEX_H
#define BRISK_DIALECTS_ONNX_OPS_INDEX_H

#include "dialects/onnx/Onnx.h"

namespace brisk::onnx {

/// Arithmetic on index values that folds what is constant.
class IndexMath {
public:
  using Value = mlir::Value;
  IndexMath(mlir::OpBuilder &b, mlir::Location loc) : b(b), loc(loc) {}
  explicit IndexMath(Decomposer &d) : b(d.b), loc(d.loc()) {}

  Value constant(int64_t value) const;
  Value of(mlir::OpFoldResult size) const;
  /// An integer scalar of an ONNX tensor (any width, sign-extended) as an index.
  Value cast(Value integer) const;
  Value add(Value x, Value y) const;
  Value sub(Value x, Value y) const;
  Value mul(Value x, Value y) const;
  /// Both towards zero: for operands that are not negative.
  Value div(Value x, Value y) const;
  Value rem(Value x, Value y) const;
  Value ceilDiv(Value x, Value y) const;
  Value min(Value x, Value y) const;
  Value max(Value x, Value y) const;
  Value eq(Value x, Value y) const;
  Value lt(Value x, Value y) const;
  Value le(Value x, Value y) const { return negate(lt(y, x)); }
  Value both(Value x, Value y) const;
  Value either(Value x, Value y) const;
  Value negate(Value x) const;
  Value select(Value condition, Value x, Value y) const;
  Value clamp(Value x, Value low, Value high) const { return max(min(x, high), low); }
  /// A position that counts from the end when negative.
  Value fromEnd(Value x, Value size) const { return select(lt(x, constant(0)), add(x, size), x); }
  /// fromEnd, then brought into 0 .. size-1, so that no memory outside is read.
  Value position(Value x, Value size) const;
  Value product(mlir::ValueRange factors) const;

private:
  mlir::OpBuilder &b;
  mlir::Location loc;
};

/// Elements of a rank 1 (or 0) integer operand as index values or constants: from what shape
/// inference knows, else read at run time.
llvm::SmallVector<mlir::OpFoldResult> integers(Decomposer &d, mlir::Value onnx);
/// The same, all as values.
llvm::SmallVector<mlir::Value> indices(Decomposer &d, mlir::Value onnx);
/// The first (only) element of an operand.
mlir::Value scalar(Decomposer &d, mlir::Value onnx);
/// Values of a constant float operand (of any rank); nullopt if it is not constant.
std::optional<llvm::SmallVector<double>> floats(mlir::Value onnx);
/// Number of elements of a rank 1 operand that lists axes or dims, where static and no more than there can be.
std::optional<int64_t> lengthOf(mlir::Value onnx);
/// Size `dim` of a result: computed from symbols where they are bound, else by `otherwise`.
mlir::OpFoldResult sizeOr(Decomposer &d, const Dim &dim, llvm::function_ref<mlir::Value()> otherwise);

/// The part of a tensor at `offsets`, a view: elements `strides` (default 1) apart; empty where a size is 0.
mlir::Value window(Decomposer &d, mlir::Value source, llvm::ArrayRef<mlir::OpFoldResult> offsets,
                   llvm::ArrayRef<mlir::OpFoldResult> sizes, llvm::ArrayRef<mlir::OpFoldResult> strides = {});

/// Axes of an op counted from the front; a diagnostic if one is out of range or named twice.
llvm::FailureOr<llvm::SmallVector<int64_t>> checkedAxes(mlir::Operation *op, llvm::ArrayRef<int64_t> axes,
                                                        int64_t rank);
/// An axis attribute counted from the front; a diagnostic if out of range.
llvm::FailureOr<int64_t> checkedAxis(mlir::Operation *op, int64_t axis, int64_t rank);
/// Where axis `axis` lies after a permutation (as in ONNX Transpose).
int64_t permutedAxis(int64_t axis, llvm::ArrayRef<int64_t> permutation);
/// An onnx.Constant of a list of integers.
mlir::Value makeIntegers(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<int64_t> values);
/// The element type that ONNX numbers `dataType` (TensorProto.DataType); null if Brisk has none.
mlir::Type elementTypeOf(mlir::MLIRContext *context, int64_t dataType);

using LoopBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &, mlir::Location,
                                                                   mlir::ValueRange ivs, mlir::ValueRange carried)>;
/// Sequential loops from 0 to `sizes`, outermost first, that carry values along.
llvm::SmallVector<mlir::Value> loops(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange sizes,
                                     mlir::ValueRange init, LoopBody body);
/// One sequential loop from `low` to `high` by `step`.
llvm::SmallVector<mlir::Value> loop(
    mlir::OpBuilder &b, mlir::Location loc, mlir::Value low, mlir::Value high, mlir::Value step, mlir::ValueRange init,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value iv, mlir::ValueRange carried)> body);
/// `then` or the values as they are.
llvm::SmallVector<mlir::Value> updateIf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value condition,
                                        mlir::ValueRange values,
                                        llvm::function_ref<llvm::SmallVector<mlir::Value>()> then);
/// Sorts 0 .. count-1 stably into `order` (a tensor of i64) by `before`, in time n log n; returns `order` and
/// `scratch` as they are afterwards.
std::pair<mlir::Value, mlir::Value>
sortIndices(mlir::OpBuilder &b, mlir::Location loc, mlir::Value count, mlir::Value order, mlir::Value scratch,
            llvm::function_ref<mlir::Value(mlir::Value i, mlir::Value j)> before);
/// `x` before `y` in ascending order, for scalars of ONNX type `element`; NaN is above all numbers.
mlir::Value lessThan(mlir::OpBuilder &b, mlir::Location loc, mlir::Type element, mlir::Value x, mlir::Value y);

} // namespace brisk::onnx
#endif
