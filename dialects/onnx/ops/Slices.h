// What Slices.cpp and Frames.cpp share.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_SLICES_H
#define BRISK_DIALECTS_ONNX_OPS_SLICES_H

#include "dialects/interfaces/Slices.h"

namespace brisk::onnx {

/// The same elements in another shape: axes are matched where products of sizes agree, from both ends.
void tieReshaped(SliceCoupling &slices, mlir::Value data, mlir::Value result);

} // namespace brisk::onnx

#endif
