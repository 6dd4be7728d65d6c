// The schedule as C++ for high-level synthesis: a function per node.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Netlist.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

namespace {

std::string typeName(Type type) {
  auto integer = cast<IntegerType>(type);
  return (integer.isSigned() ? "ap_int<" : "ap_uint<") + std::to_string(integer.getWidth()) + ">";
}

/// Values of one type share an array, complete in registers.
struct Arrays {
  llvm::MapVector<Type, SmallVector<Value>> byType;
  explicit Arrays(ValueRange values) {
    for (Value value : values)
      byType[value.getType()].push_back(value);
  }
};

class CppPrinter {
public:
  explicit CppPrinter(const Netlist &netlist, StringRef stage = "") : netlist(netlist), stage(stage.str()), out(files.source) {}

  CppFiles print() {
    DesignOp design = netlist.design;
    Block &block = design.getBody().front();
    if (stage.empty())
      out << "#include \"top.h\"\n\n" << cppPrologue();
    int64_t number = 0;
    for (NodeOp node : block.getOps<NodeOp>())
      printNode(node, number++);
    printTop(block);
    out.flush();
    return std::move(files);
  }

  std::vector<std::pair<std::string, int64_t>> inputPorts, outputPorts; // type, count

private:
  std::string nodeName(NodeOp node, int64_t number) const {
    return (stage.empty() ? "" : stage + "_") + "node" + std::to_string(number) + (node.getName().empty() ? "" : "_" + identifier(node.getName()));
  }

  void printNode(NodeOp node, int64_t number) {
    Block &body = node.getBody().front();
    Operation *yield = body.getTerminator();
    out << "\n// " << node.getName() << ": cycles " << node->getAttrOfType<IntegerAttr>("start").getInt() << " to "
        << node->getAttrOfType<IntegerAttr>("start").getInt() + node->getAttrOfType<IntegerAttr>("latency").getInt()
        << ", " << node->getAttrOfType<IntegerAttr>("adders").getInt() << " adders.\nstatic void " << nodeName(node, number) << "(";
    Arrays arguments(body.getArguments()), results(node.getResults());
    std::string separator;
    names.clear();
    for (auto [group, entry] : llvm::enumerate(arguments.byType)) {
      out << separator << "const " << typeName(entry.first) << " a" << group << "[" << entry.second.size() << "]";
      separator = ", ";
      for (auto [index, value] : llvm::enumerate(entry.second))
        names[value] = "a" + std::to_string(group) + "[" + std::to_string(index) + "]";
    }
    DenseMap<Value, std::string> places;
    for (auto [group, entry] : llvm::enumerate(results.byType)) {
      out << separator << typeName(entry.first) << " r" << group << "[" << entry.second.size() << "]";
      separator = ", ";
      for (auto [index, value] : llvm::enumerate(entry.second))
        places[value] = "r" + std::to_string(group) + "[" + std::to_string(index) + "]";
    }
    out << ") {\n#pragma HLS INLINE off\n#pragma HLS PIPELINE II=1\n";
    for (Operation &op : body.without_terminator())
      printOp(&op);
    for (auto [result, value] : llvm::zip_equal(node.getResults(), yield->getOperands()))
      out << "  " << places[result] << " = " << ref(value) << ";\n";
    out << "}\n";
  }

  std::string ref(Value value) {
    if (auto constant = value.getDefiningOp<ConstantOp>())
      return std::to_string(int64_t(constant.getValue())) + (Netlist::width(value) > 31 ? "LL" : "");
    auto found = names.find(value);
    return found == names.end() ? netlist.name(value) : found->second;
  }

  void printOp(Operation *op) {
    if (isa<ConstantOp>(op))
      return;
    Value result = op->getResult(0);
    std::string type = typeName(result.getType());
    // Wide enough for operands that are shifted to where the result ends; what is above wraps away.
    std::string work = "ap_int<" + std::to_string(Netlist::width(result) + 1) + ">";
    auto in = [&](unsigned number) { return ref(op->getOperand(number)); };
    auto wide = [&](unsigned number, int64_t shift = 0) {
      std::string value = work + "(" + in(number) + ")";
      return shift ? "(" + value + " << " + std::to_string(shift) + ")" : value;
    };
    std::string before;
    std::string value =
        TypeSwitch<Operation *, std::string>(op)
            .Case([&](AddOp add) {
              std::string rhs = wide(1, add.getShift());
              return add.getNegateLhs() ? rhs + " - " + wide(0) : wide(0) + (add.getNegateRhs() ? " - " : " + ") + rhs;
            })
            .Case([&](ScaleOp scale) { return (scale.getNegate() ? "-" : "") + wide(0, scale.getShift()); })
            .Case([&](RoundOp round) {
              std::string by = std::to_string(round.getShift());
              if (!round.getEven())
                return in(0) + " >> " + by;
              int64_t width = std::max<int64_t>(Netlist::width(op->getOperand(0)) + 1, round.getShift() + 2);
              return "round_even<" + by + ">(ap_int<" + std::to_string(width) + ">(" + in(0) + "))";
            })
            .Case([&](ClampOp clamp) {
              std::string low = std::to_string(int64_t(clamp.getLow())), high = std::to_string(int64_t(clamp.getHigh()));
              return in(0) + " < " + low + " ? " + type + "(" + low + ") : " + in(0) + " > " + high + " ? " + type + "(" + high +
                     ") : " + type + "(" + in(0) + ")";
            })
            .Case([&](TableOp table) {
              before = "  static const long long " + netlist.name(result) + "_t[" + std::to_string(table.getEntries().size()) + "] = {";
              for (int64_t entry : table.getEntries())
                before += std::to_string(entry) + ", ";
              before += "};\n";
              return netlist.name(result) + "_t[int(" + in(0) + ") - (" + std::to_string(int64_t(table.getFirst())) + ")]";
            })
            .Case([&](MaxOp) { return in(0) + " > " + in(1) + " ? " + type + "(" + in(0) + ") : " + type + "(" + in(1) + ")"; })
            .Case([&](MinOp) { return in(0) + " < " + in(1) + " ? " + type + "(" + in(0) + ") : " + type + "(" + in(1) + ")"; })
            .Case([&](MulOp) { return wide(0) + " * " + wide(1); })
            .Case([&](LessOp) { return in(0) + " < " + in(1) + " ? 1 : 0"; })
            .Case([&](EqualOp equal) { return in(0) + " == " + std::to_string(int64_t(equal.getNumber())) + " ? 1 : 0"; })
            .Case([&](SelectOp) {
              return in(0) + " != 0 ? " + type + "(" + in(1) + ") : " + type + "(" + in(2) + ")";
            })
            .Default([](Operation *) { return std::string(); });
    out << before << "  const " << type << " " << netlist.name(result) << " = " << value << ";\n";
  }

