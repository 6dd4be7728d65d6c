// RUN: briskc %s --stop-after=shapes -o - | FileCheck %s

// What depends on constants only is computed by the compiler itself.
// CHECK-LABEL: func.func @main
// CHECK: onnx.Constant dense<[4.000000e+00, 0.000000e+00]>
// CHECK-NOT: onnx.Mul
// CHECK: onnx.Add
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = onnx.Constant dense<[2.0, -3.0]> : tensor<2xf32> : tensor<2xf32>
  %b = onnx.Relu %a : (tensor<2xf32>) -> tensor<2xf32>
  %c = onnx.Mul %b, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %d = onnx.Add %x, %c : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %d : tensor<2xf32>
}
