// RUN: brisk-opt --infer-shapes %s | FileCheck %s
// RUN: brisk-opt --infer-shapes --simplify-shapes --lower-onnx %s | FileCheck %s --check-prefix=LOWER

// A target built from the data's own dims gives symbolic dims: nothing is unknown, -1 is solved exactly.
// CHECK-LABEL: func.func @split_heads(
// CHECK-SAME: -> tensor<?x?x12x64xf32, ["B", "S", "", ""]>
// LOWER-LABEL: func.func @split_heads(
// LOWER: tensor.expand_shape
func.func @split_heads(%x: tensor<?x?x768xf32, ["B", "S", ""]>) -> tensor<*xf32> {
  %shape = onnx.Shape %x {end = 2 : i64} : (tensor<?x?x768xf32, ["B", "S", ""]>) -> tensor<*xi64>
  %one = onnx.Constant dense<[[1, 12], [1, 64]]> : tensor<2x2xi64> : tensor<2x2xi64>
  %r = onnx.Constant dense<[0, 0, 12, -1]> : tensor<4xi64> : tensor<4xi64>
  %0 = onnx.Reshape %x, %r : (tensor<?x?x768xf32, ["B", "S", ""]>, tensor<4xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @flatten(
// CHECK-SAME: -> tensor<?x?xf32, ["2*B", "3*S"]>
// LOWER-LABEL: func.func @flatten(
// LOWER: tensor.collapse_shape {{.*}} {{\[\[}}0, 1], [2, 3]]
func.func @flatten(%x: tensor<?x2x3x?xf32, ["B", "", "", "S"]>) -> tensor<*xf32> {
  %0 = onnx.Flatten %x {axis = -2 : i64} : (tensor<?x2x3x?xf32, ["B", "", "", "S"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Axes of size 1 come and go as views.
// CHECK-LABEL: func.func @squeeze(
// CHECK: onnx.Squeeze {{.*}} -> tensor<3x?xf32, ["", "S"]>
// CHECK: onnx.Unsqueeze {{.*}} -> tensor<3x1x?x1xf32, ["", "", "S", ""]>
// LOWER-LABEL: func.func @squeeze(
// LOWER-NOT: linalg
func.func @squeeze(%x: tensor<1x3x1x?xf32, ["", "", "", "S"]>) -> tensor<*xf32> {
  %none = onnx.None
  %axes = onnx.Constant dense<[1, -1]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Squeeze %x, %none : (tensor<1x3x1x?xf32, ["", "", "", "S"]>, none) -> tensor<*xf32>
  %1 = onnx.Unsqueeze %0, %axes : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// Axes that are only known at run time leave the rank known.
// CHECK-LABEL: func.func @dynamic_axes(
// CHECK: onnx.Squeeze {{.*}} -> tensor<?x?xf32, ["?0", "?1"]>
// LOWER-LABEL: func.func @dynamic_axes(
// LOWER: cf.assert {{.*}} "squeezed axis is not of size 1"
func.func @dynamic_axes(%x: tensor<3x1x4xf32>, %axes: tensor<1xi64>) -> tensor<*xf32> {
  %0 = onnx.Squeeze %x, %axes : (tensor<3x1x4xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// A target only known at run time: as many dims as it is long, checked against the elements there are.
// CHECK-LABEL: func.func @dynamic_reshape(
// CHECK-SAME: -> tensor<?x?xf32, ["?0", "?1"]>
// LOWER-LABEL: func.func @dynamic_reshape(
// LOWER: cf.assert {{.*}} "target shape has another number of elements"
// LOWER: tensor.expand_shape
func.func @dynamic_reshape(%x: tensor<3x4xf32>, %shape: tensor<2xi64>) -> tensor<*xf32> {
  %0 = onnx.Reshape %x, %shape : (tensor<3x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @transpose(
// CHECK: onnx.Transpose {{.*}} -> tensor<?x?x2xf32, ["S", "B", ""]>
// LOWER-LABEL: func.func @transpose(
// LOWER: linalg.transpose {{.*}} permutation = [2, 0, 1]
func.func @transpose(%x: tensor<?x2x?xf32, ["B", "", "S"]>) -> tensor<*xf32> {
  %0 = onnx.Transpose %x {perm = array<i64: 2, 0, 1>} : (tensor<?x2x?xf32, ["B", "", "S"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Only an axis of size 1 moves: the transpose is a view.
// LOWER-LABEL: func.func @transpose_view(
// LOWER-NOT: linalg
// LOWER: return
func.func @transpose_view(%x: tensor<5x1x7xf32>) -> tensor<*xf32> {
  %0 = onnx.Transpose %x {perm = array<i64: 1, 0, 2>} : (tensor<5x1x7xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @expand(
// CHECK: onnx.Expand {{.*}} -> tensor<?x4x?xf32, ["B", "", "S"]>
// LOWER-LABEL: func.func @expand(
// LOWER: linalg.generic
func.func @expand(%x: tensor<4x1xf32>, %like: tensor<?x1x?xf32, ["B", "", "S"]>) -> tensor<*xf32> {
  %shape = onnx.Shape %like : (tensor<?x1x?xf32, ["B", "", "S"]>) -> tensor<*xi64>
  %0 = onnx.Expand %x, %shape : (tensor<4x1xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Tiling writes (repeat, position) pairs and merges them.
// CHECK-LABEL: func.func @tile(
// CHECK: onnx.Tile {{.*}} -> tensor<4x?xf32, ["", "3*S"]>
// LOWER-LABEL: func.func @tile(
// LOWER: linalg.generic
// LOWER: tensor.collapse_shape
func.func @tile(%x: tensor<2x?xf32, ["", "S"]>) -> tensor<*xf32> {
  %repeats = onnx.Constant dense<[2, 3]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Tile %x, %repeats : (tensor<2x?xf32, ["", "S"]>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Size of a static tensor is a constant.
// LOWER-LABEL: func.func @size(
// LOWER: arith.constant dense<24> : tensor<i64>
func.func @size(%x: tensor<4x6xf32>) -> tensor<*xi64> {
  %0 = onnx.Size %x : (tensor<4x6xf32>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}
