// A block's part of a contraction: tiles of both factors through shared memory, sums in registers.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cuda/Contraction.h"
#include "targets/cuda/Passes.h"
#include "targets/cuda/PointEmitter.h"
#include "targets/cuda/Points.h"
#include "targets/cuda/Shared.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cuda;

namespace {

/// Elements by which rows in shared memory are longer than need be.
constexpr int64_t kPadding = 4;

class ContractionEmitter {
public:
  ContractionEmitter(OpBuilder &b, const Contraction &c, const Tile &tile)
      : b(b), c(c), tile(tile), loc(const_cast<linalg::LinalgOp &>(c.op).getLoc()), sizeM(c.sizeOf(c.m)), sizeN(c.sizeOf(c.n)),
        sizeK(c.sizeOf(c.k)) {}

  void emit() {
    thread = NVVM::ThreadIdXOp::create(b, loc, b.getI32Type());
    Value block = NVVM::BlockIdXOp::create(b, loc, b.getI32Type());
    int64_t tilesM = llvm::divideCeil(sizeM, tile.rows), tilesN = llvm::divideCeil(sizeN, tile.columns);
    firstColumn = mul(rem(block, tilesN), tile.columns);
    firstRow = mul(rem(div(block, tilesN), tilesM), tile.rows);
    batch = div(block, tilesN * tilesM);
    // Threads that follow each other have columns that do.
    threadColumn = rem(thread, tile.columns / tile.threadColumns);
    threadRow = div(thread, tile.columns / tile.threadColumns);
    Value tileA = sharedTile("a", tile.rows, *c.a), tileB = sharedTile("b", tile.columns, *c.b);

    SmallVector<Value> sums(tile.threadRows * tile.threadColumns, c.start);
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), end = arith::ConstantIndexOp::create(b, loc, sizeK);
    Value step = arith::ConstantIndexOp::create(b, loc, tile.depth);
    auto loop = scf::ForOp::create(b, loc, zero, end, step, sums);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value firstK = arith::IndexCastUIOp::create(b, loc, b.getI32Type(), loop.getInductionVar());
      fill(tileA, *c.a, c.m, firstRow, sizeM, tile.rows, firstK);
      fill(tileB, *c.b, c.n, firstColumn, sizeN, tile.columns, firstK);
      NVVM::Barrier0Op::create(b, loc);
      SmallVector<Value> next = multiply(tileA, tileB, llvm::to_vector_of<Value>(loop.getRegionIterArgs()), firstK);
      NVVM::Barrier0Op::create(b, loc);
      scf::YieldOp::create(b, loc, next);
    }
    finish(loop.getResults());
  }

