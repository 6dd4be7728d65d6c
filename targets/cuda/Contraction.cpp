// Which kernels are contractions, and how large a block's part of one is.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cuda/Contraction.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "targets/cuda/Points.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cuda;

/// Below that a tile is mostly empty.
static constexpr int64_t kLeastSize = 16, kLeastDepth = 8;
/// Blocks that keep a large GPU busy.
static constexpr int64_t kManyBlocks = 128;

int64_t Contraction::sizeOf(ArrayRef<unsigned> loops) const {
  SmallVector<int64_t> ranges = const_cast<linalg::LinalgOp &>(op).getStaticLoopRanges();
  int64_t size = 1;
  for (unsigned loop : loops)
    size *= ranges[loop];
  return size;
}

/// The value with which `op` fills the whole buffer that `init` accumulates in; null if it does something else.
static Value fillOf(linalg::LinalgOp op, OpOperand &init) {
  if (op.getNumReductionLoops() || op.getNumDpsInits() != 1 || wholeOf(op.getDpsInits()[0]) != wholeOf(init.get()) ||
      !isOwn(op, *op.getDpsInitOperand(0)))
    return Value();
  Value value = op.getBlock()->getTerminator()->getOperand(0);
  if (auto argument = dyn_cast<BlockArgument>(value); argument && argument.getOwner() == op.getBlock()) {
    OpOperand *operand = op.getMatchingOpOperand(argument);
    return isa<ShapedType>(operand->get().getType()) ? Value() : operand->get();
  }
  return value.getParentBlock() == op.getBlock() ? Value() : value;
}

std::optional<Contraction> cuda::contractionOf(ArrayRef<linalg::LinalgOp> ops) {
  const auto *sum = llvm::find_if(ops, [](linalg::LinalgOp op) { return op.getNumReductionLoops() > 0; });
  if (sum == ops.end() || sum - ops.begin() != 1)
    return std::nullopt;
  Contraction c;
  c.op = *sum;
  if (c.op.getNumDpsInputs() != 2 || c.op.getNumDpsInits() != 1 || isRunning(c.op) || c.op.hasIndexSemantics())
    return std::nullopt;
  OpOperand &init = *c.op.getDpsInitOperand(0);
  c.start = fillOf(ops.front(), init);
  if (!c.start || !isOwn(c.op, init))
    return std::nullopt;
  c.a = c.op.getDpsInputOperand(0);
  c.b = c.op.getDpsInputOperand(1);
  if (!isa<MemRefType>(c.a->get().getType()) || !isa<MemRefType>(c.b->get().getType()))
    return std::nullopt;
  AffineMap mapA = c.op.getMatchingIndexingMap(c.a), mapB = c.op.getMatchingIndexingMap(c.b);
  SmallVector<int64_t> ranges = c.op.getStaticLoopRanges();
  SmallVector<unsigned> order = parallelLoops(c.op);
  // Columns run along the last axis of the result.
  for (unsigned loop : llvm::reverse(order)) {
    if (ranges[loop] == 1)
      continue;
    if (!mapB.isFunctionOfDim(loop)) {
      std::swap(c.a, c.b);
      std::swap(mapA, mapB);
    }
    break;
  }
  for (unsigned loop : order) {
    bool inA = mapA.isFunctionOfDim(loop), inB = mapB.isFunctionOfDim(loop);
    (ranges[loop] == 1 || inA == inB ? c.batch : inA ? c.m : c.n).push_back(loop);
  }
  for (auto [loop, iterator] : llvm::enumerate(c.op.getIteratorTypesArray())) {
    if (iterator != utils::IteratorType::reduction)
      continue;
    if (ranges[loop] != 1 && (!mapA.isFunctionOfDim(loop) || !mapB.isFunctionOfDim(loop)))
      return std::nullopt;
    c.k.push_back(loop);
  }
  c.after.assign(ops.begin() + 2, ops.end());
  if (c.sizeOf(c.m) < kLeastSize || c.sizeOf(c.n) < kLeastSize || c.sizeOf(c.k) < kLeastDepth)
    return std::nullopt;
  return c;
}

int64_t cuda::blocksOf(const Contraction &c, const Tile &tile) {
  return c.sizeOf(c.batch) * llvm::divideCeil(c.sizeOf(c.m), tile.rows) * llvm::divideCeil(c.sizeOf(c.n), tile.columns);
}

Tile cuda::tileFor(const Contraction &c) {
  static constexpr Tile kTiles[] = {{128, 128, 8, 8, 8}, {64, 64, 16, 4, 4}, {32, 32, 16, 4, 2}};
  for (const Tile &tile : kTiles)
    if (blocksOf(c, tile) >= kManyBlocks && c.sizeOf(c.m) > tile.rows / 2 && c.sizeOf(c.n) > tile.columns / 2)
      return tile;
  return kTiles[2];
}
