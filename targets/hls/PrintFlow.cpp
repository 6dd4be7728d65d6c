// A flow as Verilog, as C++ and as a report: its stages, and what carries pixels from one to the next.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Flow.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;
using llvm::formatv;

static int64_t bitsOf(const FlowNetlist &flow, int64_t frame) {
  return cast<IntegerType>(flow.frameType(frame).getElementType()).getWidth();
}

/// Readers of a frame: stage and operand.
static SmallVector<std::pair<size_t, size_t>> readersOf(const FlowNetlist &flow, int64_t frame) {
  SmallVector<std::pair<size_t, size_t>> readers;
  for (auto [number, stage] : llvm::enumerate(flow.stages))
    for (auto [operand, read] : llvm::enumerate(stage.frames))
      if (read == frame)
        readers.push_back({number, operand});
  return readers;
}

static ArrayRef<int64_t> depthsOf(const FlowNetlist::Stage &stage) {
  return StageOp(stage.op)->getAttrOfType<DenseI64ArrayAttr>("depths").asArrayRef();
}

namespace {

class FlowPrinter {
public:
  explicit FlowPrinter(const FlowNetlist &flow) : flow(flow), out(text) {}

  std::string verilog() {
    for (auto [number, stage] : llvm::enumerate(flow.stages))
      out << printVerilog(Netlist(stage.design), "stage" + std::to_string(number)) << "\n";
    int64_t last = flow.stages.size();
    out << "// Pixels of a frame in the order of its rows, one a cycle; frames start " << flow.interval << " cycles apart.\n"
        << "module top(input clk, input in_valid, input " << range(frameBits(0)) << "x, output out_valid, output "
        << range(frameBits(last)) << "y);\n"
        << "wire f0_valid = in_valid;\nwire " << range(frameBits(0)) << "f0 = x;\n";
    for (auto [number, stage] : llvm::enumerate(flow.stages))
      verilogStage(stage, std::to_string(number));
    out << "assign out_valid = f" << last << "_valid;\nassign y = f" << last << ";\nendmodule\n";
    return std::move(text);
  }

private:
  static std::string range(int64_t bits) { return slice(bits - 1, 0) + " "; }
  static std::string slice(int64_t high, int64_t low) { return "[" + std::to_string(high) + ":" + std::to_string(low) + "]"; }
  int64_t frameBits(int64_t frame) const { return bitsOf(flow, frame) * flow.elements(frame); }

