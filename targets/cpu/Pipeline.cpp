// The CPU target's passes in order.
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
#include "targets/cpu/Emit.h"
#include "targets/cpu/Passes.h"
#include "targets/cpu/VectorUnit.h"

using namespace mlir;
using namespace brisk;

void cpu::addTensorPasses(OpPassManager &passes, bool plain) {
  if (!plain) {
    passes.addPass(createCpuFormContractions());
    passes.addPass(createCpuFormReductions());
    passes.addPass(createCpuFuseEpilogue());
  }
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCpuBindOutputs());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createCpuBufferize());
  passes.addPass(memref::createResolveShapedTypeResultDimsPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(bufferization::createBufferHoistingPass());
  passes.addNestedPass<func::FuncOp>(bufferization::createBufferLoopHoistingPass());
  passes.addPass(createCpuBindCall());
  passes.addPass(createCpuPlaceConstants());
  passes.addPass(createCpuPlanMemory());
  CpuOutlineKernelsOptions kernels;
  kernels.share = !plain;
  passes.addPass(createCpuOutlineKernels(kernels));
}

void cpu::addIsaPasses(OpPassManager &passes, const Isa &isa) {
  if (isa.isPlain()) {
    passes.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
    passes.addPass(createExpandFloats());
  } else {
    CpuEmitKernelsOptions kernels;
    kernels.isa = isa.name.str();
    passes.addNestedPass<func::FuncOp>(createCpuEmitKernels(kernels));
    ExpandFloatsOptions floats;
    floats.keepBf16Rounding = VectorUnit::get(isa.name)->dotBf16;
    passes.addPass(createExpandFloats(floats));
    passes.addPass(createExpandMath());
  }
  passes.addPass(createResolveExpandShape());
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createCpuFinishHost());
  passes.addPass(arith::createArithExpandOpsPass());
  // What has an instruction first, then the library.
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertMathToLibmPass());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createConvertToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(createCpuLaunchKernels());
}
