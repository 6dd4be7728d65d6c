// Conversions between element types.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_CAST_H
#define BRISK_DIALECTS_ONNX_OPS_CAST_H

#include "dialects/onnx/Content.h"
#include "dialects/onnx/Onnx.h"
#include "dialects/onnx/Scalar.h"

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Cast.h.inc"

#endif
