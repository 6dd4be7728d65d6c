// Loops over vectors for any structured op on memrefs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One loop runs along the vector, chosen by what it costs to read and write
// the operands along it. A reduction keeps its accumulators in registers over
// all reduction loops: several vectors along the vector loop, and several rows
// of another parallel loop, so that additions need not wait for each other.
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "targets/cpu/EmitStructured.h"
#include "targets/cpu/TransposeTile.h"
#include "targets/cpu/VectorizeBody.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace {

/// A block of points handled together: `rows` of the row loop times `columns` vectors.
struct Tile {
  int64_t rows = 1, columns = 1, lanes = 1;
  Value mask = {};          // lanes in use, null for all
  OpFoldResult active = {}; // their number
};

/// Additions of floats in a row.
constexpr int64_t kLongest = 64;

class LoopEmitter {
public:
  LoopEmitter(OpBuilder &b, Nest &nest, const VectorUnit &unit)
      : b(b), nest(nest), unit(unit), ix{b, nest.loc}, lower(nest.loops(), b.getIndexAttr(0)), upper(nest.sizes) {
    traits = traitsOf(*nest.body);
    if (nest.epilogue) {
      BodyTraits last = traitsOf(*nest.epilogue);
      traits.vectorizable &= last.vectorizable;
      traits.partial &= last.partial;
      traits.widest = std::max(traits.widest, last.widest);
    }
  }

  BodyTraits traits;
  void restrict(unsigned d, OpFoldResult from, OpFoldResult to) { lower[d] = from, upper[d] = to; }
  void run(Point start);

private:
  unsigned outputs() const { return nest.operands.size() - nest.inputs; }
  bool isLive(unsigned d) const { return !nest.dropped[d]; }
  bool reductionless() const {
    return !nest.epilogue && llvm::all_of(llvm::seq(nest.loops()), [&](unsigned d) { return !isLive(d) || nest.isParallel(d); });
  }
  bool matchCombiners();
  bool addsFloats() const {
    return combiners.size() == outputs() && llvm::all_of(combiners, [](Operation *op) { return isa<arith::AddFOp>(op); });
  }
  int64_t lanesAlong(unsigned d) const;
  double costAlong(unsigned d) const;
  void choose();
  bool maskable() const;

  void parallelLoops(unsigned depth, const Point &point);
  void rowSegments(const Point &point);
  void columnSegments(const Point &point, int64_t rows);
  void tile(const Point &point, const Tile &tile);
  SmallVector<Value> reduce(unsigned depth, const Point &point, const Tile &tile, ValueRange carried);
  SmallVector<Value> reduceAlong(const Point &point, int64_t columns, ValueRange carried);
  SmallVector<Value> evaluate(const Point &point, const Tile &tile, ValueRange carried);
  Value start(const Point &point, unsigned output, const Tile &tile);
  Value finished(const Point &point, Value value, const Tile &tile);
  void reduceToScalar(const Point &point);
  Point at(const Point &point, const Tile &tile, int64_t row, int64_t column) {
    Point p = row ? point.moved(nest, ix, *rowLoop, ix.constant(row)) : point;
    return column ? p.moved(nest, ix, along, ix.constant(column * tile.lanes)) : p;
  }
  Value combine(unsigned output, Value x, Value y) {
    Operation *op = b.insert(combiners[output]->clone());
    op->setOperands({x, y});
    op->getResult(0).setType(x.getType());
    return op->getResult(0);
  }

  OpBuilder &b;
  Nest &nest;
  const VectorUnit &unit;
  Indices ix;
  SmallVector<OpFoldResult> lower, upper; // bounds per loop
  SmallVector<Operation *> combiners;     // per output, where the body is `acc op f(inputs)` for all
  unsigned along = 0;                     // the vector's loop
  int64_t lanes = 1;
  int64_t columns = 1, rows = 1;
  std::optional<unsigned> rowLoop;
  bool interleaved = false; // rows are neighbours in the result
  SmallVector<unsigned> outer, reductions; // the other loops
};

