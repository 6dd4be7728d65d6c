// RUN: brisk-opt --propagate-layout --simplify-shapes %s | FileCheck %s

// A chain of convolutions with a residual join: one transpose in, one out, constants permuted.
// CHECK-LABEL: func.func @residual(
// CHECK-SAME: %[[X:.*]]: tensor<1x3x8x8xf32>
// CHECK: %[[IN:.*]] = onnx.Transpose %[[X]] {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
// CHECK: %[[A:.*]] = onnx.Conv %[[IN]], {{.*}}channels_last{{.*}} -> tensor<1x8x8x4xf32>
// CHECK: %[[R:.*]] = onnx.Relu %[[A]] : (tensor<1x8x8x4xf32>)
// CHECK: %[[B:.*]] = onnx.Conv %[[R]], {{.*}} -> tensor<1x8x8x4xf32>
// CHECK: %[[S:.*]] = onnx.Add %[[R]], %[[B]] {{.*}} -> tensor<1x8x8x4xf32>
// CHECK: %[[P:.*]] = onnx.MaxPool %[[S]] {channels_last{{.*}} -> tensor<1x4x4x4xf32>
// CHECK: %[[OUT:.*]] = onnx.Transpose %[[P]] {perm = array<i64: 0, 3, 1, 2>}
// CHECK-NOT: onnx.Transpose
// CHECK: return %[[OUT]]
func.func @residual(%x: tensor<1x3x8x8xf32>, %v: tensor<4x3x1x1xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x4x4xf32> {
  %n = onnx.None
  %0 = onnx.Conv %x, %v, %n : (tensor<1x3x8x8xf32>, tensor<4x3x1x1xf32>, none) -> tensor<1x4x8x8xf32>
  %1 = onnx.Relu %0 : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %2 = onnx.Conv %1, %w, %n : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>, none) -> tensor<1x4x8x8xf32>
  %3 = onnx.Add %1, %2 : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %4 = onnx.MaxPool %3 {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x4x4xf32>
  return %4 : tensor<1x4x4x4xf32>
}

// A constant of full rank is transposed at compile time; one of lower rank gets all axes first.
// CHECK-LABEL: func.func @constants(
// CHECK-DAG: %[[F:.*]] = onnx.Transpose %{{.*}} {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x4x1x1xf32>) -> tensor<1x1x1x4xf32>
// CHECK-DAG: %[[U:.*]] = onnx.Unsqueeze {{.*}} : (tensor<4x1x1xf32>, tensor<1xi64>) -> tensor<1x4x1x1xf32>
// CHECK-DAG: %[[G:.*]] = onnx.Transpose %[[U]] {{.*}} -> tensor<1x1x1x4xf32>
// CHECK-DAG: onnx.Mul %{{.*}}, %[[F]] {{.*}} -> tensor<1x?x8x4xf32, ["", "H", "", ""]>
// CHECK-DAG: onnx.Add %{{.*}}, %[[G]] {{.*}} -> tensor<1x?x8x4xf32, ["", "H", "", ""]>
func.func @constants(%x: tensor<1x4x?x8xf32, ["", "", "H", ""]>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x?x8xf32, ["", "", "H", ""]> {
  %n = onnx.None
  %c = onnx.Constant dense<[[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]> : tensor<1x4x1x1xf32> : tensor<1x4x1x1xf32>
  %d = onnx.Constant dense<[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]> : tensor<4x1x1xf32> : tensor<4x1x1xf32>
  %0 = onnx.Conv %x, %w, %n : (tensor<1x4x?x8xf32, ["", "", "H", ""]>, tensor<4x4x1x1xf32>, none) -> tensor<1x4x?x8xf32, ["", "", "H", ""]>
  %1 = onnx.Mul %0, %c : (tensor<1x4x?x8xf32, ["", "", "H", ""]>, tensor<1x4x1x1xf32>) -> tensor<1x4x?x8xf32, ["", "", "H", ""]>
  %2 = onnx.Add %1, %d : (tensor<1x4x?x8xf32, ["", "", "H", ""]>, tensor<4x1x1xf32>) -> tensor<1x4x?x8xf32, ["", "", "H", ""]>
  return %2 : tensor<1x4x?x8xf32, ["", "", "H", ""]>
}

// The model's own transpose cancels against the border's.
// CHECK-LABEL: func.func @cancel(
// CHECK-NOT: onnx.Transpose
// CHECK: onnx.Conv %arg0
// CHECK-NOT: onnx.Transpose
// CHECK: return
func.func @cancel(%x: tensor<1x8x8x4xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x8x8x4xf32> {
  %n = onnx.None
  %t = onnx.Transpose %x {perm = array<i64: 0, 3, 1, 2>} : (tensor<1x8x8x4xf32>) -> tensor<1x4x8x8xf32>
  %0 = onnx.Conv %t, %w, %n : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>, none) -> tensor<1x4x8x8xf32>
  %1 = onnx.Transpose %0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x8x8x4xf32>
  return %1 : tensor<1x8x8x4xf32>
}

// An op between two regions is adopted, one that would need another operand transposed is not.
// CHECK-LABEL: func.func @border(
// CHECK: onnx.Conv
// CHECK: %[[T:.*]] = onnx.Transpose
// CHECK: onnx.Add %[[T]], %arg1
// CHECK: return
func.func @border(%x: tensor<1x4x8x8xf32>, %y: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32> {
  %n = onnx.None
  %0 = onnx.Conv %x, %w, %n : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>, none) -> tensor<1x4x8x8xf32>
  %1 = onnx.Add %0, %y : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %1 : tensor<1x4x8x8xf32>
}

// All results of an op that follows are permuted.
// CHECK-LABEL: func.func @pieces(
// CHECK: %[[C:.*]] = onnx.Conv {{.*}} {channels_last}
// CHECK: %[[S:.*]]:2 = onnx.Split %[[C]], %{{.*}} {axis = 3 : i64} : (tensor<1x8x8x4xf32>, none) -> (tensor<1x8x8x2xf32>, tensor<1x8x8x2xf32>)
// CHECK: %[[M:.*]] = onnx.Mul %[[S]]#0, %[[S]]#1
// CHECK: onnx.Transpose %[[M]]
func.func @pieces(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x2x8x8xf32> {
  %n = onnx.None
  %0 = onnx.Conv %x, %w, %n : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>, none) -> tensor<1x4x8x8xf32>
  %1:2 = onnx.Split %0, %n {axis = 1 : i64} : (tensor<1x4x8x8xf32>, none) -> (tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>)
  %2 = onnx.Mul %1#0, %1#1 : (tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  return %2 : tensor<1x2x8x8xf32>
}

// Flat indices keep their pool as it is; without an op that wants it nothing changes.
// CHECK-LABEL: func.func @none(
// CHECK-NOT: onnx.Transpose
// CHECK-NOT: channels_last
// CHECK: return
func.func @none(%x: tensor<1x4x8xf32>) -> (tensor<1x4x4xf32>, tensor<1x4x4xi64>) {
  %0 = onnx.Relu %x : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %1, %2 = onnx.MaxPool %0 {kernel_shape = array<i64: 2>, strides = array<i64: 2>} : (tensor<1x4x8xf32>) -> (tensor<1x4x4xf32>, tensor<1x4x4xi64>)
  return %1, %2 : tensor<1x4x4xf32>, tensor<1x4x4xi64>
}
