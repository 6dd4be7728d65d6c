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
  let options = [Option<"share", "share", "bool", "true", "split large kernels over threads">];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def CpuFinishHost : Pass<"cpu-finish-host", "::mlir::ModuleOp"> {
  let summary = "Run-time checks to failure reports, kernel calls to (parallel) launches with profile hooks";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def CpuEmitKernels : Pass<"cpu-emit-kernels", "::mlir::func::FuncOp"> {
  let summary = "Turn structured ops on memrefs into loops over vectors";
  let description = [{
    Every linalg op of a function becomes a nest of scf loops on vectors of the
    instruction set's width. No buffer is made and none copied. A function with
    the attribute `cpu.split` takes as its last two arguments (index) which of
    the units counted by unitsOf() it is to compute; `cpu.units` then tells how
    many there are, if that is known.
  }];
  let options = [Option<"isa", "isa", "std::string", "\"x86-64-v3\"", "as --march names it">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def CpuFormContractions : Pass<"cpu-form-contractions"> {
  let summary = "Turn sums of products that start at zero into cpu.contract, constant factors packed";
  let description = [{
    The columns' loop is the result's last axis where a factor runs along it or
    is constant, else an axis of a constant factor. Constant factors are packed
    in panels of 32 columns, padded with zeros.
  }];
  let dependentDialects = ["::brisk::cpu::CpuDialect", "::mlir::arith::ArithDialect"];
}

def CpuFormReductions : Pass<"cpu-form-reductions"> {
  let summary = "Turn reductions that start at a constant into cpu.reduce";
  let description = [{
    Depthwise convolutions, pools, sums, maxima. Constant factors are laid out
    anew so that the result's last axis is theirs too. What each other loop of
    a matrix product is left alone.
  }];
  let dependentDialects = ["::brisk::cpu::CpuDialect", "::mlir::arith::ArithDialect"];
}

def CpuFuseEpilogue : Pass<"cpu-fuse-epilogue"> {
  let summary = "Move elementwise consumers of a contraction or reduction into its epilogue";
  let description = [{
    A consumer that reads each result once, and is its only use, becomes part of
    the epilogue region: bias, activation, residual. If it changes the order of
    axes, only where sums are long enough to hide the scattered stores.
  }];
  let dependentDialects = ["::brisk::cpu::CpuDialect"];
}

def CpuLaunchKernels : Pass<"cpu-launch-kernels", "::mlir::ModuleOp"> {
  let summary = "Hand kernels that threads share to the runtime";
  let description = [{
    On the LLVM dialect: a call of a kernel with `cpu.split` stores its arguments in
    a block on the stack and asks the runtime to run the kernel's part function, which
    reads them back, over all units.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif
