// Quantization, and arithmetic on quantized tensors.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_QUANT_H
#define BRISK_DIALECTS_ONNX_OPS_QUANT_H

#include "dialects/onnx/Onnx.h"
#include "dialects/onnx/Scalar.h"

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Quant.h.inc"

namespace brisk::onnx {

/// round(x / scale) + zero point, brought into the range of integer type `target`; all floats.
Scalar quantized(const Scalar &quotient, std::optional<Scalar> zeroPoint, mlir::Type target);

} // namespace brisk::onnx
#endif
