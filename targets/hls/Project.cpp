// The folder that a design becomes.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Emit.h"
#include "targets/hls/Simulate.h"

#include "targets/common/Tools.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace brisk;
using namespace brisk::hls;

// Files of every project, as they lie in project/.
#define BRISK_PROJECT_FILE(symbol, file)                                                                                         \
  __asm__(".section .rodata\nbrisk_hls_" #symbol "_begin:\n.incbin \"" BRISK_HLS_PROJECT "/" file "\"\nbrisk_hls_" #symbol      \
          "_end:\n.byte 0\n.text\n");                                                                                            \
  extern "C" const char brisk_hls_##symbol##_begin[] __attribute__((visibility("hidden")));                                      \
  extern "C" const char brisk_hls_##symbol##_end[] __attribute__((visibility("hidden")));                                        \
  static StringRef symbol() { return {brisk_hls_##symbol##_begin, size_t(brisk_hls_##symbol##_end - brisk_hls_##symbol##_begin)}; }
BRISK_PROJECT_FILE(shim, "ap_int.h")
BRISK_PROJECT_FILE(csim, "csim.cpp")
BRISK_PROJECT_FILE(rtl, "rtl.cpp")
BRISK_PROJECT_FILE(makefile, "Makefile")
BRISK_PROJECT_FILE(chains, "carry_chains.v")
BRISK_PROJECT_FILE(stream, "stream.v")
BRISK_PROJECT_FILE(streams, "stream.h")
BRISK_PROJECT_FILE(queue, "hls_stream.h")

std::string hls::topVerilog(const Netlist &netlist) { return printVerilog(netlist, "top"); }
std::string hls::topVerilog(const FlowNetlist &flow) { return stream().str() + "\n" + printVerilog(flow); }

/// What tells a design and a flow apart, for the files around them.
struct Sources {
  CppFiles cpp;
  std::string rtl, layout, inputs, expected, report;
  double clock;
  bool isFlow;
};

/// Most vectors in a project: all low, all high, the rest at random.
static constexpr int64_t kVectors = 1000;
/// Operators that are run for them, at most; one vector and a few are always made.
static constexpr int64_t kRun = 30'000'000;

/// One element of the ports of the Verilog.
struct Element {
  int64_t pixel, at, width;
  bool isSigned;
};

static std::string layoutOf(ArrayRef<Element> inputs, ArrayRef<Element> outputs, int64_t inputPixels, int64_t outputPixels,
                            int64_t interval, int64_t latency) {
  std::string text = "struct Element {\n  int pixel, at, width;\n  bool isSigned;\n};\n";
  for (auto [name, elements] : {std::pair("Inputs", inputs), std::pair("Outputs", outputs)}) {
    text += formatv("static const Element k{0}[] = {{", name);
    for (const Element &element : elements)
      text += formatv("{{{0}, {1}, {2}, {3}}, ", element.pixel, element.at, element.width, element.isSigned ? "true" : "false");
    text += "};\n";
  }
  text += formatv("enum {{ INPUT_COUNT = {0}, OUTPUT_COUNT = {1}, INPUT_PIXELS = {2}, OUTPUT_PIXELS = {3}, INTERVAL = {4}, LATENCY = {5} };\n",
                  inputs.size(), outputs.size(), inputPixels, outputPixels, interval, latency);
  return text;
}

static std::vector<Element> sideBySide(ArrayRef<mlir::Value> values) {
  std::vector<Element> elements;
  int64_t at = 0;
  for (mlir::Value value : values) {
    elements.push_back({0, at, Netlist::width(value), Netlist::isSigned(value)});
    at += Netlist::width(value);
  }
  return elements;
}

static std::vector<Element> ofFrame(const FlowNetlist &flow, int64_t frame, ArrayRef<int64_t> axes) {
  auto type = mlir::cast<mlir::IntegerType>(flow.frameType(frame).getElementType());
  std::vector<Element> elements;
  for (Place place : placesOf(flow.frameType(frame), axes))
    elements.push_back({place.pixel, place.element * type.getWidth(), type.getWidth(), type.isSigned()});
  return elements;
}

/// What `run` makes of pseudo-random inputs.
static void addVectors(Sources &sources, ArrayRef<Interval> ranges, int64_t operators,
                       function_ref<std::vector<int64_t>(ArrayRef<int64_t>)> run) {
  uint64_t state = 0x9e3779b97f4a7c15;
  int64_t count = std::clamp(kRun / std::max<int64_t>(operators, 1), int64_t(3), kVectors);
  for (int64_t number = 0; number < count; ++number) {
    std::vector<int64_t> x;
    for (Interval range : ranges) {
      state = state * 6364136223846793005 + 1442695040888963407;
      int64_t random = range.low + int64_t((state >> 33) % uint64_t(range.high - range.low + 1));
      x.push_back(number == 0 ? range.low : number == 1 ? range.high : random);
    }
    auto line = [](ArrayRef<int64_t> numbers, std::string &text) {
      for (int64_t value : numbers)
        text += std::to_string(value) + " ";
      text.back() = '\n';
    };
    line(x, sources.inputs);
    line(run(x), sources.expected);
  }
}

static Interval rangeOfInput(mlir::Attribute attribute) {
  auto input = mlir::cast<mlir::DictionaryAttr>(attribute);
  return {input.getAs<mlir::IntegerAttr>("low").getInt(), input.getAs<mlir::IntegerAttr>("high").getInt()};
}

static Sources sourcesOf(const Netlist &netlist, StringRef model, const Part &part) {
  DesignOp design = netlist.design;
  Sources sources{printCpp(netlist), topVerilog(netlist), "", "", "", printReport(netlist, model, part.name),
                  design->getAttrOfType<mlir::FloatAttr>("clock_ns").getValueAsDouble(), false};
  sources.layout = layoutOf(sideBySide(netlist.inputs), sideBySide(netlist.outputs), 1, 1, 1, netlist.latency);
  SmallVector<Interval> ranges;
  for (mlir::Attribute input : design.getInputs()) {
    int64_t count = 1;
    for (int64_t dim : mlir::cast<mlir::DictionaryAttr>(input).getAs<mlir::DenseI64ArrayAttr>("dims").asArrayRef())
      count *= dim;
    ranges.append(count, rangeOfInput(input));
  }
  Program program(design);
  addVectors(sources, ranges, program.size(), [&](ArrayRef<int64_t> x) {
    std::vector<int64_t> y;
    program.run(x, y);
    return y;
  });
  return sources;
}

static Sources sourcesOf(const FlowNetlist &flow, StringRef model, const Part &part) {
  DesignOp first = flow.stages.front().design;
  Sources sources{printCpp(flow), topVerilog(flow), "", "", "", printReport(flow, model, part.name),
                  first->getAttrOfType<mlir::FloatAttr>("clock_ns").getValueAsDouble(), true};
  int64_t last = flow.stages.size();
  sources.layout = layoutOf(ofFrame(flow, 0, flow.inputAxes()), ofFrame(flow, last, flow.outputAxes()), flow.pixels(0), flow.pixels(last),
                            flow.interval, flow.latency);
  SmallVector<Interval> ranges(flow.frameType(0).getNumElements(), rangeOfInput(first.getInputs()[0]));
  FlowProgram program(flow);
  addVectors(sources, ranges, program.size(), [&](ArrayRef<int64_t> x) { return program.run(x); });
  return sources;
}

static std::string scriptOf(const Part &part, double clock) {
  if (part.vendorName.empty())
    return "";
  return formatv("# vitis_hls -f run_vitis.tcl: not run by the compiler's tests, which have no vendor tools.\n"
                 "open_project -reset vitis\nset_top top\nadd_files src/top.cpp -cflags \"-Isrc\"\n"
                 "add_files -tb tb/csim.cpp -cflags \"-Isrc\"\nadd_files -tb data\nopen_solution -reset solution\n"
                 "set_part {0}\ncreate_clock -period {1}\ncsim_design -argv \"data/inputs.txt data/expected.txt\"\n"
                 "csynth_design\nexport_design -flow syn\nexit\n",
                 part.vendorName, clock)
      .str();
}

static Error writeFolder(const Sources &sources, StringRef folder, const Part &part, StringRef manifest) {
  SmallString<128> temporary;
  if (std::error_code code = sys::fs::createUniqueDirectory(folder + "-part", temporary); code)
    return createStringError(code, folder + ": " + code.message());
  // createUniqueDirectory() puts relative names beside the working directory, as they are meant here.
  struct File {
    StringRef name;
    std::string content;
  };
  const File files[] = {{"src/top.h", sources.cpp.header},
                        {"src/top.cpp", sources.cpp.source},
                        {"src/stream.h", sources.isFlow ? streams().str() : ""},
                        {"rtl/top.v", sources.rtl},
                        {"tb/csim.cpp", csim().str()},
                        {"tb/rtl.cpp", rtl().str()},
                        {"tb/layout.h", sources.layout},
                        {"shim/ap_int.h", shim().str()},
                        {"shim/hls_stream.h", sources.isFlow ? queue().str() : ""},
                        {"data/inputs.txt", sources.inputs},
                        {"data/expected.txt", sources.expected},
                        {"synth/carry_chains.v", chains().str()},
                        {"Makefile", makefile().str()},
                        {"run_vitis.tcl", scriptOf(part, sources.clock)},
                        {"report.json", sources.report},
                        {"manifest.json", manifest.str()}};
  for (const File &file : files) {
    if (file.content.empty())
      continue;
    SmallString<128> path(temporary);
    sys::path::append(path, file.name);
    if (std::error_code code = sys::fs::create_directories(sys::path::parent_path(path)))
      return createStringError(code, path + ": " + code.message());
    if (Error error = writeFile(path, file.content)) {
      sys::fs::remove_directories(temporary);
      return error;
    }
  }
  // A project of an earlier run is replaced; anything else is not ours to remove.
  if (sys::fs::exists(folder)) {
    SmallString<128> mark(folder);
    sys::path::append(mark, "rtl", "top.v");
    if (!sys::fs::is_directory(folder) || !sys::fs::exists(mark)) {
      sys::fs::remove_directories(temporary);
      return createStringError(folder + ": exists and is no project of this compiler");
    }
    sys::fs::remove_directories(folder);
  }
  if (std::error_code code = sys::fs::rename(temporary, folder)) {
    sys::fs::remove_directories(temporary);
    return createStringError(code, folder + ": " + code.message());
  }
  return Error::success();
}

Error hls::writeProject(const Netlist &netlist, StringRef folder, StringRef model, const Part &part, StringRef manifest) {
  return writeFolder(sourcesOf(netlist, model, part), folder, part, manifest);
}

Error hls::writeProject(const FlowNetlist &flow, StringRef folder, StringRef model, const Part &part, StringRef manifest) {
  return writeFolder(sourcesOf(flow, model, part), folder, part, manifest);
}
