// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

// Exponentials are of floats.
func.func @kind(%x: tensor<4xi32>) -> tensor<*xi32> {
  // expected-error @below {{expects float elements, but got 'i32'}}
  %0 = onnx.Softmax %x : (tensor<4xi32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// The axis exists.
func.func @axis(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{axis 1}}
  %0 = onnx.LogSoftmax %x {axis = 1 : i64} : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
