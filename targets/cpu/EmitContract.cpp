// Register-blocked contractions: matrix products and direct convolutions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sums of a block of rows times one or more panels of columns stay in
// registers over all reduction loops; each step loads the columns' vectors
// once and broadcasts one number (or group of narrow ones: Dot.h) a row. Row blocks are balanced: all of one
// size or one less. The block sizes leave no register to spill: rows * vectors
// + vectors + 1 <= registers.
#include "targets/cpu/EmitContract.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "targets/cpu/TransposeTile.h"
#include "targets/cpu/VectorizeBody.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace {

/// Bytes of B that stay in the second-level cache beside a stream of A.
constexpr int64_t kResidentBytes = 512 << 10;

/// Bytes between rows that fall into the same set of the first-level cache.
constexpr int64_t kPitchOfConflicts = 4096;

/// Some neighbouring columns: `lanes` from `offset` on, of which `active` count (null: all).
struct Piece {
  int64_t offset, lanes;
  OpFoldResult active = {};
};

/// Block sizes, the same for all instruction sets so that they split work alike.
struct Plan {
  int64_t rows = 1;   // of a block, at most
  int64_t panels = 1; // handled together
  bool rowsOutside = false;
  int64_t window = 0; // blocks of rows that all panels pass over before the next ones; 0 for all
};

/// A few steps are written out: a loop that carries all sums costs more than they do.
bool isWrittenOut(OpFoldResult size) { return known(size).value_or(1 << 20) <= 4; }

Plan planOf(const Contraction &c) {
  Plan plan;
  int64_t width = c.factors.element.getIntOrFloatBitWidth() / 8;
  std::optional<int64_t> m = c.m ? known(c.nest.sizes[*c.m]) : 1, n = known(c.nest.sizes[c.n]);
  // No rows and no columns are planned for like one.
  for (std::optional<int64_t> *count : {&m, &n})
    if (*count)
      *count = std::max<int64_t>(1, **count);
  int64_t vectors = n ? std::min<int64_t>(2, llvm::divideCeil(*n, 16)) : 2;
  // 12 also halves well for 16 registers; 13 and 14 rows are not worth two blocks.
  int64_t most = vectors == 1 ? 24 : m && *m <= 14 ? 14 : 12;
  auto pitch = c.m ? known(c.nest.operands[c.a].coefficient[*c.m]) : 0;
  if (!pitch)
    most = 6; // row pointers take general registers
  else if (*pitch != 0 && *pitch * width % kPitchOfConflicts == 0)
    most = 8;
  if (!m) {
    plan.rows = most;
  } else {
    int64_t blocks = llvm::divideCeil(*m, most);
    plan.rows = std::max<int64_t>(1, llvm::divideCeil(*m, blocks));
  }
  if (m && *m == plan.rows)
    while (plan.panels < 4 && (plan.panels + 1) * 2 * (plan.rows + 1) + 1 <= 31 &&
           n.value_or(1 << 20) >= (plan.panels + 1) * kPanel)
      ++plan.panels;
  int64_t bytes = width * c.group * n.value_or(1 << 20);
  for (unsigned k : c.reductions)
    bytes *= known(c.nest.sizes[k]).value_or(1 << 10);
  plan.rowsOutside = bytes <= kResidentBytes && (!c.outerRows.empty() || m.value_or(1 << 20) > plan.rows);
  // Neither factor stays in the cache: rows go in windows that do.
  if (!plan.rowsOutside && c.outerRows.empty() && m) {
    int64_t block = bytes / n.value_or(1 << 20) * plan.rows;
    if (block > 0 && *m / plan.rows * block > kResidentBytes)
      plan.window = std::max<int64_t>(1, kResidentBytes / block);
  }
  return plan;
}

class ContractEmitter {
public:
  ContractEmitter(OpBuilder &b, const Contraction &c, const VectorUnit &unit)
      : b(b), c(c), nest(c.nest), unit(unit), ix{b, c.nest.loc}, plan(planOf(c)), dot(Dot::get(c.factors, unit)) {}

  void run(const Point &start, std::optional<Share> share);

private:
  using Body = llvm::function_ref<void(const Point &)>;

