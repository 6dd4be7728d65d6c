// Bytes multiplied channel by channel with a small window: depthwise convolutions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Four neighbours along one sum (rows of the window) are interleaved byte by
// byte, so that one step of Dot.h adds all four products in each channel.
// Outputs that are neighbours along the other sum share the interleaved bytes.
#include "targets/cpu/EmitChannels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "targets/cpu/VectorizeBody.h"
#include <map>
#include <numeric>

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

std::optional<ChannelProduct> cpu::channelProductOf(OpBuilder &b, Operation *op) {
  auto contract = dyn_cast<ContractOp>(op);
  if (!contract)
    return std::nullopt;
  auto group = contract.groupedLoop();
  if (!group || group->second != 4 || contract.packedLoop())
    return std::nullopt;
  SmallVector<Value> memrefs(op->getOperands());
  SmallVector<AffineMap> maps = contract.maps();
  SmallVector<utils::IteratorType> iterators = contract.iterators();
  SmallVector<OpFoldResult> sizes = tripCounts(b, contract);
  unsigned loops = iterators.size(), groups = loops;
  // The window's length along the groups is known up to its padding only, which adds nothing to the sums.
  if (!sizes[group->first])
    sizes[group->first] = b.getIndexAttr(0);
  if (llvm::is_contained(sizes, OpFoldResult()))
    return std::nullopt;
  AffineExpr k = getAffineDimExpr(group->first, op->getContext()), kGroup = getAffineDimExpr(groups, op->getContext());
  for (auto [i, map] : llvm::enumerate(maps)) {
    map = AffineMap::get(loops + 1, 0, map.getResults(), op->getContext());
    if (i == 1)
      map = map.replace({{k.floorDiv(4), kGroup}, {k % 4, k}}, loops + 1, 0);
  }
  sizes.push_back(b.getIndexAttr(1));
  iterators.push_back(utils::IteratorType::reduction);
  ChannelProduct c(Nest::get(b, op->getLoc(), memrefs, maps, memrefs.size() - 1, sizes, iterators));
  for (const Operand &operand : c.nest.operands)
    if (!operand.linear)
      return std::nullopt;
  c.nest.body = &contract.getEpilogue().front();
  c.factors = {b.getI8Type(), b.getI8Type(), contract.getUnsignedA(), contract.getUnsignedB()};
  c.numFactors = contract.getNumFactors();
  c.grouped = group->first;
  const Operand &x = c.nest.operands[0], &y = c.nest.operands[1], &out = c.nest.operands.back();
  bool found = false;
  for (unsigned d = 0; d < loops; ++d)
    if (c.nest.isParallel(d) && x.isContiguous(d) && isKnown(y.coefficient[d], 4) && out.isContiguous(d)) {
      c.channel = d;
      found = true;
    }
  if (!found || known(sizes[c.channel]).value_or(0) < 16)
    return std::nullopt;
  c.length = contract.getGroupLength().value_or(0);
  for (unsigned d = 0; d < loops; ++d) {
    if (d == c.channel || d == c.grouped || isKnown(sizes[d], 1))
      continue;
    if (!c.nest.isParallel(d) && !known(sizes[d]))
      return std::nullopt;
    (c.nest.isParallel(d) ? c.outer : c.sums).push_back(d);
  }
  // The innermost row: its neighbours may read the same bytes.
  if (!c.outer.empty())
    c.m = c.outer.pop_back_val();
  return c;
}

namespace {

class ChannelEmitter {
public:
  ChannelEmitter(OpBuilder &b, const ChannelProduct &c, const VectorUnit &unit)
      : b(b), c(c), nest(c.nest), unit(unit), ix{b, c.nest.loc}, dot(Dot::get(c.factors, unit)) {}

  void run(const Point &start, std::optional<Share> share) {
    if (c.outer.empty() && share) {
      // One unit.
      emitLoop(ix, share->begin, share->end, 1, {}, [&](OpFoldResult, ValueRange) {
        rows(start);
        return SmallVector<Value>();
      });
      return;
    }
    levels(c.outer, start, share);
  }

private:
  void levels(ArrayRef<unsigned> loops, const Point &point, std::optional<Share> share);
  void rows(const Point &point);
  void channels(const Point &point, int64_t rowCount);
  void tile(const Point &point, int64_t rowCount, int64_t width);
  SmallVector<Value> interleave(const Point &point, int64_t first, int64_t width);
  Value shuffle(Value x, Value y, int64_t bytes, bool high);