private:
  Value number(int64_t value) { return arith::ConstantIntOp::create(b, loc, value, 32); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value mul(Value x, int64_t y) { return arith::MulIOp::create(b, loc, x, number(y)); }
  Value div(Value x, int64_t y) { return y == 1 ? x : arith::DivUIOp::create(b, loc, x, number(y)).getResult(); }
  Value rem(Value x, int64_t y) { return y == 1 ? number(0) : arith::RemUIOp::create(b, loc, x, number(y)).getResult(); }
  Value index(Value x) { return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), x); }
  Value isBelow(Value x, int64_t end) { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x, number(end)); }

  /// [depth][width] elements of a factor in shared memory; rows are longer, so that a column's words lie in several banks.
  Value sharedTile(StringRef name, int64_t width, OpOperand &factor) {
    return sharedMemory(b, loc, name, {tile.depth, width + kPadding}, getElementTypeOrSelf(factor.get().getType()));
  }

  /// Copies a tile of a factor: `width` of its rows (or columns) along `loops` from `first`, of `size`.
  void fill(Value shared, OpOperand &factor, ArrayRef<unsigned> loops, Value first, int64_t size, int64_t width, Value firstK) {
    linalg::LinalgOp op = c.op;
    // Neighbouring threads read neighbouring elements.
    AffineMap map = op.getMatchingIndexingMap(&factor);
    bool alongK = false;
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    if (map.getNumResults())
      alongK = llvm::any_of(c.k, [&](unsigned loop) {
        return ranges[loop] != 1 && map.getResult(map.getNumResults() - 1).isFunctionOfDim(loop);
      });
    int64_t count = width * tile.depth, threads = tile.threads();
    for (int64_t i = 0; i * threads < count; ++i) {
      Value element = add(thread, number(i * threads));
      Value k = alongK ? rem(element, tile.depth) : div(element, width);
      Value other = alongK ? div(element, tile.depth) : rem(element, width);
      Value inK = add(firstK, k), inOther = add(first, other);
      auto copy = [&] {
        Value value = read(factor, loops, inOther, size, inK);
        memref::StoreOp::create(b, loc, value, shared, ValueRange{index(k), index(other)});
      };
      if ((i + 1) * threads <= count) {
        copy();
        continue;
      }
      auto branch = scf::IfOp::create(b, loc, isBelow(element, count), /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      copy();
    }
  }

  /// The element of a factor, zero outside it.
  Value read(OpOperand &factor, ArrayRef<unsigned> loops, Value other, int64_t size, Value k) {
    DenseMap<Value, Value> known;
    PointEmitter point(b, c.op, known);
    auto load = [&] {
      point.split(k, c.k);
      point.split(other, loops);
      setBatch(point);
      return point.load(factor);
    };
    bool isWhole = size % (&factor == c.a ? tile.rows : tile.columns) == 0 && sizeK % tile.depth == 0;
    if (isWhole)
      return load();
    Value isInside = arith::AndIOp::create(b, loc, isBelow(other, size), isBelow(k, sizeK));
    Type type = getElementTypeOrSelf(factor.get().getType());
    auto branch = scf::IfOp::create(b, loc, type, isInside, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, loc, load());
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, loc, arith::ConstantOp::create(b, loc, b.getZeroAttr(type)).getResult());
    return branch.getResult(0);
  }

  void setBatch(PointEmitter &point) {
    if (!c.batch.empty())
      point.split(batch, c.batch);
  }

  /// Adds the products of a pair of tiles to the thread's sums.
  SmallVector<Value> multiply(Value tileA, Value tileB, SmallVector<Value> sums, Value firstK) {
    linalg::LinalgOp op = c.op;
    DenseMap<Value, Value> known;
    PointEmitter point(b, op, known);
    for (int64_t k = 0; k < tile.depth; ++k) {
      Value at = arith::ConstantIndexOp::create(b, loc, k);
      auto column = [&](Value shared, int64_t count, Value first, int64_t step) {
        SmallVector<Value> elements;
        for (int64_t i = 0; i < count; ++i)
          elements.push_back(memref::LoadOp::create(b, loc, shared, ValueRange{at, index(add(first, number(i * step)))}));
        return elements;
      };
      SmallVector<Value> rows = column(tileA, tile.threadRows, threadRow, tile.rows / tile.threadRows);
      SmallVector<Value> columns = column(tileB, tile.threadColumns, threadColumn, tile.columns / tile.threadColumns);
      Value isInside = sizeK % tile.depth ? isBelow(add(firstK, number(k)), sizeK) : Value();
      for (int64_t i = 0; i < tile.threadRows; ++i)
        for (int64_t j = 0; j < tile.threadColumns; ++j) {
          Value &sum = sums[i * tile.threadColumns + j];
          SmallVector<Value> elements(3);
          elements[c.a->getOperandNumber()] = rows[i];
          elements[c.b->getOperandNumber()] = columns[j];
          elements[2] = sum;
          Value next = point.body(elements)[0];
          sum = isInside ? arith::SelectOp::create(b, loc, isInside, next, sum).getResult() : next;
        }
    }
    return sums;
  }

  /// Stores the sums, and does what comes after them.
  void finish(ValueRange sums) {
    for (int64_t i = 0; i < tile.threadRows; ++i)
      for (int64_t j = 0; j < tile.threadColumns; ++j) {
        Value row = add(firstRow, add(threadRow, number(i * (tile.rows / tile.threadRows))));
        Value column = add(firstColumn, add(threadColumn, number(j * (tile.columns / tile.threadColumns))));
        OpBuilder::InsertionGuard guard(b);
        if (sizeM % tile.rows || sizeN % tile.columns) {
          Value isInside = arith::AndIOp::create(b, loc, isBelow(row, sizeM), isBelow(column, sizeN));
          auto branch = scf::IfOp::create(b, loc, isInside, /*withElseRegion=*/false);
          b.setInsertionPointToStart(branch.thenBlock());
        }
        DenseMap<Value, Value> known;
        PointEmitter point(b, c.op, known);
        point.split(row, c.m);
        point.split(column, c.n);
        setBatch(point);
        Value at = point.join();
        point.store(at, sums[i * tile.threadColumns + j]);
        for (linalg::LinalgOp op : c.after)
          PointEmitter(b, op, known).emit(at);
      }
  }

  OpBuilder &b;
  const Contraction &c;
  const Tile &tile;
  Location loc;
  int64_t sizeM, sizeN, sizeK;
  Value thread, batch, firstRow, firstColumn, threadRow, threadColumn;
};

} // namespace

void cuda::emitContraction(OpBuilder &b, const Contraction &contraction, const Tile &tile) {
  ContractionEmitter(b, contraction, tile).emit();
}
