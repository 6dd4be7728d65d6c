// A scheduled design, flat: what both printers print.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Flow.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

Netlist::Netlist(DesignOp design) : design(design) {
  latency = design->getAttrOfType<IntegerAttr>("latency").getInt();
  Block &block = design.getBody().front();
  for (BlockArgument argument : block.getArguments()) {
    numbers[argument] = numbers.size();
    inputs.push_back(argument);
  }
  for (NodeOp node : block.getOps<NodeOp>()) {
    Block &body = node.getBody().front();
    for (auto [argument, operand] : llvm::zip_equal(body.getArguments(), node.getOperands()))
      sources[argument] = source(operand);
    for (Operation &op : body.without_terminator()) {
      numbers[op.getResult(0)] = numbers.size();
      ops.push_back(&op);
      for (Value operand : op.getOperands()) {
        int64_t &last = reads[source(operand)];
        last = std::max(last, cycle(op.getResult(0)));
      }
    }
    for (auto [result, value] : llvm::zip_equal(node.getResults(), body.getTerminator()->getOperands()))
      sources[result] = source(value);
  }
  for (Value value : block.getTerminator()->getOperands()) {
    outputs.push_back(source(value));
    reads[source(value)] = latency;
  }
}

int64_t Netlist::cycle(Value value) const {
  Operation *op = source(value).getDefiningOp();
  auto cycle = op ? op->getAttrOfType<IntegerAttr>("cycle") : nullptr;
  return cycle ? cycle.getInt() : 0;
}

std::string hls::identifier(StringRef name) {
  std::string result;
  for (char c : name)
    result += llvm::isAlnum(c) ? c : '_';
  if (result.empty() || llvm::isDigit(result[0]))
    result = "_" + result;
  return result;
}

static llvm::json::Value jsonOf(Attribute attribute) {
  return TypeSwitch<Attribute, llvm::json::Value>(attribute)
      .Case([](StringAttr text) { return llvm::json::Value(text.getValue().str()); })
      .Case([](IntegerAttr number) { return llvm::json::Value(number.getInt()); })
      .Case([](FloatAttr number) { return llvm::json::Value(number.getValueAsDouble()); })
      .Case([](DenseI64ArrayAttr numbers) { return llvm::json::Value(llvm::json::Array(numbers.asArrayRef())); })
      .Case([](DenseF64ArrayAttr numbers) { return llvm::json::Value(llvm::json::Array(numbers.asArrayRef())); })
      .Case([](ArrayAttr parts) {
        llvm::json::Array array;
        for (Attribute part : parts)
          array.push_back(jsonOf(part));
        return llvm::json::Value(std::move(array));
      })
      .Case([](DictionaryAttr parts) {
        llvm::json::Object object;
        for (NamedAttribute part : parts)
          object[part.getName().strref()] = jsonOf(part.getValue());
        return llvm::json::Value(std::move(object));
      })
      .Default([](Attribute) { return llvm::json::Value(nullptr); });
}

std::string hls::printReport(const FlowNetlist &flow, StringRef name, StringRef part) {
  llvm::json::Object total;
  for (StringRef key : {"clock_ns", "latency", "adders", "adder_bits", "luts", "ffs", "dsps", "queue_bits", "frame_bits"})
    total[key] = jsonOf(FlowOp(flow.flow)->getAttr(key));
  total["ii"] = flow.interval;
  total["source"] = "model";
  llvm::json::Array stages;
  for (const FlowNetlist::Stage &stage : flow.stages) {
    llvm::json::Object object;
    for (StringRef key : {"latency", "adders", "adder_bits", "luts", "ffs", "dsps"})
      object[key] = jsonOf(DesignOp(stage.design)->getAttr(key));
    for (StringRef key : {"from", "to", "kernel", "stride", "depths"})
      object[key] = jsonOf(StageOp(stage.op)->getAttr(key));
    object["name"] = StageOp(stage.op).getDesign().str();
    object["steps"] = stage.form.steps();
    llvm::json::Array nodes;
    for (NodeOp node : DesignOp(stage.design).getBody().front().getOps<NodeOp>())
      nodes.push_back(node.getName().str());
    object["nodes"] = std::move(nodes);
    stages.push_back(std::move(object));
  }
  // Tensors as the model has them; designs have a pixel of each.
  auto port = [&](Attribute of, int64_t frame) {
    llvm::json::Value told = jsonOf(of);
    (*told.getAsObject())["dims"] = llvm::json::Array(flow.frameType(frame).getShape());
    return llvm::json::Array{std::move(told)};
  };
  DesignOp first = flow.stages.front().design, last = flow.stages.back().design;
  llvm::json::Object report{{"model", name.str()}, {"part", part.str()}, {"total", std::move(total)}, {"stages", std::move(stages)},
                            {"inputs", port(first.getInputs()[0], 0)},
                            {"outputs", port(last.getOutputs()[0], int64_t(flow.stages.size()))}};
  return llvm::formatv("{0:2}\n", llvm::json::Value(std::move(report))).str();
}

std::string hls::printReport(const Netlist &netlist, StringRef name, StringRef part) {
  DesignOp design = netlist.design;
  llvm::json::Object total;
  for (StringRef key : {"clock_ns", "latency", "ii", "adders", "adder_bits", "luts", "ffs", "dsps"})
    total[key] = jsonOf(design->getAttr(key));
  total["source"] = "model";
  llvm::json::Array nodes;
  for (NodeOp node : design.getBody().front().getOps<NodeOp>()) {
    llvm::json::Object object;
    for (StringRef key : {"start", "latency", "ii", "adders", "adder_bits", "luts", "dsps"})
      object[key] = jsonOf(node->getAttr(key));
    object["name"] = node.getName().str();
    int64_t widest = 0;
    for (Operation &op : node.getBody().front().without_terminator())
      widest = std::max(widest, Netlist::width(op.getResult(0)));
    object["widest"] = widest;
    nodes.push_back(std::move(object));
  }
  llvm::json::Object report{{"model", name.str()}, {"part", part.str()}, {"total", std::move(total)}, {"nodes", std::move(nodes)},
                            {"inputs", jsonOf(design.getInputs())}, {"outputs", jsonOf(design.getOutputs())}};
  return llvm::formatv("{0:2}\n", llvm::json::Value(std::move(report))).str();
}