  /// A loop over [0, size), or the share of it if it is the first one.
  void loop(unsigned d, const Point &point, Body body) {
    auto [from, to] = bounds(nest.sizes[d]);
    emitLoop(ix, from, to, 1, {}, [&](OpFoldResult i, ValueRange) {
      body(point.moved(nest, ix, d, i));
      return SmallVector<Value>();
    });
  }
  std::pair<OpFoldResult, OpFoldResult> bounds(OpFoldResult size) {
    if (!share)
      return {ix.constant(0), size};
    std::pair<OpFoldResult, OpFoldResult> result{share->begin, share->end};
    share.reset();
    return result;
  }
  OpFoldResult max(OpFoldResult x, int64_t y) {
    auto value = known(x);
    if (value)
      return ix.constant(std::max(*value, y));
    return arith::MaxSIOp::create(b, nest.loc, ix.value(x), ix.value(ix.constant(y))).getResult();
  }
  OpFoldResult max(OpFoldResult x, OpFoldResult y) {
    if (auto value = known(y))
      return max(x, *value);
    return arith::MaxSIOp::create(b, nest.loc, ix.value(x), ix.value(y)).getResult();
  }

  void levels(ArrayRef<unsigned> loops, const Point &point, Body body);
  void windows(llvm::function_ref<void()> body);
  void storeTurned(const Point &point, int64_t rowCount, ArrayRef<Piece> columns, ArrayRef<Value> sums);
  void panels(const Point &point, llvm::function_ref<void(const Point &, int64_t, OpFoldResult)> body);
  void rows(const Point &point, llvm::function_ref<void(const Point &, int64_t)> body);
  void block(const Point &point, int64_t rowCount, int64_t panelCount, OpFoldResult columns);
  SmallVector<Piece> pieces(OpFoldResult columns);
  void tile(const Point &point, int64_t rowCount, ArrayRef<Piece> pieces);
  SmallVector<Value> reduce(unsigned depth, const Point &point, int64_t rowCount, ArrayRef<Piece> pieces,
                            ValueRange sums);
  SmallVector<Value> reduceRest(unsigned depth, const Point &point, int64_t rowCount, ArrayRef<Piece> pieces,
                                ValueRange sums);
  SmallVector<Value> step(const Point &point, int64_t rowCount, ArrayRef<Piece> pieces, ValueRange sums);
  SmallVector<Value> reduceBlock(unsigned depth, const Point &point, int64_t rowCount, ArrayRef<Piece> pieces,
                                 ValueRange sums);
  Value sumOfRow(const Point &point, int64_t count);
  SmallVector<Value> stepInBlocks(const Point &point, int64_t rowCount, ArrayRef<Piece> columns, ValueRange sums);
  Value start(const Point &point, const Piece &piece);
  Value loadColumns(const Point &point, const Piece &piece);
  Value loadRow(const Point &point);
  Value maskOf(const Piece &piece) {
    if (!piece.active)
      return Value();
    auto type = VectorType::get({piece.lanes}, b.getI1Type());
    return vector::CreateMaskOp::create(b, nest.loc, type, ArrayRef<OpFoldResult>{piece.active});
  }
  /// The point of column `offset` of the panels from `point` on.
  Point column(const Point &point, int64_t offset) {
    Point p = point;
    if (int64_t over = offset / kPanel)
      p = p.moved(nest, ix, c.panel, ix.constant(over));
    return offset % kPanel ? p.moved(nest, ix, c.n, ix.constant(offset % kPanel)) : p;
  }
  Point row(const Point &point, int64_t r) { return r ? point.moved(nest, ix, *c.m, ix.constant(r)) : point; }

  OpBuilder &b;
  const Contraction &c;
  const Nest &nest;
  const VectorUnit &unit;
  Indices ix;
  Plan plan;
  std::unique_ptr<Dot> dot;
  std::optional<Share> share;
  std::optional<std::pair<OpFoldResult, OpFoldResult>> window; // blocks of rows at hand
  bool inRest = false;                                         // the group at hand is not full
};

//===--- blocks --------------------------------------------------------------------===//

void ContractEmitter::levels(ArrayRef<unsigned> loops, const Point &point, Body body) {
  if (loops.empty())
    return body(point);
  loop(loops.front(), point, [&](const Point &p) { levels(loops.drop_front(), p, body); });
}

