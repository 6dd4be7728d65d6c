// RUN: brisk-opt --infer-shapes --split-input-file %s | FileCheck %s --check-prefix=TYPE
// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file %s | FileCheck %s

// Without reduction there is a loss for each target.
// TYPE-LABEL: func.func @none(
// TYPE: onnx.NegativeLogLikelihoodLoss {{.*}} -> tensor<3x6xf32>
// CHECK-LABEL: func.func @none(
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]}
// CHECK: tensor.extract
// CHECK: arith.negf
func.func @none(%x: tensor<3x5x6xf32>, %t: tensor<3x6xi64>) -> tensor<*xf32> {
  %none = onnx.None
  %0 = onnx.NegativeLogLikelihoodLoss %x, %t, %none {reduction = "none"} : (tensor<3x5x6xf32>, tensor<3x6xi64>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// The mean is weighted, and ignored targets weigh nothing.
// TYPE-LABEL: func.func @mean(
// TYPE: onnx.SoftmaxCrossEntropyLoss {{.*}} -> (tensor<f32>, tensor<3x5xf32>)
// CHECK-LABEL: func.func @mean(
// CHECK: math.log
// CHECK: arith.cmpi eq
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction"]}
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction"]}
// CHECK: arith.divf
func.func @mean(%x: tensor<3x5xf32>, %t: tensor<3xi64>, %w: tensor<5xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0, %1 = onnx.SoftmaxCrossEntropyLoss %x, %t, %w {ignore_index = 2 : i64} : (tensor<3x5xf32>, tensor<3xi64>, tensor<5xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}
