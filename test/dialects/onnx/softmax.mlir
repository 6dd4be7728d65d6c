// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file %s | FileCheck %s

// Four generics over the same rows, and one for the reciprocals.
// CHECK-LABEL: func.func @softmax(
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]}
// CHECK: arith.maximumf
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]}
// CHECK: arith.subf
// CHECK: math.exp
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]}
// CHECK: arith.addf
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel"]}
// CHECK: arith.divf
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]}
// CHECK: arith.mulf
func.func @softmax(%x: tensor<2x4xf32>) -> tensor<*xf32> {
  %0 = onnx.Softmax %x : (tensor<2x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// The flattened form of old opsets has rows of several axes.
// CHECK-LABEL: func.func @flatten(
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction", "reduction"]}
// CHECK: math.log
func.func @flatten(%x: tensor<2x3x4xf32>) -> tensor<*xf32> {
  %0 = onnx.LogSoftmax %x {axis = 1 : i64, flatten} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Hardmax marks the first maximum.
// CHECK-LABEL: func.func @hardmax(
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction", "parallel"]}
// CHECK: linalg.index 0
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]}
// CHECK: arith.cmpi eq
func.func @hardmax(%x: tensor<2x4xf32>) -> tensor<*xf32> {
  %0 = onnx.Hardmax %x {axis = 0 : i64} : (tensor<2x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
