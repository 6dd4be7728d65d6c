// The CUDA target's passes in order.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"
#include "passes/lower/Passes.h"
#include "targets/cuda/Emit.h"
#include "targets/cuda/Passes.h"

using namespace mlir;
using namespace brisk;

void cuda::addTensorPasses(OpPassManager &passes, bool plain) {
  if (!plain)
    passes.addPass(createCudaLayOutWeights());
  passes.addPass(createCudaBufferize());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(bufferization::createBufferHoistingPass());
  passes.addNestedPass<func::FuncOp>(bufferization::createBufferLoopHoistingPass());
  passes.addPass(createCudaOutlineKernels());
  CudaChooseScheduleOptions schedule;
  schedule.plain = plain;
  passes.addNestedPass<func::FuncOp>(createCudaChooseSchedule(schedule));
  passes.addPass(createCudaPlanMemory());
}

/// From memrefs and scalars to the LLVM dialect.
static void addLlvmPasses(OpPassManager &passes, bool ofKernels) {
  passes.addPass(createResolveExpandShape());
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createLoopInvariantCodeMotionPass());
  passes.addPass(createSCFToControlFlowPass());
  if (ofKernels)
    passes.addPass(createCudaFailChecks());
  passes.addPass(arith::createArithExpandOpsPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertMathToLibmPass());
  // Functions first: arguments become bare pointers.
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;
  passes.addPass(createConvertFuncToLLVMPass(functions));
  passes.addPass(createConvertToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
}

void cuda::addKernelPasses(OpPassManager &passes) {
  passes.addPass(createCudaEmitKernels());
  passes.addPass(createExpandFloats());
  passes.addPass(createExpandMath());
  addLlvmPasses(passes, true);
}

void cuda::addHostPasses(OpPassManager &passes) { addLlvmPasses(passes, false); }