void ContractEmitter::run(const Point &start, std::optional<Share> given) {
  share = given;
  levels(c.outer, start, [&](const Point &p) {
    if (plan.rowsOutside)
      levels(c.outerRows, p, [&](const Point &q) {
        rows(q, [&](const Point &r, int64_t rowCount) {
          panels(r, [&](const Point &s, int64_t panelCount, OpFoldResult columns) {
            block(s, rowCount, panelCount, columns);
          });
        });
      });
    else
      windows([&] {
        panels(p, [&](const Point &q, int64_t panelCount, OpFoldResult columns) {
          levels(c.outerRows, q, [&](const Point &r) {
            rows(r, [&](const Point &s, int64_t rowCount) { block(s, rowCount, panelCount, columns); });
          });
        });
      });
  });
}

/// Calls `body` for each window of row blocks.
void ContractEmitter::windows(llvm::function_ref<void()> body) {
  if (!plan.window)
    return body();
  OpFoldResult blocks = ix.ceildiv(nest.sizes[*c.m], plan.rows);
  emitLoop(ix, ix.constant(0), blocks, plan.window, {}, [&](OpFoldResult first, ValueRange) {
    window = std::make_pair(first, ix.min(ix.add(first, ix.constant(plan.window)), blocks));
    body();
    return SmallVector<Value>();
  });
}

/// Calls `body` with groups of whole panels, then with what is left; `columns` is null for whole panels.
void ContractEmitter::panels(const Point &point, llvm::function_ref<void(const Point &, int64_t, OpFoldResult)> body) {
  OpFoldResult n = nest.sizes[c.n], whole = ix.floordiv(n, kPanel), groups = ix.floordiv(whole, plan.panels);
  OpFoldResult units = ix.ceildiv(ix.ceildiv(n, kPanel), plan.panels);
  auto [from, to] = bounds(units);
  auto at = [&](OpFoldResult panel) { return point.moved(nest, ix, c.panel, panel); };
  emitLoop(ix, from, ix.min(to, groups), 1, {}, [&](OpFoldResult g, ValueRange) {
    body(at(ix.mul(g, ix.constant(plan.panels))), plan.panels, OpFoldResult());
    return SmallVector<Value>();
  });
  if (known(n) && *known(n) % (plan.panels * kPanel) == 0)
    return;
  // The last unit: single panels, then the columns short of a panel.
  emitLoop(ix, max(from, groups), to, 1, {}, [&](OpFoldResult, ValueRange) {
    emitLoop(ix, ix.mul(groups, ix.constant(plan.panels)), whole, 1, {}, [&](OpFoldResult p, ValueRange) {
      body(at(p), 1, OpFoldResult());
      return SmallVector<Value>();
    });
    OpFoldResult rest = ix.sub(n, ix.mul(whole, ix.constant(kPanel)));
    if (known(rest)) {
      if (*known(rest))
        body(at(whole), 1, rest);
    } else {
      emitLoop(ix, ix.constant(0), rest, kPanel, {}, [&](OpFoldResult, ValueRange) {
        body(at(whole), 1, rest);
        return SmallVector<Value>();
      });
    }
    return SmallVector<Value>();
  });
}

/// Calls `body` with blocks of rows: plan.rows or one less each where the number of rows is known.
void ContractEmitter::rows(const Point &point, llvm::function_ref<void(const Point &, int64_t)> body) {
  if (!c.m)
    return body(point, 1);
  OpFoldResult m = nest.sizes[*c.m];
  auto run = [&](OpFoldResult from, OpFoldResult to, int64_t size, OpFoldResult first) {
    emitLoop(ix, from, to, 1, {}, [&](OpFoldResult i, ValueRange) {
      body(point.moved(nest, ix, *c.m, ix.add(first, ix.mul(i, ix.constant(size)))), size);
      return SmallVector<Value>();
    });
  };
  if (auto count = known(m)) {
    int64_t blocks = llvm::divideCeil(*count, plan.rows), large = *count - (plan.rows - 1) * blocks;
    auto [from, to] = window ? *window : bounds(ix.constant(blocks));
    run(from, ix.min(to, ix.constant(large)), plan.rows, ix.constant(0));
    if (large < blocks)
      run(max(from, large), to, plan.rows - 1, ix.constant(large));
    return;
  }
  OpFoldResult whole = ix.floordiv(m, plan.rows);
  auto [from, to] = bounds(ix.ceildiv(m, plan.rows));
  run(from, ix.min(to, whole), plan.rows, ix.constant(0));
  emitLoop(ix, max(from, whole), to, 1, {}, [&](OpFoldResult, ValueRange) {
    OpFoldResult done = ix.mul(whole, ix.constant(plan.rows));
    for (int64_t size : {4, 1}) {
      OpFoldResult trips = ix.floordiv(ix.sub(m, done), size);
      run(ix.constant(0), trips, size, done);
      done = ix.add(done, ix.mul(trips, ix.constant(size)));
    }
    return SmallVector<Value>();
  });
}

