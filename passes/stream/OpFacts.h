// What one op says of the frames that come into it.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_STREAM_OPFACTS_H
#define BRISK_PASSES_STREAM_OPFACTS_H

#include "dialects/interfaces/Interfaces.h"
#include "llvm/ADT/DenseMap.h"
#include <string>

namespace brisk {

/// Axes that time runs along.
using TimeAxes = llvm::DenseMap<mlir::Value, int64_t>;

class OpFacts : public FrameCoupling {
public:
  /// How a result follows from an operand.
  struct Link {
    enum Kind { Follow, Window, Spread } kind;
    mlir::Value from;
    unsigned result;
    int64_t axis; ///< of the result
    FrameWindow window;
  };
  /// A state that the op keeps itself.
  struct Carry {
    unsigned initial, last;
    llvm::SmallVector<int64_t> dims;
  };

  OpFacts(mlir::Operation *op, const TimeAxes &times);

  llvm::ArrayRef<Carry> carries() const { return carried; }
  /// Whether only the operand's sizes count.
  bool isMeasured(mlir::Value operand) const { return llvm::is_contained(measured, operand); }
  const Link *link(mlir::Value from, unsigned result) const;
  /// Why there is no such link.
  std::string reason() const;
  /// An operand without time that has a slice for each frame of the result, or null.
  mlir::Value boundTo(unsigned result, int64_t axis) const;

  void tie(TensorAxis part, TensorAxis whole, int64_t offset = 0) override;
  void split(TensorAxis whole, llvm::ArrayRef<TensorAxis> parts) override;
  void sum(TensorAxis activation, TensorAxis weight) override;
  void window(TensorAxis from, TensorAxis to, const FrameWindow &window) override;
  void spread(TensorAxis from, TensorAxis to, const FrameWindow &window) override;
  void carry(unsigned initial, unsigned last, llvm::ArrayRef<int64_t> dims) override;
  void sizes(mlir::Value operand) override;
  void refuse(TensorAxis from, const llvm::Twine &reason) override;

private:
  bool isTime(TensorAxis axis) const;
  void add(Link::Kind kind, TensorAxis from, TensorAxis to, const FrameWindow &window = {});

  mlir::Operation *op;
  const TimeAxes &times;
  llvm::SmallVector<Link> links;
  llvm::SmallVector<Carry, 2> carried;
  llvm::SmallVector<mlir::Value, 2> measured;
  llvm::SmallVector<std::pair<TensorAxis, TensorAxis>> bound; ///< an operand without time, and what has as many slices
  std::string refused;
};

} // namespace brisk
#endif
