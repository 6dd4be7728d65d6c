// In: a flow whose stages are scheduled. Out: the same with the depths of its queues and its cycles, after a run of its
// control: nothing waits in the circuit but for pixels, so what one run holds is all that can be.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Flow.h"
#include "targets/hls/Passes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"
#include <deque>

namespace brisk {
#define GEN_PASS_DEF_HLSSIZEFLOW
#include "targets/hls/Passes.h.inc"
} // namespace brisk

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

namespace {

/// The control of one stage.
struct Runner {
  StageForm form;
  int64_t latency = 1;
  SmallVector<size_t> queues, readers; // it reads; it writes
  int64_t step = 0, row = 0, column = 0;
  std::deque<int64_t> leaving; // cycles in which pixels arrive at the readers
};

struct Simulation {
  std::vector<Runner> stages;
  SmallVector<size_t> entry; // queues that the input writes
  std::vector<int64_t> held, depths;
  int64_t interval = 0, latency = 0;

  bool advance(Runner &stage, int64_t cycle) {
    bool isBeyond = stage.step >= stage.form.pixels();
    if (!isBeyond) {
      for (size_t queue : stage.queues)
        if (held[queue] == 0)
          return false;
      for (size_t queue : stage.queues)
        --held[queue];
    }
    if (stage.step == stage.form.completes(stage.row, stage.column)) {
      bool isLast = ++stage.column == stage.form.toColumns && stage.row + 1 == stage.form.toRows;
      if (stage.column == stage.form.toColumns) {
        stage.column = 0;
        stage.row = isLast ? 0 : stage.row + 1;
      }
      if (!stage.form.accumulates)
        stage.leaving.push_back(cycle + stage.latency);
      else if (isLast)
        stage.leaving.push_back(cycle + stage.latency + 1);
    }
    if (++stage.step == stage.form.steps())
      stage.step = 0;
    return true;
  }

  /// Whether all frames come out.
  bool run(int64_t frames) {
    const StageForm &first = stages.front().form;
    int64_t pixels = first.pixels(), perFrame = stages.back().form.accumulates ? 1 : stages.back().form.windows();
    int64_t idle = 0, out = 0, most = 2 * interval + 1000;
    for (int64_t cycle = 0; out < frames * perFrame; ++cycle) {
      bool isBusy = cycle < frames * interval;
      for (Runner &stage : stages)
        isBusy |= advance(stage, cycle) || !stage.leaving.empty();
      // What is written in a cycle can be read in the next.
      if (cycle < frames * interval && cycle % interval < pixels)
        for (size_t queue : entry)
          depths[queue] = std::max(depths[queue], ++held[queue]);
      for (Runner &stage : stages) {
        if (stage.leaving.empty() || stage.leaving.front() != cycle)
          continue;
        stage.leaving.pop_front();
        for (size_t queue : stage.readers)
          depths[queue] = std::max(depths[queue], ++held[queue]);
        if (&stage == &stages.back() && ++out == perFrame)
          latency = cycle;
      }
      idle = isBusy ? 0 : idle + 1;
      if (idle > most)
        return false;
    }
    return llvm::all_of(held, [](int64_t count) { return count == 0; });
  }
};

struct HlsSizeFlow : brisk::impl::HlsSizeFlowBase<HlsSizeFlow> {
  void runOnOperation() override {
    for (FlowOp flow : getOperation().getOps<FlowOp>())
      if (failed(runOn(flow)))
        return signalPassFailure();
  }

  /// What a memory of `depth` pixels takes that one port writes and another reads, by the LUT-wise memories of the device.
  static int64_t memoryLuts(int64_t bits, int64_t depth) { return depth < 2 ? 0 : (bits * ((depth + 31) / 32) * 4 + 5) / 6; }

