// RUN: brisk-opt --infer-shapes --fold-constants=outline-only %s | FileCheck %s

// One function computes all that depends on constants alone; it returns what others use.
// CHECK-LABEL: func.func @main(
func.func @main(%x: tensor<4x2xf32>) -> tensor<*xf32> {
  %w = onnx.Constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32> : tensor<2x4xf32>
  %0 = onnx.Transpose %w : (tensor<2x4xf32>) -> tensor<*xf32>
  %1 = onnx.Relu %0 : (tensor<*xf32>) -> tensor<*xf32>
  %2 = onnx.Add %x, %1 : (tensor<4x2xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}

// A large result made of next to nothing is left to the run.
// CHECK-LABEL: func.func @huge(
// CHECK: onnx.Expand
func.func @huge(%x: tensor<1xf32>) -> tensor<*xf32> {
  %v = onnx.Constant dense<1.0> : tensor<1xf32> : tensor<1xf32>
  %shape = onnx.Constant dense<[4096, 4096]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Expand %v, %shape : (tensor<1xf32>, tensor<2xi64>) -> tensor<*xf32>
  %1 = onnx.Add %x, %0 : (tensor<1xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// CHECK-LABEL: func.func @fold() -> tensor<4x2xf32>
// CHECK-NEXT: %[[C:.*]] = onnx.Constant
// CHECK-NEXT: %[[T:.*]] = onnx.Transpose %[[C]]
// CHECK-NEXT: %[[R:.*]] = onnx.Relu %[[T]]
// CHECK-NEXT: return %[[R]]
// CHECK-NOT: func.func
