// What ops say about slices of tensors, so that channels, heads and widths can be pruned.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_INTERFACES_SLICES_H
#define BRISK_DIALECTS_INTERFACES_SLICES_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/ArrayRef.h"

namespace brisk {

struct TensorAxis {
  mlir::Value value;
  int64_t axis;
};

/// Receives what an op says. An axis of an operand or result that the op does not mention is whole: no slice of it may
/// go. Open axes and absent operands may be mentioned; nothing follows from it.
class SliceCoupling {
public:
  virtual ~SliceCoupling() = default;
  /// Slice i of `part` and slice offset + i of `whole` go together, for all i of `part`.
  virtual void tie(TensorAxis part, TensorAxis whole, int64_t offset = 0) = 0;
  /// The slices of `whole` are, in row-major order, those of the axes `parts`: with a slice of one of them goes a row of
  /// blocks. Only one of `parts` can lose any.
  virtual void split(TensorAxis whole, llvm::ArrayRef<TensorAxis> parts) = 0;
  /// The op sums products over both axes, slice by slice.
  virtual void sum(TensorAxis activation, TensorAxis weight) = 0;
};

/// The facts about any op: those it states, those of broadcasting for elementwise ops, else nothing.
void coupleSlices(mlir::Operation *op, SliceCoupling &slices);

} // namespace brisk
#endif
