// In: a design of sums. Out: the same of adders. Here, before the schedule, because adders are what takes time.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "targets/hls/Passes.h"
#include "targets/hls/Interval.h"
#include "targets/hls/SharedTerms.h"
#include <queue>

namespace brisk {
#define GEN_PASS_DEF_HLSFORMADDERS
#include "targets/hls/Passes.h.inc"
} // namespace brisk

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

namespace {

/// Rewrites sums of one node that do not read each other.
class AdderBuilder {
public:
  AdderBuilder(RangeAnalysis &ranges, DenseMap<Value, int64_t> &depths, bool share)
      : ranges(ranges), depths(depths), share(share) {}

  void run(MutableArrayRef<SumOp> ops) {
    SmallVector<Value> variables;
    DenseMap<Value, int32_t> numbers;
    std::vector<std::vector<Term>> sums;
    for (SumOp op : ops) {
      auto &sum = sums.emplace_back();
      for (auto [value, factor] : llvm::zip_equal(op.getTerms(), op.getFactors())) {
        auto [number, isNew] = numbers.insert({value, int32_t(variables.size())});
        if (isNew)
          variables.push_back(value);
        llvm::append_range(sum, signedDigits(number->second, factor));
      }
      llvm::sort(sum);
    }
    std::vector<Shared> shared;
    if (share)
      shared = shareTerms(sums, int32_t(variables.size()));
    OpBuilder builder(ops.front());
    for (const Shared &pair : shared)
      variables.push_back(
          add(builder, ops.front().getLoc(), {variables[pair.lhs], 0, 1}, {variables[pair.rhs], pair.shift, pair.sign}).value);
    for (auto [op, sum] : llvm::zip_equal(ops, sums)) {
      SmallVector<Part> parts;
      for (const Term &term : sum)
        parts.push_back({variables[term.variable], term.shift, term.sign});
      builder.setInsertionPoint(op);
      if (op.getBias() || parts.empty())
        parts.push_back({note(ConstantOp::create(builder, op.getLoc(), typeOf(op.getContext(), {int64_t(op.getBias()), int64_t(op.getBias())}),
                                                 op.getBias())
                                  .getResult()),
                         0, 1});
      Value result = addUp(builder, op.getLoc(), parts);
      op.getResult().replaceAllUsesWith(result);
      op.erase();
    }
  }

private:
  struct Part {
    Value value;
    int64_t shift;
    int sign;
  };

  Value note(Value value) {
    Operation *op = value.getDefiningOp();
    int64_t depth = 0;
    for (Value operand : op->getOperands())
      depth = std::max(depth, depths.lookup(operand));
    Interval range = ranges.add(op);
    depths[value] = depth + !isa<ConstantOp, ScaleOp>(op);
    value.setType(typeOf(op->getContext(), range));
    return value;
  }

  /// One adder; what both share of shifts and signs is left for later.
  Part add(OpBuilder &builder, Location loc, Part a, Part b) {
    if (a.shift > b.shift)
      std::swap(a, b);
    bool isNegative = a.sign < 0 && b.sign < 0;
    if (isNegative)
      a.sign = b.sign = 1;
    auto op = AddOp::create(builder, loc, builder.getIntegerType(1, false), a.value, b.value, b.shift - a.shift, a.sign < 0,
                            b.sign < 0);
    return {note(op.getResult()), a.shift, isNegative ? -1 : 1};
  }

  /// What is ready first is added first.
  Value addUp(OpBuilder &builder, Location loc, ArrayRef<Part> parts) {
    using Entry = std::tuple<int64_t, int64_t, unsigned>; // depth, width, number
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    SmallVector<Part> all(parts);
    auto push = [&](unsigned number) {
      const Part &part = all[number];
      queue.push({depths.lookup(part.value), int64_t(widthOf(ranges[part.value])) + part.shift, number});
    };
    for (unsigned number = 0; number < all.size(); ++number)
      push(number);
    while (queue.size() > 1) {
      Part a = all[std::get<2>(queue.top())];
      queue.pop();
      Part b = all[std::get<2>(queue.top())];
      queue.pop();
      all.push_back(add(builder, loc, a, b));
      push(all.size() - 1);
    }
    const Part &last = all[std::get<2>(queue.top())];
    if (last.shift == 0 && last.sign > 0)
      return last.value;
    return note(
        ScaleOp::create(builder, loc, builder.getIntegerType(1, false), last.value, last.shift, last.sign < 0).getResult());
  }

  RangeAnalysis &ranges;
  DenseMap<Value, int64_t> &depths;
  bool share;
};

struct HlsFormAdders : brisk::impl::HlsFormAddersBase<HlsFormAdders> {
  using Base::Base;

  void runOnOperation() override {
    RangeAnalysis ranges;
    DenseMap<Value, int64_t> depths;
    getOperation().walk([&](DesignOp design) {
      for (BlockArgument argument : design.getBody().front().getArguments())
        ranges.addInput(argument, rangeOf(argument.getType()));
      for (NodeOp node : design.getBody().front().getOps<NodeOp>())
        runOn(node, ranges, depths);
    });
  }

  void runOn(NodeOp node, RangeAnalysis &ranges, DenseMap<Value, int64_t> &depths) {
    Block &block = node.getBody().front();
    for (auto [argument, operand] : llvm::zip_equal(block.getArguments(), node.getOperands())) {
      ranges.alias(argument, operand);
      depths[argument] = depths.lookup(operand);
    }
    // Sums by how many other sums they wait for.
    DenseMap<Value, int64_t> levels;
    SmallVector<SmallVector<SumOp>> groups;
    for (Operation &op : block.without_terminator()) {
      int64_t level = 0;
      for (Value operand : op.getOperands())
        level = std::max(level, levels.lookup(operand));
      ranges.add(&op);
      if (auto sum = dyn_cast<SumOp>(op)) {
        groups.resize(std::max<size_t>(groups.size(), level + 1));
        groups[level++].push_back(sum);
      }
      levels[op.getResult(0)] = level;
    }
    for (MutableArrayRef<SumOp> group : groups) {
      AdderBuilder(ranges, depths, share).run(group);
      sortTopologically(&block);
      for (Operation &op : block.without_terminator()) {
        int64_t depth = 0;
        for (Value operand : op.getOperands())
          depth = std::max(depth, depths.lookup(operand));
        depths[op.getResult(0)] = depth + !isa<ConstantOp, ScaleOp>(op);
      }
    }
    for (auto [result, value] : llvm::zip_equal(node.getResults(), block.getTerminator()->getOperands())) {
      ranges.alias(result, value);
      depths[result] = depths.lookup(value);
    }
  }
};

} // namespace
