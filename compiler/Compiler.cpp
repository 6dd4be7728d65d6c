// The life of a model: import, the stages of Pipeline.cpp, emit.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compiler.h"

#include "compiler/Compress.h"
#include "compiler/Evaluator.h"
#include "compiler/Pipeline.h"
#include "compiler/Predict.h"
#include "compiler/Registry.h"
#include "compiler/Signature.h"
#include "compiler/Verify.h"
#include "compiler/export/Export.h"
#include "compiler/import/Check.h"
#include "compiler/import/Import.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "targets/common/Tools.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace brisk;

namespace {

/// The text as one line that no terminal takes for commands: names come from the model.
std::string printable(StringRef text) {
  std::string line;
  for (unsigned char c : text) {
    if (c == '\n')
      line += ' ';
    else if (c < 0x20 || c == 0x7f)
      line += "\\x" + llvm::toHex(StringRef(reinterpret_cast<char *>(&c), 1));
    else
      line += static_cast<char>(c);
  }
  return line;
}

/// One diagnostic as a line: the ONNX node name first, as locations carry it.
std::string lineOf(const Diagnostic &diagnostic) {
  std::string where;
  Location loc = diagnostic.getLocation();
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    loc = call.getCallee();
  if (auto name = dyn_cast<NameLoc>(loc))
    where = "node '" + name.getName().str() + "': ";
  else if (auto file = dyn_cast<FileLineColLoc>(loc))
    where = (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ": ").str();
  return printable(where + diagnostic.str());
}

/// An identifier made of a file's name.
std::string identifier(StringRef text) {
  std::string name;
  for (char c : text)
    name.push_back(llvm::isAlnum(c) ? c : '_');
  if (name.empty() || llvm::isDigit(name.front()))
    name.insert(0, "m");
  return name;
}

/// "NAME=1x3x224x224" entries.
llvm::Expected<llvm::StringMap<SmallVector<int64_t>>> parseShapes(const std::vector<std::string> &entries) {
  llvm::StringMap<SmallVector<int64_t>> shapes;
  for (const std::string &entry : entries) {
    // Names may hold '=' themselves; dims never do.
    auto [name, text] = StringRef(entry).rsplit('=');
    SmallVector<int64_t> dims;
    SmallVector<StringRef> parts;
    if (!text.empty())
      text.split(parts, 'x');
    bool ok = StringRef(entry).contains('=') && !name.empty();
    for (StringRef part : parts) {
      int64_t dim;
      ok &= !part.getAsInteger(10, dim) && dim >= 0;
      if (ok)
        dims.push_back(dim);
    }
    if (!ok)
      return llvm::createStringError("--shape " + entry + ": expects NAME=1x3x224x224");
    shapes[name] = dims;
  }
  return shapes;
}

class Compilation {
public:
  Compilation(const Options &options, const DiagnosticSink &sink) : options(options), sink(sink) {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
    handler = context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
      const char *severity = diagnostic.getSeverity() == DiagnosticSeverity::Error     ? "error"
                             : diagnostic.getSeverity() == DiagnosticSeverity::Warning ? "warning"
                                                                                       : "remark";
      if (diagnostic.getSeverity() != DiagnosticSeverity::Note)
        this->sink(severity, lineOf(diagnostic));
    });
  }

  Status run(const ModelSource &model, const std::string &output) {
    TargetRegistry targets = makeTargets();
    auto found = targets.find(options.target);
    if (found == targets.end())
      return usage("unknown --target=" + options.target + ": expects " + names(targets));
    const Target &target = *found->second;
    std::string message;
    if (failed(target.checkMarch(options.march, message)))
      return usage(message);
    std::string kind = options.emit.empty() ? target.artifacts().front().str() : options.emit;
    if (kind != "mlir" && kind != "onnx" && !llvm::is_contained(target.artifacts(), kind))
      return usage("unknown --emit=" + kind + " for the " + options.target + " target: expects " +
                   llvm::join(target.artifacts(), ", ") + ", mlir, onnx");
    if (!options.stop_after.empty() && options.stop_after != "import" &&
        llvm::none_of(pipeline(), [&](const Stage &stage) { return options.stop_after == stage.name; }))
      return usage("unknown --stop-after=" + options.stop_after);
    auto shapes = parseShapes(options.shape);
    if (!shapes)
      return usage(llvm::toString(shapes.takeError()));

    Compression compression(options, *targets.at("cpu"));
    if (llvm::Error error = compression.check())
      return usage(llvm::toString(std::move(error)));

    OwningOpRef<ModuleOp> module = read(model, *shapes);
    if (!module || failed(dump("import", *module)))
      return Status::ModelError;
    if (options.stop_after == "import")
      return writeMlir(*module, output);
    HostEvaluator evaluator(*targets.at("cpu"));
    PipelineContext pipelineContext{options, target, &evaluator, compression.wanted() ? &compression.request : nullptr};
    for (const Stage &stage : pipeline()) {
      if (StringRef(stage.name) == "compress" && compression.wanted())
        if (llvm::Error error = compression.readSamples(*module))
          return fail(std::move(error));
      // The interface is read off the types while they still carry symbolic dims and signs.
      if (StringRef(stage.name) == "lower" && failed(recordSignature(*module)))
        return Status::ModelError;
      PassManager passes(&context);
      passes.enableVerifier(false);
      if (options.time_passes)
        passes.enableTiming();
      stage.build(passes, pipelineContext);
      if (failed(passes.run(*module)) || failed(dump(stage.name, *module)))
        return Status::ModelError;
      if (StringRef(stage.name) == "compress") {
        std::string table;
        if (llvm::Error error = compression.writeReport(table))
          return fail(std::move(error));
        if (!table.empty())
          sink("report", table);
      }
      if (options.stop_after == stage.name)
        return writeMlir(*module, output);
      // From here on forms and layouts are our own.
      if (kind == "onnx" && StringRef(stage.name) == "compress")
        return succeeded(exportModel(*module, output, exportOptions())) ? Status::Done : Status::ModelError;
    }
    if (kind == "mlir")
      return writeMlir(*module, output);
    EmitRequest request;
    request.kind = kind;
    request.output = output;
    request.march = options.march;
    request.plain = options.reference;
    request.name = nameOf(model);
    request.manifest = manifest(*module, request);
    return succeeded(target.emit(*module, request)) ? Status::Done : Status::ModelError;
  }

  Status check(const ModelSource &model, bool json, std::string &report) {
    TargetRegistry targets = makeTargets();
    auto found = targets.find(options.target);
    if (found == targets.end())
      return usage("unknown --target=" + options.target + ": expects " + names(targets));
    auto shapes = parseShapes(options.shape);
    if (!shapes)
      return usage(llvm::toString(shapes.takeError()));
    std::vector<ImportProblem> problems;
    OwningOpRef<ModuleOp> module = read(model, *shapes, &problems);
    HostEvaluator evaluator(*targets.at("cpu"));
    PipelineContext pipelineContext{options, *found->second, &evaluator};
    for (const Stage &stage : pipeline()) {
      if (!module || StringRef(stage.name) == "lower")
        break;
      std::vector<std::string> messages;
      ScopedDiagnosticHandler collect(&context, [&](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
          return failure();
        messages.push_back(lineOf(diagnostic));
        return success();
      });
      PassManager passes(&context);
      passes.enableVerifier(false);
      stage.build(passes, pipelineContext);
      if (failed(passes.run(*module))) {
        module = nullptr;
        ImportProblem problem;
        problem.reason = messages.empty() ? std::string("fails in stage ") + stage.name : messages.front();
        problems.push_back(problem);
      }
    }
    if (module)
      checkLowering(*module, problems);
    std::string name = model.bytes.empty() ? model.path : nameOf(model);
    report = json ? jsonOf(name, problems) : tableOf(name, problems);
    return problems.empty() ? Status::Done : Status::ModelError;
  }

  Status predict(const ModelSource &model, PredictedModel &predicted) {
    TargetRegistry targets = makeTargets();
    auto found = targets.find(options.target);
    if (found == targets.end())
      return usage("unknown --target=" + options.target + ": expects " + names(targets));
    const Target &target = *found->second;
    std::string message;
    if (failed(target.checkMarch(options.march, message)))
      return usage(message);
    auto shapes = parseShapes(options.shape);
    if (!shapes)
      return usage(llvm::toString(shapes.takeError()));
    llvm::Expected<machine::Description> machine = machineOf(target);
    if (!machine)
      return usage("--machine=" + llvm::toString(machine.takeError()));
    const machine::Isa *isa = machine->isa(options.march);
    if (!isa)
      return usage("--march=" + options.march + ": the machine '" + machine->name + "' has no such instruction set");
    OwningOpRef<ModuleOp> module = read(model, *shapes);
    if (!module)
      return Status::ModelError;
    Compression compression(options, *targets.at("cpu"));
    if (llvm::Error error = compression.check())
      return usage(llvm::toString(std::move(error)));
    HostEvaluator evaluator(*targets.at("cpu"));
    PipelineContext pipelineContext{options, target, &evaluator, compression.wanted() ? &compression.request : nullptr};
    for (const Stage &stage : pipeline()) {
      if (StringRef(stage.name) == "compress" && compression.wanted())
        if (llvm::Error error = compression.readSamples(*module)) {
          sink("error", llvm::toString(std::move(error)));
          return Status::ModelError;
        }
      if (StringRef(stage.name) == "lower") {
        if (failed(recordSignature(*module)))
          return Status::ModelError;
        std::vector<std::string> open = openInputs(*module);
        for (const std::string &line : open)
          sink("error", printable(line + ": a prediction needs their sizes, see --shape"));
        if (!open.empty())
          return Status::ModelError;
      }
      PassManager passes(&context);
      passes.enableVerifier(false);
      stage.build(passes, pipelineContext);
      if (failed(passes.run(*module)))
        return Status::ModelError;
    }
    predicted = {nameOf(model), machine->name, isa->name, cost::predict(cost::factsOf(*module), *machine, isa)};
    return Status::Done;
  }