  void verilogStage(const FlowNetlist::Stage &stage, const std::string &number) {
    std::string s = "s" + number, frame = "f" + std::to_string(std::stol(number) + 1), allReady;
    const StageForm &form = stage.form;
    out << "\nwire " << s << "_take, " << s << "_fire, " << s << "_valid;\n";
    for (auto [operand, read] : llvm::enumerate(stage.frames)) {
      std::string queue = s + "q" + std::to_string(operand), from = "f" + std::to_string(read);
      out << "wire " << queue << "_ready;\nwire " << range(frameBits(read)) << queue << ";\n"
          << "brisk_queue #(.BITS(" << frameBits(read) << "), .DEPTH(" << depthsOf(stage)[operand] << ")) " << queue << "_queue(clk, "
          << from << "_valid, " << from << ", " << s << "_take, " << queue << "_ready, " << queue << ");\n";
      allReady += (operand ? " & " : "") + queue + "_ready";
    }
    if (form.isWindow)
      verilogWindow(stage, s);
    else
      out << "assign " << s << "_take = " << allReady << ";\nassign " << s << "_fire = " << s << "_take;\n";
    // Elements side by side, in the order of the design's arguments, the first in the lowest bits.
    std::string arguments, results;
    int64_t total = 0, at = 0;
    for (auto [operand, read] : llvm::enumerate(stage.frames)) {
      int64_t bits = bitsOf(flow, read);
      std::string from = form.isWindow ? s + "_window" : s + "q" + std::to_string(operand);
      for (auto [row, column, element] : flow.arguments(stage, operand)) {
        int64_t low = ((row * form.kernel[1] + column) * flow.elements(read) + element) * bits;
        arguments = from + slice(low + bits - 1, low) + (arguments.empty() ? "" : ", ") + arguments;
        total += bits;
      }
    }
    // All elements of a frame have one width.
    Netlist netlist(stage.design);
    int64_t bits = bitsOf(flow, std::stol(number) + 1);
    for (Value value : netlist.outputs) {
      int64_t width = Netlist::width(value);
      std::string element = s + "_y" + slice(at + width - 1, at);
      if (width < bits)
        element = "{{" + std::to_string(bits - width) + "{" +
                  (Netlist::isSigned(value) ? s + "_y[" + std::to_string(at + width - 1) + "]" : "1'b0") + "}}, " + element + "}";
      results = element + (results.empty() ? "" : ", ") + results;
      at += width;
    }
    int64_t count = netlist.outputs.size();
    out << "wire " << range(total) << s << "_x = {" << arguments << "};\nwire " << range(at) << s << "_y;\nstage" << number << " " << s
        << "_design(clk, " << s << "_fire, " << s << "_x, " << s << "_valid, " << s << "_y);\n"
        << "wire " << frame << "_valid;\nwire " << range(bits * count) << frame << ";\n";
    if (form.accumulates)
      out << "brisk_sum #(.ELEMENTS(" << count << "), .BITS(" << bits << "), .COUNT(" << form.windows() << ")) " << s << "_sum(clk, "
          << s << "_valid, {" << results << "}, " << frame << "_valid, " << frame << ");\n";
    else
      out << "assign " << frame << "_valid = " << s << "_valid;\nassign " << frame << " = {" << results << "};\n";
  }

  void verilogWindow(const FlowNetlist::Stage &stage, const std::string &s) {
    const StageForm &form = stage.form;
    int64_t bits = bitsOf(flow, stage.frames[0]), total = frameBits(stage.frames[0]);
    uint64_t fill = uint64_t(int64_t(StageOp(stage.op).getFill()));
    std::string outside;
    for (int64_t bit = total - 1; bit >= 0; --bit)
      outside += fill >> (bit % bits) & 1 ? '1' : '0';
    out << "wire " << range(form.kernel[0] * form.kernel[1] * total) << s << "_window;\nbrisk_window #(.BITS(" << total << ")";
    auto set = [&](StringRef name, int64_t value) { out << ", ." << name << "(" << value << ")"; };
    set("H", form.rows);
    set("W", form.columns);
    set("KH", form.kernel[0]);
    set("KW", form.kernel[1]);
    set("SH", form.stride[0]);
    set("SW", form.stride[1]);
    set("PH", form.before[0]);
    set("PW", form.before[1]);
    set("OH", form.toRows);
    set("OW", form.toColumns);
    out << ", .OUTSIDE(" << total << "'b" << outside << "))\n  " << s << "_windows(clk, " << s << "q0_ready, " << s << "q0, " << s
        << "_take, " << s << "_fire, " << s << "_window);\n";
  }

  const FlowNetlist &flow;
  std::string text;
  llvm::raw_string_ostream out;
};

std::string typeName(Type type, int64_t count) {
  auto integer = cast<IntegerType>(type);
  return std::string("Pixel<") + (integer.isSigned() ? "ap_int<" : "ap_uint<") + std::to_string(integer.getWidth()) + ">, " +
         std::to_string(count) + ">";
}

class FlowCppPrinter {
public:
  explicit FlowCppPrinter(const FlowNetlist &flow) : flow(flow) {}

  CppFiles print() {
    llvm::raw_string_ostream out(files.source);
    out << "#include \"top.h\"\n\n" << cppPrologue();
    std::string calls, streams;
    // A frame that several stages read is forked: each reader has a stream of its own.
    std::vector<SmallVector<std::string>> names(flow.stages.size() + 1);
    auto streamsOf = [&](int64_t frame, StringRef made) {
      auto readers = readersOf(flow, frame);
      std::string from = made.str();
      for (size_t reader = 0; reader < readers.size(); ++reader) {
        if (reader + 1 == readers.size()) {
          names[frame].push_back(from);
          break;
        }
        std::string own = "f" + std::to_string(frame) + "_" + std::to_string(reader), rest = own + "_rest";
        for (const std::string &name : {own, rest})
          declare(streams, frame, name);
        calls += "  fork_stage<" + std::to_string(flow.pixels(frame)) + ">(" + from + ", " + own + ", " + rest + ");\n";
        names[frame].push_back(own);
        from = rest;
      }
    };
    streamsOf(0, "x");
    SmallVector<size_t> used(flow.stages.size() + 1, 0);
    int64_t last = flow.stages.size();
    for (auto [number, stage] : llvm::enumerate(flow.stages)) {
      std::string made = int64_t(number) + 1 == last ? "y" : "f" + std::to_string(number + 1);
      if (made != "y")
        declare(streams, number + 1, made);
      printStage(out, stage, number);
      std::string read;
      for (int64_t frame : stage.frames)
        read += names[frame][used[frame]++] + ", ";
      const StageForm &form = stage.form;
      std::string name = "Stage" + std::to_string(number);
      if (form.accumulates)
        calls += formatv("  {5}sum_stage<{0}, {1}, {2}>({3}{4});\n", form.windows(), flow.elements(number + 1), name, read, made,
                         form.isWindow ? "" : "pair_")
                     .str();
      else if (form.isWindow)
        calls += formatv("  window_stage<{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}, ", form.rows, form.columns, form.kernel[0],
                         form.kernel[1], form.stride[0], form.stride[1], form.before[0], form.before[1], form.toRows, form.toColumns)
                     .str() +
                 name + ">(" + read + made + ");\n";
      else
        calls += formatv("  pair_stage<{0}, {1}>({2}{3});\n", form.windows(), name, read, made).str();
      streamsOf(number + 1, made);
    }
    std::string signature = "void top(hls::stream<" + pixelType(0) + "> &x, hls::stream<" + pixelType(last) + "> &y)";
    out << "\n" << signature << " {\n#pragma HLS DATAFLOW\n#pragma HLS INTERFACE mode=axis port=x\n#pragma HLS INTERFACE mode=axis port=y\n"
        << streams << calls << "}\n";
    printHeader(signature, last);
    return std::move(files);
  }

private:
  std::string pixelType(int64_t frame) const {
    return typeName(flow.frameType(frame).getElementType(), flow.elements(frame));
  }
  void declare(std::string &streams, int64_t frame, const std::string &name) const {
    int64_t depth = 2;
    for (auto [stage, operand] : readersOf(flow, frame))
      depth = std::max(depth, depthsOf(flow.stages[stage])[operand]);
    streams += "  hls::stream<" + pixelType(frame) + "> " + name + ";\n#pragma HLS STREAM variable=" + name +
               " depth=" + std::to_string(depth) + "\n";
  }

