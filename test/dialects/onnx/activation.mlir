// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file %s | FileCheck %s

// Attributes have ONNX's defaults.
// CHECK-LABEL: func.func @defaults(
// CHECK: arith.constant 0.00999999977 : f32
// CHECK: linalg.generic
// CHECK: arith.constant 2.000000e-01 : f32
// CHECK: arith.constant 5.000000e-01 : f32
func.func @defaults(%x: tensor<4xf32>) -> tensor<*xf32> {
  %0 = onnx.LeakyRelu %x : (tensor<4xf32>) -> tensor<*xf32>
  %1 = onnx.HardSigmoid %0 : (tensor<*xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// Softplus does not overflow: max(x, 0) + log1p(exp(-|x|)).
// CHECK-LABEL: func.func @softplus(
// CHECK: math.absf
// CHECK: arith.negf
// CHECK: math.exp
// CHECK: math.log1p
func.func @softplus(%x: tensor<4xf32>) -> tensor<*xf32> {
  %0 = onnx.Softplus %x : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Gelu knows both forms.
// CHECK-LABEL: func.func @gelu(
// CHECK: math.erf
// CHECK: linalg.generic
// CHECK: math.tanh
func.func @gelu(%x: tensor<4xf32>) -> tensor<*xf32> {
  %0 = onnx.Gelu %x : (tensor<4xf32>) -> tensor<*xf32>
  %1 = onnx.Gelu %0 {approximate = "tanh"} : (tensor<*xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// Integers shrink as floats.
// CHECK-LABEL: func.func @shrink(
// CHECK: arith.uitofp {{.*}} : i8 to f64
// CHECK: arith.fptosi {{.*}} : f64 to i32
// CHECK: arith.trunci {{.*}} : i32 to i8
func.func @shrink(%x: tensor<4xui8>) -> tensor<*xui8> {
  %0 = onnx.Shrink %x {lambd = 1.5 : f32, bias = 1.5 : f32} : (tensor<4xui8>) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}

// -----

// The slope of PRelu broadcasts.
// CHECK-DAG: #[[SLOPE:.*]] = affine_map<(d0, d1) -> (d0, 0)>
// CHECK-LABEL: func.func @prelu(
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[SLOPE]], #{{.*}}]
func.func @prelu(%x: tensor<3x4xf32>, %slope: tensor<3x1xf32>) -> tensor<*xf32> {
  %0 = onnx.PRelu %x, %slope : (tensor<3x4xf32>, tensor<3x1xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