bool LoopEmitter::matchCombiners() {
  combiners.clear();
  for (unsigned o = 0; o < outputs(); ++o) {
    SmallVector<Operation *> found;
    auto accumulators = nest.body->getArguments().drop_front(nest.factors);
    if (accumulators.size() != outputs() || !matchReduction(accumulators, o, found) || found.size() != 1 ||
        !linalg::getCombinerOpKind(found[0]) || !arith::getNeutralElement(found[0]))
      return false;
    combiners.push_back(found[0]);
  }
  return true;
}

/// Elements that a register holds, going by the widest that change along `d`.
int64_t LoopEmitter::lanesAlong(unsigned d) const {
  int64_t widest = traits.widest;
  for (const Operand &operand : nest.operands)
    if (!operand.ignores(d) && operand.element.isIntOrFloat())
      widest = std::max<int64_t>(widest, operand.element.getIntOrFloatBitWidth());
  return std::clamp<int64_t>(unit.lanes(widest), 2, 64);
}

/// Instructions an element when the vector runs along `d`, roughly; infinite where it must not.
double LoopEmitter::costAlong(unsigned d) const {
  double width = lanesAlong(d), cost = traits.cost;
  for (const Operand &operand : nest.operands) {
    if (operand.isOutput && nest.isParallel(d) && (!operand.linear || operand.ignores(d)))
      return HUGE_VAL;
    if (operand.isOutput && reductionless() && interleavedLoop(nest, d))
      cost += 2;
    else if (operand.ignores(d))
      cost += 0.25;
    else
      cost += operand.isContiguous(d) ? 1
              : operand.linear && !operand.isOutput && isKnown(operand.coefficient[d], 2)
                  ? 3
                  : width * (operand.linear ? 1.25 : 4);
  }
  double used = width;
  if (auto size = known(nest.sizes[d])) {
    used = *size / std::ceil(*size / width);
    if (!nest.isParallel(d))
      cost += 6 * width / *size;
  }
  return cost / used;
}

void LoopEmitter::choose() {
  std::optional<unsigned> last; // innermost parallel loop, for scalars
  double best = HUGE_VAL;
  bool reducible = matchCombiners();
  for (unsigned d = 0; d < nest.loops(); ++d) {
    if (!isLive(d))
      continue;
    if (nest.isParallel(d))
      last = d;
    if (!traits.vectorizable || (!nest.isParallel(d) && !reducible))
      continue;
    double cost = costAlong(d);
    // Later loops win ties: they are the inner ones.
    if (cost < best * 1.0001) {
      best = cost;
      along = d;
      lanes = lanesAlong(d);
    }
  }
  double scalar = traits.cost + nest.operands.size();
  if (best >= scalar) {
    lanes = 1;
    along = last.value_or(nest.loops());
  } else if (auto size = known(nest.sizes[along]); size && *size < lanes) {
    lanes = llvm::bit_ceil(static_cast<uint64_t>(*size));
  }
  for (unsigned d = 0; d < nest.loops(); ++d)
    if (isLive(d) && d != along)
      (nest.isParallel(d) ? outer : reductions).push_back(d);

  bool alongReduction = along < nest.loops() && !nest.isParallel(along);
  int64_t size = along < nest.loops() ? known(nest.sizes[along]).value_or(1 << 20) : 1;
  int64_t vectors = std::max<int64_t>(1, size / lanes);
  if (alongReduction) {
    columns = traits.cost > 24 ? std::min<int64_t>(2, vectors) : std::min<int64_t>(4, vectors);
  } else if (!reductions.empty() && lanes > 1) {
    int64_t budget = unit.registers / 4 / outputs();
    columns = std::clamp<int64_t>(std::min<int64_t>(4, vectors), 1, std::max<int64_t>(budget, 1));
    // With rows to spare, columns that leave no rest.
    while (!outer.empty() && columns > 1 && vectors % columns)
      --columns;
    if (!outer.empty() && columns < budget) {
      int64_t rowSize = known(nest.sizes[outer.back()]).value_or(1 << 20);
      rows = std::min<int64_t>(budget / columns, rowSize);
      if (rows > 1)
        rowLoop = outer.pop_back_val();
    }
  } else if (lanes > 1 && traits.cost <= 8) {
    columns = std::min<int64_t>(4, vectors);
  }
}