/// `columns` columns (null: a panel) in vectors; the last one as narrow as it can be.
SmallVector<Piece> ContractEmitter::pieces(OpFoldResult columns) {
  SmallVector<Piece> result;
  int64_t lanes = unit.lanes(32);
  auto count = columns ? known(columns) : kPanel;
  for (int64_t at = 0; at < count.value_or(kPanel); at += lanes) {
    if (!count) {
      OpFoldResult left = max(ix.sub(columns, ix.constant(at)), 0);
      result.push_back({at, lanes, ix.min(left, ix.constant(lanes))});
      continue;
    }
    int64_t left = std::min(lanes, *count - at), width = lanes;
    while (width / 2 >= left && width > 4)
      width /= 2;
    result.push_back({at, width, left == width ? OpFoldResult() : ix.constant(left)});
  }
  return result;
}

/// Cuts a block into tiles that fit the registers.
void ContractEmitter::block(const Point &point, int64_t rowCount, int64_t panelCount, OpFoldResult columns) {
  SmallVector<Piece> all;
  for (int64_t p = 0; p < panelCount; ++p)
    for (Piece piece : pieces(columns))
      all.push_back({piece.offset + p * kPanel, piece.lanes, piece.active});
  int64_t width = all.size();
  // Steps that are written out load ahead.
  bool writtenOut = !c.reductions.empty() && isWrittenOut(nest.sizes[c.reductions.back()]);
  int64_t spare = unit.registers > 16 ? (writtenOut ? 5 : 1) : (writtenOut ? 2 : 0);
  auto fits = [&](int64_t r, int64_t v) {
    return r * v + v * dot->columnRegisters + dot->rowRegisters <= unit.registers - spare;
  };
  // A few rows need many columns: a sum waits for the one before it.
  while (width > 2 && !fits(rowCount, width))
    width = std::max<int64_t>(2, width / 2);
  int64_t most = rowCount;
  while (!fits(most, width))
    --most;
  int64_t tiles = llvm::divideCeil(rowCount, most);
  for (int64_t v = 0, end = all.size(); v < end; v += width)
    for (int64_t t = 0; t < tiles; ++t) {
      int64_t from = t * rowCount / tiles, to = (t + 1) * rowCount / tiles;
      tile(row(point, from), to - from, ArrayRef(all).slice(v, std::min(width, end - v)));
    }
}

//===--- tiles ---------------------------------------------------------------------===//

void ContractEmitter::tile(const Point &point, int64_t rowCount, ArrayRef<Piece> columns) {
  SmallVector<Value> sums, masks;
  for (const Piece &piece : columns)
    masks.push_back(maskOf(piece));
  for (int64_t r = 0; r < rowCount; ++r)
    for (auto [piece, mask] : llvm::zip_equal(columns, masks)) {
      if (c.fromZero)
        sums.push_back(start(point, piece));
      else
        sums.push_back(splat(
            b, nest.loc,
            loadLanes(b, nest, c.output(), column(row(point, r), piece.offset), c.n, piece.lanes, mask, piece.active),
            piece.lanes));
    }
  bool isOneBlock = c.parameters && llvm::none_of(c.reductions, [&](unsigned d) { return c.isBlocks(d); });
  sums = isOneBlock ? reduceBlock(0, point, rowCount, columns, sums) : reduce(0, point, rowCount, columns, sums);
  const Operand &out = nest.operands.back();
  if (c.m && rowCount > 1 && !out.isContiguous(c.n) && out.isContiguous(*c.m))
    return storeTurned(point, rowCount, columns, sums);
  for (int64_t r = 0; r < rowCount; ++r)
    for (auto [j, piece] : llvm::enumerate(columns)) {
      Point p = column(row(point, r), piece.offset);
      Value value = sums[r * columns.size() + j];
      if (nest.body) {
        SmallVector<Value> args{value};
        for (unsigned i = c.numFactors; i < c.output(); ++i)
          args.push_back(loadLanes(b, nest, i, p, c.n, piece.lanes, masks[j], piece.active));
        value = splat(b, nest.loc, emitBody(b, nest.loc, *nest.body, args, p.index, c.n, piece.lanes)[0], piece.lanes);
      }
      storeLanes(b, nest, c.output(), p, c.n, piece.lanes, masks[j], piece.active, value);
    }
}

