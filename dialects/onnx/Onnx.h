// The onnx dialect and what its op families share.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_ONNX_H
#define BRISK_DIALECTS_ONNX_ONNX_H

#include "dialects/interfaces/Interfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/onnx/Onnx.Dialect.h.inc"

namespace brisk {
/// Enters the dialect (called through Rooms.def).
void registerOnnxDialect(mlir::DialectRegistry &registry);

namespace onnx {
enum class ElementKind { Any, Number, Float, Integer, Bool };
/// Fails unless all broadcast operands have one element type, which is of `kind`: Number is any integer or
/// float, Integer and Number leave booleans out, Any takes them in (but no complex numbers).
mlir::LogicalResult checkElements(mlir::Operation *op, ElementKind kind);
/// Whether an element type is of `kind`.
bool isOfKind(mlir::Type element, ElementKind kind);
/// Fails unless the first operand has floats to compute with: 16 bits or more.
mlir::LogicalResult requireFloat(mlir::Operation *op, ShapeContext &shapes);
/// Result type of an ElementwiseInterface op: the operands' shapes broadcast together.
mlir::LogicalResult inferElementwise(mlir::Operation *op, ShapeContext &context);
/// PermuteInterface of an elementwise op: all operands of full rank must be permuted, those of lower
/// rank are permuteElementwise's matter.
std::optional<llvm::SmallVector<unsigned>> elementwisePermutableOperands(mlir::Operation *op,
                                                                         llvm::ArrayRef<int64_t> permutation);
/// What passes do to an elementwise op that follows `permutation`: operands of lower rank get all axes.
void permuteElementwise(mlir::Operation *op, mlir::OpBuilder &builder, llvm::ArrayRef<int64_t> permutation);
/// `value` with its axes permuted as by Transpose (result axis i is axis permutation[i]); transposes that
/// undo each other leave nothing.
mlir::Value createTranspose(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                            llvm::ArrayRef<int64_t> permutation);
} // namespace onnx
} // namespace brisk
#endif
