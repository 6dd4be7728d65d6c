// Conversion of scalars to any element type, with ONNX's rules for 8- and 4-bit floats.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_FLOATCONVERSION_H
#define BRISK_DIALECTS_ONNX_FLOATCONVERSION_H

#include "dialects/onnx/Scalar.h"

namespace brisk::onnx {

/// x converted to ONNX type `element`, in wide form: Cast of opset 28. The tables of ONNX for 8-bit
/// floats: with `saturate`, what lies outside is brought to the largest finite value; without, it becomes
/// infinity or NaN. f4E2M1FN always saturates, NaN becoming -0. f8E8M0FNU, a power of two, is rounded by
/// `roundMode` ("up", "down" or "nearest", ties up) on the magnitude of x.
Scalar convert(const Scalar &x, mlir::Type element, bool saturate, llvm::StringRef roundMode = "up");

} // namespace brisk::onnx
#endif
