// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s | FileCheck %s

// Unranked results get types in order, with symbolic dims, and the function type follows.
// CHECK-LABEL: func.func @chain(
// CHECK-SAME: -> tensor<?x4xf32, ["B", ""]>
func.func @chain(%a: tensor<?x4xf32, ["B", ""]>, %b: tensor<4xf32>) -> tensor<*xf32> {
  // CHECK: onnx.Add {{.*}} -> tensor<?x4xf32, ["B", ""]>
  %0 = onnx.Add %a, %b : (tensor<?x4xf32, ["B", ""]>, tensor<4xf32>) -> tensor<*xf32>
  // CHECK: onnx.Relu {{.*}} -> tensor<?x4xf32, ["B", ""]>
  %1 = onnx.Relu %0 : (tensor<*xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// An op whose operand nobody could type is refused.
func.func @unknown(%a: tensor<*xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects operands of known rank}}
  %0 = onnx.Relu %a : (tensor<*xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
