// Artifacts made and run while compiling: to fold constants, to judge variants, to verify.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Artifact.h"

#include "compiler/Signature.h"
#include "mlir/Pass/PassManager.h"
#include "targets/common/Tools.h"

using namespace mlir;
using namespace brisk;

llvm::Expected<std::unique_ptr<Artifact>> Artifact::open(StringRef path, const char *isa) {
  std::unique_ptr<Artifact> artifact(new Artifact);
  brisk_options options{};
  options.max_isa = isa;
  if (brisk_model_open(path.str().c_str(), &artifact->model) ||
      brisk_context_create(artifact->model, &options, &artifact->context))
    return llvm::createStringError(brisk_error_message());
  for (int32_t i = 0; i < brisk_model_num_outputs(artifact->model); ++i) {
    const brisk_value *value = brisk_model_output(artifact->model, i);
    uint64_t bytes = brisk_tensor_bytes(value->dtype, value->rank, value->dims);
    artifact->buffers.emplace_back(bytes == UINT64_MAX ? 0 : bytes / 8 + 1);
  }
  return artifact;
}

Artifact::~Artifact() {
  brisk_context_destroy(context);
  brisk_model_close(model);
}

llvm::Error Artifact::run(ArrayRef<brisk_tensor> inputs) {
  outputs.assign(buffers.size(), brisk_tensor{});
  for (auto [tensor, buffer] : llvm::zip(outputs, buffers))
    if (!buffer.empty()) {
      tensor.data = buffer.data();
      tensor.capacity = buffer.size() * sizeof(uint64_t);
    }
  if (brisk_run(context, inputs.data(), inputs.size(), outputs.data(), outputs.size()))
    return llvm::createStringError(brisk_context_message(context));
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Artifact>> brisk::compileHere(ModuleOp module, StringRef first,
                                                             const PipelineContext &context) {
  bool begun = false;
  for (const Stage &stage : pipeline()) {
    begun |= first == stage.name;
    if (!begun)
      continue;
    if (StringRef(stage.name) == "lower" && failed(recordSignature(module)))
      return nullptr;
    PassManager passes(module.getContext());
    passes.enableVerifier(false);
    stage.build(passes, context);
    if (failed(passes.run(module)))
      return nullptr;
  }
  llvm::Expected<TemporaryFolder> folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  EmitRequest request;
  request.kind = context.target.artifacts().front().str();
  request.name = "variant";
  request.plain = context.options.reference;
  request.output = folder->file("variant.so");
  const char *isa = brisk_isa_name(brisk_cpu_isa());
  std::string ignored;
  request.march = isa && succeeded(context.target.checkMarch(isa, ignored)) ? isa : "native";
  if (failed(context.target.emit(module, request)))
    return nullptr;
  return Artifact::open(request.output);
}
