// RUN: brisk-opt --lower-onnx %s | FileCheck %s

// Broadcasting becomes an indexing map, symbolic dims become tensor.dim of what binds them.
// CHECK-DAG: #[[FULL:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @broadcast(
// CHECK-SAME: %[[A:.*]]: tensor<?x4xf32>, %[[B:.*]]: tensor<4xf32>) -> tensor<?x4xf32>
func.func @broadcast(%a: tensor<?x4xf32, ["B", ""]>, %b: tensor<4xf32>) -> tensor<?x4xf32, ["B", ""]> {
  // CHECK: %[[D:.*]] = tensor.dim %[[A]]
  // CHECK: %[[INIT:.*]] = tensor.empty(%[[D]]) : tensor<?x4xf32>
  // CHECK: linalg.generic {indexing_maps = [#[[FULL]], #[[ROW]], #[[FULL]]]
  // CHECK-SAME: ins(%[[A]], %[[B]]
  // CHECK: arith.addf
  %0 = onnx.Add %a, %b : (tensor<?x4xf32, ["B", ""]>, tensor<4xf32>) -> tensor<?x4xf32, ["B", ""]>
  return %0 : tensor<?x4xf32, ["B", ""]>
}