  /// The design of a stage, and what a template of stream.h runs.
  void printStage(llvm::raw_ostream &out, const FlowNetlist::Stage &stage, size_t number) {
    CppStage design = printCppStage(Netlist(stage.design), "stage" + std::to_string(number));
    const StageForm &form = stage.form;
    out << design.source << "\nstruct Stage" << number << " {\n  typedef " << pixelType(stage.frames[0]) << " In;\n";
    if (stage.frames.size() > 1)
      out << "  typedef " << pixelType(stage.frames[1]) << " Other;\n";
    out << "  typedef "
        << (form.accumulates ? "Pixel<" + design.outputs[0].first + ", " + std::to_string(design.outputs[0].second) + ">" : pixelType(number + 1))
        << " Out;\n";
    if (form.accumulates)
      out << "  typedef " << pixelType(number + 1) << " Sum;\n";
    else if (form.isWindow)
      out << "  static In outside() {\n    In pixel;\n    for (int e = 0; e < " << flow.elements(stage.frames[0])
          << "; ++e)\n      pixel.v[e] = " << int64_t(StageOp(stage.op).getFill()) << ";\n    return pixel;\n  }\n";
    out << "  static void run(const In (&w0)[" << form.kernel[0] << "][" << form.kernel[1] << "], ";
    if (stage.frames.size() > 1)
      out << "const Other (&w1)[1][1], ";
    out << "Out &made) {\n#pragma HLS INLINE\n";
    std::string call;
    for (auto [operand, port] : llvm::enumerate(design.inputs)) {
      out << "    " << port.first << " a" << operand << "[" << port.second << "];\n";
      for (auto [index, at] : llvm::enumerate(flow.arguments(stage, operand)))
        out << "    a" << operand << "[" << index << "] = w" << operand << "[" << at[0] << "][" << at[1] << "].v[" << at[2] << "];\n";
      call += "a" + std::to_string(operand) + ", ";
    }
    out << "    " << design.outputs[0].first << " r[" << design.outputs[0].second << "];\n    stage" << number << "(" << call
        << "r);\n    for (int e = 0; e < " << design.outputs[0].second << "; ++e)\n      made.v[e] = r[e];\n  }\n};\n";
  }

  void printHeader(const std::string &signature, int64_t last) {
    llvm::raw_string_ostream out(files.header);
    int64_t inputs = flow.frameType(0).getNumElements(), outputs = flow.frameType(last).getNumElements();
    out << "#ifndef BRISK_TOP_H\n#define BRISK_TOP_H\n\n#include \"ap_int.h\"\n#include \"stream.h\"\n\n// Pixels of a frame in the order of "
           "its rows; by the schedule "
        << flow.latency << " cycles, a frame every " << flow.interval << ".\n"
        << signature << ";\n\n#define INPUT_COUNT " << inputs << "\n#define OUTPUT_COUNT " << outputs
        << "\n\n#ifndef __SYNTHESIS__\n// All elements of the model's tensors one after the other.\n"
        << "static inline void run(const long long *x, long long *y) {\n";
    auto places = [&](StringRef name, int64_t frame, ArrayRef<int64_t> axes) {
      out << "  static const int " << name << "[][2] = {";
      for (Place place : placesOf(flow.frameType(frame), axes))
        out << "{" << place.pixel << ", " << place.element << "}, ";
      out << "};\n  static " << pixelType(frame) << " " << name << "_pixels[" << flow.pixels(frame) << "];\n";
    };
    places("in", 0, flow.inputAxes());
    places("out", last, flow.outputAxes());
    out << "  hls::stream<" << pixelType(0) << "> from;\n  hls::stream<" << pixelType(last) << "> to;\n"
        << "  for (int i = 0; i < INPUT_COUNT; ++i)\n    in_pixels[in[i][0]].v[in[i][1]] = x[i];\n"
        << "  for (const auto &pixel : in_pixels)\n    from.write(pixel);\n  top(from, to);\n"
        << "  for (auto &pixel : out_pixels)\n    to.read(pixel);\n"
        << "  for (int i = 0; i < OUTPUT_COUNT; ++i)\n    y[i] = out_pixels[out[i][0]].v[out[i][1]];\n}\n#endif\n\n#endif\n";
  }

  const FlowNetlist &flow;
  CppFiles files;
};

} // namespace

std::string hls::printVerilog(const FlowNetlist &flow) { return FlowPrinter(flow).verilog(); }
CppFiles hls::printCpp(const FlowNetlist &flow) { return FlowCppPrinter(flow).print(); }