private:
  llvm::Expected<machine::Description> machineOf(const Target &target) {
    return options.machine.empty() ? target.describe() : machine::Description::read(options.machine);
  }

  Status fail(llvm::Error error) {
    sink("error", llvm::toString(std::move(error)));
    return Status::ModelError;
  }

  Status usage(const std::string &message) {
    sink("error", message);
    return Status::Usage;
  }

  static std::string names(const TargetRegistry &targets) {
    return llvm::join(llvm::map_range(targets, [](auto &entry) { return entry.first; }), ", ");
  }

  static std::string nameOf(const ModelSource &model) {
    return identifier(model.name.empty() ? llvm::sys::path::stem(model.path) : StringRef(model.name));
  }

  OwningOpRef<ModuleOp> read(const ModelSource &model, const llvm::StringMap<SmallVector<int64_t>> &shapes,
                             std::vector<ImportProblem> *problems = nullptr) {
    if (StringRef(model.path).ends_with(".mlir")) {
      ParserConfig config(&context);
      return parseSourceFile<ModuleOp>(model.path, config);
    }
    ImportOptions importOptions;
    importOptions.shapes = shapes;
    FailureOr<OwningOpRef<ModuleOp>> module =
        model.bytes.empty() ? importModel(model.path, &context, importOptions, problems)
                            : importModelBytes(model.bytes, nameOf(model), model.folder, &context, importOptions, problems);
    if (failed(module))
      return nullptr;
    return std::move(*module);
  }

  LogicalResult dump(StringRef stage, ModuleOp module) {
    if (options.dump.empty())
      return success();
    if (std::error_code code = llvm::sys::fs::create_directories(options.dump)) {
      sink("error", options.dump + ": " + code.message());
      return failure();
    }
    std::string path = options.dump + "/" + std::to_string(dumped++) + "-" + stage.str() + ".mlir";
    return success(writeMlir(module, path) == Status::Done);
  }

  Status writeMlir(ModuleOp module, const std::string &path) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    OpPrintingFlags flags;
    flags.elideLargeElementsAttrs(64).elideLargeResourceString(64);
    module.print(stream, flags);
    if (path == "-" || path.empty()) {
      llvm::outs() << text << "\n";
      return Status::Done;
    }
    if (llvm::Error error = writeFile(path, text + "\n")) {
      sink("error", llvm::toString(std::move(error)));
      return Status::ModelError;
    }
    return Status::Done;
  }

  static ExportOptions exportOptions() {
    ExportOptions result;
    result.producerVersion = StringRef(versionText()).split(' ').second.split(' ').first.str();
    return result;
  }

  /// What the artifact says of itself. No time, no path: the same input gives the same bytes.
  std::string manifest(ModuleOp module, const EmitRequest &request) {
    llvm::json::Object object{{"producer", versionText()}, {"model", request.name}, {"target", options.target},
                              {"march", options.march}};
    if (auto metadata = module->getAttrOfType<DictionaryAttr>("onnx.metadata")) {
      llvm::json::Object entries;
      for (NamedAttribute entry : metadata)
        if (auto text = dyn_cast<StringAttr>(entry.getValue()))
          entries[entry.getName().getValue()] = text.getValue();
      object["metadata"] = std::move(entries);
    }
    std::string text;
    llvm::raw_string_ostream(text) << llvm::json::Value(std::move(object));
    return text;
  }

  const Options &options;
  const DiagnosticSink &sink;
  MLIRContext context{MLIRContext::Threading::DISABLED};
  DiagnosticEngine::HandlerID handler;
  unsigned dumped = 0;
};

} // namespace

