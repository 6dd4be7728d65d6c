// Designs and flows, run on numbers.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Simulate.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

Program::Program(DesignOp design) {
  DenseMap<Value, int64_t> numbers;
  Block &block = design.getBody().front();
  for (BlockArgument argument : block.getArguments())
    numbers[argument] = numbers.size();
  int64_t next = numbers.size();
  for (NodeOp node : block.getOps<NodeOp>()) {
    Block &body = node.getBody().front();
    for (auto [argument, operand] : llvm::zip_equal(body.getArguments(), node.getOperands()))
      numbers[argument] = numbers.lookup(operand);
    for (Operation &op : body.without_terminator()) {
      Step step{&op, next, {0, 0, 0}};
      for (auto [number, operand] : llvm::enumerate(op.getOperands()))
        step.operands[number] = numbers.lookup(operand);
      numbers[op.getResult(0)] = next++;
      steps.push_back(step);
    }
    for (auto [result, value] : llvm::zip_equal(node.getResults(), body.getTerminator()->getOperands()))
      numbers[result] = numbers.lookup(value);
  }
  for (Value value : block.getTerminator()->getOperands())
    outputs.push_back(numbers.lookup(value));
  values.assign(next, 0);
}

void Program::run(ArrayRef<int64_t> inputs, std::vector<int64_t> &results) {
  std::copy(inputs.begin(), inputs.end(), values.begin());
  int64_t operands[3];
  for (const Step &step : steps) {
    unsigned count = step.op->getNumOperands();
    for (unsigned number = 0; number < count; ++number)
      operands[number] = values[step.operands[number]];
    values[step.result] = evaluate(step.op, ArrayRef<int64_t>(operands, count));
  }
  results.clear();
  for (int64_t output : outputs)
    results.push_back(values[output]);
}

FlowProgram::FlowProgram(const FlowNetlist &flow) : flow(flow) {
  for (const FlowNetlist::Stage &stage : flow.stages) {
    programs.emplace_back(stage.design);
    auto &of = arguments.emplace_back();
    for (size_t operand = 0; operand < stage.frames.size(); ++operand)
      of.push_back(flow.arguments(stage, operand));
  }
  inputPlaces = placesOf(flow.frameType(0), flow.inputAxes());
  outputPlaces = placesOf(flow.frameType(int64_t(flow.stages.size())), flow.outputAxes());
}

int64_t FlowProgram::size() const {
  int64_t total = 0;
  for (auto [stage, program] : llvm::zip_equal(flow.stages, programs))
    total += stage.form.windows() * program.size();
  return total;
}

std::vector<int64_t> FlowProgram::run(ArrayRef<int64_t> input) {
  std::vector<std::vector<int64_t>> frames(1);
  frames[0].resize(input.size());
  for (auto [place, number] : llvm::zip_equal(inputPlaces, input))
    frames[0][place.pixel * flow.elements(0) + place.element] = number;
  std::vector<int64_t> x, y;
  for (auto [number, stage] : llvm::enumerate(flow.stages)) {
    const StageForm &form = stage.form;
    auto &made = frames.emplace_back();
    for (int64_t r = 0; r < form.toRows; ++r)
      for (int64_t c = 0; c < form.toColumns; ++c) {
        x.clear();
        for (auto [operand, frame] : llvm::enumerate(stage.frames))
          for (auto [row, column, element] : arguments[number][operand]) {
            int64_t i = r * form.stride[0] - form.before[0] + row, j = c * form.stride[1] - form.before[1] + column;
            bool isInside = i >= 0 && i < form.rows && j >= 0 && j < form.columns;
            x.push_back(isInside ? frames[frame][(i * form.columns + j) * flow.elements(frame) + element]
                                 : int64_t(StageOp(stage.op).getFill()));
          }
        programs[number].run(x, y);
        if (!form.accumulates || made.empty())
          made.insert(made.end(), y.begin(), y.end());
        else
          for (auto [sum, part] : llvm::zip_equal(made, y))
            sum += part;
      }
  }
  std::vector<int64_t> output;
  for (Place place : outputPlaces)
    output.push_back(frames.back()[place.pixel * flow.elements(int64_t(flow.stages.size())) + place.element]);
  return output;
}
