// RUN: brisk-opt --infer-shapes --simplify-shapes %s | FileCheck %s

// A small integer tensor whose elements are known becomes a constant; what computed it goes.
// CHECK-LABEL: func.func @known(
// CHECK: %[[C:.*]] = onnx.Constant dense<[5, 7]> : tensor<2xi64>
// CHECK-NOT: onnx.Add
// CHECK: return %[[C]]
func.func @known() -> tensor<*xi64> {
  %a = onnx.Constant dense<[1, 3]> : tensor<2xi64> : tensor<2xi64>
  %b = onnx.Constant dense<4> : tensor<i64> : tensor<i64>
  %0 = onnx.Add %a, %b : (tensor<2xi64>, tensor<i64>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// Dead ops go too, results that depend on data stay.
// CHECK-LABEL: func.func @open(
// CHECK-NOT: onnx.Relu
// CHECK: %[[R:.*]] = onnx.Add
// CHECK: return %[[R]]
func.func @open(%x: tensor<2xi64>) -> tensor<2xi64> {
  %dead = onnx.Relu %x : (tensor<2xi64>) -> tensor<2xi64>
  %0 = onnx.Add %x, %x : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}
