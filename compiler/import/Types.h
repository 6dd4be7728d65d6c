// ONNX types and dims as MLIR's, and back.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_IMPORT_TYPES_H
#define BRISK_COMPILER_IMPORT_TYPES_H

#include "dialects/interfaces/ShapeContext.h"
#include "onnx/onnx_pb.h"

namespace brisk {

/// The element type of an ONNX data type; null for strings and for numbers that name none.
mlir::Type elementTypeOf(int32_t dataType, mlir::MLIRContext *context);
/// The inverse; UNDEFINED for types that ONNX lacks.
int32_t dataTypeOf(mlir::Type element);
/// ONNX's name of a data type in lower case, "float16".
std::string dataTypeName(int32_t dataType);
/// Bits that one element takes in a file (2, 4, 6 or more; complex numbers count both parts).
unsigned fileBits(mlir::Type element);

/// "sequence" and the like, for messages; "tensor" for tensors.
llvm::StringRef kindName(const ::onnx::TypeProto &type);
/// The type with all open dims as symbols, for libonnx's builders of function bodies.
::onnx::TypeProto typeProtoOf(mlir::Type type);

} // namespace brisk
#endif
