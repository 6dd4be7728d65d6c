// In: @main from tensors to tensors, shapes static. Out: @main on memrefs, results written into the last arguments.
// Why here: every decision on values is taken, everything that follows places memory.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/StaticModel.h"
#include "targets/npu/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_NPUBUFFERIZE
#include "targets/npu/Passes.h.inc"
} // namespace brisk

namespace {

struct NpuBufferize : brisk::impl::NpuBufferizeBase<NpuBufferize> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (main && !main.isExternal() && failed(bufferizeStatic(main, "npu", 128)))
      signalPassFailure();
  }
};

} // namespace
