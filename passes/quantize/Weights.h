// Weights as integers with scales.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_QUANTIZE_WEIGHTS_H
#define BRISK_PASSES_QUANTIZE_WEIGHTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "passes/measure/Rewrite.h"
#include <vector>

namespace brisk {

struct QuantizedWeight {
  mlir::ElementsAttr integers, scale;
  mlir::ElementsAttr zeroPoint; ///< null: 0 everywhere
  int64_t axis = 0;
  int64_t block = 0; ///< elements along the axis that share a scale; 0: one scale per position
};

/// Signed 8-bit integers, one scale = max |w| / 127 for each position of `axis`.
QuantizedWeight quantizeChannels(llvm::ArrayRef<float> values, mlir::RankedTensorType type, int64_t axis,
                                 bool powerOfTwo = false);

/// Of a matrix: `block` elements along `axis` share a scale. 8 bits: signed, symmetric. 4 bits: unsigned with a zero
/// point, without which 16 levels are too few.
QuantizedWeight quantizeBlocks(llvm::ArrayRef<float> values, mlir::RankedTensorType type, int64_t axis, int64_t block,
                               unsigned bits);

/// What the integers stand for.
std::vector<float> dequantize(const QuantizedWeight &weight);

/// An activation-aware scale for each input of a matrix product, after AWQ (Lin et al., 2023): mean |x|^a, normalised by
/// the geometric mean of its extremes, for the a in 0, 0.1 ... 1 with the least squared error of the product over the rows
/// of x. Weights are multiplied by it before rounding, inputs divided. Empty where a = 0 is best.
std::vector<float> searchInputScale(llvm::ArrayRef<float> weight, mlir::RankedTensorType type, int64_t inputAxis,
                                    llvm::ArrayRef<float> rows, int64_t block, unsigned bits);

/// `values` with each slice along `axis` multiplied by its factor.
std::vector<float> scaled(llvm::ArrayRef<float> values, mlir::RankedTensorType type, int64_t axis,
                          llvm::ArrayRef<float> factors);

} // namespace brisk
#endif
