// Variants of a model compiled and run while it is being compiled.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Runner.h"

#include "compiler/Evaluator.h"
#include "compiler/Pipeline.h"
#include "compiler/Signature.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
extern "C" {
#include "runtime/tools/array.h"
}
#include "targets/common/Tools.h"
#include <ctime>
#include <unistd.h>

using namespace mlir;
using namespace brisk;

namespace {

class HostProgram : public Program {
public:
  HostProgram(const std::vector<Sample> &samples, Location loc) : samples(samples), loc(loc) {}
  ~HostProgram() override {
    brisk_context_destroy(context);
    brisk_model_close(model);
  }

  LogicalResult open(const std::string &path) {
    if (brisk_model_open(path.c_str(), &model) != BRISK_OK || brisk_context_create(model, nullptr, &context) != BRISK_OK)
      return emitError(loc) << brisk_error_message();
    for (int32_t i = 0; i < brisk_model_num_outputs(model); ++i) {
      const brisk_value *value = brisk_model_output(model, i);
      bool closed = std::none_of(value->dims, value->dims + value->rank, [](int64_t dim) { return dim < 0; });
      buffers.emplace_back(closed ? brisk_tensor_bytes(value->dtype, value->rank, value->dims) / 8 + 1 : 0);
    }
    floats.resize(buffers.size());
    return success();
  }

  FailureOr<std::vector<RunOutput>> run(size_t index, ArrayRef<std::vector<float>> extra) override {
    if (failed(runOnce(index, extra)))
      return failure();
    std::vector<RunOutput> result(outputs.size());
    for (auto [i, tensor] : llvm::enumerate(outputs)) {
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
      const brisk_value *value = brisk_model_input(model, static_cast<int32_t>(inputs.size()));
      inputs.push_back({value->dtype, value->rank, value->dims, const_cast<float *>(values.data()), 0});
    }
    outputs.assign(buffers.size(), brisk_tensor{});
    for (auto [tensor, buffer] : llvm::zip(outputs, buffers)) {
      tensor.data = buffer.empty() ? nullptr : buffer.data();
      tensor.capacity = buffer.empty() ? 0 : buffer.size() * 8;
    }
    if (brisk_run(context, inputs.data(), static_cast<int32_t>(inputs.size()), outputs.data(),
                  static_cast<int32_t>(outputs.size())) == BRISK_OK)
      return success();
    return emitError(loc) << "sample " << index << ": " << brisk_context_message(context);
  }

  const std::vector<Sample> &samples;
  Location loc;
  brisk_model *model = nullptr;
  brisk_context *context = nullptr;
  std::vector<std::vector<uint64_t>> buffers;
  std::vector<std::vector<float>> floats;
  std::vector<brisk_tensor> outputs;
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
  bool later = false;
  for (const Stage &stage : pipeline()) {
    if (StringRef(stage.name) == "lower" && failed(recordSignature(*module)))
      return failure();
    if (later) {
      PassManager passes(module->getContext());
      passes.enableVerifier(false);
      stage.build(passes, context);
      if (failed(passes.run(*module)))
        return failure();
    }
    later |= StringRef(stage.name) == "compress";
  }
  llvm::Expected<TemporaryFolder> folder = TemporaryFolder::create();
  if (!folder)
    return emitError(loc) << llvm::toString(folder.takeError()), failure();
  EmitRequest request;
  request.kind = host.artifacts().front().str();
  request.name = "variant";
  request.output = folder->file("variant.so");
  const char *isa = brisk_isa_name(brisk_cpu_isa());
  std::string ignored;
  request.march = isa && succeeded(host.checkMarch(isa, ignored)) ? isa : "native";
  if (failed(host.emit(*module, request)))
    return failure();
  auto program = std::make_unique<HostProgram>(of(set), loc);
  // Once opened, the file may go.
  if (failed(program->open(request.output)))
    return failure();
  return std::unique_ptr<Program>(std::move(program));
}

void HostRunner::progress(StringRef text) {
  if (!isatty(2))
    return;
  llvm::errs() << "\r\x1b[K" << text;
  llvm::errs().flush();
}
