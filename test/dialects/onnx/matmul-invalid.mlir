// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

func.func @scalar(%a: tensor<f32>, %b: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects operands of rank 1 or more, but got ranks 0 and 1}}
  %0 = onnx.MatMul %a, %b : (tensor<f32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @depth(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects shapes that multiply, but got 2x3 and 4x5}}
  %0 = onnx.MatMul %a, %b : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @batch(%a: tensor<3x2x3xf32>, %b: tensor<2x3x5xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects shapes that multiply, but got 3x2x3 and 2x3x5}}
  %0 = onnx.MatMul %a, %b : (tensor<3x2x3xf32>, tensor<2x3x5xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @gemm_rank(%a: tensor<1x2x3xf32>, %b: tensor<3x5xf32>) -> tensor<*xf32> {
  %c = onnx.None
  // expected-error @below {{expects operands of rank 2, but got ranks 3 and 2}}
  %0 = onnx.Gemm %a, %b, %c : (tensor<1x2x3xf32>, tensor<3x5xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @gemm_depth(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>) -> tensor<*xf32> {
  %c = onnx.None
  // expected-error @below {{expects shapes that multiply, but got 2x3 and 3x5}}
  %0 = onnx.Gemm %a, %b, %c {transB = 1 : i64} : (tensor<2x3xf32>, tensor<3x5xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @gemm_bias(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>, %c: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects C to broadcast to 2x5, but got shape 3}}
  %0 = onnx.Gemm %a, %b, %c : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @einsum_terms(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an equation of 1 terms, but got 'ij,jk->ik'}}
  %0 = onnx.Einsum %a {equation = "ij,jk->ik"} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @einsum_text(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an einsum equation, but got 'i#->i'}}
  %0 = onnx.Einsum %a {equation = "i#->i"} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @einsum_rank(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an operand of rank 3 for 'ijk', but got rank 2}}
  %0 = onnx.Einsum %a {equation = "ijk->i"} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @einsum_dims(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects equal dims under one letter, but got 3 and 4}}
  %0 = onnx.Einsum %a, %b {equation = "ij,jk->ik"} : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @einsum_none() -> tensor<*xf32> {
  // expected-error @below {{expects at least one operand}}
  %0 = onnx.Einsum {equation = "->"} : () -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