/// True when a last, partly used vector may be computed under a mask whose length is only known at run time.
bool LoopEmitter::maskable() const {
  if (!traits.partial)
    return false;
  return llvm::all_of(nest.operands, [&](const Operand &operand) {
    return operand.ignores(along) ||
           (operand.isContiguous(along) && (unit.masks || operand.element.getIntOrFloatBitWidth() >= 32));
  });
}

//===--- loops -----------------------------------------------------------------===//

void LoopEmitter::run(Point start) {
  choose();
  if (lanes > 1 && reductionless()) {
    if (auto few = interleavedLoop(nest, along)) {
      llvm::erase(outer, *few);
      rowLoop = *few;
      rows = *known(nest.sizes[*few]);
      columns = 1;
      interleaved = true;
    } else if (auto other = transposedLoop(nest, along, lanes, traits)) {
      llvm::erase(outer, *other);
      rowLoop = *other;
      rows = lanes;
      columns = 1;
    }
  }
  parallelLoops(0, start);
}

void LoopEmitter::parallelLoops(unsigned depth, const Point &point) {
  if (depth == outer.size())
    return rowSegments(point);
  unsigned d = outer[depth];
  emitLoop(ix, lower[d], upper[d], 1, {}, [&](OpFoldResult i, ValueRange) {
    parallelLoops(depth + 1, point.moved(nest, ix, d, i));
    return SmallVector<Value>();
  });
}

/// Calls `body` for runs of `step` from `from` on and returns where they end.
static OpFoldResult emitRuns(Indices ix, OpFoldResult from, OpFoldResult to, int64_t step,
                             llvm::function_ref<void(OpFoldResult)> body) {
  OpFoldResult end = ix.add(from, ix.mul(ix.floordiv(ix.sub(to, from), step), ix.constant(step)));
  emitLoop(ix, from, end, step, {}, [&](OpFoldResult i, ValueRange) {
    body(i);
    return SmallVector<Value>();
  });
  return end;
}

void LoopEmitter::rowSegments(const Point &point) {
  if (!rowLoop)
    return columnSegments(point, 1);
  unsigned d = *rowLoop;
  OpFoldResult done = emitRuns(ix, lower[d], upper[d], rows,
                               [&](OpFoldResult i) { columnSegments(point.moved(nest, ix, d, i), rows); });
  emitRuns(ix, done, upper[d], 1, [&](OpFoldResult i) { columnSegments(point.moved(nest, ix, d, i), 1); });
}

void LoopEmitter::columnSegments(const Point &point, int64_t rowCount) {
  if (along == nest.loops())
    return tile(point, Tile{});
  if (!nest.isParallel(along))
    return reduceToScalar(point);
  auto emit = [&](OpFoldResult i, Tile t) { tile(point.moved(nest, ix, along, i), t); };
  OpFoldResult from = lower[along], to = upper[along];
  if (columns > 1)
    from = emitRuns(ix, from, to, columns * lanes, [&](OpFoldResult i) { emit(i, {rowCount, columns, lanes}); });
  from = emitRuns(ix, from, to, lanes, [&](OpFoldResult i) { emit(i, {rowCount, 1, lanes}); });
  if (lanes == 1)
    return;
  OpFoldResult rest = ix.sub(to, from);
  auto restSize = known(rest);
  if (restSize == 0)
    return;
  if (restSize && traits.partial) {
    // A known rest: as many lanes as it needs.
    int64_t width = std::max<int64_t>(2, llvm::bit_ceil(static_cast<uint64_t>(*restSize)));
    Tile t{rowCount, 1, width};
    if (width != *restSize) {
      t.mask = vector::CreateMaskOp::create(b, nest.loc, VectorType::get({width}, b.getI1Type()),
                                            ArrayRef<OpFoldResult>{rest});
      t.active = rest;
    }
    return emit(from, t);
  }
  if (maskable()) {
    auto type = VectorType::get({lanes}, b.getI1Type());
    // Nothing to do is common: skip the masked code then.
    emitLoop(ix, from, to, lanes, {}, [&](OpFoldResult i, ValueRange) {
      Tile t{rowCount, 1, lanes};
      t.mask = vector::CreateMaskOp::create(b, nest.loc, type, ArrayRef<OpFoldResult>{rest});
      t.active = rest;
      emit(i, t);
      return SmallVector<Value>();
    });
    return;
  }
  emitRuns(ix, from, to, 1, [&](OpFoldResult i) { emit(i, {rowCount, 1, 1}); });
}

