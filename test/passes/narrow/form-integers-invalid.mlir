// RUN: brisk-opt --infer-shapes --form-integers --verify-diagnostics %s

// The sum of what lies below a window needs to know how much that is.
func.func @open(%x: tensor<1x2x4x4xui8>, %w: tensor<?x2x3x3xi8>, %z: tensor<i8>) -> tensor<*xi32> {
  %none = onnx.None
  // expected-error @+1 {{expects a weight of static shape where it has a zero point}}
  %0 = onnx.ConvInteger %x, %w, %none, %z : (tensor<1x2x4x4xui8>, tensor<?x2x3x3xi8>, none, tensor<i8>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}
