// Quantized operators of com.microsoft.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_MSQUANT_H
#define BRISK_DIALECTS_ONNX_OPS_MSQUANT_H

#include "dialects/onnx/Compose.h"

#define GET_OP_CLASSES
#include "dialects/onnx/ops/MsQuant.h.inc"

#endif
