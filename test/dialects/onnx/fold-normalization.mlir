// RUN: brisk-opt %s --split-input-file --simplify-shapes | FileCheck %s

// A normalization by constants becomes part of the weights and the bias before it.
// CHECK-LABEL: func @constant
// CHECK-NOT: BatchNormalization
// CHECK: %[[R:.*]] = onnx.Sqrt
// CHECK: %[[S:.*]] = onnx.Div %{{.*}}, %[[R]]
// CHECK: %[[WIDE:.*]] = onnx.Reshape %[[S]], {{.*}} -> tensor<2x1x1x1xf32>
// CHECK: %[[B:.*]] = onnx.Sub
// CHECK: %[[W:.*]] = onnx.Mul %[[WIDE]]
// CHECK: %[[Y:.*]] = onnx.Conv %arg0, %[[W]], %[[B]]
// CHECK: return %[[Y]]
func.func @constant(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = onnx.Constant dense<[[[[1.0]]], [[[-2.0]]]]> : tensor<2x1x1x1xf32> : tensor<2x1x1x1xf32>
  %p = onnx.Constant dense<[0.5, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %b = onnx.None
  %y = onnx.Conv %x, %w, %b : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, none) -> tensor<1x2x4x4xf32>
  %z = onnx.BatchNormalization %y, %p, %p, %p, %p : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %z : tensor<1x2x4x4xf32>
}

// -----

// Not where somebody else reads the sums.
// CHECK-LABEL: func @shared
// CHECK: onnx.Conv
// CHECK: onnx.BatchNormalization
func.func @shared(%x: tensor<1x1x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %w = onnx.Constant dense<[[[[1.0]]], [[[-2.0]]]]> : tensor<2x1x1x1xf32> : tensor<2x1x1x1xf32>
  %p = onnx.Constant dense<[0.5, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %b = onnx.None
  %y = onnx.Conv %x, %w, %b : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, none) -> tensor<1x2x4x4xf32>
  %z = onnx.BatchNormalization %y, %p, %p, %p, %p : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %y, %z : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}
