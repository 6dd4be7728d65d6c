// Passes of the NPU target.
#ifndef BRISK_TARGETS_NPU_PASSES_TD
#define BRISK_TARGETS_NPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def NpuFormKernels : Pass<"npu-form-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn sums of products of bytes, and what lies between them, into calls of kernels";
  let description = [{
    Convolutions and matrix products with constant weights and the quantization
    after them; sums of two quantized tensors; functions of one byte; means over
    an image; quantization of inputs. Their tensors become images in blocks of four
    channels; whoever else reads one gets it back as it was.
  }];
  let dependentDialects = ["::brisk::npu::NpuDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
  let options = [Option<"exact", "exact", "bool", /*default=*/"false",
                        "Scale sums by all bits of their factors, even where fewer are faster">];
}

def NpuTabulate : Pass<"npu-tabulate", "::mlir::ModuleOp"> {
  let summary = "Look up what elementwise bodies compute of one byte";
  let description = [{
    In: linalg on tensors that no kernel takes over. Whatever part of a body is a
    function of one byte, and takes more than a few instructions, is read from a
    table of 256.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def NpuBufferize : Pass<"npu-bufferize", "::mlir::ModuleOp"> {
  let summary = "Give @main a memref per input and result, bufferize, 128-byte aligned";
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def NpuPlanMemory : Pass<"npu-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Replace allocations by places in one arena, the last argument of @main";
  let description = [{
    A place is shared by allocations whose uses do not overlap; every offset is a
    multiple of 128 bytes. What fits lies in the first part of the arena, of at most
    `vtcm` bytes: those of most uses a byte first. The module attributes
    `npu.vtcm_size` and `npu.arena_size` tell how much that is, and what is left.
  }];
  let options = [Option<"vtcm", "vtcm", "int64_t", "2097152", "bytes of tightly coupled memory">];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def NpuOutlineKernels : Pass<"npu-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Move each structured op into a function of its own, announced to the packet counter";
  let description = [{
    The module attribute `npu.kernels` lists node and kind of each call,
    `npu.packets` how many packets it is thought to take. Warns where a fifth of
    them is scalar code; with fallback=error, any is an error.
  }];
  let options = [Option<"fallback", "fallback", "std::string", "\"scalar\"", "scalar, error, or quiet (scalar without a warning)">];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::arith::ArithDialect"];
}

def NpuToLlvm : Pass<"npu-to-llvm", "::mlir::ModuleOp"> {
  let summary = "To the LLVM dialect with 32-bit indices, memrefs as bare pointers, kernels as calls";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif
