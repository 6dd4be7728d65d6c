// The pipeline's stages.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_PIPELINE_H
#define BRISK_COMPILER_PIPELINE_H

#include "compiler/Options.h"
#include "mlir/Pass/PassManager.h"
#include "targets/Target.h"

namespace brisk {

class ConstantEvaluator;
struct CompressRequest;

/// What a stage may need to build its passes.
struct PipelineContext {
  const Options &options;
  const Target &target;
  ConstantEvaluator *evaluator;
  const CompressRequest *compress = nullptr; ///< null: nothing is compressed
};

struct Stage {
  const char *name;
  const char *help;
  void (*build)(mlir::OpPassManager &passes, const PipelineContext &context);
};

/// The stages between import and emit, in order.
llvm::ArrayRef<Stage> pipeline();

} // namespace brisk
#endif
