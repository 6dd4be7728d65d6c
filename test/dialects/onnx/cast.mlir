// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file %s | FileCheck %s

// Integers wrap; floats toward narrow integers go through i32.
// CHECK-LABEL: func.func @integers(
// CHECK: arith.fptosi {{.*}} : f32 to i32
// CHECK: arith.trunci {{.*}} : i32 to i8
// CHECK: linalg.generic
// CHECK: arith.extui {{.*}} : i8 to i64
func.func @integers(%x: tensor<4xf32>) -> tensor<*xi64> {
  %0 = onnx.Cast %x {to = 2 : i64} : (tensor<4xf32>) -> tensor<*xui8>
  %1 = onnx.Cast %0 {to = 7 : i64} : (tensor<*xui8>) -> tensor<*xi64>
  return %1 : tensor<*xi64>
}

// -----

// A boolean is whether a number is not zero; NaN is not.
// CHECK-LABEL: func.func @boolean(
// CHECK: arith.cmpf une
// CHECK: arith.extui {{.*}} : i1 to i8
func.func @boolean(%x: tensor<4xf32>) -> tensor<*xi1> {
  %0 = onnx.Cast %x {to = 9 : i64} : (tensor<4xf32>) -> tensor<*xi1>
  return %0 : tensor<*xi1>
}

// -----

// Toward 8-bit floats: saturation brings numbers into range before they are rounded, or does not.
// CHECK-LABEL: func.func @saturate(
// CHECK: arith.constant 4.480000e+02 : f32
// CHECK: arith.minimumf
// CHECK: arith.maximumf
// CHECK: arith.truncf {{.*}} : f32 to f8E4M3FN
// CHECK: linalg.generic
// CHECK-NOT: arith.minimumf
// CHECK: arith.truncf {{.*}} : f32 to f8E5M2
func.func @saturate(%x: tensor<4xf32>) -> (tensor<*xf8E4M3FN>, tensor<*xf8E5M2>) {
  %0 = onnx.Cast %x {to = 17 : i64} : (tensor<4xf32>) -> tensor<*xf8E4M3FN>
  %1 = onnx.Cast %x {to = 19 : i64, saturate = 0 : i64} : (tensor<4xf32>) -> tensor<*xf8E5M2>
  return %0, %1 : tensor<*xf8E4M3FN>, tensor<*xf8E5M2>
}

// -----

// Narrow integers and f4 are stored in bytes inside the function.
// CHECK-LABEL: func.func @narrow(
// CHECK: arith.trunci {{.*}} : i8 to i4
// CHECK: arith.sitofp {{.*}} : i4 to f32
// CHECK: arith.truncf {{.*}} : f32 to f4E2M1FN
// CHECK: arith.bitcast {{.*}} : f4E2M1FN to i4
// CHECK: arith.extui {{.*}} : i4 to i8
func.func @narrow(%x: tensor<4xi4>) -> tensor<*xf4E2M1FN> {
  %0 = onnx.Cast %x {to = 23 : i64} : (tensor<4xi4>) -> tensor<*xf4E2M1FN>
  return %0 : tensor<*xf4E2M1FN>
}

// -----

// CastLike takes the type from an operand that it does not read.
// CHECK-LABEL: func.func @like(
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<4xi32>)
// CHECK: arith.sitofp {{.*}} : i32 to f64
func.func @like(%x: tensor<4xi32>, %y: tensor<7x7xf64>) -> tensor<*xf64> {
  %0 = onnx.CastLike %x, %y : (tensor<4xi32>, tensor<7x7xf64>) -> tensor<*xf64>
  return %0 : tensor<*xf64>
}

// -----

// BitCast keeps bits.
// CHECK-LABEL: func.func @bits(
// CHECK: arith.bitcast {{.*}} : f32 to i32
// CHECK-NOT: arith.fptosi
func.func @bits(%x: tensor<4xf32>) -> tensor<*xi32> {
  %0 = onnx.BitCast %x {to = 6 : i64} : (tensor<4xf32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}
