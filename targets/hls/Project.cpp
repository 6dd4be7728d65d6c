// The folder that a design becomes.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Emit.h"

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

/// Vectors in a project: all low, all high, the rest at random.
static constexpr int kVectors = 1000;

/// Where each element lies in the ports of the Verilog.
static std::string layoutOf(const Netlist &netlist) {
  std::string text = "struct Element {\n  int at, width;\n  bool isSigned;\n};\n";
  auto list = [&](StringRef name, ArrayRef<mlir::Value> values) {
    text += formatv("static const Element k{0}[] = {{", name);
    int64_t at = 0;
    for (mlir::Value value : values) {
      text += formatv("{{{0}, {1}, {2}}, ", at, Netlist::width(value), Netlist::isSigned(value) ? "true" : "false");
      at += Netlist::width(value);
    }
    text += "};\n";
  };
  list("Inputs", netlist.inputs);
  list("Outputs", netlist.outputs);
  text += formatv("enum {{ INPUT_COUNT = {0}, OUTPUT_COUNT = {1} };\n", netlist.inputs.size(), netlist.outputs.size());
  return text;
}

/// What the design, run number by number, makes of pseudo-random inputs.
static std::pair<std::string, std::string> vectorsOf(const Netlist &netlist) {
  SmallVector<Interval> ranges;
  DesignOp design = netlist.design;
  for (mlir::Attribute attribute : design.getInputs()) {
    auto input = mlir::cast<mlir::DictionaryAttr>(attribute);
    int64_t count = 1;
    for (int64_t dim : input.getAs<mlir::DenseI64ArrayAttr>("dims").asArrayRef())
      count *= dim;
    ranges.append(count, {input.getAs<mlir::IntegerAttr>("low").getInt(), input.getAs<mlir::IntegerAttr>("high").getInt()});
  }
  std::string inputs, expected;
  uint64_t state = 0x9e3779b97f4a7c15;
  for (int number = 0; number < kVectors; ++number) {
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
    line(x, inputs);
    line(evaluate(netlist.design, x), expected);
  }
  return {inputs, expected};
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

Error hls::writeProject(const Netlist &netlist, StringRef folder, StringRef model, const Part &part, StringRef manifest) {
  CppFiles cpp = printCpp(netlist);
  auto [inputs, expected] = vectorsOf(netlist);
  auto clock = netlist.design->getAttrOfType<mlir::FloatAttr>("clock_ns").getValueAsDouble();
  SmallString<128> temporary;
  if (std::error_code code = sys::fs::createUniqueDirectory(folder + "-part", temporary); code)
    return createStringError(code, folder + ": " + code.message());
  // createUniqueDirectory() puts relative names beside the working directory, as they are meant here.
  struct File {
    StringRef name;
    std::string content;
  };
  const File files[] = {{"src/top.h", cpp.header},
                        {"src/top.cpp", cpp.source},
                        {"rtl/top.v", printVerilog(netlist)},
                        {"tb/csim.cpp", csim().str()},
                        {"tb/rtl.cpp", rtl().str()},
                        {"tb/layout.h", layoutOf(netlist)},
                        {"shim/ap_int.h", shim().str()},
                        {"data/inputs.txt", inputs},
                        {"data/expected.txt", expected},
                        {"synth/carry_chains.v", chains().str()},
                        {"Makefile", makefile().str()},
                        {"run_vitis.tcl", scriptOf(part, clock)},
                        {"report.json", printReport(netlist, model, part.name)},
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
