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

def ExpandFloats : Pass<"expand-floats"> {
  let summary = "Leave no arithmetic on narrow floats and no conversion that LLVM cannot lower";
  let description = [{
    Arithmetic on floats narrower than 32 bits is done in f32 and rounded back;
    extensions from and truncations to bf16 and to 8- and 4-bit floats, and
    truncation of f64 to f16, become integer arithmetic: exact, to nearest even,
    with the special values of each format (an overflow is infinity, or NaN where
    the format has no infinity, or the largest number where it has neither).
    f16 against f32 stays, as machines convert it, and so do truncations of f32 to
    bf16 if `keep-bf16-rounding` says that the machine has an instruction for them.
    Works on scalars and vectors.
  }];
  let options = [
    Option<"keepBf16Rounding", "keep-bf16-rounding", "bool", "false", "Leave truncations of f32 to bf16 alone">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ExpandMath : Pass<"expand-math"> {
  let summary = "Expand math ops on f32 scalars and vectors to polynomials";
  let description = [{
    exp, expm1, log, log2, log1p, erf, tanh, sin, cos, rsqrt and powers that are
    products become arithmetic with the errors stated in ExpandMath.cpp; other
    ops and f64 are left to libm. The larger and the smaller of floats, and of a
    vector's elements, become comparisons and choices that let NaN through and do
    not order the two zeros.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

#endif
