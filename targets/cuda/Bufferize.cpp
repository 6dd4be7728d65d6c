// In: @main from tensors to tensors, shapes static. Out: @main on memrefs, results written into the last arguments.
// Why here: every decision on values is taken, everything that follows places memory.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/StaticModel.h"
#include "targets/cuda/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_CUDABUFFERIZE
#include "targets/cuda/Passes.h.inc"
} // namespace brisk

namespace {

struct CudaBufferize : brisk::impl::CudaBufferizeBase<CudaBufferize> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (main && !main.isExternal() && failed(bufferizeStatic(main, "cuda", 256)))
      signalPassFailure();
  }
};

} // namespace
