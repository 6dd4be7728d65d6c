// What passes and ops say to each other about quantized tensors.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_INTERFACES_QUANTIZED_H
#define BRISK_DIALECTS_INTERFACES_QUANTIZED_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace brisk {
namespace onnx {
class OpMaker;
}

/// The part that an op plays where tensors are quantized.
struct QuantizedForm {
  enum Kind {
    None,       ///< Computes in floats.
    Quantize,   ///< Operand 0 in floats to integers, by operand 1 (scale) and operand 2 (zero point, may be absent).
    Dequantize, ///< The other way round.
    Product,    ///< Sums of products of two quantized operands: in integers by buildQuantized.
    Average,    ///< Means of the elements of one quantized operand: in integers by buildQuantized.
    Move,       ///< The result's elements are chosen among the operands', which all have one scale and zero point:
                ///< the op runs on integers as it is.
    Pointwise,  ///< Elementwise arithmetic: in floats, fused between dequantization and quantization, or as a table.
    Sum,        ///< Pointwise, and the sum of its two operands.
  };
  Kind kind = None;
  /// Operands that carry activations: one scale and zero point each.
  llvm::SmallVector<unsigned, 2> activations;
  /// The operand of a product that may have a scale for each position of `channelAxis` if it is a constant; an
  /// activation like the others if it is not. Not listed in `activations`.
  std::optional<unsigned> weight;
  /// Of Move: the operand with the number that is put where no element comes from; zero where it is absent.
  std::optional<unsigned> fill;
  /// Of a product with states of its own (recurrent layers): the constant operand that multiplies them, one scale for
  /// each position of `channelAxis` as in `weight`. The op itself quantizes the states.
  std::optional<unsigned> recurrent;
  /// An operand that is added to each sum and stays in floats, or has the scale x scale of the factors as i32.
  std::optional<unsigned> bias;
  /// The weight's axis of output channels (counted from the front); of Quantize and Dequantize the axis along which
  /// scales differ, -1 where there is one for the whole tensor.
  int64_t channelAxis = -1;
  /// Of Quantize and Dequantize: elements that share a scale along the axis; 0 for one scale per position.
  int64_t blockSize = 0;
};

/// A tensor of integers and how to read it as reals: (value - zeroPoint) scale. The zero point may be absent (a value
/// of type `none`, or null).
struct QuantizedValue {
  mlir::Value value, scale, zeroPoint;
  int64_t axis = -1; ///< Along which scale and zero point vary; -1 if they do not.
};

/// The facts about any op: those it states, Pointwise for elementwise ops on floats, else None.
QuantizedForm quantizedForm(mlir::Operation *op);
/// Pointwise for elementwise ops on floats, else None.
QuantizedForm pointwiseForm(mlir::Operation *op);

} // namespace brisk
#endif