/// Compiles, compiles the reference, compares the two, and only then lets the artifact appear.
static Status compileVerified(const ModelSource &given, const std::string &output, const Options &asked,
                              const DiagnosticSink &sink) {
  ModelSource model = given;
  Options options = asked;
  llvm::Expected<TemporaryFolder> folder = TemporaryFolder::create();
  auto fail = [&](llvm::Error error) {
    sink("error", llvm::toString(std::move(error)));
    return Status::ModelError;
  };
  if (!folder)
    return fail(folder.takeError());
  if (options.quantize != "none") {
    // Decided once, by measurements that would not come out the same a second time.
    Options decide = options;
    decide.emit = "onnx";
    std::string decided = folder->file("decided.onnx");
    if (Status status = Compilation(decide, sink).run(model, decided); status != Status::Done)
      return status;
    std::string stem = llvm::sys::path::stem(model.path).str();
    model = {};
    model.path = decided;
    model.name = given.name.empty() ? stem : given.name;
    options.quantize = "none";
    options.report = "";
    options.shape.clear();
  }
  Options runnable = options;
  runnable.emit = ""; // what can be run here
  std::string artifact = folder->file("artifact"), reference = folder->file("reference");
  if (Status status = Compilation(runnable, sink).run(model, artifact); status != Status::Done)
    return status;
  Options plain = runnable;
  plain.reference = true;
  plain.dump = "";
  plain.time_passes = false;
  // What there is to say of the model was said.
  if (Status status = Compilation(plain, [&](const std::string &severity, const std::string &message) {
                        if (severity == "error")
                          sink(severity, message);
                      }).run(model, reference);
      status != Status::Done)
    return status;
  llvm::Expected<std::string> verdict = verify(artifact, reference, /*quantized=*/asked.quantize != "none");
  if (!verdict)
    return fail(verdict.takeError());
  sink("remark", *verdict);
  if (!options.emit.empty())
    return Compilation(options, sink).run(model, output);
  if (llvm::Error error = moveFile(artifact, output))
    return fail(std::move(error));
  return Status::Done;
}

Status brisk::compile(const ModelSource &model, const std::string &output, const Options &options,
                      const DiagnosticSink &sink) {
  if (options.verify && options.stop_after.empty())
    return compileVerified(model, output, options, sink);
  return Compilation(options, sink).run(model, output);
}

Status brisk::check(const ModelSource &model, const Options &options, bool json, std::string &report,
                    const DiagnosticSink &sink) {
  return Compilation(options, sink).check(model, json, report);
}

Status brisk::predictModel(const ModelSource &model, const Options &options, PredictedModel &predicted,
                           const DiagnosticSink &sink) {
  return Compilation(options, sink).predict(model, predicted);
}

std::vector<std::pair<std::string, std::string>> brisk::stages() {
  std::vector<std::pair<std::string, std::string>> result = {{"import", "read the ONNX file into the onnx dialect"}};
  for (const Stage &stage : pipeline())
    result.emplace_back(stage.name, stage.help);
  result.emplace_back("emit", "write the artifact");
  return result;
}

std::string brisk::versionText() { return "brisk 0.1.0 (LLVM " LLVM_VERSION_STRING ")"; }
