// RUN: brisk-opt --infer-shapes --lower-onnx %s | FileCheck %s

// A walk in which each element's predecessor comes first, whatever the axis.
// CHECK-LABEL: func.func @cumsum(
// CHECK: scf.for
// CHECK: scf.for
// CHECK: arith.addf
// CHECK: tensor.insert
func.func @cumsum(%x: tensor<2x4xf32>, %axis: tensor<i32>) -> tensor<*xf32> {
  %0 = onnx.CumSum %x, %axis : (tensor<2x4xf32>, tensor<i32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @cumprod(
// CHECK: arith.muli
func.func @cumprod(%x: tensor<4xi32>, %axis: tensor<i64>) -> tensor<*xi32> {
  %0 = onnx.CumProd %x, %axis {exclusive = 1 : i64, reverse = 1 : i64} : (tensor<4xi32>, tensor<i64>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}
