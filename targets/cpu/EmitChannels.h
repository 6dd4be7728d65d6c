// Bytes multiplied channel by channel with a small window.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_EMITCHANNELS_H
#define BRISK_TARGETS_CPU_EMITCHANNELS_H

#include "targets/cpu/Dot.h"
#include "targets/cpu/EmitStructured.h"
#include "targets/cpu/ir/Cpu.h"

namespace brisk::cpu {

/// A cpu.contract on memrefs whose grouped factor is not in panels.
struct ChannelProduct {
  Nest nest;
  Factors factors;
  unsigned numFactors = 2;
  unsigned channel = 0;      // the loop along which both factors and the result are read and written
  unsigned grouped = 0;      // the sum that goes four at a time
  int64_t length = 0;        // its length
  std::optional<unsigned> m; // the row whose neighbours share what they read
  llvm::SmallVector<unsigned> outer, sums;

  explicit ChannelProduct(Nest nest) : nest(std::move(nest)) {}
};

std::optional<ChannelProduct> channelProductOf(mlir::OpBuilder &b, mlir::Operation *op);
mlir::OpFoldResult unitsOfChannels(mlir::OpBuilder &b, const ChannelProduct &c);
void emitChannels(mlir::OpBuilder &b, const ChannelProduct &c, const VectorUnit &unit, Point start,
                  std::optional<Share> share);

} // namespace brisk::cpu
#endif
