// Fourier transforms and what goes with them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_SIGNAL_H
#define BRISK_DIALECTS_ONNX_OPS_SIGNAL_H

#include "dialects/onnx/Onnx.h"

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Signal.h.inc"

#endif
