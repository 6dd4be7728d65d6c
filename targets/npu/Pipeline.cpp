// The NPU target's passes in order.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"
#include "passes/lower/Passes.h"
#include "targets/npu/Emit.h"
#include "targets/npu/Passes.h"

using namespace mlir;
using namespace brisk;

void npu::addTensorPasses(OpPassManager &passes, bool plain, const Settings &settings) {
  if (!plain) {
    NpuFormKernelsOptions forming;
    forming.exact = settings.isExact;
    passes.addPass(createNpuFormKernels(forming));
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createNpuTabulate());
    passes.addPass(createCSEPass());
  }
  passes.addPass(createNpuBufferize());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(bufferization::createBufferHoistingPass());
  passes.addNestedPass<func::FuncOp>(bufferization::createBufferLoopHoistingPass());
  NpuPlanMemoryOptions memory;
  memory.vtcm = settings.vtcm;
  passes.addPass(createNpuPlanMemory(memory));
  NpuOutlineKernelsOptions kernels;
  kernels.fallback = plain ? "quiet" : settings.failOnScalar ? "error" : "scalar";
  passes.addPass(createNpuOutlineKernels(kernels));
}

void npu::addLlvmPasses(OpPassManager &passes) {
  passes.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  passes.addPass(createExpandFloats());
  passes.addPass(createResolveExpandShape());
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createLoopInvariantCodeMotionPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(arith::createArithExpandOpsPass());
  // What LLVM has an intrinsic for becomes one below; the others are calls of device/math.c.
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertMathToLibmPass());
  passes.addPass(createNpuToLlvm());
  passes.addPass(createReconcileUnrealizedCastsPass());
}
