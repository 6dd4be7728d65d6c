// What ops say about frames: the positions along an axis that time runs along, so that a model can be run step by step.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_INTERFACES_FRAMES_H
#define BRISK_DIALECTS_INTERFACES_FRAMES_H

#include "dialects/interfaces/Slices.h"
#include "llvm/ADT/Twine.h"

namespace brisk {

/// How frames of a result follow from those of an operand, or the other way round.
struct FrameWindow {
  int64_t span = 1;   ///< frames that a window reaches over, the first and the last included
  int64_t stride = 1; ///< from one window to the next
  int64_t before = 0; ///< frames of the first window that are before frame 0; negative: the first frames are left out
  double fill = 0;    ///< what such frames hold (elements that are too small for it hold their least value)
};

/// Receives what an op says. Ties (Slices.h) of whole axes say that each frame of one is made of the same frame of the
/// other. Where an op says nothing about an axis, its frames cannot be told apart.
class FrameCoupling : public SliceCoupling {
public:
  /// Frame t of `to` is made of the frames stride t - before ... stride t - before + span - 1 of `from`.
  virtual void window(TensorAxis from, TensorAxis to, const FrameWindow &window) = 0;
  /// Frame t of `from` adds to the frames stride t - before ... stride t - before + span - 1 of `to`; before frame 0 of `from`
  /// there were zeros.
  virtual void spread(TensorAxis from, TensorAxis to, const FrameWindow &window) = 0;
  /// The op goes through the frames in order, with what it knows of those before in operand `initial` (absent: zeros of
  /// these dims) and returns it as result `last`.
  virtual void carry(unsigned initial, unsigned last, llvm::ArrayRef<int64_t> dims) = 0;
  /// Of this operand only sizes count.
  virtual void sizes(mlir::Value operand) = 0;
  /// Why frames along this axis of an operand cannot come one after the other.
  virtual void refuse(TensorAxis from, const llvm::Twine &reason) = 0;
};

/// The facts about any op: the slices that it couples (Slices.h), and what it says of frames.
void coupleFrames(mlir::Operation *op, FrameCoupling &frames);

} // namespace brisk
#endif
