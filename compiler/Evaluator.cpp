// Constant folding by compiling and running.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Evaluator.h"

#include "compiler/Options.h"
#include "compiler/Pipeline.h"
#include "compiler/Signature.h"
#include "dialects/interfaces/ShapeContext.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/runtime.h"
#include "targets/common/Tools.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace brisk;

namespace {

/// Values up to this size are kept inside attributes, where shape inference sees them.
constexpr size_t kInline = 4096;

/// The bytes that the model wrote, as an attribute of the onnx dialect's type.
ElementsAttr toAttribute(RankedTensorType type, ArrayRef<char> bytes) {
  Type element = type.getElementType();
  auto plain = RankedTensorType::get(type.getShape(), element);
  unsigned width = element.getIntOrFloatBitWidth();
  if (width == 1)
    return DenseElementsAttr::get(plain, ArrayRef(reinterpret_cast<const bool *>(bytes.data()), bytes.size()));
  if (width < 8)
    return nullptr;
  if (bytes.size() <= kInline)
    return DenseElementsAttr::getFromRawBuffer(plain, bytes);
  AsmResourceBlob blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64, /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(plain, "folded", std::move(blob));
}

} // namespace

FailureOr<SmallVector<ElementsAttr>> HostEvaluator::evaluate(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  SmallVector<RankedTensorType> types;
  for (Type type : main.getResultTypes())
    types.push_back(cast<RankedTensorType>(type));
  // What fails here runs later instead: not the user's concern.
  ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });

  if (failed(recordSignature(module)))
    return failure();
  Options options;
  PipelineContext context{options, host, nullptr};
  bool lowering = false;
  for (const Stage &stage : pipeline()) {
    // Shapes are known; start where the ops are decomposed.
    lowering |= StringRef(stage.name) == "lower";
    if (!lowering)
      continue;
    PassManager passes(module.getContext());
    passes.enableVerifier(false);
    stage.build(passes, context);
    if (failed(passes.run(module)))
      return failure();
  }
  llvm::Expected<TemporaryFolder> folder = TemporaryFolder::create();
  if (!folder) {
    llvm::consumeError(folder.takeError());
    return failure();
  }
  EmitRequest request;
  request.kind = host.artifacts().front().str();
  request.name = "fold";
  request.output = folder->file("fold.so");
  const char *isa = brisk_isa_name(brisk_cpu_isa());
  std::string ignored;
  request.march = isa && succeeded(host.checkMarch(isa, ignored)) ? isa : "native";
  if (failed(host.emit(module, request)))
    return failure();

  brisk_model *model = nullptr;
  brisk_context *run = nullptr;
  auto close = llvm::make_scope_exit([&] {
    brisk_context_destroy(run);
    brisk_model_close(model);
  });
  if (brisk_model_open(request.output.c_str(), &model) != BRISK_OK ||
      brisk_context_create(model, nullptr, &run) != BRISK_OK)
    return failure();
  std::vector<std::vector<char>> buffers(types.size());
  std::vector<brisk_tensor> outputs(types.size());
  for (auto [i, type] : llvm::enumerate(types)) {
    const brisk_value *value = brisk_model_output(model, i);
    buffers[i].resize(brisk_tensor_bytes(value->dtype, value->rank, value->dims));
    outputs[i].dtype = value->dtype;
    outputs[i].rank = value->rank;
    outputs[i].dims = value->dims;
    outputs[i].data = buffers[i].data();
    outputs[i].capacity = buffers[i].size();
  }
  if (brisk_run(run, nullptr, 0, outputs.data(), outputs.size()) != BRISK_OK)
    return failure();
  SmallVector<ElementsAttr> values;
  for (auto [type, buffer] : llvm::zip(types, buffers)) {
    values.push_back(toAttribute(type, buffer));
    if (!values.back())
      return failure();
  }
  return values;
}
