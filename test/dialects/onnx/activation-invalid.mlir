// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

// Gelu has two forms.
func.func @gelu(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects approximate to be none or tanh, but got erf}}
  %0 = onnx.Gelu %x {approximate = "erf"} : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// The slope of PRelu must fit into X.
func.func @prelu(%x: tensor<1x4xf32>, %slope: tensor<3x1xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a slope that broadcasts to X, but got shapes 3x1 and 1x4}}
  %0 = onnx.PRelu %x, %slope : (tensor<1x4xf32>, tensor<3x1xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// SwiGLU does not broadcast.
func.func @swiglu(%x: tensor<3x4xf32>, %y: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects operands of one shape, but got 3x4 and 4}}
  %0 = onnx.SwiGLU %x, %y : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
