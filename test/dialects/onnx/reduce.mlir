// RUN: brisk-opt --infer-shapes --split-input-file %s | FileCheck %s --check-prefix=TYPE
// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file %s | FileCheck %s

// A sum is one generic with a reduction loop; kept dims come back by a reshape.
// TYPE-LABEL: func.func @sum(
// TYPE: onnx.ReduceSum {{.*}} -> tensor<?x1xf32, ["B", ""]>
// CHECK-LABEL: func.func @sum(
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]}
// CHECK: arith.addf
// CHECK: tensor.expand_shape
func.func @sum(%x: tensor<?x4xf32, ["B", ""]>) -> tensor<*xf32> {
  %axes = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.ReduceSum %x, %axes : (tensor<?x4xf32, ["B", ""]>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Absent axes mean all of them, unless that is said to do nothing.
// TYPE-LABEL: func.func @all(
// TYPE: onnx.ReduceMax {{.*}} -> tensor<f32>
// TYPE: onnx.ReduceSumSquare {{.*}} -> tensor<2x4xf32>
func.func @all(%x: tensor<2x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.None
  %0 = onnx.ReduceMax %x, %none {keepdims = 0 : i64} : (tensor<2x4xf32>, none) -> tensor<*xf32>
  %1 = onnx.ReduceSumSquare %x, %none {noop_with_empty_axes = 1 : i64} : (tensor<2x4xf32>, none) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// Half precision accumulates in f32; the mean divides by the size of what was reduced.
// CHECK-LABEL: func.func @mean(
// CHECK: linalg.generic
// CHECK-NEXT: ^bb0(%[[X:.*]]: f16, %[[ACC:.*]]: f32):
// CHECK-NEXT: %[[W:.*]] = arith.extf %[[X]] : f16 to f32
// CHECK-NEXT: arith.addf %[[ACC]], %[[W]] : f32
// CHECK: linalg.generic
// CHECK: arith.divf
// CHECK: arith.truncf {{.*}} : f32 to f16
func.func @mean(%x: tensor<2x4xf16>) -> tensor<*xf16> {
  %none = onnx.None
  %0 = onnx.ReduceMean %x, %none : (tensor<2x4xf16>, none) -> tensor<*xf16>
  return %0 : tensor<*xf16>
}

// -----

// The logarithm of a sum of exponentials subtracts the maximum first.
// CHECK-LABEL: func.func @logsumexp(
// CHECK: arith.maximumf
// CHECK: arith.subf
// CHECK: math.exp
// CHECK: math.log
func.func @logsumexp(%x: tensor<2x4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %0 = onnx.ReduceLogSumExp %x, %none : (tensor<2x4xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Integers: the start of a maximum is the lowest of the type.
// CHECK-LABEL: func.func @integers(
// CHECK: arith.constant -128 : i8
// CHECK: arith.maxsi
// CHECK: arith.constant 0 : i8
// CHECK: arith.maxui
func.func @integers(%x: tensor<4xi8>, %y: tensor<4xui8>) -> (tensor<*xi8>, tensor<*xui8>) {
  %none = onnx.None
  %0 = onnx.ReduceMax %x, %none : (tensor<4xi8>, none) -> tensor<*xi8>
  %1 = onnx.ReduceMax %y, %none : (tensor<4xui8>, none) -> tensor<*xui8>
  return %0, %1 : tensor<*xi8>, tensor<*xui8>
}

// -----

// Axes known only at run time: the rank follows from their number, the sizes from a mask.
// TYPE-LABEL: func.func @dynamic(
// TYPE: onnx.ReduceSum {{.*}} -> tensor<?x?xf32, ["?0", "?1"]>
// TYPE: onnx.ReduceSum {{.*}} -> tensor<?xf32, ["?2"]>
// CHECK-LABEL: func.func @dynamic(
// CHECK: scf.for
// CHECK: cf.assert %{{.*}}, "axes are named twice"
func.func @dynamic(%x: tensor<2x4xf32>, %axes: tensor<1xi64>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.ReduceSum %x, %axes : (tensor<2x4xf32>, tensor<1xi64>) -> tensor<*xf32>
  %1 = onnx.ReduceSum %x, %axes {keepdims = 0 : i64} : (tensor<2x4xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// Positions: one generic with the best value and its index.
// TYPE-LABEL: func.func @arg(
// TYPE: onnx.ArgMax {{.*}} -> tensor<2xi64>
// CHECK-LABEL: func.func @arg(
// CHECK: linalg.generic {{.*}} outs(%{{.*}}, %{{.*}} : tensor<2xf32>, tensor<2xi64>)
// CHECK: linalg.index 1
// CHECK: linalg.yield %{{.*}}, %{{.*}} : f32, i64
func.func @arg(%x: tensor<2x4xf32>) -> tensor<*xi64> {
  %0 = onnx.ArgMax %x {axis = -1 : i64, keepdims = 0 : i64} : (tensor<2x4xf32>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}
