// Ops that ask for or change the shape of a tensor and keep its elements.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_SHAPE_H
#define BRISK_DIALECTS_ONNX_OPS_SHAPE_H

#include "dialects/onnx/Onnx.h"

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Shape.h.inc"

#endif
