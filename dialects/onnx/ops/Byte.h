// Sums of products of bytes, and the integer forms of products that are made of them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_BYTE_H
#define BRISK_DIALECTS_ONNX_OPS_BYTE_H

#include "dialects/onnx/Compose.h"
#include "dialects/onnx/ops/Window.h"

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Byte.h.inc"

namespace brisk::onnx {

/// The exact i32 product sum (a - az)(b - bz) of two 8-bit tensors: a raw product and its correction for the zero
/// points (absent ones are null or `none`), whose constant parts fold. Zero points are scalars, of a also one per row
/// and of b one per column. An i32 `bias` (null for none) is added to each row.
mlir::Value integerMatMul(OpMaker &make, mlir::Value a, mlir::Value aZero, mlir::Value b, mlir::Value bZero,
                          mlir::Value bias = {});
/// The same for a convolution with the attributes `window` (those of Conv); w's zero point is a scalar or one per
/// output channel. An i32 `bias` (null for none) is added to each channel. Null where the weight's shape is not static
/// and it has a zero point.
mlir::Value integerConv(OpMaker &make, mlir::Value x, mlir::Value xZero, mlir::Value w, mlir::Value wZero,
                        llvm::ArrayRef<mlir::NamedAttribute> window, mlir::Value bias = {});

/// The i32 sums as reals, times the product of both scales; an axis of wScale is brought to the channels, which
/// `trailing` axes follow. With a `divisor` (null for none) the reals are divided by it.
mlir::Value scaledSums(OpMaker &make, mlir::Value sums, mlir::Value xScale, mlir::Value wScale, mlir::Value divisor,
                       int64_t trailing);

/// The i32 sums quantized: one multiplication by (xScale wScale) / yScale, as onnxruntime rounds it, where that is one f32.
mlir::Value requantized(OpMaker &make, mlir::Value sums, mlir::Value xScale, mlir::Value wScale, mlir::Value yScale,
                        mlir::Value yZero, int64_t trailing);

/// A parameter per channel (1-D) with `trailing` axes of size 1 after it; others as they are.
mlir::Value perChannel(OpMaker &make, mlir::Value parameter, int64_t trailing);
/// A parameter per row (1-D) of `matrix` as a column; others as they are.
mlir::Value perRow(OpMaker &make, mlir::Value parameter, mlir::Value matrix);

/// Elements converted to ONNX type `to`.
mlir::Value castTo(OpMaker &make, mlir::Value value, int64_t to);

/// TensorProto.DataType
inline constexpr int64_t kFloat = 1, kUInt8 = 2, kInt8 = 3, kInt32 = 6;

/// A constant whose elements are all zero.
bool isZeros(mlir::Value value);
/// 8-bit integers, signed or not.
bool isByte(mlir::Type element);

} // namespace brisk::onnx
#endif
