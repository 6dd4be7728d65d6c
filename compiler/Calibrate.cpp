// Measuring a machine: --calibrate-machine.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Calibrate.h"

#include "compiler/Artifact.h"
#include "compiler/Predict.h"
#include "compiler/Registry.h"
#include "compiler/Signature.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Transforms/Passes.h"
#include "runtime/runtime.h"
#include "targets/common/Tools.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <cmath>
#include <ctime>
#include <deque>

using namespace mlir;
using namespace brisk;

namespace {

/// Processor time of this thread: others that run beside it count little.
double nowUs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// The least time of one run, over `budget` microseconds of runs.
double leastUs(Artifact &artifact, ArrayRef<brisk_tensor> inputs, double budget) {
  auto once = [&] { llvm::consumeError(artifact.run(inputs)); };
  auto batch = [&](unsigned count) {
    double begin = nowUs();
    for (unsigned i = 0; i < count; ++i)
      once();
    return (nowUs() - begin) / count;
  };
  once();
  unsigned count = std::max(1u, static_cast<unsigned>(200 / std::max(batch(1), 0.05)));
  double best = HUGE_VAL;
  for (double until = nowUs() + budget; nowUs() < until;)
    best = std::min(best, batch(count));
  return best;
}

/// Compiles programs for the machine at hand and times them.
class Runner {
public:
  Runner(const Target &host, MLIRContext &context) : host(host), context(context) {}

  /// The program as kernels; null with `problem` said if it cannot be compiled.
  OwningOpRef<ModuleOp> compile(StringRef text, StringRef path) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    if (!module || failed(recordSignature(*module)))
      return nullptr;
    PassManager passes(&context);
    passes.enableVerifier(false);
    passes.addPass(createLinalgGeneralizeNamedOpsPass());
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
    host.addPasses(passes, /*plain=*/false);
    if (failed(passes.run(*module)))
      return nullptr;
    EmitRequest request;
    request.kind = host.artifacts().front().str();
    request.name = "calibration";
    request.output = path.str();
    request.march = "native";
    return succeeded(host.emit(*module, request)) ? std::move(module) : nullptr;
  }

  /// Microseconds of a run on `isa`; 0 where the artifact has no variant of that level.
  llvm::Expected<double> time(StringRef path, const std::string &isa) {
    auto artifact = Artifact::open(path, isa.c_str());
    if (!artifact)
      return artifact.takeError();
    if (brisk_context_isa((*artifact)->context) != brisk_isa_from_name(isa.c_str()))
      return 0.0;
    std::deque<std::vector<char>> buffers;
    auto tensorOf = [&](const brisk_value *value) {
      // Halves, or whole numbers below every bound of an index.
      uint64_t bytes = brisk_tensor_bytes(value->dtype, value->rank, value->dims);
      std::vector<char> &buffer = buffers.emplace_back(bytes + 64);
      if (value->dtype == BRISK_FLOAT32)
        std::fill_n(reinterpret_cast<float *>(buffer.data()), bytes / 4, 0.5f);
      else if (value->dtype == BRISK_INT32)
        for (uint64_t i = 0; i < bytes / 4; ++i)
          reinterpret_cast<int32_t *>(buffer.data())[i] = static_cast<int32_t>(i * 7 % 64);
      return brisk_tensor{value->dtype, value->rank, value->dims, buffer.data(), bytes};
    };
    SmallVector<brisk_tensor> inputs;
    for (int32_t i = 0; i < brisk_model_num_inputs((*artifact)->model); ++i)
      inputs.push_back(tensorOf(brisk_model_input((*artifact)->model, i)));
    if (llvm::Error error = (*artifact)->run(inputs))
      return error;
    return leastUs(**artifact, inputs, 60000);
  }

private:
  const Target &host;
  MLIRContext &context;
};

} // namespace

llvm::Expected<cost::Errors> brisk::calibrate(const Target &host, machine::Description &machine, MLIRContext &context,
                                              const std::function<void(unsigned, unsigned)> &progress) {
  auto folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  Runner runner(host, context);
  std::vector<CalibrationProgram> programs = calibrationPrograms();
  std::deque<cost::ProgramFacts> facts;
  std::vector<cost::Sample> samples;
  for (auto [i, program] : llvm::enumerate(programs)) {
    std::string path = folder->file("program" + std::to_string(i) + ".so");
    OwningOpRef<ModuleOp> module = runner.compile(program.text, path);
    if (!module)
      return llvm::createStringError("a calibration program does not compile");
    facts.push_back(cost::factsOf(*module));
    for (const machine::Isa &isa : llvm::reverse(machine.isas)) {
      llvm::Expected<double> us = runner.time(path, isa.name);
      if (!us)
        return us.takeError();
      if (*us == 0)
        continue;
      samples.push_back({&facts.back(), isa.name, *us});
      if (program.highestOnly)
        break;
    }
    llvm::sys::fs::remove(path);
    progress(i + 1, programs.size());
  }
  cost::Errors errors = cost::fitMachine(machine, samples);
  // Some levels compute on some types as the one below: no program of theirs was measured.
  for (size_t i = 1; i < machine.isas.size(); ++i)
    for (auto &[dtype, rate] : machine.isas[i].compute)
      if (llvm::none_of(samples, [&](const cost::Sample &sample) {
            return sample.isa == machine.isas[i].name && sample.program->kernels.back().dtype == dtype;
          }))
        rate = machine.isas[i - 1].compute[dtype];
  return errors;
}

