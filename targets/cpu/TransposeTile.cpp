// Square tiles for elementwise ops whose inputs and outputs run along different loops.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/TransposeTile.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

SmallVector<Value> cpu::transposeVectors(OpBuilder &b, Location loc, ArrayRef<Value> vectors) {
  // log2(n) rounds; each interleaves vectors i and i + n/2, after which bit positions have rotated by one.
  int64_t n = vectors.size();
  SmallVector<Value> now(vectors);
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < n / 2; ++i) {
    low.append({i, n + i});
    high.append({n / 2 + i, n + n / 2 + i});
  }
  for (int64_t round = 1; round < n; round *= 2) {
    SmallVector<Value> next(n);
    for (int64_t i = 0; i < n / 2; ++i) {
      next[2 * i] = vector::ShuffleOp::create(b, loc, now[i], now[i + n / 2], low);
      next[2 * i + 1] = vector::ShuffleOp::create(b, loc, now[i], now[i + n / 2], high);
    }
    now = next;
  }
  return now;
}

static bool needsTranspose(const Operand &operand, unsigned rowLoop, unsigned along) {
  return !operand.isOutput && operand.linear && !operand.ignores(along) && !operand.isContiguous(along) &&
         operand.isContiguous(rowLoop);
}

std::optional<unsigned> cpu::transposedLoop(const Nest &nest, unsigned along, int64_t lanes, const BodyTraits &traits) {
  if (!traits.vectorizable || traits.widest > 32 || (lanes != 8 && lanes != 16))
    return std::nullopt;
  for (unsigned d = 0; d < nest.loops(); ++d) {
    if (nest.dropped[d] || d == along || !nest.isParallel(d) || known(nest.sizes[d]).value_or(lanes) < lanes)
      continue;
    if (llvm::any_of(nest.operands, [&](const Operand &operand) { return needsTranspose(operand, d, along); }))
      return d;
  }
  return std::nullopt;
}

SmallVector<SmallVector<Value>> cpu::loadTransposed(OpBuilder &b, const Nest &nest, const Point &point,
                                                    unsigned rowLoop, unsigned along, int64_t rows, int64_t lanes) {
  SmallVector<SmallVector<Value>> result(nest.inputs);
  Indices ix{b, nest.loc};
  if (rows != lanes)
    return result;
  for (unsigned i = 0; i < nest.inputs; ++i) {
    const Operand &operand = nest.operands[i];
    if (!needsTranspose(operand, rowLoop, along) || operand.element.getIntOrFloatBitWidth() != 32)
      continue;
    SmallVector<Value> vectors;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Point p = lane ? point.moved(nest, ix, along, ix.constant(lane)) : point;
      vectors.push_back(vector::LoadOp::create(b, nest.loc, VectorType::get({lanes}, operand.element), operand.flat,
                                               ValueRange{ix.value(p.place[i])}));
    }
    result[i] = transposeVectors(b, nest.loc, vectors);
  }
  return result;
}
