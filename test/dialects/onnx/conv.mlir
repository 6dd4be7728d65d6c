// RUN: brisk-opt --infer-shapes %s | FileCheck %s --check-prefix=TYPE
// RUN: brisk-opt --infer-shapes --lower-onnx %s | FileCheck %s

// CHECK-DAG: #[[NCHW:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d6, d2 * 2 + d4, d3 * 2 + d5)>
// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d1, d6, d4, d5)>
// CHECK-DAG: #[[NHWC:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 + d4 * 2, d2 + d5 * 2, d6)>
// CHECK-DAG: #[[WL:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d3, d6, d4, d5)>
// CHECK-DAG: #[[DW:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 + d4, d2 + d5, d3)>
// CHECK-DAG: #[[DWW:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d3, d4, d5)>
// CHECK-DAG: #[[G:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d5, d3 + d4)>
// CHECK-DAG: #[[TX:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d3, d6)>
// CHECK-DAG: #[[TW:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d6, d5, d2, d4)>
// CHECK-DAG: #[[TY:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3, d4, d5)>

// Padding is a fill and an insertion; strides are in the map; the bias is an op of its own.
// TYPE-LABEL: @strided
// TYPE: onnx.Conv {{.*}} -> tensor<?x8x16x?xf32, ["N", "", "", "floordiv(W + 1, 2)"]>
// CHECK-LABEL: func.func @strided(
// CHECK: %[[BUF:.*]] = linalg.fill {{.*}} -> tensor<?x3x33x?xf32>
// CHECK: %[[PAD:.*]] = tensor.insert_slice %arg0 into %[[BUF]][0, 0, 1, 1]
// CHECK: linalg.generic {indexing_maps = [#[[NCHW]], #[[W]],
// CHECK-SAME: ins(%[[PAD]], %arg1
// CHECK: linalg.generic
// CHECK-SAME: %arg2
// CHECK: arith.addf
func.func @strided(%x: tensor<?x3x32x?xf32, ["N", "", "", "W"]>, %w: tensor<8x3x3x3xf32>, %b: tensor<8xf32>) -> tensor<*xf32> {
  %0 = onnx.Conv %x, %w, %b {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<?x3x32x?xf32, ["N", "", "", "W"]>, tensor<8x3x3x3xf32>, tensor<8xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Channels last: other maps, the same weight.
// TYPE-LABEL: @last
// TYPE: onnx.Conv {{.*}} -> tensor<1x28x28x8xf32>
// CHECK-LABEL: func.func @last(
// CHECK-NOT: insert_slice
// CHECK: linalg.generic {indexing_maps = [#[[NHWC]], #[[WL]],
func.func @last(%x: tensor<1x32x32x3xf32>, %w: tensor<8x3x3x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  %0 = onnx.Conv %x, %w, %b {channels_last, dilations = array<i64: 2, 2>} : (tensor<1x32x32x3xf32>, tensor<8x3x3x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Depthwise: no sum over channels.
// CHECK-LABEL: func.func @depthwise(
// CHECK: linalg.generic {indexing_maps = [#[[DW]], #[[DWW]],
// CHECK-SAME: ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]
func.func @depthwise(%x: tensor<1x8x8x4xf32>, %w: tensor<4x1x3x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  %0 = onnx.Conv %x, %w, %b {channels_last, group = 4 : i64} : (tensor<1x8x8x4xf32>, tensor<4x1x3x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Groups are a batch axis.
// TYPE-LABEL: @grouped
// TYPE: onnx.Conv {{.*}} -> tensor<1x6x6xf32>
// CHECK-LABEL: func.func @grouped(
// CHECK-DAG: tensor.expand_shape %arg0 {{\[}}[0], [1, 2], [3]] output_shape [1, 2, 2, 8]
// CHECK-DAG: tensor.expand_shape %arg1 {{\[}}[0, 1], [2], [3]] output_shape [2, 3, 2, 3]
// CHECK: linalg.generic {indexing_maps = [#[[G]],
// CHECK: tensor.collapse_shape
func.func @grouped(%x: tensor<1x4x8xf32>, %w: tensor<6x2x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  %0 = onnx.Conv %x, %w, %b {group = 2 : i64} : (tensor<1x4x8xf32>, tensor<6x2x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// The larger half of an odd padding goes to the end.
// TYPE-LABEL: @same
// TYPE: onnx.Conv {{.*}} -> tensor<1x1x4xf32>
// CHECK-LABEL: func.func @same(
// CHECK: tensor.insert_slice %arg0 into %{{.*}}[0, 0, 0] [1, 1, 8] [1, 1, 1] : tensor<1x1x8xf32> into tensor<1x1x9xf32>
func.func @same(%x: tensor<1x1x8xf32>, %w: tensor<1x1x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  %0 = onnx.Conv %x, %w, %b {auto_pad = "SAME_UPPER", strides = array<i64: 2>} : (tensor<1x1x8xf32>, tensor<1x1x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// A 2x2 kernel of stride 2 is one contraction, whose phases merge with the positions.
// TYPE-LABEL: @upsample
// TYPE: onnx.ConvTranspose {{.*}} -> tensor<1x10x10x3xf32>
// CHECK-LABEL: func.func @upsample(
// CHECK: linalg.generic {indexing_maps = [#[[TX]], #[[TW]], #[[TY]]]
// CHECK: tensor.collapse_shape {{.*}} {{\[}}[0], [1], [2], [3, 4], [5]]
// CHECK: tensor.collapse_shape {{.*}} {{\[}}[0], [1, 2], [3], [4]]
func.func @upsample(%x: tensor<1x5x5x4xf32>, %w: tensor<4x3x2x2xf32>) -> tensor<*xf32> {
  %b = onnx.None
  %0 = onnx.ConvTranspose %x, %w, %b {channels_last, strides = array<i64: 2, 2>} : (tensor<1x5x5x4xf32>, tensor<4x3x2x2xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Any other kernel is laid out by phases first, and the result cropped.
// TYPE-LABEL: @phases
// TYPE: onnx.ConvTranspose {{.*}} -> tensor<1x3x9xf32>
// CHECK-LABEL: func.func @phases(
// CHECK: tensor.extract %arg1
// CHECK: tensor.extract_slice {{.*}}[0, 0, 1] [1, 3, 9]
func.func @phases(%x: tensor<1x4x5xf32>, %w: tensor<4x3x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  %0 = onnx.ConvTranspose %x, %w, %b {strides = array<i64: 2>, pads = array<i64: 1, 1>} : (tensor<1x4x5xf32>, tensor<4x3x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// The samples are gathered, then summed by a contraction.
// TYPE-LABEL: @deform
// TYPE: onnx.DeformConv {{.*}} -> tensor<1x4x2x2xf32>
// CHECK-LABEL: func.func @deform(
// CHECK: math.floor
// CHECK: linalg.generic
// CHECK: arith.mulf
func.func @deform(%x: tensor<1x2x3x3xf32>, %w: tensor<4x2x2x2xf32>, %o: tensor<1x8x2x2xf32>) -> tensor<*xf32> {
  %n = onnx.None
  %0 = onnx.DeformConv %x, %w, %o, %n, %n : (tensor<1x2x3x3xf32>, tensor<4x2x2x2xf32>, tensor<1x8x2x2xf32>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