  OpBuilder &b;
  const ChannelProduct &c;
  const Nest &nest;
  const VectorUnit &unit;
  Indices ix;
  std::unique_ptr<Dot> dot;
};

void ChannelEmitter::levels(ArrayRef<unsigned> loops, const Point &point, std::optional<Share> share) {
  if (loops.empty())
    return rows(point);
  OpFoldResult from = ix.constant(0), to = nest.sizes[loops.front()];
  if (share)
    from = share->begin, to = share->end;
  emitLoop(ix, from, to, 1, {}, [&](OpFoldResult i, ValueRange) {
    levels(loops.drop_front(), point.moved(nest, ix, loops.front(), i), std::nullopt);
    return SmallVector<Value>();
  });
}

void ChannelEmitter::rows(const Point &point) {
  if (!c.m)
    return channels(point, 1);
  // Four sums a row stay in registers.
  int64_t most = unit.registers > 16 ? 4 : 2;
  OpFoldResult done = ix.constant(0), size = nest.sizes[*c.m];
  for (int64_t count : {most, int64_t(1)}) {
    OpFoldResult end = ix.add(done, ix.mul(ix.floordiv(ix.sub(size, done), count), ix.constant(count)));
    emitLoop(ix, done, end, count, {}, [&](OpFoldResult i, ValueRange) {
      channels(point.moved(nest, ix, *c.m, i), count);
      return SmallVector<Value>();
    });
    done = end;
  }
}

void ChannelEmitter::channels(const Point &point, int64_t rowCount) {
  int64_t size = *known(nest.sizes[c.channel]), done = 0;
  for (int64_t width = unit.vectorBits / 8; width >= 16; width /= 2) {
    int64_t end = done + (size - done) / width * width;
    emitLoop(ix, ix.constant(done), ix.constant(end), width, {}, [&](OpFoldResult i, ValueRange) {
      tile(point.moved(nest, ix, c.channel, i), rowCount, width);
      return SmallVector<Value>();
    });
    done = end;
  }
  // What is left is computed along with channels that are done already.
  if (done < size)
    tile(point.moved(nest, ix, c.channel, ix.constant(size - 16)), rowCount, 16);
}

/// Within each 16 bytes: the low (or high) halves of `x` and `y`, `bytes` of one and of the other in turn.
Value ChannelEmitter::shuffle(Value x, Value y, int64_t bytes, bool high) {
  int64_t width = cast<VectorType>(x.getType()).getNumElements();
  SmallVector<int64_t> order;
  for (int64_t lane = 0; lane < width; lane += 16)
    for (int64_t i = 0; i < 8; i += bytes)
      for (int64_t from : {int64_t(0), width})
        for (int64_t j = 0; j < bytes; ++j)
          order.push_back(from + lane + (high ? 8 : 0) + i + j);
  return vector::ShuffleOp::create(b, nest.loc, x, y, order);
}

/// The bytes of `width` channels at four places along the grouped sum, from the `first` on: four vectors of a quarter
/// of the channels each, a channel's four bytes in a lane.
SmallVector<Value> ChannelEmitter::interleave(const Point &point, int64_t first, int64_t width) {
  SmallVector<Value> rows;
  for (int64_t i = 0; i < std::min<int64_t>(4, c.length - first); ++i) {
    Point p = point.moved(nest, ix, c.grouped, ix.constant(first + i));
    Value bytes = vector::LoadOp::create(b, nest.loc, VectorType::get({width}, b.getI8Type()), nest.operands[0].flat,
                                         ValueRange{ix.value(p.place[0])});
    // Channels spread such that the shuffles below, each within 16 bytes, leave them in order.
    SmallVector<int64_t> order;
    for (int64_t lane = 0; lane < width / 16; ++lane)
      for (int64_t quarter = 0; quarter < 4; ++quarter)
        order.push_back(quarter * width / 16 + lane);
    if (width > 16) {
      Value words = vector::BitCastOp::create(b, nest.loc, VectorType::get({width / 4}, b.getI32Type()), bytes);
      words = vector::ShuffleOp::create(b, nest.loc, words, words, order);
      bytes = vector::BitCastOp::create(b, nest.loc, bytes.getType(), words);
    }
    rows.push_back(bytes);
  }
  // Weights past the window's end are zero: what they meet does not matter.
  while (rows.size() < 4)
    rows.push_back(rows.back());
  SmallVector<Value> result;
  for (bool high : {false, true}) {
    Value x = shuffle(rows[0], rows[1], 1, high), y = shuffle(rows[2], rows[3], 1, high);
    for (bool upper : {false, true}) {
      Value quads = shuffle(x, y, 2, upper);
      result.push_back(
          vector::BitCastOp::create(b, nest.loc, VectorType::get({width / 4}, b.getI32Type()), quads));
    }
  }
  return result;
}

void ChannelEmitter::tile(const Point &point, int64_t rowCount, int64_t width) {
  int64_t lanes = width / 4;
  auto row = [&](int64_t r) { return r ? point.moved(nest, ix, *c.m, ix.constant(r)) : point; };
  auto quarter = [&](const Point &p, int64_t q) { return p.moved(nest, ix, c.channel, ix.constant(q * lanes)); };
  auto type = VectorType::get({lanes}, b.getI32Type());
  SmallVector<Value> start;
  for (int64_t q = 0; q < 4; ++q) {
    Value sum = arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(type));
    if (dot->columnSumFactor) {
      Value columns = loadLanes(b, nest, 2, quarter(point, q), c.channel, lanes, Value(), OpFoldResult());
      Value seven = arith::ConstantOp::create(b, nest.loc, DenseElementsAttr::get(type, b.getI32IntegerAttr(7)));
      columns = arith::ShLIOp::create(b, nest.loc, columns, seven);
      sum = dot->columnSumFactor > 0 ? columns : arith::SubIOp::create(b, nest.loc, sum, columns).getResult();
    }
    start.push_back(sum);
  }
  SmallVector<Value> sums;
  for (int64_t r = 0; r < rowCount; ++r)
    sums.append(start);

