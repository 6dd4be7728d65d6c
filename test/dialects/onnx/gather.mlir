// RUN: brisk-opt --infer-shapes %s | FileCheck %s
// RUN: brisk-opt --infer-shapes --simplify-shapes --lower-onnx %s | FileCheck %s --check-prefix=LOWER

// An embedding: indices are clamped in the loop, so that no memory outside is read.
// CHECK-LABEL: func.func @embedding(
// CHECK-SAME: -> tensor<?x?x64xf32, ["B", "S", ""]>
// LOWER-LABEL: func.func @embedding(
// LOWER-NOT: cf.assert
// LOWER: linalg.generic
// LOWER: arith.minsi
// LOWER: arith.maxsi
// LOWER: tensor.extract
func.func @embedding(%w: tensor<1000x64xf32>, %ids: tensor<?x?xi64, ["B", "S"]>) -> tensor<*xf32> {
  %0 = onnx.Gather %w, %ids : (tensor<1000x64xf32>, tensor<?x?xi64, ["B", "S"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// One slice by a constant index is a view.
// CHECK-LABEL: func.func @last(
// CHECK-SAME: -> tensor<?x8xf32, ["S", ""]>
// LOWER-LABEL: func.func @last(
// LOWER-NOT: linalg
// LOWER: tensor.extract_slice %{{.*}}[0, 2, 0]
// LOWER: tensor.collapse_shape
func.func @last(%x: tensor<?x3x8xf32, ["S", "", ""]>) -> tensor<*xf32> {
  %i = onnx.Constant dense<-1> : tensor<i64> : tensor<i64>
  %0 = onnx.Gather %x, %i {axis = 1 : i64} : (tensor<?x3x8xf32, ["S", "", ""]>, tensor<i64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// A few indices known at run time only are checked before the loop.
// LOWER-LABEL: func.func @few(
// LOWER: cf.assert %{{.*}}, "index out of range"
func.func @few(%x: tensor<9xf32>, %i: tensor<3xi64>) -> tensor<*xf32> {
  %0 = onnx.Gather %x, %i : (tensor<9xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @elements(
// CHECK: onnx.GatherElements {{.*}} -> tensor<2x5xf32>
func.func @elements(%x: tensor<3x5xf32>, %i: tensor<2x5xi64>) -> tensor<*xf32> {
  %0 = onnx.GatherElements %x, %i : (tensor<3x5xf32>, tensor<2x5xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @tuples(
// CHECK: onnx.GatherND {{.*}} -> tensor<2x?x4xf32, ["", "N", ""]>
func.func @tuples(%x: tensor<2x3x4xf32>, %i: tensor<2x?x1xi64, ["", "N", ""]>) -> tensor<*xf32> {
  %0 = onnx.GatherND %x, %i {batch_dims = 1 : i64} : (tensor<2x3x4xf32>, tensor<2x?x1xi64, ["", "N", ""]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Writing at positions is a sequential loop that updates in place.
// CHECK-LABEL: func.func @scatter(
// CHECK: onnx.ScatterElements {{.*}} -> tensor<3x?xf32, ["", "N"]>
// LOWER-LABEL: func.func @scatter(
// LOWER: scf.for
// LOWER: scf.for
// LOWER: arith.addf
// LOWER: tensor.insert
func.func @scatter(%x: tensor<3x?xf32, ["", "N"]>, %i: tensor<1x?xi64, ["", "N"]>, %u: tensor<1x?xf32, ["", "N"]>) -> tensor<*xf32> {
  %0 = onnx.ScatterElements %x, %i, %u {reduction = "add"} : (tensor<3x?xf32, ["", "N"]>, tensor<1x?xi64, ["", "N"]>, tensor<1x?xf32, ["", "N"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @scatter_nd(
// CHECK: onnx.ScatterND {{.*}} -> tensor<4x4xi32>
func.func @scatter_nd(%x: tensor<4x4xi32>, %i: tensor<2x1xi64>, %u: tensor<2x4xi32>) -> tensor<*xi32> {
  %0 = onnx.ScatterND %x, %i, %u : (tensor<4x4xi32>, tensor<2x1xi64>, tensor<2x4xi32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// CHECK-LABEL: func.func @cache(
// CHECK: onnx.TensorScatter {{.*}} -> tensor<2x1x8x4xf32>
func.func @cache(%x: tensor<2x1x8x4xf32>, %u: tensor<2x1x?x4xf32, ["", "", "S", ""]>, %at: tensor<2xi64>) -> tensor<*xf32> {
  %0 = onnx.TensorScatter %x, %u, %at : (tensor<2x1x8x4xf32>, tensor<2x1x?x4xf32, ["", "", "S", ""]>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
