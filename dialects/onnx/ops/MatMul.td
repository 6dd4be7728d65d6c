// Matrix products.
include "dialects/onnx/Base.td"

def Onnx_MatMulOp : Onnx_Op<"MatMul", [Pure, QuantizedMatrix, Onnx_Slices<["summands"]>]> {
  let summary = "Matrix product with the axes of numpy.matmul (ONNX MatMul, opset 13)";
  let description = [{
    The last two axes multiply as matrices, those before broadcast; an operand
    of rank 1 is a row on the left and a column on the right, and its axis is
    absent from the result. f16 and bf16 sum in f32.

    Example: `%y = onnx.MatMul %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>`
  }];
  let arguments = (ins AnyTensor:$A, AnyTensor:$B);
  let results = (outs AnyTensor:$Y);
}

def Onnx_GemmOp : Onnx_Op<"Gemm", [Pure, Upgradable, QuantizedMatrix, Onnx_Slices<["summands"]>]> {
  let summary = "alpha * A' * B' + beta * C (ONNX Gemm, opset 13)";
  let description = [{
    A' is A or, with `transA`, its transpose; C broadcasts to the result and
    may be absent.

    Example: `%y = onnx.Gemm %a, %b, %c {transB = 1} : (tensor<2x3xf32>, tensor<4x3xf32>, tensor<4xf32>) -> tensor<2x4xf32>`
  }];
  let arguments = (ins AnyTensor:$A, AnyTensor:$B, Onnx_Value:$C,
                       DefaultValuedAttr<F32Attr, "1.0f">:$alpha, DefaultValuedAttr<F32Attr, "1.0f">:$beta,
                       DefaultValuedAttr<I64Attr, "0">:$transA, DefaultValuedAttr<I64Attr, "0">:$transB);
  let results = (outs AnyTensor:$Y);
}

def Onnx_EinsumOp : Onnx_Op<"Einsum", [Pure]> {
  let summary = "Einstein summation (ONNX Einsum, opset 28)";
  let description = [{
    `equation` names the axes of each operand by letters. Letters that the
    result lacks are summed, a letter twice in one operand takes the diagonal,
    and `...` stands for axes that broadcast. Without `->` the result has the
    letters that occur once, in alphabetical order, after those of `...`.

    Example: `%y = onnx.Einsum %a, %b {equation = "ij,jk->ik"} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>`
  }];
  let arguments = (ins Variadic<AnyTensor>:$Inputs, StrAttr:$equation);
  let results = (outs AnyTensor:$Output);
}