llvm::Expected<std::vector<MeasuredModel>> brisk::readMeasurements(StringRef path) {
  auto fail = [&](const Twine &what) { return llvm::createStringError(path + ": " + what); };
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return fail(buffer.getError().message());
  std::vector<MeasuredModel> models;
  SmallVector<StringRef> lines;
  (*buffer)->getBuffer().split(lines, '\n');
  for (auto [number, line] : llvm::enumerate(lines)) {
    line = line.trim();
    if (line.empty() || line.starts_with("#") || (models.empty() && line.starts_with("model,latency")))
      continue;
    SmallVector<StringRef> fields;
    line.split(fields, ',');
    double us = 0;
    if (fields.size() < 2 || fields[1].trim().getAsDouble(us) || !std::isfinite(us) || us <= 0)
      return fail("line " + Twine(number + 1) + ": expects model,latency with a positive latency in microseconds");
    MeasuredModel &model = models.emplace_back();
    SmallString<128> file(fields[0].trim());
    if (llvm::sys::path::is_relative(file)) {
      SmallString<128> base = llvm::sys::path::parent_path(path);
      llvm::sys::path::append(base, file);
      file = base;
    }
    model.path = file.str().str();
    model.us = us;
    for (StringRef shape : ArrayRef(fields).drop_front(2))
      model.shapes.push_back(shape.trim().str());
  }
  if (models.size() < 3)
    return fail("expects at least 3 measurements, but got " + Twine(models.size()));
  return models;
}

/// "median error 7.1 %, p90 20.3 %, Spearman 0.987".
static std::string textOf(const cost::Errors &errors) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("median error %.1f %%, p90 %.1f %%, Spearman %.3f", 100 * errors.median,
                                                 100 * errors.p90, errors.spearman);
  return text;
}

static Status adaptMachine(machine::Description &machine, const std::string &measurements, const Options &options,
                           std::string &report, const DiagnosticSink &sink) {
  auto models = readMeasurements(measurements);
  if (!models) {
    sink("error", "--measurements=" + llvm::toString(models.takeError()));
    return Status::ModelError;
  }
  std::vector<cost::Whole> wholes;
  for (const MeasuredModel &model : *models) {
    Options chosen = options;
    chosen.shape.insert(chosen.shape.end(), model.shapes.begin(), model.shapes.end());
    ModelSource source;
    source.path = model.path;
    PredictedModel predicted;
    Status status = predictModel(source, chosen, predicted, sink);
    if (status != Status::Done)
      return status;
    wholes.push_back({predicted.prediction.byKind(), model.us});
    sink("progress", std::to_string(wholes.size()) + "/" + std::to_string(models->size()) + " models");
  }
  cost::Adaptation adaptation = cost::adapt(wholes);
  llvm::raw_string_ostream out(report);
  out << "adapted to " << wholes.size() << " measurements (common scale " << llvm::format("%.3f", adaptation.common)
      << ")\nbefore: " << textOf(adaptation.before) << "\neach model left out in turn: " << textOf(adaptation.leftOut)
      << "\n";
  for (auto &[kind, scale] : adaptation.scales) {
    machine.scales[kind] *= scale;
    out << "  " << llvm::left_justify(kind, 14) << llvm::format(" %.3f\n", scale);
  }
  return Status::Done;
}

Status brisk::calibrateMachine(const std::string &output, const std::string &measurements, const Options &options,
                               std::string &report, const DiagnosticSink &sink) {
  auto fail = [&](Status status, const std::string &message) {
    sink("error", message);
    return status;
  };
  TargetRegistry targets = makeTargets();
  auto target = targets.find(options.target);
  if (target == targets.end())
    return fail(Status::Usage, "unknown --target=" + options.target);
  if (output.empty())
    return fail(Status::Usage, "--calibrate-machine expects -o FILE");
  auto machine = options.machine.empty() ? target->second->describe() : machine::Description::read(options.machine);
  if (!machine)
    return fail(Status::Usage, "--machine=" + llvm::toString(machine.takeError()));
  if (!measurements.empty()) {
    Status status = adaptMachine(*machine, measurements, options, report, sink);
    if (status != Status::Done)
      return status;
  } else {
    if (options.target != "cpu")
      return fail(Status::Usage, "--calibrate-machine measures the machine at hand: for --target=" + options.target +
                                     " give --measurements=FILE");
    DialectRegistry registry;
    registerAllDialects(registry);
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    context.loadAllAvailableDialects();
    auto errors = calibrate(*target->second, *machine, context, [&](unsigned done, unsigned all) {
      sink("progress", std::to_string(done) + "/" + std::to_string(all) + " programs");
    });
    if (!errors)
      return fail(Status::ModelError, llvm::toString(errors.takeError()));
    report = "calibrated on small programs: " + textOf(*errors) + "\n";
  }
  if (llvm::Error error = writeFile(output, machine->text()))
    return fail(Status::ModelError, llvm::toString(std::move(error)));
  return Status::Done;
}

std::map<std::string, double>
brisk::adaptedScales(const std::vector<std::pair<std::map<std::string, double>, double>> &models) {
  std::vector<cost::Whole> wholes;
  for (auto &[us, measured] : models)
    wholes.push_back({us, measured});
  return cost::adapt(wholes).scales;
}
