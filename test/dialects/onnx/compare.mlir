// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file %s | FileCheck %s
// RUN: brisk-opt --infer-shapes --simplify-shapes --split-input-file %s | FileCheck %s --check-prefix=CONTENT

// Comparisons give booleans, stored as bytes.
// CHECK-LABEL: func.func @less(
// CHECK-SAME: -> tensor<4xi8>
// CHECK: %[[C:.*]] = arith.cmpi ult
// CHECK: arith.extui %[[C]] : i1 to i8
func.func @less(%x: tensor<4xui8>, %y: tensor<4xui8>) -> tensor<*xi1> {
  %0 = onnx.Less %x, %y : (tensor<4xui8>, tensor<4xui8>) -> tensor<*xi1>
  return %0 : tensor<*xi1>
}

// -----

// A shift by the width or more, or by a negative amount, is no poison.
// CHECK-LABEL: func.func @shift(
// CHECK: %[[IN:.*]] = arith.cmpi ult, %[[Y:.*]], %{{.*}} : i8
// CHECK: %[[SAFE:.*]] = arith.select %[[IN]], %[[Y]]
// CHECK: arith.shli %{{.*}}, %[[SAFE]]
// CHECK: linalg.generic
// CHECK: %[[LAST:.*]] = arith.constant 7 : i8
// CHECK: %[[FULL:.*]] = arith.select %{{.*}}, %{{.*}}, %[[LAST]]
// CHECK: arith.shrsi %{{.*}}, %[[FULL]]
func.func @shift(%x: tensor<4xi8>, %y: tensor<4xi8>) -> tensor<*xi8> {
  %0 = onnx.BitShift %x, %y {direction = "LEFT"} : (tensor<4xi8>, tensor<4xi8>) -> tensor<*xi8>
  %1 = onnx.BitShift %0, %y {direction = "RIGHT"} : (tensor<*xi8>, tensor<4xi8>) -> tensor<*xi8>
  return %1 : tensor<*xi8>
}

// -----

// Where moves elements as they are.
// CHECK-LABEL: func.func @where(
// CHECK: %[[C:.*]] = arith.cmpi ne
// CHECK: arith.select %[[C]], %{{.*}}, %{{.*}} : bf16
func.func @where(%c: tensor<4x1xi1>, %x: tensor<4xbf16>, %y: tensor<4xbf16>) -> tensor<*xbf16> {
  %0 = onnx.Where %c, %x, %y : (tensor<4x1xi1>, tensor<4xbf16>, tensor<4xbf16>) -> tensor<*xbf16>
  return %0 : tensor<*xbf16>
}

// -----

// An infinity of one sign is compared with directly.
// CHECK-LABEL: func.func @isinf(
// CHECK-NOT: math.absf
// CHECK: arith.constant 0xFF800000 : f32
func.func @isinf(%x: tensor<4xf32>) -> tensor<*xi1> {
  %0 = onnx.IsInf %x {detect_positive = 0 : i64} : (tensor<4xf32>) -> tensor<*xi1>
  return %0 : tensor<*xi1>
}

// -----

// What is known of small integer tensors is computed at compile time.
// CONTENT-LABEL: func.func @content(
// CONTENT-DAG: %[[W:.*]] = onnx.Constant dense<[1, 5]> : tensor<2xi64>
// CONTENT-DAG: %[[D:.*]] = onnx.Constant dense<[0, -2]> : tensor<2xi64>
// CONTENT: return %[[W]], %[[D]]
func.func @content() -> (tensor<*xi64>, tensor<*xi64>) {
  %a = onnx.Constant dense<[-1, 5]> : tensor<2xi64> : tensor<2xi64>
  %m = onnx.Constant dense<-1> : tensor<i64> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %two = onnx.Constant dense<-2> : tensor<1xi64> : tensor<1xi64>
  %e = onnx.Equal %a, %m : (tensor<2xi64>, tensor<i64>) -> tensor<*xi1>
  %w = onnx.Where %e, %one, %a : (tensor<*xi1>, tensor<1xi64>, tensor<2xi64>) -> tensor<*xi64>
  %d = onnx.Div %a, %two : (tensor<2xi64>, tensor<1xi64>) -> tensor<*xi64>
  return %w, %d : tensor<*xi64>, tensor<*xi64>
}
