// Variants of a model compiled and run while it is being compiled.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Runner.h"

#include "compiler/Artifact.h"
#include "compiler/Evaluator.h"
#include "compiler/Predict.h"
#include "compiler/Signature.h"
#include "mlir/IR/Diagnostics.h"
extern "C" {
#include "runtime/tools/array.h"
}
#include <ctime>
#include <unistd.h>

using namespace mlir;
using namespace brisk;

namespace {

class HostProgram : public Program {
public:
  HostProgram(const std::vector<Sample> &samples, Location loc, std::unique_ptr<Artifact> artifact)
      : samples(samples), loc(loc), artifact(std::move(artifact)), floats(brisk_model_num_outputs(this->artifact->model)) {}

  FailureOr<std::vector<RunOutput>> run(size_t index, ArrayRef<std::vector<float>> extra) override {
    if (failed(runOnce(index, extra)))
      return failure();
    std::vector<RunOutput> result(artifact->outputs.size());
    for (auto [i, tensor] : llvm::enumerate(artifact->outputs)) {
      result[i].dims.assign(tensor.dims, tensor.dims + tensor.rank);
      uint64_t count = brisk_count(tensor.rank, tensor.dims);
      if (tensor.dtype == BRISK_FLOAT32) {
        result[i].values = ArrayRef(static_cast<const float *>(tensor.data), count);
        continue;
      }
      floats[i].resize(count);
      for (uint64_t at = 0; at < count; ++at)
        floats[i][at] = static_cast<float>(brisk_element(tensor.dtype, tensor.data, at).real);
      result[i].values = floats[i];
    }
    return result;
  }

  double time() override {
    auto now = [] {
      timespec t;
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
    };
    double least = INFINITY, total = 0;
    for (int runs = 1; total < 0.03;) {
      double start = now();
      for (int i = 0; i < runs; ++i)
        if (failed(runOnce(0, {})))
          return INFINITY;
      double took = now() - start;
      total += took;
      // Short runs are timed in batches, or the clock would be part of them.
      if (took < 1e-4) {
        runs *= 4;
        continue;
      }
      least = std::min(least, took / runs);
    }
    return least;
  }

private:
  LogicalResult runOnce(size_t index, ArrayRef<std::vector<float>> extra) {
    const Sample &sample = samples[index];
    std::vector<brisk_tensor> inputs;
    for (const SampleTensor &input : sample.inputs)
      inputs.push_back({input.dtype, static_cast<int32_t>(input.dims.size()), input.dims.data(),
                        const_cast<uint64_t *>(input.words.data()), 0});
    for (const std::vector<float> &values : extra) {
      const brisk_value *value = brisk_model_input(artifact->model, static_cast<int32_t>(inputs.size()));
      inputs.push_back({value->dtype, value->rank, value->dims, const_cast<float *>(values.data()), 0});
    }
    if (llvm::Error error = artifact->run(inputs))
      return emitError(loc) << "sample " << index << ": " << llvm::toString(std::move(error));
    return success();
  }

  const std::vector<Sample> &samples;
  Location loc;
  std::unique_ptr<Artifact> artifact;
  std::vector<std::vector<float>> floats;
};

} // namespace

FailureOr<std::unique_ptr<Program>> HostRunner::compile(OwningOpRef<ModuleOp> module, Set set) {
  Location loc = module->getLoc();
  // What there is to remark of the model is remarked on the final artifact.
  ScopedDiagnosticHandler quiet(module->getContext(), [](Diagnostic &diagnostic) {
    return success(diagnostic.getSeverity() != DiagnosticSeverity::Error);
  });
  Options options;
  HostEvaluator evaluator(host);
  PipelineContext context{options, host, &evaluator};
  llvm::Expected<std::unique_ptr<Artifact>> artifact = compileHere(*module, "narrow", context);
  if (!artifact)
    return emitError(loc) << llvm::toString(artifact.takeError()), failure();
  if (!*artifact)
    return failure();
  return std::unique_ptr<Program>(std::make_unique<HostProgram>(of(set), loc, std::move(*artifact)));
}

FailureOr<double> HostRunner::predict(OwningOpRef<ModuleOp> module) {
  FailureOr<cost::Prediction> predicted = predictKernels(std::move(module));
  if (failed(predicted))
    return failure();
  return predicted->totalUs * 1e-6;
}

FailureOr<cost::Prediction> HostRunner::predictKernels(OwningOpRef<ModuleOp> module) {
  ScopedDiagnosticHandler quiet(module->getContext(), [](Diagnostic &) { return success(); });
  Options options;
  HostEvaluator evaluator(host);
  PipelineContext context{options, host, &evaluator};
  bool begun = false;
  for (const Stage &stage : pipeline()) {
    begun |= StringRef(stage.name) == "narrow";
    if (!begun)
      continue;
    if (StringRef(stage.name) == "lower" && (failed(recordSignature(*module)) || !openInputs(*module).empty()))
      return failure();
    PassManager passes(module->getContext());
    passes.enableVerifier(false);
    stage.build(passes, context);
    if (failed(passes.run(*module)))
      return failure();
  }
  if (!machine)
    machine = host.describe();
  return cost::predict(cost::factsOf(*module), *machine);
}

void HostRunner::progress(StringRef text) {
  if (!isatty(2))
    return;
  llvm::errs() << "\r\x1b[K" << text;
  llvm::errs().flush();
}
