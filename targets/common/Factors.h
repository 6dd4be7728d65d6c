// What the passes that form contractions and reductions ask of their inputs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_COMMON_FACTORS_H
#define BRISK_TARGETS_COMMON_FACTORS_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/Value.h"

namespace brisk {

/// The bytes of a constant tensor under whatever shape, or of its one element if all are the same; empty for anything else.
llvm::ArrayRef<char> dataOf(mlir::Value value, bool &isSplat);
/// The loops that the results of `map` are, in order; empty if some result is anything else.
llvm::SmallVector<unsigned> plainLoops(mlir::AffineMap map);
/// The constant that `value` is filled with, and the tensor that it would be were it not; nulls if it is not.
std::pair<mlir::TypedAttr, mlir::Value> filled(mlir::Value value);

/// The constant with its axes in another order, axis i of the result being axis order[i]; null if its elements are not at hand.
mlir::Value reordered(mlir::OpBuilder &b, mlir::Location loc, mlir::Value constant, llvm::ArrayRef<unsigned> order);

} // namespace brisk
#endif
