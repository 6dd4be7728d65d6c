// The schedule as Verilog.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Netlist.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

namespace {

class VerilogPrinter {
public:
  VerilogPrinter(const Netlist &netlist, StringRef module) : netlist(netlist), module(module), out(text) {}

  std::string print() {
    int64_t inputBits = 0, outputBits = 0;
    for (Value value : netlist.inputs)
      inputBits += Netlist::width(value);
    for (Value value : netlist.outputs)
      outputBits += Netlist::width(value);
    out << "// A pipeline: new numbers in every cycle, results " << netlist.latency << " cycles later.\n"
        << "module " << module << "(input clk, input in_valid, input [" << inputBits - 1 << ":0] x,\n"
        << "           output out_valid, output [" << outputBits - 1 << ":0] y);\n"
        << "reg [" << netlist.latency - 1 << ":0] valid = 0;\n"
        << "always @(posedge clk) valid <= " << (netlist.latency > 1 ? "{valid[" + std::to_string(netlist.latency - 2) + ":0], in_valid}" : "in_valid")
        << ";\n"
        << "assign out_valid = valid[" << netlist.latency - 1 << "];\n";
    int64_t at = 0;
    for (Value value : netlist.inputs) {
      out << declare("wire", value) << " = x[" << at + Netlist::width(value) - 1 << ":" << at << "];\n";
      at += Netlist::width(value);
      registers(value);
    }
    for (Operation *op : netlist.ops) {
      if (isa<ConstantOp>(op))
        continue;
      printOp(op);
      registers(op->getResult(0));
    }
    at = 0;
    for (Value value : netlist.outputs) {
      out << "assign y[" << at + Netlist::width(value) - 1 << ":" << at << "] = " << plain(value, netlist.latency) << ";\n";
      at += Netlist::width(value);
    }
    out << "endmodule\n";
    return std::move(text);
  }

private:
  static std::string literal(int64_t value) {
    // One bit more than it needs, so that its sign never surprises.
    return (value < 0 ? "-" : "") + std::to_string(widthOf({std::min<int64_t>(value, -1), std::abs(value)}) + 1) + "'sd" +
           std::to_string(std::abs(value));
  }
  static std::string bits(int64_t high, int64_t low) {
    return "[" + std::to_string(high) + ":" + std::to_string(low) + "]";
  }
  static std::string range(int64_t width, bool isSigned) {
    return std::string(isSigned ? " signed" : "") + " [" + std::to_string(width - 1) + ":0] ";
  }
  std::string declare(StringRef kind, Value value) {
    return kind.str() + range(Netlist::width(value), Netlist::isSigned(value)) + netlist.name(value);
  }
  /// As it stands in `cycle`.
  std::string plain(Value value, int64_t cycle) {
    value = netlist.source(value);
    if (auto constant = value.getDefiningOp<ConstantOp>())
      return literal(constant.getValue());
    int64_t age = cycle - netlist.cycle(value);
    return netlist.name(value) + (age ? "_r" + std::to_string(age) : "");
  }
  /// The same as a signed expression.
  std::string ref(Value value, int64_t cycle) {
    std::string name = plain(value, cycle);
    bool isConstant = netlist.source(value).getDefiningOp<ConstantOp>();
    return Netlist::isSigned(value) || isConstant ? name : "$signed({1'b0, " + name + "})";
  }
  /// Bits of ref().
  static int64_t refWidth(Value value) { return Netlist::width(value) + !Netlist::isSigned(value); }

  void registers(Value value) {
    int64_t age = netlist.lastRead(value) - netlist.cycle(value);
    if (age <= 0)
      return;
    std::string name = netlist.name(value);
    for (int64_t k = 1; k <= age; ++k)
      out << "reg" << range(Netlist::width(value), Netlist::isSigned(value)) << name << "_r" << k << ";\n";
    out << "always @(posedge clk) begin";
    for (int64_t k = 1; k <= age; ++k)
      out << " " << name << "_r" << k << " <= " << name << (k > 1 ? "_r" + std::to_string(k - 1) : "") << ";";
    out << " end\n";
  }

  static std::string shifted(const std::string &a, int64_t shift) {
    return shift ? "(" + a + " <<< " + std::to_string(shift) + ")" : a;
  }

  /// Bounds that the upper bits tell: [0, 2^k - 1] and [-2^k, 2^k - 1], of a signed `a`; nothing for others.
  static std::string pickedClamp(const std::string &a, int64_t width, Interval type, int64_t low, int64_t high) {
    int64_t k = llvm::Log2_64(uint64_t(high) + 1);
    if (high < 1 || high + 1 != int64_t(1) << k || (low != 0 && low != -high - 1) || width <= k + 1)
      return "";
    std::string sign = a + "[" + std::to_string(width - 1) + "]", upper = a + bits(width - 2, k);
    std::string ones = std::to_string(k) + "'d" + std::to_string(high), kept = a + bits(k - 1, 0);
    if (low < 0)
      return "(|" + upper + ") != " + sign + " || (&" + upper + ") != " + sign + " ? {" + sign + ", {" + std::to_string(k) + "{~" + sign + "}}} : {" + sign + ", " + kept + "}";
    std::string inside = type.high > high ? "(|" + upper + ") ? " + ones + " : " + kept : kept;
    return type.low < 0 ? sign + " ? " + std::to_string(k) + "'d0 : " + inside : inside;
  }

