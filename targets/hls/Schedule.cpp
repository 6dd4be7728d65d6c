// In: a design of adders. Out: the same, every operator with the clock cycle that it computes in; the last step before
// printing, because both printers print this schedule.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Cost.h"
#include "targets/hls/Passes.h"
#include "targets/hls/Interval.h"

namespace brisk {
#define GEN_PASS_DEF_HLSSCHEDULE
#include "targets/hls/Passes.h.inc"
} // namespace brisk

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

namespace {

/// When a value is ready.
struct Moment {
  int64_t cycle = 0;
  Arrivals ns; // within the cycle
};

struct HlsSchedule : brisk::impl::HlsScheduleBase<HlsSchedule> {
  using Base::Base;

  void runOnOperation() override {
    auto result = getOperation().walk([&](DesignOp design) {
      return failed(runOn(design)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  LogicalResult runOn(DesignOp design) {
    mlir::Builder b(design.getContext());
    Block &block = design.getBody().front();
    RangeAnalysis ranges;
    DenseMap<Value, Moment> moments;
    for (BlockArgument argument : block.getArguments()) {
      ranges.addInput(argument, rangeOf(argument.getType()));
      moments[argument] = {0, Arrivals(cast<IntegerType>(argument.getType()).getWidth(), float(kRegisterNs))};
    }
    int64_t last = 0, luts = 0, dsps = 0, adders = 0, adderBits = 0;
    for (NodeOp node : block.getOps<NodeOp>()) {
      Block &body = node.getBody().front();
      for (auto [argument, operand] : llvm::zip_equal(body.getArguments(), node.getOperands())) {
        ranges.alias(argument, operand);
        moments[argument] = moments.lookup(operand);
      }
      Cost total;
      int64_t first = INT64_MAX, end = 0;
      for (Operation &op : body.without_terminator()) {
        if (isa<SumOp>(op))
          return op.emitOpError("is still a sum; form adders first");
        Interval range = ranges.add(&op);
        if (std::max(-range.low, range.high) >= kLargest)
          return op.emitOpError("computes numbers of more than 61 bits");
        if (!rangeOf(op.getResult(0).getType()).holds(range))
          return op.emitOpError("computes [") << range.low << ", " << range.high << "], which " << op.getResult(0).getType()
                                              << " does not hold";
        Cost cost = costOf(&op);
        FailureOr<Moment> moment = place(op, moments);
        if (failed(moment))
          return failure();
        int64_t cycle = moment->cycle;
        moments[op.getResult(0)] = std::move(*moment);
        op.setAttr("cycle", b.getI64IntegerAttr(cycle));
        if (!isa<ConstantOp>(op)) {
          first = std::min(first, cycle);
          end = std::max(end, cycle);
        }
        total.luts += cost.luts;
        total.dsps += cost.dsps;
        total.adders += cost.adders;
        total.adderBits += cost.adderBits;
      }
      first = std::min(first, end);
      for (auto [result, value] : llvm::zip_equal(node.getResults(), body.getTerminator()->getOperands())) {
        ranges.alias(result, value);
        moments[result] = moments.lookup(value);
      }
      node->setAttr("start", b.getI64IntegerAttr(first));
      node->setAttr("latency", b.getI64IntegerAttr(end - first));
      node->setAttr("ii", b.getI64IntegerAttr(1));
      node->setAttr("adders", b.getI64IntegerAttr(total.adders));
      node->setAttr("adder_bits", b.getI64IntegerAttr(total.adderBits));
      node->setAttr("luts", b.getI64IntegerAttr(total.luts));
      node->setAttr("dsps", b.getI64IntegerAttr(total.dsps));
      last = std::max(last, end);
      luts += total.luts;
      dsps += total.dsps;
      adders += total.adders;
      adderBits += total.adderBits;
    }
    // Outputs leave through registers.
    int64_t latency = last + 1;
    design->setAttr("clock_ns", b.getF64FloatAttr(clockNs));
    design->setAttr("latency", b.getI64IntegerAttr(latency));
    design->setAttr("ii", b.getI64IntegerAttr(1));
    design->setAttr("adders", b.getI64IntegerAttr(adders));
    design->setAttr("adder_bits", b.getI64IntegerAttr(adderBits));
    design->setAttr("luts", b.getI64IntegerAttr(luts));
    design->setAttr("dsps", b.getI64IntegerAttr(dsps));
    design->setAttr("ffs", b.getI64IntegerAttr(countRegisters(design, latency, moments)));
    return success();
  }

  /// In the cycle of its last operand, if what is left of that is enough, else in the next.
  FailureOr<Moment> place(Operation &op, const DenseMap<Value, Moment> &moments) {
    double usable = clockNs * kUsable;
    Moment result;
    SmallVector<Value> variables;
    for (Value operand : op.getOperands())
      if (!operand.getDefiningOp<ConstantOp>()) {
        variables.push_back(operand);
        result.cycle = std::max(result.cycle, moments.find(operand)->second.cycle);
      }
    if (variables.empty())
      return result;
    double last = 0;
    for (int attempt : {0, 1}) {
      result.cycle += attempt;
      SmallVector<Arrivals, 3> operands;
      for (Value operand : op.getOperands()) {
        auto &of = operands.emplace_back();
        if (operand.getDefiningOp<ConstantOp>())
          continue;
        const Moment &moment = moments.find(operand)->second;
        of = moment.ns;
        if (moment.cycle < result.cycle)
          of.assign(of.size(), float(kRegisterNs));
      }
      result.ns = arrivalsOf(&op, operands);
      last = *llvm::max_element(result.ns);
      if (last <= usable)
        return result;
    }
    return op.emitOpError("takes ") << last - kRegisterNs << " ns by the model, more than the " << usable << " ns that a clock cycle of "
                                    << double(clockNs) << " ns leaves to logic";
  }

  /// A register for each bit and each cycle from where a value is computed to its last reader.
  int64_t countRegisters(DesignOp design, int64_t latency, const DenseMap<Value, Moment> &moments) {
    DenseMap<Value, Value> sources; // what a node's argument or result stands for
    DenseMap<Value, int64_t> until;
    auto sourceOf = [&](Value value) {
      auto found = sources.find(value);
      return found == sources.end() ? value : found->second;
    };
    auto read = [&](Value value, int64_t cycle) {
      Value source = sourceOf(value);
      if (source.getDefiningOp<ConstantOp>())
        return;
      int64_t &last = until[source];
      last = std::max(last, cycle);
    };
    Block &block = design.getBody().front();
    for (NodeOp node : block.getOps<NodeOp>()) {
      Block &body = node.getBody().front();
      for (auto [argument, operand] : llvm::zip_equal(body.getArguments(), node.getOperands()))
        sources[argument] = sourceOf(operand);
      for (Operation &op : body.without_terminator())
        for (Value operand : op.getOperands())
          read(operand, moments.find(op.getResult(0))->second.cycle);
      for (auto [result, value] : llvm::zip_equal(node.getResults(), body.getTerminator()->getOperands()))
        sources[result] = sourceOf(value);
    }
    for (Value value : block.getTerminator()->getOperands())
      read(value, latency);
    int64_t bits = 0;
    for (auto [value, last] : until)
      bits += (last - moments.find(value)->second.cycle) * cast<IntegerType>(value.getType()).getWidth();
    return bits;
  }
};

} // namespace
