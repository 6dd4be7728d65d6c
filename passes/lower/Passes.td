// Lowering of the onnx dialect to structured ops on tensors.
#ifndef BRISK_PASSES_LOWER_PASSES_TD
#define BRISK_PASSES_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerOnnx : Pass<"lower-onnx", "::mlir::ModuleOp"> {
  let summary = "Decompose every op into linalg, tensor, arith, math and scf on tensors";
  let description = [{
    Walks each function in order and asks every op for its decomposition. The
    functions change to storage types (see Decomposer.h): no onnx op, unsigned
    type or encoding is left behind.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::cf::ControlFlowDialect"];
}

def ResolveExpandShape : Pass<"resolve-expand-shape"> {
  let summary = "Turn memref.expand_shape into memref.reinterpret_cast";
  let description = [{
    Sizes and strides are computed from `output_shape`, so any number of dims of
    a group may be open. The upstream `expand-strided-metadata` crashes on a
    group with two: run this before it.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

#endif
