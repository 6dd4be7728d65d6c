// Passes of the CPU target.
#ifndef BRISK_TARGETS_CPU_PASSES_TD
#define BRISK_TARGETS_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def CpuBindOutputs : Pass<"cpu-bind-outputs", "::mlir::ModuleOp"> {
  let summary = "Give @main memref arguments for inputs and static outputs";
  let description = [{
    In: `@main` from tensors to tensors. Out: `@main` takes one memref per input
    and one per result of static shape, into which the result is materialized;
    a result with open dims is materialized into an allocation whose memref is
    returned. Empty-tensor elimination then lets producers write in place.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect"];
}

def CpuBufferize : Pass<"cpu-bufferize", "::mlir::ModuleOp"> {
  let summary = "One-shot bufferization with linalg.copy as the copy and 64-byte aligned allocations";
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def CpuPlaceConstants : Pass<"cpu-place-constants", "::mlir::ModuleOp"> {
  let summary = "Replace constant globals by offsets into one weights block";
  let description = [{
    Every `memref.global` becomes an offset from the address held by the external
    `brisk_weights_base`; the module attribute `cpu.weights` lists the values and
    offsets for emission. Equal values share their place.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def CpuPlanMemory : Pass<"cpu-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Replace allocations by places in one arena";
  let description = [{
    Allocations of static size get offsets by lifetime (module attribute
    `cpu.arena_size`). Sizes that follow from the input dims are computed once at entry
    and laid out there; only data-dependent ones ask the runtime.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect"];
}

def CpuBindCall : Pass<"cpu-bind-call", "::mlir::ModuleOp"> {
  let summary = "Turn @main into @run(brisk_call *), the entry of runtime/abi.h";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def CpuOutlineKernels : Pass<"cpu-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Move each structured op into a kernel function of its own, equal ones shared";
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def CpuFinishHost : Pass<"cpu-finish-host", "::mlir::ModuleOp"> {
  let summary = "Run-time checks to failure reports, kernel calls to (parallel) launches with profile hooks";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif
