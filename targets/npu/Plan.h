// Which ops become which kernels, on which images.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_NPU_PLAN_H
#define BRISK_TARGETS_NPU_PLAN_H

#include "targets/npu/Body.h"
#include "targets/npu/Match.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace brisk::npu {

/// Bytes in blocks of four channels (device/hvx.h). Signed bytes are stored plus 128.
struct Image {
  Extent extent;
  bool isSigned = false;
  Border border;               // that somebody reads
  std::optional<uint8_t> zero; // what lies there, as stored
  int64_t gap = 0;             // pixels between rows that somebody else needs
  // Once every reader is known:
  int64_t pitch = 0, origin = 0, plane = 0, vectors = 0; // pixels, bytes, bytes, vectors of the image in a plane
  int64_t blocks() const { return (extent.channels + 3) / 4; }
  int64_t bytes() const { return blocks() * plane + 512; }
};

/// A kernel to be called.
struct Step {
  enum Kind {
    Convolve,
    Depthwise,
    Largest,
    Join,
    Add,
    Lookup,
    Quantize,
    Mean,
    Block,
    Product,
    Softmax,
    Norm,
    Tokens
  } kind;
  mlir::Operation *anchor;  // before which it is called
  mlir::Location loc = mlir::Location(mlir::LocationAttr());
  llvm::SmallVector<int, 2> inputs; // images
  int output;
  mlir::Value source; // of Quantize, Tokens and Block: a tensor
  std::optional<Products> products;
  Border border;            // around the input of products
  std::optional<Quantized> result;
  std::array<uint8_t, 256> table; // of Lookup: stored byte to stored byte
  // Of Product and Softmax (device/kernels.h); sums and outputs in channels of a group.
  int64_t groups = 1, sums = 0, outputs = 0;
  bool isAcross = false;
  int xFactor = 0, wFactor = 0;
  double step = 0, epsilon = 0; // what a byte's step counts in exponents; of Norm, in steps
};

/// A tensor that a step computes: as bytes of an image, or as floats by a table of its bytes.
struct Replaced {
  mlir::Value tensor;
  int image;
  std::vector<mlir::Attribute> table; // empty: the bytes themselves
  mlir::AffineMap map;                // from the tensor's axes to those of the image
};

struct Plan {
  std::vector<Image> images;
  std::vector<Step> steps;
  std::vector<Replaced> replaced;
};

/// What can be taken over of `function`, geometry included.
Plan makePlan(mlir::func::FuncOp function);

} // namespace brisk::npu
#endif
