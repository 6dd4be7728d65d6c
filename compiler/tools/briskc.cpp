// briskc: the compiler's command line.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compiler.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <map>
#include <memory>

using namespace llvm;

namespace {

/// The flags of Options.def as command-line options.
class Flags {
public:
  Flags() {
#define BRISK_OPTION(type, name, flag, value, group, meta, help) add_##type(flag, group, meta, help);
#include "compiler/Options.def"
  }
  void read(brisk::Options &options) {
#define BRISK_OPTION(type, name, flag, value, group, meta, help) read_##type(flag, options.name);
#include "compiler/Options.def"
  }
  SmallVector<const cl::OptionCategory *> categoryList() const {
    SmallVector<const cl::OptionCategory *> list;
    for (auto &[name, category] : categories)
      list.push_back(category.get());
    return list;
  }
  cl::OptionCategory &category(StringRef group) {
    auto &slot = categories[group.str()];
    if (!slot)
      slot = std::make_unique<cl::OptionCategory>(names.emplace_back(new std::string(group.str() + " options"))->c_str());
    return *slot;
  }

private:
  void add_bool(const char *flag, const char *group, const char *, const char *help) {
    bools[flag] = std::make_unique<cl::opt<bool>>(StringRef(flag), cl::desc(help), cl::cat(category(group)));
  }
  void add_string(const char *flag, const char *group, const char *meta, const char *help) {
    strings[flag] =
        std::make_unique<cl::opt<std::string>>(StringRef(flag), cl::desc(help), cl::value_desc(meta), cl::cat(category(group)));
  }
  void add_int(const char *flag, const char *group, const char *meta, const char *help) {
    ints[flag] = std::make_unique<cl::opt<int>>(StringRef(flag), cl::desc(help), cl::value_desc(meta), cl::cat(category(group)));
  }
  void add_list(const char *flag, const char *group, const char *meta, const char *help) {
    lists[flag] =
        std::make_unique<cl::list<std::string>>(StringRef(flag), cl::desc(help), cl::value_desc(meta), cl::cat(category(group)));
  }
  template <typename Map, typename Value> void readInto(Map &map, const char *flag, Value &value) {
    if (map[flag]->getNumOccurrences())
      value = map[flag]->getValue();
  }
  void read_bool(const char *flag, bool &value) { readInto(bools, flag, value); }
  void read_string(const char *flag, std::string &value) { readInto(strings, flag, value); }
  void read_int(const char *flag, int &value) { readInto(ints, flag, value); }
  void read_list(const char *flag, std::vector<std::string> &value) {
    value.assign(lists[flag]->begin(), lists[flag]->end());
  }

  std::map<std::string, std::unique_ptr<cl::OptionCategory>> categories;
  std::vector<std::unique_ptr<std::string>> names;
  std::map<std::string, std::unique_ptr<cl::opt<bool>>> bools;
  std::map<std::string, std::unique_ptr<cl::opt<int>>> ints;
  std::map<std::string, std::unique_ptr<cl::opt<std::string>>> strings;
  std::map<std::string, std::unique_ptr<cl::list<std::string>>> lists;
};

std::string defaultOutput(StringRef input, const brisk::Options &options) {
  StringRef kind = options.emit.empty() ? "so" : StringRef(options.emit);
  if (!options.stop_after.empty() || kind == "mlir")
    return "-";
  StringRef stem = sys::path::stem(input);
  if (kind == "obj" || kind == "exe")
    return stem.str();
  // Not in the model's own place.
  if (kind == "onnx")
    return (stem + ".brisk.onnx").str();
  return (stem + "." + (kind == "asm" ? "s" : kind == "llvm" ? "ll" : kind)).str();
}

} // namespace

int main(int argc, char **argv) {
  // Only Brisk's own options: those that LLVM's libraries register are not part of the contract.
  cl::ResetCommandLineParser();
  Flags flags;
  cl::OptionCategory &general = flags.category("Output");
  cl::opt<std::string> input(cl::Positional, cl::desc("MODEL.onnx"), cl::value_desc("file"), cl::cat(general));
  cl::opt<std::string> output("o", cl::desc("artifact to write"), cl::value_desc("OUT"), cl::cat(general));
  cl::opt<std::string> check("check", cl::desc("list everything that keeps the model from being compiled, and stop"),
                             cl::value_desc("json"), cl::ValueOptional, cl::cat(flags.category("Model")));
  cl::opt<std::string> predict("predict", cl::desc("predict the latency, kernel by kernel, and stop"),
                               cl::value_desc("json"), cl::ValueOptional, cl::cat(flags.category("Machine")));
  cl::opt<bool> calibrate("calibrate-machine",
                          cl::desc("measure this machine (about a minute) and write its description to -o FILE"),
                          cl::cat(flags.category("Machine")));
  cl::opt<std::string> measurements("measurements",
                                    cl::desc("with --calibrate-machine: adapt --machine to whole models measured elsewhere, "
                                             "lines of model,microseconds[,NAME=1x3x224x224...]"),
                                    cl::value_desc("FILE"), cl::cat(flags.category("Machine")));
  cl::SetVersionPrinter([](raw_ostream &stream) { stream << brisk::versionText() << "\n"; });
  SmallVector<const cl::OptionCategory *> categories = flags.categoryList();
  cl::HideUnrelatedOptions(categories);
  std::string message;
  raw_string_ostream stream(message);
  if (!cl::ParseCommandLineOptions(argc, argv, "briskc: compiles ONNX models to native code\n", &stream)) {
    StringRef first = StringRef(message).split('\n').first;
    errs() << "briskc: error: " << first.split(": ").second << "\n";
    return static_cast<int>(brisk::Status::Usage);
  }
  brisk::Options options;
  flags.read(options);
  auto say = [](const std::string &severity, const std::string &text) {
    if (severity == "report")
      errs() << text;
    else if (severity != "progress")
      errs() << "briskc: " << severity << ": " << text << "\n";
    else if (errs().is_displayed())
      errs() << "\r" << text;
  };
  if (calibrate) {
    std::string report;
    brisk::Status status = brisk::calibrateMachine(output, measurements, options, report, say);
    if (errs().is_displayed())
      errs() << "\n";
    outs() << report;
    return static_cast<int>(status);
  }
  if (input.empty()) {
    errs() << "briskc: error: expects a model; see briskc --help\n";
    return static_cast<int>(brisk::Status::Usage);
  }
  brisk::ModelSource model;
  model.path = input;
  // Flags that ask for a report on stdout in place of an artifact.
  using Reporter = brisk::Status (*)(const brisk::ModelSource &, const brisk::Options &, bool, std::string &,
                                     const brisk::DiagnosticSink &);
  for (auto [flag, reporter] : {std::pair(&check, Reporter(brisk::check)), std::pair(&predict, Reporter(brisk::predict))}) {
    if (!flag->getNumOccurrences())
      continue;
    std::string name = "--" + flag->ArgStr.str();
    if (!flag->empty() && *flag != "json") {
      say("error", name + "=" + flag->getValue() + ": expects " + name + " or " + name + "=json");
      return static_cast<int>(brisk::Status::Usage);
    }
    std::string report;
    brisk::Status status = reporter(model, options, *flag == "json", report, say);
    outs() << report;
    return static_cast<int>(status);
  }
  std::string path = output.empty() ? defaultOutput(input, options) : output.getValue();
  return static_cast<int>(brisk::compile(model, path, options, say));
}