/// Where rows, not columns, are neighbours in the result: turns the sums in registers, then goes along the rows.
void ContractEmitter::storeTurned(const Point &point, int64_t rowCount, ArrayRef<Piece> columns, ArrayRef<Value> sums) {
  for (auto [j, piece] : llvm::enumerate(columns))
    for (int64_t first = 0; first < rowCount; first += piece.lanes) {
      int64_t lanes = piece.lanes, count = std::min(lanes, rowCount - first);
      SmallVector<Value> square;
      for (int64_t r = 0; r < count; ++r)
        square.push_back(sums[(first + r) * columns.size() + j]);
      square.resize(lanes, square.back());
      square = transposeVectors(b, nest.loc, square);
      Piece used{0, lanes, count == lanes ? OpFoldResult() : ix.constant(count)};
      Value mask = maskOf(used);
      int64_t most = piece.active ? known(piece.active).value_or(lanes) : lanes;
      for (int64_t i = 0; i < most; ++i) {
        OpFoldResult end = piece.active && !known(piece.active) ? piece.active : ix.constant(i + 1);
        emitLoop(ix, ix.constant(i), end, lanes, {}, [&](OpFoldResult, ValueRange) {
          Point p = column(row(point, first), piece.offset + i);
          Value value = square[i];
          if (nest.body) {
            SmallVector<Value> args{value};
            for (unsigned operand = c.numFactors; operand < c.output(); ++operand)
              args.push_back(loadLanes(b, nest, operand, p, *c.m, lanes, mask, used.active));
            value = splat(b, nest.loc, emitBody(b, nest.loc, *nest.body, args, p.index, *c.m, lanes)[0], lanes);
          }
          storeLanes(b, nest, c.output(), p, *c.m, lanes, mask, used.active, value);
          return SmallVector<Value>();
        });
      }
    }
}

SmallVector<Value> ContractEmitter::reduce(unsigned depth, const Point &point, int64_t rowCount,
                                           ArrayRef<Piece> columns, ValueRange sums) {
  if (depth == c.reductions.size())
    return step(point, rowCount, columns, sums);
  unsigned k = c.reductions[depth];
  if (depth + 1 == c.reductions.size() && isWrittenOut(nest.sizes[k]) && !c.isBlocks(k)) {
    SmallVector<Value> now = llvm::to_vector(sums);
    for (int64_t i = 0, size = *known(nest.sizes[k]); i < size; ++i)
      now = step(point.moved(nest, ix, k, ix.constant(i)), rowCount, columns, now);
    return k == c.grouped && c.rest ? reduceRest(depth, point, rowCount, columns, now) : now;
  }
  SmallVector<Value> now = emitLoop(ix, ix.constant(0), nest.sizes[k], 1, sums, [&](OpFoldResult i, ValueRange now) {
    Point p = point.moved(nest, ix, k, i);
    return c.isBlocks(k) ? reduceBlock(depth + 1, p, rowCount, columns, now) : reduce(depth + 1, p, rowCount, columns, now);
  });
  return k == c.grouped && c.rest ? reduceRest(depth, point, rowCount, columns, now) : now;
}

/// The last group of the loop at `depth`, which is not full.
SmallVector<Value> ContractEmitter::reduceRest(unsigned depth, const Point &point, int64_t rowCount,
                                               ArrayRef<Piece> columns, ValueRange sums) {
  inRest = true;
  SmallVector<Value> now =
      reduce(depth + 1, point.moved(nest, ix, *c.grouped, nest.sizes[*c.grouped]), rowCount, columns, sums);
  inRest = false;
  return now;
}

