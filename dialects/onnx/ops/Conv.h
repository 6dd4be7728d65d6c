// Convolutions of the onnx dialect.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_CONV_H
#define BRISK_DIALECTS_ONNX_OPS_CONV_H

#include "dialects/onnx/Onnx.h"
#include "dialects/onnx/ops/Contraction.h"
#include "dialects/onnx/ops/Window.h"

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Conv.h.inc"

namespace brisk::onnx {

/// Which channel loops a convolution has.
struct Channels {
  bool group;   // parallel over groups
  bool output;  // parallel over output channels of a group
  bool reduced; // sum over input channels of a group
};

/// Loops of a convolution as affine dims, in order: those of the output, then taps and channels.
struct ConvLoops {
  mlir::AffineExpr batch, group, output, reduced;
  llvm::SmallVector<mlir::AffineExpr> positions, taps;
  llvm::SmallVector<mlir::utils::IteratorType> iterators;

  ConvLoops(mlir::MLIRContext *context, const Layout &layout, Channels channels) {
    auto next = [&](mlir::utils::IteratorType kind) {
      iterators.push_back(kind);
      return mlir::getAffineDimExpr(iterators.size() - 1, context);
    };
    auto addPositions = [&] {
      for (int64_t i = 0; i < layout.spatialRank(); ++i)
        positions.push_back(next(mlir::utils::IteratorType::parallel));
    };
    batch = next(mlir::utils::IteratorType::parallel);
    if (layout.last)
      addPositions();
    if (channels.group)
      group = next(mlir::utils::IteratorType::parallel);
    if (channels.output)
      output = next(mlir::utils::IteratorType::parallel);
    if (!layout.last)
      addPositions();
    for (int64_t i = 0; i < layout.spatialRank(); ++i)
      taps.push_back(next(mlir::utils::IteratorType::reduction));
    if (channels.reduced)
      reduced = next(mlir::utils::IteratorType::reduction);
  }
  mlir::AffineMap map(llvm::ArrayRef<mlir::AffineExpr> exprs) const {
    return mlir::AffineMap::get(iterators.size(), 0, exprs, batch.getContext());
  }
  /// The given ones that exist.
  static llvm::SmallVector<mlir::AffineExpr> present(llvm::ArrayRef<mlir::AffineExpr> exprs) {
    return llvm::filter_to_vector(exprs, [](mlir::AffineExpr e) { return static_cast<bool>(e); });
  }
};

/// Adds a bias (or none) along the channels and rounds to the elements of `result`.
mlir::Value addBias(Decomposer &d, mlir::Value sum, mlir::Value bias, const Layout &layout, mlir::Value result);

/// A diagnostic unless input and weight fit; `inputAxis` is the weight's axis of input channels.
mlir::LogicalResult checkConvOperands(mlir::Operation *op, ShapeContext &shapes, int64_t group, unsigned inputAxis);
/// A diagnostic unless `bias` (or none) has one element for each of the `channels` of the result.
mlir::LogicalResult checkBias(mlir::Operation *op, ShapeContext &shapes, mlir::Value bias, const Dim &channels);

/// Types the result of a convolution: input and weight are the first operands, the geometry is in the attributes.
mlir::LogicalResult inferConv(mlir::Operation *op, int64_t group, mlir::Type element, ShapeContext &context);
/// The sums of a convolution, as elements of `sum`; what is around the input is `padding`.
mlir::FailureOr<mlir::Value> convolve(Decomposer &d, mlir::Operation *op, int64_t group, mlir::Value padding,
                                      SumType sum);

} // namespace brisk::onnx

#endif