//===--- blocks ----------------------------------------------------------------===//

/// The body at every point of the tile; `carried` holds the outputs' elements (row, column, output) where it reads
/// them. Returns the new ones.
SmallVector<Value> LoopEmitter::evaluate(const Point &point, const Tile &t, ValueRange carried) {
  SmallVector<Value> results;
  SmallVector<SmallVector<Value>> transposed = t.rows > 1 && reductions.empty() && !t.mask
                                                   ? loadTransposed(b, nest, point, *rowLoop, along, t.rows, t.lanes)
                                                   : SmallVector<SmallVector<Value>>(nest.inputs);
  for (int64_t r = 0; r < t.rows; ++r)
    for (int64_t c = 0; c < t.columns; ++c) {
      Point p = at(point, t, r, c);
      SmallVector<Value> args;
      for (unsigned i = 0; i < nest.body->getNumArguments(); ++i) {
        bool used = !nest.body->getArgument(i).use_empty();
        if (i >= nest.factors && !carried.empty())
          args.push_back(carried[(r * t.columns + c) * outputs() + i - nest.factors]);
        else if (i < nest.factors && !transposed[i].empty())
          args.push_back(transposed[i][r]);
        else if (used)
          args.push_back(loadLanes(b, nest, i, p, along, t.lanes, t.mask, t.active));
        else
          args.push_back(arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(nest.operands[i].element)));
      }
      SmallVector<Value> values = emitBody(b, nest.loc, *nest.body, args, p.index, along, t.lanes);
      for (Value value : values)
        results.push_back(splat(b, nest.loc, value, t.lanes));
    }
  return results;
}

SmallVector<Value> LoopEmitter::reduce(unsigned depth, const Point &point, const Tile &t, ValueRange carried) {
  if (depth == reductions.size())
    return evaluate(point, t, carried);
  unsigned d = reductions[depth];
  // A window of a few taps is written out, so that rows share what they load.
  auto size = known(nest.sizes[d]);
  if (size && *size <= 3 && reductions.size() - depth <= 2 && t.rows * t.columns <= 8) {
    SmallVector<Value> values = llvm::to_vector(carried);
    for (int64_t i = 0; i < *size; ++i)
      values = reduce(depth + 1, point.moved(nest, ix, d, ix.constant(i)), t, values);
    return values;
  }
  auto over = [&](OpFoldResult from, OpFoldResult to, ValueRange start) {
    return emitLoop(ix, from, to, 1, start, [&](OpFoldResult i, ValueRange values) {
      return reduce(depth + 1, point.moved(nest, ix, d, i), t, values);
    });
  };
  bool isLong = size.value_or(kLongest) >= kLongest;
  if (!addsFloats() || (depth + 1 == reductions.size() && !isLong))
    return over(lower[d], upper[d], carried);
  // Long sums of floats are sums of shorter ones: rounding errors grow with the length of each, not of all.
  return emitLoop(ix, lower[d], upper[d], isLong ? kLongest : 1, carried, [&](OpFoldResult i, ValueRange values) {
    SmallVector<Value> sums;
    for (Value value : values)
      sums.push_back(arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(value.getType())));
    sums = over(i, isLong ? ix.min(ix.add(i, ix.constant(kLongest)), upper[d]) : ix.add(i, ix.constant(1)), sums);
    for (auto [sum, value] : llvm::zip_equal(sums, values))
      sum = combine(0, value, sum);
    return sums;
  });
}

