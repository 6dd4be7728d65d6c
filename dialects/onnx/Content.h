// Elementwise arithmetic on the contents of small integer tensors.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_CONTENT_H
#define BRISK_DIALECTS_ONNX_CONTENT_H

#include "dialects/interfaces/ShapeContext.h"

namespace brisk::onnx {

/// Content of an elementwise op: `f` gets one element per operand, operands of one element broadcast.
/// Unknown when an operand's content is, or `f` cannot tell an element.
std::optional<Dims> elementwiseContent(mlir::Operation *op, ShapeContext &context,
                                       llvm::function_ref<std::optional<Dim>(llvm::ArrayRef<Dim>)> f);

/// The same for a binary op that tells every element.
std::optional<Dims> binaryContent(mlir::Operation *op, ShapeContext &context,
                                  llvm::function_ref<std::optional<Dim>(const Dim &, const Dim &)> f);

/// True if `dim` is >= 0 for every binding of its symbols (which are sizes, so >= 0 themselves).
bool isNonNegative(const Dim &dim);
/// Whether a < b, a <= b, a == b, where that holds or fails for every binding.
std::optional<bool> isLess(const Dim &a, const Dim &b);
std::optional<bool> isLessOrEqual(const Dim &a, const Dim &b);
std::optional<bool> isEqual(const Dim &a, const Dim &b);

/// a / b as integers, truncated toward zero; nullopt when it has no closed form or b may be 0.
std::optional<Dim> truncatingDiv(const Dim &a, const Dim &b);

} // namespace brisk::onnx
#endif