  // Places in the window but for the grouped sum, and who reads which bytes.
  struct Use {
    int64_t row;
    Point tap;
  };
  auto pitch = [&](unsigned d) { return known(nest.operands[0].coefficient[d]); };
  bool shares = (!c.m || pitch(*c.m)) && llvm::all_of(c.sums, pitch);
  std::map<int64_t, SmallVector<Use>> uses;
  std::function<void(unsigned, const Point &, int64_t)> walk = [&](unsigned depth, const Point &tap, int64_t offset) {
    if (depth == c.sums.size()) {
      for (int64_t r = 0; r < rowCount; ++r)
        uses[shares ? offset + (r ? r * *pitch(*c.m) : 0) : static_cast<int64_t>(uses.size())].push_back({r, tap});
      return;
    }
    unsigned d = c.sums[depth];
    for (int64_t i = 0; i < *known(nest.sizes[d]); ++i)
      walk(depth + 1, tap.moved(nest, ix, d, ix.constant(i)), offset + i * pitch(d).value_or(0));
  };
  walk(0, point, 0);
  for (int64_t first = 0; first < c.length; first += 4)
    for (auto &[offset, readers] : uses) {
      const Use &one = readers.front();
      Point at = one.row ? one.tap.moved(nest, ix, *c.m, ix.constant(one.row)) : one.tap;
      SmallVector<Value> quads = interleave(at, first, width);
      for (const Use &use : readers)
        for (int64_t q = 0; q < 4; ++q) {
          Point weights = quarter(use.tap, q).moved(nest, ix, nest.loops() - 1, ix.constant(first / 4));
          Value raw = vector::LoadOp::create(b, nest.loc, VectorType::get({width}, b.getI8Type()),
                                             nest.operands[1].flat, ValueRange{ix.value(weights.place[1])});
          Value &sum = sums[use.row * 4 + q];
          sum = dot->add(b, nest.loc, sum, dot->row(b, nest.loc, quads[q]), dot->columns(b, nest.loc, raw));
        }
    }

  // Sums of few lanes are joined to whole registers first.
  int64_t together = std::min<int64_t>(4, unit.lanes(32) / lanes), wide = together * lanes;
  auto join = [&](ArrayRef<Value> parts) {
    SmallVector<Value> values(parts);
    while (values.size() > 1) {
      SmallVector<Value> next;
      for (size_t i = 0; i < values.size(); i += 2) {
        SmallVector<int64_t> order(2 * cast<VectorType>(values[i].getType()).getNumElements());
        std::iota(order.begin(), order.end(), 0);
        next.push_back(vector::ShuffleOp::create(b, nest.loc, values[i], values[i + 1], order));
      }
      values = next;
    }
    return values.front();
  };
  unsigned output = nest.operands.size() - 1;
  for (int64_t r = 0; r < rowCount; ++r)
    for (int64_t q = 0; q < 4; q += together) {
      Point p = quarter(row(r), q);
      SmallVector<Value> args{join(ArrayRef(sums).slice(r * 4 + q, together))};
      for (unsigned i = c.numFactors; i < output; ++i)
        args.push_back(loadLanes(b, nest, i, p, c.channel, wide, Value(), OpFoldResult()));
      Value value = emitBody(b, nest.loc, *nest.body, args, p.index, c.channel, wide)[0];
      storeLanes(b, nest, output, p, c.channel, wide, Value(), OpFoldResult(), splat(b, nest.loc, value, wide));
    }
}

} // namespace

OpFoldResult cpu::unitsOfChannels(OpBuilder &b, const ChannelProduct &c) {
  return c.outer.empty() ? OpFoldResult(b.getIndexAttr(1)) : c.nest.sizes[c.outer.front()];
}

void cpu::emitChannels(OpBuilder &b, const ChannelProduct &c, const VectorUnit &unit, Point start,
                       std::optional<Share> share) {
  ChannelEmitter(b, c, unit).run(start, share);
}
