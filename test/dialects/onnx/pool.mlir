// RUN: brisk-opt --infer-shapes %s | FileCheck %s --check-prefix=TYPE
// RUN: brisk-opt --infer-shapes --lower-onnx %s | FileCheck %s

// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 2 + d4, d2 * 2 + d5, d3)>
// CHECK-DAG: #[[K:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5)>
// CHECK-DAG: #[[GX:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>

// Padding never wins: the buffer starts at minus infinity.
// TYPE-LABEL: @max
// TYPE: onnx.MaxPool {{.*}} -> tensor<1x16x16x4xf32>
// CHECK-LABEL: func.func @max(
// CHECK: arith.constant 0xFF800000
// CHECK: tensor.insert_slice %arg0 into %{{.*}}[0, 1, 1, 0]
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[K]],
// CHECK: arith.maximumf
func.func @max(%x: tensor<1x32x32x4xf32>) -> tensor<*xf32> {
  %0 = onnx.MaxPool %x {channels_last, kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<1x32x32x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// The indices come from the same loop nest.
// TYPE-LABEL: @indices
// TYPE: onnx.MaxPool {{.*}} -> (tensor<1x1x2xui8>, tensor<1x1x2xi64>)
// CHECK-LABEL: func.func @indices(
// CHECK: linalg.generic {{.*}}
// CHECK: arith.cmpi ugt
// CHECK: linalg.yield %{{.*}}, %{{.*}} : i8, i64
func.func @indices(%x: tensor<1x1x4xui8>) -> (tensor<*xui8>, tensor<*xi64>) {
  %0, %1 = onnx.MaxPool %x {kernel_shape = array<i64: 2>, strides = array<i64: 2>} : (tensor<1x1x4xui8>) -> (tensor<*xui8>, tensor<*xi64>)
  return %0, %1 : tensor<*xui8>, tensor<*xi64>
}

// A window that would start in the padding at the end does not count.
// TYPE-LABEL: @ceil
// TYPE: onnx.MaxPool {{.*}} -> tensor<1x1x2xf32>
// CHECK-LABEL: func.func @ceil(
func.func @ceil(%x: tensor<1x1x3xf32>) -> tensor<*xf32> {
  %0 = onnx.MaxPool %x {ceil_mode = 1 : i64, kernel_shape = array<i64: 2>, strides = array<i64: 2>} : (tensor<1x1x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// The divisors of an average are known at compile time where the shape is.
// CHECK-LABEL: func.func @average(
// CHECK: arith.constant dense<[2.000000e+00, 3.000000e+00, 2.000000e+00]>
// CHECK: arith.divf
func.func @average(%x: tensor<1x1x3xf32>) -> tensor<*xf32> {
  %0 = onnx.AveragePool %x {kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>} : (tensor<1x1x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// With the padding counted they are all equal.
// CHECK-LABEL: func.func @average_all(
// CHECK-NOT: dense<
// CHECK: arith.constant 3.000000e+00
func.func @average_all(%x: tensor<1x1x3xf32>) -> tensor<*xf32> {
  %0 = onnx.AveragePool %x {count_include_pad = 1 : i64, kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>} : (tensor<1x1x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// An open size counts them at run time.
// TYPE-LABEL: @average_open
// TYPE: onnx.AveragePool {{.*}} -> tensor<1x1x?xf32, ["", "", "W"]>
// CHECK-LABEL: func.func @average_open(
// CHECK: arith.ceildivsi
func.func @average_open(%x: tensor<1x1x?xf32, ["", "", "W"]>) -> tensor<*xf32> {
  %0 = onnx.AveragePool %x {kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>} : (tensor<1x1x?xf32, ["", "", "W"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @lp(
// CHECK: math.absf
// CHECK: math.powf
// CHECK: math.powf
func.func @lp(%x: tensor<1x1x3xf32>) -> tensor<*xf32> {
  %0 = onnx.LpPool %x {kernel_shape = array<i64: 3>, p = 3 : i64} : (tensor<1x1x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// A global pool sums rows and gives the axes back.
// TYPE-LABEL: @global
// TYPE: onnx.GlobalAveragePool {{.*}} -> tensor<2x1x1x4xf32>
// CHECK-LABEL: func.func @global(
// CHECK: linalg.generic {indexing_maps = [#[[GX]],
// CHECK: tensor.expand_shape {{.*}} output_shape [2, 1, 1, 4]
// CHECK: arith.divf
func.func @global(%x: tensor<2x7x7x4xf32>) -> tensor<*xf32> {
  %0 = onnx.GlobalAveragePool %x {channels_last} : (tensor<2x7x7x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// TYPE-LABEL: @global_max
// TYPE: onnx.GlobalMaxPool {{.*}} -> tensor<2x4x1xf32>
// TYPE: onnx.GlobalLpPool {{.*}} -> tensor<2x4x1xf32>
// CHECK-LABEL: func.func @global_max(
// CHECK: arith.maximumf
// CHECK: math.sqrt
func.func @global_max(%x: tensor<2x4x7xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.GlobalMaxPool %x : (tensor<2x4x7xf32>) -> tensor<*xf32>
  %1 = onnx.GlobalLpPool %x : (tensor<2x4x7xf32>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// TYPE-LABEL: @unpool
// TYPE: onnx.MaxUnpool {{.*}} -> tensor<1x1x4xf32>
// CHECK-LABEL: func.func @unpool(
// CHECK: scf.for
// CHECK: cf.assert {{.*}}, "index out of range"
// CHECK: tensor.insert
func.func @unpool(%x: tensor<1x1x2xf32>, %i: tensor<1x1x2xi64>) -> tensor<*xf32> {
  %none = onnx.None
  %0 = onnx.MaxUnpool %x, %i, %none {kernel_shape = array<i64: 2>, strides = array<i64: 2>} : (tensor<1x1x2xf32>, tensor<1x1x2xi64>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// TYPE-LABEL: @roi
// TYPE: onnx.MaxRoiPool {{.*}} -> tensor<?x3x2x2xf32, ["R", "", "", ""]>
// CHECK-LABEL: func.func @roi(
// CHECK: math.round
// CHECK: scf.for
func.func @roi(%x: tensor<1x3x8x8xf32>, %r: tensor<?x5xf32, ["R", ""]>) -> tensor<*xf32> {
  %0 = onnx.MaxRoiPool %x, %r {pooled_shape = array<i64: 2, 2>} : (tensor<1x3x8x8xf32>, tensor<?x5xf32, ["R", ""]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
