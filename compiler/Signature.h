// The model's interface: names, dtypes and dims of inputs and outputs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_SIGNATURE_H
#define BRISK_COMPILER_SIGNATURE_H

#include "mlir/IR/BuiltinOps.h"

namespace brisk {
/// ONNX TensorProto.DataType number of an element type of the onnx dialect; 0 if there is none.
int32_t onnxDataType(mlir::Type element);
/// Records @main's interface as module attributes `brisk.inputs` and `brisk.outputs`, before types are lowered.
llvm::LogicalResult recordSignature(mlir::ModuleOp module);
} // namespace brisk
#endif
