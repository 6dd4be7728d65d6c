// In: a design of sums. Out: the same of adders. Here, before the schedule, because adders are what takes time.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "targets/hls/Passes.h"
#include "targets/hls/Interval.h"
#include "targets/hls/SharedTerms.h"
#include <cmath>

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
  AdderBuilder(RangeAnalysis &ranges, DenseMap<Value, int64_t> &depths, bool share, int32_t slack)
      : ranges(ranges), depths(depths), share(share), slack(slack) {}

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
    // Depths count from that of the first variable.
    first = INT64_MAX;
    for (Value variable : variables)
      first = std::min(first, depths.lookup(variable));
    std::vector<int32_t> ready;
    for (Value variable : variables)
      ready.push_back(depthOf(variable));
    int32_t deepest = 0;
    std::vector<bool> constants;
    for (auto [op, sum] : llvm::zip_equal(ops, sums)) {
      constants.push_back(op.getBias() != 0);
      deepest = std::max(deepest, depthOfSum(sum, ready, constants.back()));
    }
    deepest += slack;
    std::vector<Shared> shared;
    if (share)
      shared = shareTerms(sums, ready, deepest, constants);
    OpBuilder builder(ops.front());
    for (const Shared &pair : shared)
      variables.push_back(
          add(builder, ops.front().getLoc(), {variables[pair.lhs], 0, 1}, {variables[pair.rhs], pair.shift, pair.sign}, false).value);
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
      Value result = addUp(builder, op.getLoc(), parts, deepest);
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

  /// One adder; what both share of shifts and signs is left for later. Low bits of the first pass below the second, but
  /// not if it is subtracted: then, if `mayFlip`, the difference is taken the other way around.
  Part add(OpBuilder &builder, Location loc, Part a, Part b, bool mayFlip) {
    if (std::pair(a.shift, a.sign < 0) > std::pair(b.shift, b.sign < 0))
      std::swap(a, b);
    bool isNegative = a.sign < 0 && (b.sign < 0 || mayFlip);
    if (isNegative) {
      a.sign = 1;
      b.sign = -b.sign;
    }
    auto op = AddOp::create(builder, loc, builder.getIntegerType(1, false), a.value, b.value, b.shift - a.shift, a.sign < 0,
                            b.sign < 0);
    return {note(op.getResult()), a.shift, isNegative ? -1 : 1};
  }

  /// Pairs whose adder is narrow go first, as long as the sum is ready at `depth`.
  Value addUp(OpBuilder &builder, Location loc, ArrayRef<Part> parts, int64_t depth) {
    SmallVector<Part> all(parts);
    // Numbers of two that wait for one another, at most, weigh as much as 2^depth.
    auto weight = [&](const Part &part) { return std::ldexp(1.0, depthOf(part.value)); };
    double weights = 0;
    for (const Part &part : all)
      weights += weight(part);
    double most = std::max(std::ldexp(1.0, int(depth)), std::exp2(std::ceil(std::log2(weights))));
    while (all.size() > 1) {
      size_t first = 0, second = 0;
      std::tuple<double, double> best{INFINITY, 0};
      for (size_t i = 0; i < all.size(); ++i)
        for (size_t j = 0; j < i; ++j) {
          double x = weight(all[i]), y = weight(all[j]), together = 2 * std::max(x, y);
          if (weights - x - y + together > most)
            continue;
          std::tuple<double, double> score{scoreOf(all[i], all[j]), together};
          if (score < best) {
            best = score;
            first = j;
            second = i;
          }
        }
      Part a = all[first], b = all[second];
      weights += 2 * std::max(weight(a), weight(b)) - weight(a) - weight(b);
      all.erase(all.begin() + second);
      all.erase(all.begin() + first);
      bool mayFlip = llvm::any_of(all, [](const Part &part) { return part.sign > 0; });
      all.push_back(add(builder, loc, a, b, mayFlip));
    }
    const Part &last = all[0];
    if (last.shift == 0 && last.sign > 0)
      return last.value;
    return note(
        ScaleOp::create(builder, loc, builder.getIntegerType(1, false), last.value, last.shift, last.sign < 0).getResult());
  }

  /// Bits that the adder takes, and those by which it is wider than its wider operand needs.
  double scoreOf(const Part &a, const Part &b) {
    auto top = [&](const Part &part) { return int64_t(widthOf(ranges[part.value])) + part.shift; };
    int64_t high = std::max(top(a), top(b)), low = std::max(a.shift, b.shift);
    int64_t span = high - std::min(a.shift, b.shift);
    return double(high - low) + double(span) * kSpan;
  }
  static constexpr double kSpan = 1.0;

  int32_t depthOf(Value value) const { return int32_t(std::clamp<int64_t>(depths.lookup(value) - first, 0, 40)); }

  RangeAnalysis &ranges;
  DenseMap<Value, int64_t> &depths;
  bool share;
  int32_t slack;
  int64_t first = 0;
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
      AdderBuilder(ranges, depths, share, slack).run(group);
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
