// RUN: brisk-opt --infer-shapes %s | FileCheck %s --check-prefix=TYPE
// RUN: brisk-opt --infer-shapes --lower-onnx %s | FileCheck %s

// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[ALL:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-DAG: #[[LAST:.*]] = affine_map<(d0, d1, d2) -> (d2)>
// CHECK-DAG: #[[NC:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[CENTRE:.*]] = affine_map<(d0, d1, d2) -> (d1)>

// Constant parameters leave one multiplication and one addition: 3 / sqrt(4) and 1 - 2 * 1.5.
// TYPE-LABEL: @batch
// TYPE: onnx.BatchNormalization {{.*}} -> tensor<2x1x4xf32>
// CHECK-LABEL: func.func @batch(
// CHECK-DAG: %[[SCALE:.*]] = arith.constant dense<1.500000e+00> : tensor<1xf32>
// CHECK-DAG: %[[SHIFT:.*]] = arith.constant dense<-2.000000e+00> : tensor<1xf32>
// CHECK: linalg.generic {indexing_maps = [#[[ALL]], #[[CENTRE]], #[[CENTRE]], #[[ALL]]]
// CHECK-SAME: ins(%arg0, %[[SCALE]], %[[SHIFT]]
// CHECK: arith.mulf
// CHECK: arith.addf
func.func @batch(%x: tensor<2x1x4xf32>) -> tensor<*xf32> {
  %s = onnx.Constant dense<3.0> : tensor<1xf32> : tensor<1xf32>
  %b = onnx.Constant dense<1.0> : tensor<1xf32> : tensor<1xf32>
  %m = onnx.Constant dense<2.0> : tensor<1xf32> : tensor<1xf32>
  %v = onnx.Constant dense<4.0> : tensor<1xf32> : tensor<1xf32>
  %0 = onnx.BatchNormalization %x, %s, %b, %m, %v {epsilon = 0.0 : f32} : (tensor<2x1x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Parameters of the run give factors by channel first; channels last read them along the last axis.
// CHECK-LABEL: func.func @batch_open(
// CHECK: math.sqrt
// CHECK: arith.subf
// CHECK: linalg.generic {indexing_maps = [#[[ALL]], #[[LAST]], #[[LAST]], #[[ALL]]]
func.func @batch_open(%x: tensor<2x4x3xf32>, %p: tensor<3xf32>) -> tensor<*xf32> {
  %0 = onnx.BatchNormalization %x, %p, %p, %p, %p {channels_last} : (tensor<2x4x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Training has the statistics of the batch, and running ones as results.
// TYPE-LABEL: @training
// TYPE: onnx.BatchNormalization {{.*}} -> (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>)
// CHECK-LABEL: func.func @training(
// CHECK: iterator_types = ["reduction", "parallel", "reduction"]
func.func @training(%x: tensor<2x3x4xf32>, %p: tensor<3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %0, %1, %2 = onnx.BatchNormalization %x, %p, %p, %p, %p {training_mode = 1 : i64} : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %0, %1, %2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// Two sums over rows and one elementwise op; the statistics have the reduced axes as 1.
// TYPE-LABEL: @layer
// TYPE: onnx.LayerNormalization {{.*}} -> (tensor<?x4x8xf16, ["B", "", ""]>, tensor<?x4x1xf32, ["B", "", ""]>)
// CHECK-LABEL: func.func @layer(
// CHECK: linalg.generic {indexing_maps = [#[[ALL]], #[[ROW]]], iterator_types = ["parallel", "parallel", "reduction"]
// CHECK: linalg.generic {indexing_maps = [#[[ALL]], #[[ROW]], #[[ROW]]], iterator_types = ["parallel", "parallel", "reduction"]
// CHECK: math.sqrt
// CHECK: linalg.generic {indexing_maps = [#[[ALL]], #[[ROW]], #[[ROW]], #[[LAST]], #[[LAST]], #[[ALL]]]
// CHECK: tensor.expand_shape {{.*}} {{\[}}[0], [1, 2]]
func.func @layer(%x: tensor<?x4x8xf16, ["B", "", ""]>, %s: tensor<8xf16>) -> (tensor<*xf16>, tensor<*xf32>) {
  %0, %1 = onnx.LayerNormalization %x, %s, %s : (tensor<?x4x8xf16, ["B", "", ""]>, tensor<8xf16>, tensor<8xf16>) -> (tensor<*xf16>, tensor<*xf32>)
  return %0, %1 : tensor<*xf16>, tensor<*xf32>
}

// CHECK-LABEL: func.func @rms(
// CHECK-NOT: arith.subf
// CHECK: math.sqrt
func.func @rms(%x: tensor<2x4x8xf32>, %s: tensor<8xf32>) -> tensor<*xf32> {
  %0 = onnx.RMSNormalization %x, %s : (tensor<2x4x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @instance(
// CHECK: linalg.generic {indexing_maps = [#[[ALL]], #[[NC]]], iterator_types = ["parallel", "reduction", "parallel"]
func.func @instance(%x: tensor<2x5x3xf32>, %s: tensor<3xf32>) -> tensor<*xf32> {
  %0 = onnx.InstanceNormalization %x, %s, %s {channels_last} : (tensor<2x5x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Groups are an axis of their own; opset 18 scales by group, later ones by channel.
// CHECK-LABEL: func.func @group(
// CHECK: tensor.expand_shape %arg0 {{\[}}[0], [1, 2], [3]] output_shape [2, 2, 3, 5]
// CHECK-NOT: tensor.expand_shape %arg1
// CHECK: tensor.expand_shape %arg2 {{\[}}[0, 1]] output_shape [2, 3]
// CHECK: tensor.collapse_shape
func.func @group(%x: tensor<2x6x5xf32>, %s: tensor<2xf32>, %b: tensor<6xf32>) -> tensor<*xf32> {
  %0 = onnx.GroupNormalization %x, %s, %b {num_groups = 2 : i64} : (tensor<2x6x5xf32>, tensor<2xf32>, tensor<6xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @others(
// CHECK: math.absf
// CHECK: arith.select
// CHECK: arith.constant 9.99999971E-10
// CHECK: tensor.insert_slice {{.*}}[0, 1, 0]
// CHECK: math.powf
func.func @others(%x: tensor<2x6x5xf32>) -> tensor<*xf32> {
  %0 = onnx.LpNormalization %x {p = 1 : i64} : (tensor<2x6x5xf32>) -> tensor<*xf32>
  %1 = onnx.MeanVarianceNormalization %0 {axes = array<i64: 0, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %2 = onnx.LRN %1 {size = 3 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}
