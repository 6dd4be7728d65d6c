// Artifacts made and run while compiling: to fold constants, to judge variants, to verify.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_ARTIFACT_H
#define BRISK_COMPILER_ARTIFACT_H

#include "compiler/Pipeline.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/runtime.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <vector>

namespace brisk {

/// A shared object, opened, with buffers for its outputs.
class Artifact {
public:
  /// The file may go once it is open. `isa` names the highest instruction set to use.
  static llvm::Expected<std::unique_ptr<Artifact>> open(llvm::StringRef path, const char *isa = nullptr);
  Artifact(const Artifact &) = delete;
  ~Artifact();

  /// Runs it on one thread; the outputs stay until the next run.
  llvm::Error run(llvm::ArrayRef<brisk_tensor> inputs);

  brisk_model *model = nullptr;
  brisk_context *context = nullptr;
  std::vector<brisk_tensor> outputs;

private:
  Artifact() = default;
  std::vector<std::vector<uint64_t>> buffers; // of outputs whose size is known
};

/// Runs the pipeline from stage `first` on `module`, emits for the instruction set of this processor, and opens it. What
/// fails in a stage is said by diagnostics, and a null comes back.
llvm::Expected<std::unique_ptr<Artifact>> compileHere(mlir::ModuleOp module, llvm::StringRef first,
                                                      const PipelineContext &context);

} // namespace brisk
#endif
