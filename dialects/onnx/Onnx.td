// The onnx dialect.
#ifndef BRISK_DIALECTS_ONNX_ONNX_TD
#define BRISK_DIALECTS_ONNX_ONNX_TD

include "mlir/IR/DialectBase.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::brisk::onnx";
  let summary = "ONNX operators, one op of newest semantics each";
  let description = [{
    A model after import. An op bears the name and the attributes of the ONNX
    operator at the newest opset that Brisk knows; nodes of older opsets are
    brought to that form at import. Optional inputs that a model leaves out are
    values of type `none`. Tensor types carry symbolic dims as an encoding: an
    array with one string per axis, "" for static ones. Unsigned integers are
    `ui8` and so on, signed ones signless, booleans `i1`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::cf::ControlFlowDialect"];
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
    // Each op family (ops/X.td, ops/X.cpp) adds its ops through this.
    template <typename... Ops> void addFamily() { addOperations<Ops...>(); }
  }];
}

#endif
