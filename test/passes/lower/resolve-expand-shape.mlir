// RUN: brisk-opt --resolve-expand-shape %s | FileCheck %s
// RUN: brisk-opt --resolve-expand-shape --expand-strided-metadata %s

// Two open dims in one group: the outer stride is the product of what lies inside.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[X:.*]]: memref<?x8xf32>, %[[B:.*]]: index, %[[S:.*]]: index)
// CHECK: %[[BASE:.*]], %{{.*}}, %{{.*}}:2, %{{.*}}:2 = memref.extract_strided_metadata %[[X]]
// CHECK: %[[OUTER:.*]] = arith.muli
// CHECK: memref.reinterpret_cast %[[BASE]] to offset: [0], sizes: [%[[B]], %[[S]], 2, 4], strides: [%[[OUTER]], 8, 4, 1]
func.func @rows(%x: memref<?x8xf32>, %b: index, %s: index) -> memref<?x?x2x4xf32> {
  %e = memref.expand_shape %x [[0, 1], [2, 3]] output_shape [%b, %s, 2, 4] : memref<?x8xf32> into memref<?x?x2x4xf32>
  return %e : memref<?x?x2x4xf32>
}

// Offsets and strides of a view are kept.
// CHECK-LABEL: func.func @view(
// CHECK: memref.reinterpret_cast %{{.*}} to offset: [%{{.*}}], sizes: [3, 2], strides: [20, 10]
func.func @view(%x: memref<6xf32, strided<[10], offset: ?>>) -> memref<3x2xf32, strided<[20, 10], offset: ?>> {
  %e = memref.expand_shape %x [[0, 1]] output_shape [3, 2] : memref<6xf32, strided<[10], offset: ?>> into memref<3x2xf32, strided<[20, 10], offset: ?>>
  return %e : memref<3x2xf32, strided<[20, 10], offset: ?>>
}

// CHECK-LABEL: func.func @scalar(
// CHECK: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [1, 1], strides: [1, 1]
func.func @scalar(%x: memref<f32>) -> memref<1x1xf32> {
  %e = memref.expand_shape %x [] output_shape [1, 1] : memref<f32> into memref<1x1xf32>
  return %e : memref<1x1xf32>
}