  /// By the model: designs, pixels that windows remember, queues, and the masks and counters around them.
  static void setArea(FlowOp flow) {
    mlir::Builder b(flow.getContext());
    llvm::StringMap<int64_t> total;
    double clock = 0;
    for (StageOp stage : flow.getBody().front().getOps<StageOp>()) {
      auto design = SymbolTable::lookupNearestSymbolFrom<DesignOp>(flow, stage.getDesignAttr());
      clock = design->getAttrOfType<FloatAttr>("clock_ns").getValueAsDouble();
      for (StringRef key : {"adders", "adder_bits", "luts", "ffs", "dsps"})
        total[key] += design->getAttrOfType<IntegerAttr>(key).getInt();
      StageForm form(stage);
      int64_t bits = 0;
      for (auto [frame, depth] : llvm::zip_equal(stage.getFrames(), stage->getAttrOfType<DenseI64ArrayAttr>("depths").asArrayRef())) {
        auto type = cast<RankedTensorType>(frame.getType());
        bits = type.getNumElements() / form.pixels() * cast<IntegerType>(type.getElementType()).getWidth();
        total["luts"] += memoryLuts(bits, depth) + 2;
        total["ffs"] += depth == 1 ? bits + 1 : 3 * llvm::Log2_64_Ceil(depth + 1);
        total["queue_bits"] += depth * bits;
        total["frame_bits"] += form.pixels() * bits;
      }
      if (form.accumulates) {
        auto type = cast<RankedTensorType>(stage.getResult().getType());
        int64_t sums = type.getNumElements() * cast<IntegerType>(type.getElementType()).getWidth();
        total["luts"] += sums;
        total["ffs"] += sums;
      }
      if (!form.isWindow || form.steps() == 1)
        continue;
      // Rows are shift registers of 32 in a LUT; a window's own pixels and the first after each are flip-flops.
      int64_t apart = form.columns - form.kernel[1];
      total["ffs"] += bits * (form.kernel[0] * form.kernel[1] - 1) + 3 * llvm::Log2_64_Ceil(form.steps() + 1);
      if (apart > 2)
        total["luts"] += (form.kernel[0] - 1) * bits * ((apart + 31) / 32);
      else
        total["ffs"] += (form.kernel[0] - 1) * bits * std::max<int64_t>(apart, 0);
      bool isMasked = form.before[0] || form.before[1];
      total["luts"] += (isMasked ? bits * (form.kernel[0] * form.kernel[1] - 1) / 2 : 0) + 4 * llvm::Log2_64_Ceil(form.steps() + 1);
    }
    flow->setAttr("clock_ns", b.getF64FloatAttr(clock));
    for (auto &entry : total)
      flow->setAttr(entry.getKey(), b.getI64IntegerAttr(entry.getValue()));
  }

  static LogicalResult runOn(FlowOp flow) {
    mlir::Builder b(flow.getContext());
    Simulation simulation;
    Block &block = flow.getBody().front();
    DenseMap<Value, size_t> makers;
    size_t queues = 0;
    for (StageOp stage : block.getOps<StageOp>()) {
      Runner runner{.form = StageForm(stage), .queues = {}, .readers = {}, .leaving = {}};
      auto design = SymbolTable::lookupNearestSymbolFrom<DesignOp>(flow, stage.getDesignAttr());
      runner.latency = design->getAttrOfType<IntegerAttr>("latency").getInt();
      for (Value frame : stage.getFrames()) {
        auto maker = makers.find(frame);
        (maker == makers.end() ? simulation.entry : simulation.stages[maker->second].readers).push_back(queues);
        runner.queues.push_back(queues++);
      }
      makers[stage.getResult()] = simulation.stages.size();
      simulation.interval = std::max(simulation.interval, runner.form.steps());
      simulation.stages.push_back(std::move(runner));
    }
    simulation.held.assign(queues, 0);
    simulation.depths.assign(queues, 1);
    // Frames follow as closely as the slowest stage lets them; several, as what is left of one meets the next.
    if (!simulation.run(3))
      return flow.emitError("waits for pixels that never come: branches that meet do not make equally many");
    for (auto [number, stage] : llvm::enumerate(block.getOps<StageOp>())) {
      SmallVector<int64_t> depths;
      for (size_t queue : simulation.stages[number].queues)
        depths.push_back(simulation.depths[queue]);
      stage->setAttr("depths", b.getDenseI64ArrayAttr(depths));
    }
    setArea(flow);
    flow->setAttr("interval", b.getI64IntegerAttr(simulation.interval));
    flow->setAttr("latency", b.getI64IntegerAttr(simulation.latency));
    return success();
  }
};

} // namespace
