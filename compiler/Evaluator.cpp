// Constant folding by compiling and running.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Evaluator.h"

#include "compiler/Artifact.h"
#include "compiler/Options.h"
#include "dialects/interfaces/ShapeContext.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"

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

  Options options;
  PipelineContext context{options, host, nullptr};
  // Shapes are known; start where the ops are decomposed.
  llvm::Expected<std::unique_ptr<Artifact>> artifact = compileHere(module, "lower", context);
  if (!artifact) {
    llvm::consumeError(artifact.takeError());
    return failure();
  }
  if (!*artifact)
    return failure();
  if (llvm::Error error = (*artifact)->run({})) {
    llvm::consumeError(std::move(error));
    return failure();
  }
  SmallVector<ElementsAttr> values;
  for (auto [type, tensor] : llvm::zip(types, (*artifact)->outputs)) {
    uint64_t bytes = brisk_tensor_bytes(tensor.dtype, tensor.rank, tensor.dims);
    values.push_back(toAttribute(type, ArrayRef(static_cast<const char *>(tensor.data), bytes)));
    if (!values.back())
      return failure();
  }
  return values;
}
