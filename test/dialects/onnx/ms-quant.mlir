// RUN: brisk-opt --infer-shapes --split-input-file %s | FileCheck %s

// Types follow from what the op stands for.
// CHECK-LABEL: func.func @add(
// CHECK: onnx.ms.QLinearAdd {{.*}} -> tensor<2x3xi8>
func.func @add(%a: tensor<2x3xi8>, %b: tensor<3xi8>, %s: tensor<f32>) -> tensor<*xi8> {
  %none = onnx.None
  %0 = onnx.ms.QLinearAdd %a, %s, %none, %b, %s, %none, %s, %none : (tensor<2x3xi8>, tensor<f32>, none, tensor<3xi8>, tensor<f32>, none, tensor<f32>, none) -> tensor<*xi8>
  return %0 : tensor<*xi8>
}

// -----

// Without a scale the product stays in floats.
// CHECK-LABEL: func.func @gemm(
// CHECK: onnx.ms.QGemm {{.*}} -> tensor<2x4xf32>
func.func @gemm(%a: tensor<2x3xui8>, %b: tensor<4x3xi8>, %s: tensor<f32>, %az: tensor<ui8>, %bz: tensor<i8>) -> tensor<*xf32> {
  %none = onnx.None
  %0 = onnx.ms.QGemm %a, %s, %az, %b, %s, %bz, %none, %none, %none {transB = 1 : i64} : (tensor<2x3xui8>, tensor<f32>, tensor<ui8>, tensor<4x3xi8>, tensor<f32>, tensor<i8>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @weightonly(
// CHECK: onnx.ms.MatMulNBits {{.*}} -> tensor<2x24xf32>
func.func @weightonly(%a: tensor<2x40xf32>, %b: tensor<24x3x8xui8>, %s: tensor<72xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %0 = onnx.ms.MatMulNBits %a, %b, %s, %none, %none, %none {K = 40 : i64, N = 24 : i64, bits = 4 : i64, block_size = 16 : i64} : (tensor<2x40xf32>, tensor<24x3x8xui8>, tensor<72xf32>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
