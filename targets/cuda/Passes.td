// Passes of the CUDA target.
#ifndef BRISK_TARGETS_CUDA_PASSES_TD
#define BRISK_TARGETS_CUDA_PASSES_TD

include "mlir/Pass/PassBase.td"

def CudaLayOutWeights : Pass<"cuda-lay-out-weights"> {
  let summary = "Permute constant factors of sums so that neighbouring threads read neighbouring elements";
  let description = [{
    Axes of both factors come first, then those of the sum in the order of the
    other factor, then the factor's own.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def CudaBufferize : Pass<"cuda-bufferize", "::mlir::ModuleOp"> {
  let summary = "Give @main a memref per input and result, bufferize, 256-byte aligned";
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def CudaOutlineKernels : Pass<"cuda-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Move whatever touches memory into kernels, which @main only launches";
  let description = [{
    A structured op becomes a kernel whose threads share its results, together with
    those after it that need of each result only what the same thread computed; a
    buffer that only they name is none (`ub.poison`). A loop of scalars becomes one of a single thread; a scalar that @main reads is kept in a
    buffer, and what is computed of it is computed by the kernels that need it.
    Equal kernels are one. `cuda.units` of a kernel counts its work items. The
    module attribute `cuda.kernels` lists node and kind of each launch. Control
    flow that depends on values of tensors is a diagnostic.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect", "::mlir::ub::UBDialect"];
}

def CudaPlanMemory : Pass<"cuda-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Replace allocations and constants by places in two blocks, the last arguments of @main";
  let description = [{
    The arena holds allocations, shared where their uses do not overlap; the other
    block the weights. `cuda.arena_size` tells the bytes of the first, `cuda.weights`
    and `cuda.weight_offsets` what the second holds.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def CudaChooseSchedule : Pass<"cuda-choose-schedule", "::mlir::func::FuncOp"> {
  let summary = "Decide how each kernel is launched";
  let description = [{
    `cuda.blocks` blocks of `cuda.threads` threads. A contraction is given `cuda.tile`:
    rows and columns of the result that a block computes, products that it takes at a
    time, rows and columns of a thread; a long sum of few results `cuda.lanes`, the
    threads that share one.
  }];
  let options = [Option<"plain", "plain", "bool", "false", "a thread for every result">];
}

def CudaEmitKernels : Pass<"cuda-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn kernels on memrefs into what one thread does";
  let description = [{
    A thread computes one work item: one point of a structured op's parallel loops,
    the last axis of the result running fastest over threads; sums stay in registers.
    A kernel with `cuda.tile` is computed by blocks: they copy tiles of both factors
    to shared memory, and each thread has a patch of the result.
  }];
  let dependentDialects = ["::mlir::NVVM::NVVMDialect", "::mlir::arith::ArithDialect", "::mlir::affine::AffineDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::ub::UBDialect"];
}

def CudaFailChecks : Pass<"cuda-fail-checks", "::mlir::ModuleOp"> {
  let summary = "Turn checks of kernels into numbers in a word that the host reads after a run";
  let description = [{
    The word is the global `brisk_failure`, 0 while nothing failed. The module attribute
    `cuda.checks` lists node and message of each number from 1.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::cf::ControlFlowDialect"];
}

#endif
