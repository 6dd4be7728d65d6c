// The life of a model: import, the stages of Pipeline.cpp, emit.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compiler.h"

#include "compiler/Artifact.h"
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
#include "passes/stream/Passes.h"
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
    Request request;
    if (auto status = begin(request))
      return *status;
    request.model = nameOf(model);
    StringRef natural = request.target->artifacts().front();
    std::string kind = options.emit.empty() ? natural.str() : options.emit;
    if (kind != "mlir" && kind != "onnx" && !llvm::is_contained(request.target->artifacts(), kind))
      return usage("unknown --emit=" + kind + " for the " + options.target + " target: expects " +
                   llvm::join(request.target->artifacts(), ", ") + ", mlir, onnx");
    if (!options.stop_after.empty() && options.stop_after != "import" &&
        llvm::none_of(pipeline(), [&](const Stage &stage) { return options.stop_after == stage.name; }))
      return usage("unknown --stop-after=" + options.stop_after);
    OwningOpRef<ModuleOp> module = read(model, request.shapes);
    if (!module || failed(dump("import", *module)))
      return Status::ModelError;
    if (options.stop_after == "import")
      return writeMlir(*module, output);

    OwningOpRef<ModuleOp> reference;
    PipelineContext stageContext = request.context(options);
    for (const Stage &stage : pipeline()) {
      if (failed(advance(stage, *module, stageContext, request)) || failed(dump(stage.name, *module)))
        return Status::ModelError;
      if (options.stop_after == stage.name)
        return writeMlir(*module, output);
      // The variants that were tried are in the report.
      if (StringRef(stage.name) == "compress" && request.compression->missedBudget() && !options.best_effort)
        return Status::Budget;
      if (StringRef(stage.name) != "stream")
        continue;
      // From here on forms and layouts are our own.
      if (kind == "onnx")
        return succeeded(exportModel(*module, output, exportOptions())) ? Status::Done : Status::ModelError;
      if (options.verify)
        reference = module->clone();
    }
    if (kind == "mlir")
      return writeMlir(*module, output);
    if (std::string text = request.target->report(*module); !text.empty() && !options.reference)
      sink("report", text);
    EmitRequest emission;
    emission.kind = kind;
    emission.output = output;
    emission.march = options.march;
    emission.plain = options.reference;
    emission.name = nameOf(model);
    emission.manifest = manifest(*module, emission);
    if (!reference)
      return emit(*module, emission, request);
    // What can be run waits aside until it has been compared.
    llvm::Expected<TemporaryFolder> folder = TemporaryFolder::create();
    if (!folder)
      return fail(folder.takeError());
    EmitRequest trial = emission;
    trial.kind = natural.str();
    trial.output = folder->file("artifact");
    if (Status status = emit(*module, trial, request); status != Status::Done)
      return status;
    if (Status status = verifyAgainst(*reference, trial.output, request); status != Status::Done)
      return status;
    if (kind != natural)
      return emit(*module, emission, request);
    if (llvm::Error error = moveFile(trial.output, output))
      return fail(std::move(error));
    return Status::Done;
  }

  Status check(const ModelSource &model, bool json, std::string &report) {
    Request request;
    if (auto status = begin(request))
      return *status;
    std::vector<ImportProblem> problems;
    OwningOpRef<ModuleOp> module = read(model, request.shapes, &problems);
    PipelineContext stageContext = request.context(options);
    stageContext.compress = nullptr;
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
      if (failed(runPasses(stage, *module, stageContext))) {
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
    Request request;
    if (auto status = begin(request))
      return *status;
    llvm::Expected<machine::Description> machine = machineOf(*request.target);
    if (!machine)
      return usage("--machine=" + llvm::toString(machine.takeError()));
    const machine::Isa *isa = machine->isa(options.march);
    if (!isa)
      return usage("--march=" + options.march + ": the machine '" + machine->name + "' has no such instruction set");
    OwningOpRef<ModuleOp> module = read(model, request.shapes);
    if (!module)
      return Status::ModelError;
    PipelineContext stageContext = request.context(options);
    for (const Stage &stage : pipeline()) {
      if (StringRef(stage.name) == "lower") {
        if (failed(recordSignature(*module)))
          return Status::ModelError;
        std::vector<std::string> open = openInputs(*module);
        for (const std::string &line : open)
          sink("error", printable(line + ": a prediction needs their sizes, see --shape"));
        if (!open.empty())
          return Status::ModelError;
      }
      if (failed(advance(stage, *module, stageContext, request)))
        return Status::ModelError;
    }
    predicted = {nameOf(model), machine->name, isa->name, cost::predict(cost::factsOf(*module), *machine, isa)};
    return Status::Done;
  }

private:
  /// What every command needs before it reads the model.
  struct Request {
    TargetRegistry targets = makeTargets();
    Target *target = nullptr;
    llvm::StringMap<SmallVector<int64_t>> shapes;
    std::string model; ///< its name
    std::optional<Compression> compression;
    std::optional<HostEvaluator> evaluator;

    PipelineContext context(const Options &options) {
      return {options, *target, &*evaluator, compression->wanted() ? &compression->request : nullptr};
    }
  };

  /// Reads the options that all commands share; a status if one is wrong.
  std::optional<Status> begin(Request &request) {
    auto found = request.targets.find(options.target);
    if (found == request.targets.end())
      return usage("unknown --target=" + options.target + ": expects " + names(request.targets));
    request.target = found->second.get();
    std::string message;
    if (failed(request.target->checkMarch(options.march, message)))
      return usage(message);
    // Options of the table that are the target's own.
    auto own = [&](StringRef flag, auto value) {
      if constexpr (std::is_same_v<decltype(value), std::string>)
        return !flag.consume_front(options.target + "-") || succeeded(request.target->set(flag, value, message));
      return true;
    };
#define BRISK_OPTION(type, name, flag, initial, group, meta, help)                                                     \
  if (!own(flag, options.name))                                                                                        \
    return usage(message);
#include "compiler/Options.def"
    if (options.stream_step < 0 || options.stream_delay < 0)
      return usage("--stream-step and --stream-delay: expect numbers of frames");
    auto shapes = parseShapes(options.shape);
    if (!shapes)
      return usage(llvm::toString(shapes.takeError()));
    request.shapes = std::move(*shapes);
    // What is folded or measured on the way runs here.
    const Target &host = *request.targets.at("cpu");
    request.evaluator.emplace(host);
    request.compression.emplace(options, host);
    if (llvm::Error error = request.compression->check())
      return usage(llvm::toString(std::move(error)));
    return std::nullopt;
  }

  LogicalResult runPasses(const Stage &stage, ModuleOp module, const PipelineContext &stageContext) {
    PassManager passes(&context);
    passes.enableVerifier(false);
    if (stageContext.options.time_passes)
      passes.enableTiming();
    stage.build(passes, stageContext);
    return passes.run(module);
  }

  /// One stage, with what belongs before and after it.
  LogicalResult advance(const Stage &stage, ModuleOp module, const PipelineContext &stageContext, Request &request) {
    bool compresses = StringRef(stage.name) == "compress" && request.compression->wanted();
    if (compresses)
      if (llvm::Error error = request.compression->readSamples(module))
        return fail(std::move(error)), failure();
    // The interface is read off the types while they still carry symbolic dims and signs.
    if (StringRef(stage.name) == "lower" && failed(recordSignature(module)))
      return failure();
    if (failed(runPasses(stage, module, stageContext)))
      return failure();
    if (compresses) {
      std::string table;
      if (llvm::Error error = request.compression->writeReport(module, request.model, table))
        return fail(std::move(error)), failure();
      if (!table.empty())
        sink("report", table);
    }
    return success();
  }

  Status emit(ModuleOp module, const EmitRequest &emission, Request &request) {
    return succeeded(request.target->emit(module, emission)) ? Status::Done : Status::ModelError;
  }

  /// Compiles the compressed model plainly and compares the artifact with it, on --eval or on random inputs.
  Status verifyAgainst(ModuleOp compressed, StringRef artifact, Request &request) {
    std::vector<Sample> samples;
    // Those of a model over time are no samples of its step.
    if (!options.eval.empty() && options.stream.empty()) {
      auto read = readSamples(options.eval, compressed);
      if (!read)
        return fail(read.takeError());
      samples = std::move(*read);
    }
    // A float that another order of sums moves over the edge between two bytes is seen in the outputs.
    bool isCoarse = false;
    compressed.walk([&](Operation *op) {
      for (Type type : op->getResultTypes())
        isCoarse |= op->getNumOperands() && getElementTypeOrSelf(type).isInteger(8);
    });
    Options plain = options;
    plain.reference = true;
    auto reference = compileHere(compressed, "narrow", request.context(plain));
    if (!reference)
      return fail(reference.takeError());
    auto mine = Artifact::open(artifact);
    if (!mine)
      return fail(mine.takeError());
    if (!*reference)
      return Status::ModelError;
    llvm::Expected<std::string> verdict = verify(**mine, **reference, samples, isCoarse);
    if (!verdict)
      return fail(verdict.takeError());
    sink("remark", *verdict);
    return Status::Done;
  }

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
    if (auto stream = module->getAttrOfType<StringAttr>(kStreamAttr))
      object["stream"] = llvm::cantFail(llvm::json::parse(stream.getValue()));
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

Status brisk::compile(const ModelSource &model, const std::string &output, const Options &options,
                      const DiagnosticSink &sink) {
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
