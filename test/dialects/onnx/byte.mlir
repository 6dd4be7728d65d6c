// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file %s | FileCheck %s

// Bytes multiply as they are, each extended by its own sign; what is around the input is its zero point.
// CHECK-LABEL: func.func @conv(
// CHECK: %[[ZERO:.*]] = arith.constant 7 : i8
// CHECK: linalg.fill ins(%[[ZERO]] : i8)
// CHECK: tensor.insert_slice
// CHECK: %[[A:.*]] = arith.extui %{{.*}} : i8 to i32
// CHECK: %[[B:.*]] = arith.extsi %{{.*}} : i8 to i32
// CHECK: %[[P:.*]] = arith.muli %[[A]], %[[B]] : i32
// CHECK: arith.addi %{{.*}}, %[[P]] : i32
func.func @conv(%x: tensor<1x2x4x4xui8>, %w: tensor<3x2x3x3xi8>) -> tensor<*xi32> {
  %z = onnx.Constant dense<7> : tensor<ui8> : tensor<ui8>
  %0 = onnx.brisk.ByteConv %x, %w, %z {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x2x4x4xui8>, tensor<3x2x3x3xi8>, tensor<ui8>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// CHECK-LABEL: func.func @matmul(
// CHECK-SAME: -> tensor<2x4xi32>
// CHECK: arith.extsi
// CHECK: arith.extui
// CHECK: arith.muli
func.func @matmul(%a: tensor<2x3xi8>, %b: tensor<3x4xui8>) -> tensor<*xi32> {
  %0 = onnx.brisk.ByteMatMul %a, %b : (tensor<2x3xi8>, tensor<3x4xui8>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// Rows are merged, the sum is split into blocks; weights become reals where they are multiplied.
// CHECK-LABEL: func.func @blocks(
// CHECK: tensor.expand_shape {{.*}} output_shape [6, 2, 32] : tensor<6x64xf32> into tensor<6x2x32xf32>
// CHECK: iterator_types = ["parallel", "parallel", "reduction", "reduction"]
// CHECK: ^bb0(%[[X:.*]]: f32, %[[Q:.*]]: i8, %[[S:.*]]: f32, %[[Z:.*]]: i8, %[[SUM:.*]]: f32):
// CHECK: %[[W:.*]] = arith.uitofp %[[Q]]
// CHECK: %[[O:.*]] = arith.uitofp %[[Z]]
// CHECK: %[[D:.*]] = arith.subf %[[W]], %[[O]]
// CHECK: %[[R:.*]] = arith.mulf %[[D]], %[[S]]
// CHECK: arith.mulf %[[X]], %[[R]]
// CHECK: tensor<2x3x4xf32>
func.func @blocks(%a: tensor<2x3x64xf32>, %b: tensor<64x4xui4>, %s: tensor<2x4xf32>, %z: tensor<2x4xui4>) -> tensor<*xf32> {
  %0 = onnx.brisk.BlockMatMul %a, %b, %s, %z : (tensor<2x3x64xf32>, tensor<64x4xui4>, tensor<2x4xf32>, tensor<2x4xui4>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
