// Elementwise ops: unary, binary and n-ary arithmetic, comparison, logic.
include "dialects/onnx/Base.td"

def Onnx_AddOp : Onnx_Binary<"Add", [Commutative]> {
  let summary = "Sum of two tensors (ONNX Add, opset 14)";
}

def Onnx_MulOp : Onnx_Binary<"Mul", [Commutative]> {
  let summary = "Product of two tensors (ONNX Mul, opset 14)";
}

def Onnx_ReluOp : Onnx_Unary<"Relu"> {
  let summary = "max(x, 0) (ONNX Relu, opset 14)";
}