/// What the sums of `piece` start from.
Value ContractEmitter::start(const Point &point, const Piece &piece) {
  auto type = VectorType::get({piece.lanes}, dot->sumType(b));
  Value zero = arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(type));
  if (!dot->columnSumFactor)
    return zero;
  Value sums = loadLanes(b, nest, 2, column(point, piece.offset), c.n, piece.lanes, maskOf(piece), piece.active);
  sums = splat(b, nest.loc, sums, piece.lanes);
  Value seven = arith::ConstantOp::create(b, nest.loc, DenseElementsAttr::get(type, b.getI32IntegerAttr(7)));
  sums = arith::ShLIOp::create(b, nest.loc, sums, seven);
  return dot->columnSumFactor > 0 ? sums : arith::SubIOp::create(b, nest.loc, zero, sums).getResult();
}

/// The factors of `piece` as they lie in memory.
Value ContractEmitter::loadColumns(const Point &point, const Piece &piece) {
  Point p = column(point, piece.offset);
  if (c.group > 1 && !c.parameters) {
    auto type = VectorType::get({piece.lanes * c.group}, c.factors.element);
    return vector::LoadOp::create(b, nest.loc, type, nest.operands[c.b].flat, ValueRange{ix.value(p.place[c.b])});
  }
  Value mask = c.packed ? Value() : maskOf(piece);
  return splat(b, nest.loc, loadLanes(b, nest, c.b, p, c.n, piece.lanes, mask, piece.active), piece.lanes);
}

/// Adds one block of weights, from `point` on: the sums of its integers, scaled, less the zero point times the sum of
/// the row's factors.
SmallVector<Value> ContractEmitter::reduceBlock(unsigned depth, const Point &point, int64_t rowCount,
                                                ArrayRef<Piece> columns, ValueRange sums) {
  SmallVector<Value> zeros;
  for (Value sum : sums)
    zeros.push_back(arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(sum.getType())));
  SmallVector<Value> part = reduce(depth, point, rowCount, columns, zeros), next = llvm::to_vector(sums), rows;
  bool hasZeros = c.parameters > 1;
  for (int64_t r = 0; hasZeros && r < rowCount; ++r)
    rows.push_back(sumOfRow(row(point, r), dot->group * known(nest.sizes[c.reductions.back()]).value_or(0)));
  for (auto [j, piece] : llvm::enumerate(columns)) {
    // In panels: there is something past the last column.
    auto load = [&](unsigned operand) {
      Value loaded = loadLanes(b, nest, operand, column(point, piece.offset), c.n, piece.lanes, Value(), OpFoldResult());
      return splat(b, nest.loc, loaded, piece.lanes);
    };
    Value scale = load(2), offset;
    if (hasZeros) {
      Value zero = load(3);
      zero = c.factors.unsignedB ? arith::UIToFPOp::create(b, nest.loc, scale.getType(), zero).getResult()
                                 : arith::SIToFPOp::create(b, nest.loc, scale.getType(), zero).getResult();
      offset = arith::NegFOp::create(b, nest.loc, zero);
    }
    for (int64_t r = 0; r < rowCount; ++r) {
      int64_t at = r * static_cast<int64_t>(columns.size()) + static_cast<int64_t>(j);
      Value sum = part[at];
      if (hasZeros)
        sum = vector::FMAOp::create(b, nest.loc, offset, splat(b, nest.loc, rows[r], piece.lanes), sum);
      next[at] = vector::FMAOp::create(b, nest.loc, sum, scale, next[at]);
    }
  }
  return next;
}

/// The sum of `count` factors of a row.
Value ContractEmitter::sumOfRow(const Point &point, int64_t count) {
  int64_t lanes = unit.lanes(32);
  while (count % lanes)
    lanes /= 2;
  auto type = VectorType::get({lanes}, b.getF32Type());
  Value sum;
  for (int64_t at = 0; at < count; at += lanes) {
    Value place = ix.value(ix.add(point.place[c.a], ix.constant(at)));
    Value next = vector::LoadOp::create(b, nest.loc, type, nest.operands[c.a].flat, ValueRange{place});
    sum = sum ? arith::AddFOp::create(b, nest.loc, sum, next).getResult() : next;
  }
  return vector::ReductionOp::create(b, nest.loc, vector::CombiningKind::ADD, sum, arith::FastMathFlags::reassoc);
}

