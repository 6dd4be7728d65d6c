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
  double ns = kRegisterNs; // within the cycle
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
    for (BlockArgument argument : block.getArguments())
      ranges.addInput(argument, rangeOf(argument.getType()));
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
        FailureOr<Moment> moment = place(op, cost.ns, moments);
        if (failed(moment))
          return failure();
        moments[op.getResult(0)] = *moment;
        op.setAttr("cycle", b.getI64IntegerAttr(moment->cycle));
        if (!isa<ConstantOp>(op)) {
          first = std::min(first, moment->cycle);
          end = std::max(end, moment->cycle);
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

  FailureOr<Moment> place(Operation &op, double ns, const DenseMap<Value, Moment> &moments) {
    double usable = clockNs * kUsable;
    if (kRegisterNs + ns > usable)
      return op.emitOpError("takes ") << ns << " ns by the model, more than the " << usable << " ns that a clock cycle of "
                                      << double(clockNs) << " ns leaves to logic";
    Moment start{0, 0};
    bool isConstant = true;
    for (Value operand : op.getOperands()) {
      if (operand.getDefiningOp<ConstantOp>())
        continue;
      isConstant = false;
      Moment moment = moments.lookup(operand);
      if (std::tie(moment.cycle, moment.ns) > std::tie(start.cycle, start.ns))
        start = moment;
    }
    if (isConstant)
      return Moment{0, 0};
    if (start.ns + ns > usable)
      start = {start.cycle + 1, kRegisterNs};
    return Moment{start.cycle, start.ns + ns};
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
          read(operand, moments.lookup(op.getResult(0)).cycle);
      for (auto [result, value] : llvm::zip_equal(node.getResults(), body.getTerminator()->getOperands()))
        sources[result] = sourceOf(value);
    }
    for (Value value : block.getTerminator()->getOperands())
      read(value, latency);
    int64_t bits = 0;
    for (auto [value, last] : until)
      bits += (last - moments.lookup(value).cycle) * cast<IntegerType>(value.getType()).getWidth();
    return bits;
  }
};

} // namespace
