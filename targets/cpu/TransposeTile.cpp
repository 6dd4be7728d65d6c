// Square tiles for elementwise ops whose inputs and outputs run along different loops.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/TransposeTile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
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

std::optional<unsigned> cpu::interleavedLoop(const Nest &nest, unsigned along) {
  const Operand &out = nest.operands.back();
  if (nest.operands.size() != nest.inputs + 1 || !out.linear || !nest.isParallel(along))
    return std::nullopt;
  int64_t step = known(out.coefficient[along]).value_or(0);
  if (step < 2 || step > 4)
    return std::nullopt;
  for (unsigned d = 0; d < nest.loops(); ++d)
    if (!nest.dropped[d] && nest.isParallel(d) && out.isContiguous(d) && isKnown(nest.sizes[d], step))
      return d;
  return std::nullopt;
}

/// Bytes are joined in 32 bits, of which the upper ones are then squeezed out: first within 128 bits, then 32 bits at a
/// time, which are single instructions.
static Value interleaveBytes(OpBuilder &b, Location loc, ArrayRef<Value> vectors) {
  int64_t lanes = cast<VectorType>(vectors[0].getType()).getNumElements(), rows = vectors.size();
  auto words = VectorType::get({lanes}, b.getI32Type());
  Value pixels;
  for (auto [row, vector] : llvm::enumerate(vectors)) {
    Value wide = arith::ExtUIOp::create(b, loc, words, vector);
    if (row) {
      Value shift = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(words, b.getI32IntegerAttr(8 * row)));
      wide = arith::ShLIOp::create(b, loc, wide, shift);
    }
    pixels = row ? arith::OrIOp::create(b, loc, pixels, wide).getResult() : wide;
  }
  Value bytes = vector::BitCastOp::create(b, loc, VectorType::get({4 * lanes}, b.getI8Type()), pixels);
  SmallVector<int64_t> within, across;
  for (int64_t quad = 0; quad < lanes / 4; ++quad) {
    for (int64_t i = 0; i < 16; ++i)
      within.push_back(i < 4 * rows ? 16 * quad + 4 * (i / rows) + i % rows : vector::ShuffleOp::kPoisonIndex);
    for (int64_t word = 0; word < rows; ++word)
      across.push_back(4 * quad + word);
  }
  Value squeezed = vector::BitCastOp::create(b, loc, words, vector::ShuffleOp::create(b, loc, bytes, bytes, within));
  Value whole = vector::ShuffleOp::create(b, loc, squeezed, squeezed, across);
  return vector::BitCastOp::create(b, loc, VectorType::get({rows * lanes}, b.getI8Type()), whole);
}

Value cpu::interleaveVectors(OpBuilder &b, Location loc, ArrayRef<Value> vectors) {
  auto type = cast<VectorType>(vectors[0].getType());
  int64_t lanes = type.getNumElements(), rows = vectors.size();
  if (type.getElementType().isInteger(8) && lanes % 4 == 0)
    return interleaveBytes(b, loc, vectors);
  // What was just rounded to 16 bits is interleaved before: LLVM makes little of shuffles of halves.
  auto roundings = llvm::map_to_vector(vectors, [](Value vector) { return vector.getDefiningOp<arith::TruncFOp>(); });
  if (llvm::all_of(roundings, [](arith::TruncFOp op) { return op && getElementTypeOrSelf(op.getIn()).isF32(); })) {
    auto wide = llvm::map_to_vector(roundings, [](arith::TruncFOp op) { return op.getIn(); });
    return arith::TruncFOp::create(b, loc, VectorType::get({rows * lanes}, type.getElementType()),
                                   interleaveVectors(b, loc, wide));
  }
  // Vectors of the result, each gathered from one source after the other: what a permutation of two registers does.
  Value whole;
  for (int64_t part = 0; part < rows; ++part) {
    Value result = vectors[0];
    for (int64_t row = 1; row < rows; ++row) {
      SmallVector<int64_t> pick;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        int64_t element = part * lanes + lane, source = element % rows;
        pick.push_back(source == row ? lanes + element / rows : source > row ? lane : row == 1 ? element / rows : lane);
      }
      result = vector::ShuffleOp::create(b, loc, result, vectors[row], pick);
    }
    auto join = llvm::to_vector(llvm::seq<int64_t>(0, (part + 1) * lanes));
    whole = part ? vector::ShuffleOp::create(b, loc, whole, result, join).getResult() : result;
  }
  return whole;
}