/// The same as `step` for weights in blocks: each vector of weights becomes floats once, for all rows.
SmallVector<Value> ContractEmitter::stepInBlocks(const Point &point, int64_t rowCount, ArrayRef<Piece> columns,
                                                 ValueRange sums) {
  SmallVector<Value> raw, next = llvm::to_vector(sums);
  for (const Piece &piece : columns)
    raw.push_back(loadColumns(point, piece));
  for (int64_t i = 0; i < dot->group; ++i) {
    SmallVector<Value> rows;
    for (int64_t r = 0; r < rowCount; ++r) {
      Point p = row(point, r);
      p.place[c.a] = ix.add(p.place[c.a], ix.constant(i));
      rows.push_back(loadLanes(b, nest, c.a, p, c.n, 1, Value(), OpFoldResult()));
    }
    for (auto [j, piece] : llvm::enumerate(columns)) {
      Value weight = dot->column(b, nest.loc, raw[j], i);
      for (int64_t r = 0; r < rowCount; ++r) {
        Value &sum = next[r * columns.size() + j];
        sum = vector::FMAOp::create(b, nest.loc, splat(b, nest.loc, rows[r], piece.lanes), weight, sum);
      }
    }
  }
  return next;
}

/// A row's factor, or its group of narrow ones as an i32, zero past the last.
Value ContractEmitter::loadRow(const Point &point) {
  if (c.group == 1)
    return loadLanes(b, nest, c.a, point, c.n, 1, Value(), OpFoldResult());
  int64_t width = c.factors.element.getIntOrFloatBitWidth();
  Value result;
  // Not a byte past the last may be read: two, then one.
  for (int64_t at = 0, left = inRest ? c.rest : c.group; left;) {
    int64_t count = left == 3 ? 2 : left;
    Value place = ix.value(ix.add(point.place[c.a], ix.constant(at)));
    Value raw = vector::LoadOp::create(b, nest.loc, VectorType::get({count}, c.factors.element),
                                       nest.operands[c.a].flat, ValueRange{place});
    auto type = b.getIntegerType(count * width);
    raw = vector::BitCastOp::create(b, nest.loc, VectorType::get({1}, type), raw);
    Value part = vector::ExtractOp::create(b, nest.loc, raw, int64_t(0));
    if (count * width < 32)
      part = arith::ExtUIOp::create(b, nest.loc, b.getI32Type(), part);
    if (at) {
      Value shift = arith::ConstantOp::create(b, nest.loc, b.getI32IntegerAttr(at * width));
      part = arith::ShLIOp::create(b, nest.loc, part, shift);
      result = arith::OrIOp::create(b, nest.loc, result, part);
    } else {
      result = part;
    }
    at += count;
    left -= count;
  }
  return result;
}

SmallVector<Value> ContractEmitter::step(const Point &point, int64_t rowCount, ArrayRef<Piece> columns,
                                         ValueRange sums) {
  if (c.parameters)
    return stepInBlocks(point, rowCount, columns, sums);
  SmallVector<SmallVector<Value>> loaded;
  SmallVector<Value> next;
  for (const Piece &piece : columns)
    loaded.push_back(dot->columns(b, nest.loc, loadColumns(point, piece)));
  for (int64_t r = 0; r < rowCount; ++r) {
    Value raw = loadRow(row(point, r));
    for (auto [j, piece] : llvm::enumerate(columns))
      next.push_back(dot->add(b, nest.loc, sums[r * columns.size() + j],
                              dot->row(b, nest.loc, splat(b, nest.loc, raw, piece.lanes)), loaded[j]));
  }
  return next;
}

} // namespace

OpFoldResult cpu::unitsOfContraction(OpBuilder &b, const Contraction &c) {
  Indices ix{b, c.nest.loc};
  Plan plan = planOf(c);
  if (!c.outer.empty())
    return c.nest.sizes[c.outer.front()];
  if (!plan.rowsOutside)
    return ix.ceildiv(ix.ceildiv(c.nest.sizes[c.n], kPanel), plan.panels);
  if (!c.outerRows.empty())
    return c.nest.sizes[c.outerRows.front()];
  return c.m ? ix.ceildiv(c.nest.sizes[*c.m], plan.rows) : ix.constant(1);
}

void cpu::emitContraction(OpBuilder &b, const Contraction &contraction, const VectorUnit &unit, Point start,
                          std::optional<Share> share) {
  ContractEmitter(b, contraction, unit).run(start, share);
}
