// RUN: brisk-opt --lower-onnx --split-input-file --verify-diagnostics %s

// A size that nothing tells: no input names Q.
func.func @unbound(%x: tensor<?xf32, ["N"]>, %one: tensor<1xf32>) -> tensor<?xf32, ["Q"]> {
  // expected-error @below {{has a size of Q, which nothing computed so far tells}}
  %0 = onnx.Add %x, %one : (tensor<?xf32, ["N"]>, tensor<1xf32>) -> tensor<?xf32, ["Q"]>
  return %0 : tensor<?xf32, ["Q"]>
}

// -----

// A type that no inference gave: what the op becomes is verified.
func.func @unfit(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @below {{has operands that do not fit together}}
  %0 = onnx.Transpose %x {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
