// RUN: brisk-opt --infer-shapes %s | FileCheck %s --check-prefix=TYPE
// RUN: brisk-opt --infer-shapes --lower-onnx %s | FileCheck %s

// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2, d3) -> (d3, d2)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[AT:.*]] = affine_map<(d0, d1, d2) -> (d2, d0)>
// CHECK-DAG: #[[BT:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[MN:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[DIAG:.*]] = affine_map<(d0) -> (d0, d0)>

// Leading axes of the left operand stay axes of rows: no reshape, no transpose.
// TYPE-LABEL: @rows
// TYPE: onnx.MatMul {{.*}} -> tensor<?x128x8xf32, ["B", "", ""]>
// CHECK-LABEL: func.func @rows(
// CHECK: linalg.generic {indexing_maps = [#[[A]], #[[B]], #[[C]]],
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel", "reduction"]
// CHECK: arith.mulf
// CHECK: arith.addf
func.func @rows(%a: tensor<?x128x16xf32, ["B", "", ""]>, %b: tensor<16x8xf32>) -> tensor<*xf32> {
  %0 = onnx.MatMul %a, %b : (tensor<?x128x16xf32, ["B", "", ""]>, tensor<16x8xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// A batch axis of size 1 on both sides is dropped from the right operand only.
// TYPE-LABEL: @unit
// TYPE: onnx.MatMul {{.*}} -> tensor<1x4x8xf32>
// CHECK-LABEL: func.func @unit(
// CHECK: %[[R:.*]] = tensor.collapse_shape %arg1 {{\[}}[0, 1], [2]]
// CHECK: linalg.generic {indexing_maps = [#[[A]], #[[B]], #[[C]]]
// CHECK-SAME: ins(%arg0, %[[R]]
func.func @unit(%a: tensor<1x4x16xf32>, %b: tensor<1x16x8xf32>) -> tensor<*xf32> {
  %0 = onnx.MatMul %a, %b : (tensor<1x4x16xf32>, tensor<1x16x8xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Operands of rank 1 leave no axis behind, and halves sum in f32.
// TYPE-LABEL: @dot
// TYPE: onnx.MatMul {{.*}} -> tensor<f16>
// CHECK-LABEL: func.func @dot(
// CHECK: linalg.generic
// CHECK: arith.extf
// CHECK: arith.truncf
func.func @dot(%a: tensor<16xf16>, %b: tensor<16xf16>) -> tensor<*xf16> {
  %0 = onnx.MatMul %a, %b : (tensor<16xf16>, tensor<16xf16>) -> tensor<*xf16>
  return %0 : tensor<*xf16>
}

// Batch axes whose broadcasting shows at run time are checked there.
// TYPE-LABEL: @open
// TYPE: onnx.MatMul {{.*}} -> tensor<?x4x8xf32, ["max(N, P)", "", ""]>
// CHECK-LABEL: func.func @open(
// CHECK: cf.assert {{.*}}, "operands do not broadcast"
func.func @open(%a: tensor<?x4x16xf32, ["N", "", ""]>, %b: tensor<?x16x8xf32, ["P", "", ""]>) -> tensor<*xf32> {
  %0 = onnx.MatMul %a, %b : (tensor<?x4x16xf32, ["N", "", ""]>, tensor<?x16x8xf32, ["P", "", ""]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Transposition of Gemm's operands is a matter of maps; the bias is an elementwise op of its own.
// TYPE-LABEL: @gemm
// TYPE: onnx.Gemm {{.*}} -> tensor<4x8xf32>
// CHECK-LABEL: func.func @gemm(
// CHECK: linalg.generic {indexing_maps = [#[[AT]], #[[BT]], #[[MN]]]
// CHECK: linalg.generic
// CHECK: arith.constant 2.000000e+00
// CHECK: arith.mulf
// CHECK: arith.addf
func.func @gemm(%a: tensor<16x4xf32>, %b: tensor<8x16xf32>, %c: tensor<8xf32>) -> tensor<*xf32> {
  %0 = onnx.Gemm %a, %b, %c {alpha = 2.0 : f32, transA = 1 : i64, transB = 1 : i64} : (tensor<16x4xf32>, tensor<8x16xf32>, tensor<8xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// A letter twice in an operand is its diagonal.
// TYPE-LABEL: @diagonal
// TYPE: onnx.Einsum {{.*}} -> tensor<5xf32>
// CHECK-LABEL: func.func @diagonal(
// CHECK: linalg.generic {indexing_maps = [#[[DIAG]],
func.func @diagonal(%a: tensor<5x5xf32>) -> tensor<*xf32> {
  %0 = onnx.Einsum %a {equation = "ii -> i"} : (tensor<5x5xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Three operands multiply pairwise; the ellipsis broadcasts and leads an implicit result.
// TYPE-LABEL: @three
// TYPE: onnx.Einsum {{.*}} -> tensor<2x3x6xf32>
// CHECK-LABEL: func.func @three(
// CHECK-COUNT-2: arith.mulf
func.func @three(%a: tensor<2x3x4xf32>, %b: tensor<1x4x5xf32>, %c: tensor<5x6xf32>) -> tensor<*xf32> {
  %0 = onnx.Einsum %a, %b, %c {equation = "...ij,...jk,kl"} : (tensor<2x3x4xf32>, tensor<1x4x5xf32>, tensor<5x6xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