void LoopEmitter::tile(const Point &point, const Tile &t) {
  SmallVector<Value> values;
  if (!reductions.empty() || nest.epilogue) {
    for (int64_t r = 0; r < t.rows; ++r)
      for (int64_t c = 0; c < t.columns; ++c)
        for (unsigned o = 0; o < outputs(); ++o)
          values.push_back(splat(b, nest.loc, start(at(point, t, r, c), o, t), t.lanes));
    values = reduce(0, point, t, values);
  } else {
    values = evaluate(point, t, {});
  }
  if (interleaved && t.rows == rows && t.lanes > 1 && !t.mask) {
    Value all = interleaveVectors(b, nest.loc, values);
    vector::StoreOp::create(b, nest.loc, all, nest.operands.back().flat, ValueRange{ix.value(point.place.back())});
    return;
  }
  for (int64_t r = 0; r < t.rows; ++r)
    for (int64_t c = 0; c < t.columns; ++c)
      for (unsigned o = 0; o < outputs(); ++o) {
        Point p = at(point, t, r, c);
        storeLanes(b, nest, nest.inputs + o, p, along, t.lanes, t.mask, t.active,
                   finished(p, values[(r * t.columns + c) * outputs() + o], t));
      }
}

/// What a reduction starts from.
Value LoopEmitter::start(const Point &point, unsigned output, const Tile &t) {
  if (nest.epilogue)
    return arith::ConstantOp::create(b, nest.loc, nest.initial);
  return loadLanes(b, nest, nest.inputs + output, point, along, t.lanes, t.mask, t.active);
}

/// What is stored of a reduction's result.
Value LoopEmitter::finished(const Point &point, Value value, const Tile &t) {
  if (!nest.epilogue)
    return value;
  SmallVector<Value> args{value};
  for (unsigned i = nest.factors; i < nest.inputs; ++i)
    args.push_back(loadLanes(b, nest, i, point, along, t.lanes, t.mask, t.active));
  return splat(b, nest.loc, emitBody(b, nest.loc, *nest.epilogue, args, point.index, along, t.lanes).front(), t.lanes);
}

//===--- reductions along the vector ---------------------------------------------===//

SmallVector<Value> LoopEmitter::reduceAlong(const Point &point, int64_t width, ValueRange carried) {
  SmallVector<Value> sums = llvm::to_vector(carried);
  OpFoldResult from = lower[along], to = upper[along];
  if (width > 1) {
    OpFoldResult end = ix.mul(ix.floordiv(to, width * lanes), ix.constant(width * lanes));
    sums = emitLoop(ix, from, end, width * lanes, sums, [&](OpFoldResult i, ValueRange values) {
      return evaluate(point.moved(nest, ix, along, i), {1, width, lanes}, values);
    });
    from = end;
  }
  auto onFirst = [&](OpFoldResult end, int64_t step, llvm::function_ref<SmallVector<Value>(Point, ValueRange)> body) {
    SmallVector<Value> first(ArrayRef<Value>(sums).take_front(outputs()));
    first = emitLoop(ix, from, end, step, first,
                     [&](OpFoldResult i, ValueRange values) { return body(point.moved(nest, ix, along, i), values); });
    llvm::copy(first, sums.begin());
    from = end;
  };
  onFirst(ix.mul(ix.floordiv(to, lanes), ix.constant(lanes)), lanes,
          [&](Point p, ValueRange values) { return evaluate(p, {1, 1, lanes}, values); });
  OpFoldResult rest = ix.sub(to, from);
  if (known(rest) == 0)
    return sums;
  auto mask = [&](Value inside, Value outside, OpFoldResult count) {
    Value lanesOn = vector::CreateMaskOp::create(b, nest.loc, VectorType::get({lanes}, b.getI1Type()),
                                                 ArrayRef<OpFoldResult>{count});
    return arith::SelectOp::create(b, nest.loc, lanesOn, inside, outside).getResult();
  };
  if (maskable() || (known(rest) && traits.partial)) {
    onFirst(to, lanes, [&](Point p, ValueRange values) {
      Tile t{1, 1, lanes};
      t.mask = vector::CreateMaskOp::create(b, nest.loc, VectorType::get({lanes}, b.getI1Type()),
                                            ArrayRef<OpFoldResult>{rest});
      t.active = rest;
      SmallVector<Value> next = evaluate(p, t, values);
      for (auto [value, before] : llvm::zip_equal(next, values))
        value = mask(value, before, rest);
      return next;
    });
    return sums;
  }
  // One element at a time, into lane 0.
  onFirst(to, 1, [&](Point p, ValueRange values) {
    SmallVector<Value> scalars, next;
    for (Value value : values)
      scalars.push_back(vector::ExtractOp::create(b, nest.loc, value, int64_t(0)));
    for (auto [value, before] : llvm::zip_equal(evaluate(p, {1, 1, 1}, scalars), values))
      next.push_back(vector::InsertOp::create(b, nest.loc, value, before, int64_t(0)));
    return next;
  });
  return sums;
}

