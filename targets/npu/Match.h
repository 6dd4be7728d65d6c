// What linalg ops are, as far as kernels can take them over.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_NPU_MATCH_H
#define BRISK_TARGETS_NPU_MATCH_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <cstdint>
#include <optional>

namespace brisk::npu {

/// An image that a tensor holds: 1 x height x width x channels; of lower rank, what is left out is 1.
struct Extent {
  int64_t height, width, channels;
  bool operator==(const Extent &other) const {
    return height == other.height && width == other.width && channels == other.channels;
  }
};
std::optional<Extent> extentOf(mlir::Type type);

/// Rows and columns around an image.
struct Border {
  int64_t top = 0, left = 0, bottom = 0, right = 0;
};

/// A tensor made of another one with one byte around it.
struct Padded {
  mlir::Value source;
  Border border;
  uint8_t fill = 0; // where there is a border
};
/// `value` itself, where it is not padded.
Padded paddedOf(mlir::Value value);

/// The images that lie one after the other along the channels of `value`, each but the last in whole blocks; none where it is
/// made otherwise.
std::vector<mlir::Value> joinedOf(mlir::Value value);

/// Sums of products of bytes, stride and dilation the same both ways.
struct Products {
  mlir::Value input; // perhaps padded
  bool isSigned;     // how the input's bytes are read
  bool isDepthwise;
  int64_t kernelHeight, kernelWidth, stride, dilation;
  Extent input_, output;
  /// The bytes of the weights, [output][row][column][input], signed; depthwise [channel][row][column].
  std::vector<int8_t> bytes;

  /// Whether windows are walked down strips of columns: each row of the output has two columns of waste.
  bool inStrips() const {
    return isDepthwise && kernelHeight == 3 && kernelWidth == 3 && stride == 1 && dilation == 1 && output.height > 1 &&
           output.width > 20;
  }
};
std::optional<Products> productsOf(mlir::linalg::GenericOp op);

/// The largest of a window, channel by channel, as products without weights.
std::optional<Products> poolOf(mlir::linalg::GenericOp op);

/// Whether the body is sum + extended byte * extended byte, and how each is read; sums start at zero.
bool isProductOfBytes(mlir::linalg::GenericOp op, bool &isSignedA, bool &isSignedB);

/// All loops parallel, every tensor of the result's size read as it is written.
bool isElementwise(mlir::linalg::GenericOp op);

} // namespace brisk::npu
#endif
