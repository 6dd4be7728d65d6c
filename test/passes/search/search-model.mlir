// RUN: brisk-opt %s --search-model 2>&1 | FileCheck %s

// Without a budget (which only the compiler has) nothing is tried and nothing changes.
// CHECK-LABEL: func @main
// CHECK: onnx.MatMul %arg0, %{{.*}} : (tensor<3x2xf32>, tensor<2x4xf32>) -> tensor<3x4xf32>
// CHECK: onnx.MatMul %{{.*}} : (tensor<3x4xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
func.func @main(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %w = onnx.Constant dense<1.0> : tensor<2x4xf32> : tensor<2x4xf32>
  %v = onnx.Constant dense<1.0> : tensor<4x2xf32> : tensor<4x2xf32>
  %0 = onnx.MatMul %x, %w : (tensor<3x2xf32>, tensor<2x4xf32>) -> tensor<3x4xf32>
  %1 = onnx.MatMul %0, %v : (tensor<3x4xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}