  void printTop(Block &block) {
    DesignOp design = netlist.design;
    std::string signature = stage.empty() ? "void top(" : "static void " + stage + "(", separator;
    std::string partitions, inputs, outputs;
    SmallVector<std::string> inputNames, outputNames;
    auto port = [&](Attribute attribute, ValueRange values, size_t &at, bool isInput) {
      auto tensor = cast<DictionaryAttr>(attribute);
      std::string name = (isInput ? "in_" : "out_") + identifier(tensor.getAs<StringAttr>("name").getValue());
      int64_t count = 1;
      for (int64_t dim : tensor.getAs<DenseI64ArrayAttr>("dims").asArrayRef())
        count *= dim;
      // The widest of its elements' types.
      Interval range{0, 1};
      for (Value value : values.slice(at, count)) {
        Interval type = rangeOf(value.getType());
        range = {std::min(range.low, type.low), std::max(range.high, type.high)};
      }
      signature += separator + (isInput ? "const " : "") + typeName(typeOf(design.getContext(), range)) + " " + name + "[" +
                   std::to_string(count) + "]";
      (isInput ? inputPorts : outputPorts).push_back({typeName(typeOf(design.getContext(), range)), count});
      separator = ", ";
      partitions += "#pragma HLS ARRAY_PARTITION variable=" + name + " complete\n";
      (isInput ? inputs : outputs) += "  " + typeName(typeOf(design.getContext(), range)) + " " + name + "[" +
                                      std::to_string(count) + "];\n";
      for (int64_t i = 0; i < count; ++i)
        (isInput ? inputNames : outputNames).push_back(name + "[" + std::to_string(i) + "]");
      at += count;
    };
    size_t at = 0;
    for (Attribute input : design.getInputs())
      port(input, block.getArguments(), at, true);
    at = 0;
    for (Attribute output : design.getOutputs())
      port(output, netlist.outputs, at, false);
    signature += ")";
    std::string arguments;
    for (const std::string &names : {inputs, outputs})
      for (size_t start = 0, end; (end = names.find('[', start)) != std::string::npos; start = names.find('\n', end) + 1) {
        size_t name = names.rfind(' ', end) + 1;
        arguments += (arguments.empty() ? "" : ", ") + names.substr(name, end - name);
      }
    llvm::raw_string_ostream header(files.header);
    header << "#ifndef BRISK_TOP_H\n#define BRISK_TOP_H\n\n#include \"ap_int.h\"\n\n"
           << "// " << netlist.latency << " cycles by the schedule, new inputs in every cycle.\n"
           << signature << ";\n\n#define INPUT_COUNT " << inputNames.size() << "\n#define OUTPUT_COUNT " << outputNames.size()
           << "\n\n#ifndef __SYNTHESIS__\n// All elements one after the other.\n"
           << "static inline void run(const long long *x, long long *y) {\n" << inputs << outputs;
    for (auto [index, name] : llvm::enumerate(inputNames))
      header << "  " << name << " = x[" << index << "];\n";
    header << "  top(" << arguments << ");\n";
    for (auto [index, name] : llvm::enumerate(outputNames))
      header << "  y[" << index << "] = " << name << ";\n";
    header << "}\n#endif\n\n#endif\n";

    out << "\n" << signature << " {\n#pragma HLS PIPELINE II=1\n" << (stage.empty() ? "#pragma HLS INTERFACE mode=ap_ctrl_none port=return\n" : "") << partitions;
    names.clear();
    for (auto [value, name] : llvm::zip_equal(netlist.inputs, inputNames))
      names[value] = name;
    for (auto [number, node] : llvm::enumerate(block.getOps<NodeOp>())) {
      std::string prefix = "v" + std::to_string(number), call;
      auto declare = [&](const std::string &name, Type type, size_t count) {
        out << "  " << typeName(type) << " " << name << "[" << count << "];\n#pragma HLS ARRAY_PARTITION variable=" << name
            << " complete\n";
        call += (call.empty() ? "" : ", ") + name;
      };
      Arrays operands(node.getOperands()), results(node.getResults());
      for (auto [group, entry] : llvm::enumerate(operands.byType)) {
        std::string name = prefix + "a" + std::to_string(group);
        declare(name, entry.first, entry.second.size());
        for (auto [index, value] : llvm::enumerate(entry.second))
          out << "  " << name << "[" << index << "] = " << names[value] << ";\n";
      }
      for (auto [group, entry] : llvm::enumerate(results.byType)) {
        std::string name = prefix + "r" + std::to_string(group);
        declare(name, entry.first, entry.second.size());
        for (auto [index, value] : llvm::enumerate(entry.second))
          names[value] = name + "[" + std::to_string(index) + "]";
      }
      out << "  " << nodeName(node, number) << "(" << call << ");\n";
    }
    for (auto [value, name] : llvm::zip_equal(block.getTerminator()->getOperands(), outputNames))
      out << "  " << name << " = " << names[value] << ";\n";
    out << "}\n";
  }

  const Netlist &netlist;
  std::string stage; // empty for a design that is a file of its own
  CppFiles files;
  llvm::raw_string_ostream out;
  DenseMap<Value, std::string> names;
};

} // namespace

llvm::StringRef hls::cppPrologue() {
  return "// a / 2^S, downwards, without a rest to an even number.\n"
         "template <int S, typename T> static T round_even(T a) {\n"
         "#pragma HLS INLINE\n"
         "  bool rest = (a & ((T(1) << S) - 1)) != 0;\n"
         "  return T(a >> S) & T(rest ? -1 : -2);\n"
         "}\n";
}

CppFiles hls::printCpp(const Netlist &netlist) { return CppPrinter(netlist).print(); }

CppStage hls::printCppStage(const Netlist &netlist, StringRef name) {
  CppPrinter printer(netlist, name);
  CppStage stage{printer.print().source, {}, {}};
  stage.inputs = std::move(printer.inputPorts);
  stage.outputs = std::move(printer.outputPorts);
  return stage;
}
