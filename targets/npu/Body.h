// What the body of an elementwise op computes: bytes as quantized affine functions, or as functions of one byte.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_NPU_BODY_H
#define BRISK_TARGETS_NPU_BODY_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <array>
#include <optional>
#include <vector>

namespace brisk::npu {

/// Numbers by channel; one number where all channels have the same.
using Numbers = std::vector<double>;

/// sum of value * factor, plus constant. Values are block arguments of the body, or bytes that it computes on the way.
struct Affine {
  struct Term {
    mlir::Value value;
    bool isSigned; // how a byte is read
    Numbers factor;
  };
  llvm::SmallVector<Term, 2> terms;
  Numbers constant;
};

/// clamp(round(real) + offset, low, high).
struct Quantized {
  Affine real;
  double offset = 0, low, high;
};

/// The elements of a constant tensor as numbers; nothing if `value` is none or too odd.
std::optional<Numbers> constantNumbers(mlir::Value value, bool isUnsigned = false);

/// Reads the body of a linalg.generic whose results have their channels along loop `channel`.
class BodyReader {
public:
  /// A value that is taken as it is, whatever it is made of.
  mlir::Value opaque;

  BodyReader(mlir::linalg::GenericOp op, unsigned channel, int64_t channels) : op(op), channel(channel), channels(channels) {}

  /// A number of the body as an affine function.
  std::optional<Affine> affine(mlir::Value value);
  /// A byte of the body as a quantized affine function.
  std::optional<Quantized> quantized(mlir::Value byte);
  /// The bytes nearest to `value` that it is computed from, `value` itself not among them; nothing if anything else
  /// but constants enters.
  std::optional<llvm::SmallVector<mlir::Value>> bytesBehind(mlir::Value value);
  /// `value` for each of the 256 values of `leaf`, as constants of its type.
  std::optional<std::vector<mlir::Attribute>> tabulate(mlir::Value value, mlir::Value leaf);

private:
  std::optional<Quantized> clamped(mlir::Value value, bool &isRounded);
  std::optional<Numbers> constantOperand(mlir::BlockArgument argument);

  mlir::linalg::GenericOp op;
  unsigned channel;
  int64_t channels;
};

} // namespace brisk::npu
#endif