void LoopEmitter::reduceToScalar(const Point &point) {
  SmallVector<Value> sums;
  for (int64_t c = 0; c < columns; ++c)
    for (unsigned o = 0; o < outputs(); ++o)
      sums.push_back(
          splat(b, nest.loc, arith::ConstantOp::create(b, nest.loc, *arith::getNeutralElement(combiners[o])), lanes));
  // The loops around the vector's carry all sums.
  std::function<SmallVector<Value>(unsigned, const Point &, ValueRange)> nested = [&](unsigned depth, const Point &p,
                                                                                      ValueRange carried) {
    if (depth == reductions.size())
      return reduceAlong(p, columns, carried);
    unsigned d = reductions[depth];
    return emitLoop(ix, lower[d], upper[d], 1, carried, [&](OpFoldResult i, ValueRange values) {
      return nested(depth + 1, p.moved(nest, ix, d, i), values);
    });
  };
  sums = nested(0, point, sums);
  for (unsigned o = 0; o < outputs(); ++o) {
    Value sum = sums[o];
    for (int64_t c = 1; c < columns; ++c)
      sum = combine(o, sum, sums[c * outputs() + o]);
    auto kind = *linalg::getCombinerOpKind(combiners[o]);
    Value total = vector::ReductionOp::create(b, nest.loc, kind, sum, arith::FastMathFlags::reassoc);
    Tile one;
    Value all = combine(o, start(point, o, one), total);
    storeLanes(b, nest, nest.inputs + o, point, along, 1, Value(), OpFoldResult(), finished(point, all, one));
  }
}

} // namespace

/// The first loop that is left after merging, if threads may share it, and how many of its indices make a unit.
static std::optional<std::pair<unsigned, int64_t>> splitOf(const Nest &nest) {
  std::optional<unsigned> first;
  unsigned parallel = 0;
  for (unsigned d = 0; d < nest.loops(); ++d)
    if (!nest.dropped[d] && nest.isParallel(d)) {
      first = first.value_or(d);
      ++parallel;
    }
  if (!first)
    return std::nullopt;
  return std::make_pair(*first, parallel == 1 ? int64_t(256) : int64_t(1));
}

static void prepare(OpBuilder &b, Nest &nest) {
  if (!traitsOf(*nest.body).usesIndex)
    nest.collapse(b);
}

OpFoldResult cpu::unitsOfLoops(OpBuilder &b, Nest nest) {
  prepare(b, nest);
  auto split = splitOf(nest);
  if (!split)
    return b.getIndexAttr(1);
  return Indices{b, nest.loc}.ceildiv(nest.sizes[split->first], split->second);
}

void cpu::emitLoops(OpBuilder &b, Nest nest, const VectorUnit &unit, Point start, std::optional<Share> share) {
  prepare(b, nest);
  LoopEmitter emitter(b, nest, unit);
  Indices ix{b, nest.loc};
  if (auto split = splitOf(nest); split && share) {
    OpFoldResult unit = ix.constant(split->second);
    emitter.restrict(split->first, ix.mul(share->begin, unit),
                     ix.min(ix.mul(share->end, unit), nest.sizes[split->first]));
  }
  emitter.run(start);
}