  void printOp(Operation *op) {
    Value result = op->getResult(0);
    int64_t cycle = netlist.cycle(result);
    auto in = [&](unsigned number) { return ref(op->getOperand(number), cycle); };
    std::string name = netlist.name(result);
    auto assign = [&](const std::string &expression) { out << declare("wire", result) << " = " << expression << ";\n"; };
    /// The first operand under a name, so that its bits can be picked.
    auto named = [&](int64_t least) {
      int64_t width = std::max(refWidth(op->getOperand(0)), least);
      out << "wire" << range(width, true) << name << "_a = " << in(0) << ";\n";
      return name + "_a";
    };
    TypeSwitch<Operation *>(op)
        .Case([&](AddOp add) {
          int64_t shift = add.getShift(), width = Netlist::width(result);
          if (add.getNegateLhs())
            return assign(shifted(in(1), shift) + " - " + in(0));
          const char *sign = add.getNegateRhs() ? " - " : " + ";
          if (shift == 0 || shift >= width)
            return assign(in(0) + sign + shifted(in(1), shift));
          // The bits below rhs pass by; said so, because not every tool sees it.
          std::string a = named(shift + 1);
          out << "wire" << range(width - shift, true) << name << "_h = $signed(" << a
              << bits(std::max(refWidth(op->getOperand(0)), shift + 1) - 1, shift) << ")" << sign << in(1) << ";\n";
          assign("{" + name + "_h, " + a + bits(shift - 1, 0) + "}");
        })
        .Case([&](ScaleOp scale) { assign((scale.getNegate() ? "-" : "") + shifted(in(0), scale.getShift())); })
        .Case([&](RoundOp round) {
          int64_t shift = round.getShift();
          std::string a = named(shift + Netlist::width(result)), by = std::to_string(shift);
          if (!round.getEven())
            return assign(a + " >>> " + by);
          // Wide enough for the result's bits to be picked.
          int64_t width = Netlist::width(result);
          std::string lowest = a + "[" + by + "] & (|" + a + bits(shift - 1, 0) + ")";
          assign(width > 1 ? "{" + a + bits(shift + width - 1, shift + 1) + ", " + lowest + "}" : lowest);
        })
        .Case([&](ClampOp clamp) {
          int64_t low = clamp.getLow(), high = clamp.getHigh();
          Interval type = rangeOf(op->getOperand(0).getType());
          std::string a = named(1), expression = a;
          if (std::string picked = pickedClamp(a, refWidth(op->getOperand(0)), type, low, high); !picked.empty())
            return assign(picked);
          if (type.high > high)
            expression = a + " > " + literal(high) + " ? " + literal(high) + " : " + expression;
          if (type.low < low)
            expression = a + " < " + literal(low) + " ? " + literal(low) + " : " + expression;
          assign(expression);
        })
        .Case([&](TableOp table) {
          int64_t first = table.getFirst();
          ArrayRef<int64_t> entries = table.getEntries();
          int64_t bits = widthOf({0, int64_t(entries.size()) - 1});
          out << "wire [" << bits - 1 << ":0] " << name << "_i = " << in(0) << " - " << literal(first) << ";\n"
              << declare("reg", result) << ";\nalways @* case (" << name << "_i)\n";
          for (auto [index, entry] : llvm::enumerate(entries))
            out << bits << "'d" << index << ": " << name << " = " << literal(entry) << ";\n";
          out << "default: " << name << " = 0;\nendcase\n";
        })
        .Case([&](MaxOp) { assign(in(0) + " > " + in(1) + " ? " + in(0) + " : " + in(1)); })
        .Case([&](MinOp) { assign(in(0) + " < " + in(1) + " ? " + in(0) + " : " + in(1)); })
        .Case([&](MulOp) { assign(in(0) + " * " + in(1)); })
        .Case([&](LessOp) { assign(in(0) + " < " + in(1)); })
        .Case([&](EqualOp equal) { assign(in(0) + " == " + literal(equal.getNumber())); })
        .Case([&](SelectOp select) {
          assign(plain(select.getCondition(), cycle) + " != 0 ? " + in(1) + " : " + in(2));
        });
  }

  const Netlist &netlist;
  StringRef module;
  std::string text;
  llvm::raw_string_ostream out;
};

} // namespace

std::string hls::printVerilog(const Netlist &netlist, StringRef module) { return VerilogPrinter(netlist, module).print(); }
