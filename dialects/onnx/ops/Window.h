// Windows that slide over the spatial axes of a tensor: what convolutions and
// pools share.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_WINDOW_H
#define BRISK_DIALECTS_ONNX_OPS_WINDOW_H

#include "dialects/interfaces/Interfaces.h"

namespace brisk::onnx {

/// Where batch, channels and spatial axes of an activation are: channels come second as in ONNX,
/// or last where the op has the attribute `channels_last`.
struct Layout {
  int64_t rank;
  bool last;

  Layout(mlir::Operation *op, int64_t rank) : rank(rank), last(op->hasAttr("channels_last")) {}
  int64_t spatialRank() const { return rank - 2; }
  int64_t channel() const { return last ? rank - 1 : 1; }
  int64_t spatial(int64_t i) const { return last ? 1 + i : 2 + i; }
  Dims spatialDims(llvm::ArrayRef<Dim> dims) const { return Dims(dims.slice(spatial(0), spatialRank())); }
  /// A list with one entry for each axis.
  template <typename T>
  llvm::SmallVector<T> order(T batch, llvm::ArrayRef<T> channels, llvm::ArrayRef<T> spatial) const {
    llvm::SmallVector<T> list{batch};
    llvm::append_range(list, last ? spatial : channels);
    llvm::append_range(list, last ? channels : spatial);
    return list;
  }
};

/// Geometry of a window, one entry for each spatial axis.
struct Window {
  llvm::SmallVector<int64_t> strides, dilations;
  Dims input, kernel, output;
  Dims begin, end; // padding as the op asks for it
  /// Size of the input with the padding that the windows reach; `input` where there is none.
  Dims padded;
  bool isPadded() const { return padded != input; }
  int64_t rank() const { return strides.size(); }
};

/// The geometry from the op's attributes (`strides`, `dilations`, `pads`, `auto_pad`, `ceil_mode`;
/// absent ones take ONNX's defaults), or a diagnostic.
mlir::FailureOr<Window> makeWindow(mlir::Operation *op, llvm::ArrayRef<Dim> input, llvm::ArrayRef<Dim> kernel);

/// A list attribute with one entry for each of `rank` axes, `fallback` where it is absent; every entry
/// is at least `least`.
mlir::FailureOr<llvm::SmallVector<int64_t>> axesAttr(mlir::Operation *op, llvm::StringRef name, int64_t count,
                                                     int64_t fallback, int64_t least);

/// `x` inside a buffer of the window's padded size, `value` (a scalar) around it. Written as a fill
/// and an insertion, so that what computes `x` can write into the buffer.
mlir::Value pad(Decomposer &d, mlir::Value x, const Layout &layout, const Window &window, mlir::Value value);

/// Position `o * stride + k * dilation` of tap `tap` of window `position` on spatial axis `i`.
mlir::AffineExpr tapPosition(const Window &window, int64_t i, mlir::AffineExpr position, mlir::AffineExpr tap);

/// PermuteInterface of the ops that take `channels_last`.
llvm::SmallVector<int64_t> preferredSpatialPermutation(mlir::Operation *op);
std::optional<llvm::SmallVector<unsigned>> spatialPermutableOperands(mlir::Operation *op,
                                                                     llvm::ArrayRef<int64_t> permutation);
void permuteSpatial(mlir::Operation *op, mlir::OpBuilder &builder);

} // namespace brisk::onnx
#endif
