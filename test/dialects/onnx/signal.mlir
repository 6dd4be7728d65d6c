// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s | FileCheck %s

// One side of a real signal's spectrum, and back.
// CHECK-LABEL: func.func @spectrum(
// CHECK: onnx.DFT {{.*}} -> tensor<?x9x2xf32, ["B", "", ""]>
// CHECK: onnx.DFT {{.*}} -> tensor<?x16x1xf32, ["B", "", ""]>
func.func @spectrum(%x: tensor<?x16x1xf32, ["B", "", ""]>) -> tensor<*xf32> {
  %none = onnx.None
  %0 = onnx.DFT %x, %none, %none {onesided = 1 : i64} : (tensor<?x16x1xf32, ["B", "", ""]>, none, none) -> tensor<*xf32>
  %1 = onnx.DFT %0, %none, %none {onesided = 1 : i64, inverse = 1 : i64} : (tensor<*xf32>, none, none) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @frames(
// CHECK-SAME: -> tensor<1x15x9x2xf32>
func.func @frames(%x: tensor<1x128x1xf32>, %w: tensor<16xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %step = onnx.Constant dense<8> : tensor<i64> : tensor<i64>
  %0 = onnx.STFT %x, %step, %w, %none : (tensor<1x128x1xf32>, tensor<i64>, tensor<16xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @mel(
// CHECK: onnx.MelWeightMatrix {{.*}} -> tensor<9x8xf64>
func.func @mel(%low: tensor<f32>, %high: tensor<f32>) -> tensor<*xf64> {
  %bins = onnx.Constant dense<8> : tensor<i64> : tensor<i64>
  %length = onnx.Constant dense<16> : tensor<i64> : tensor<i64>
  %0 = onnx.MelWeightMatrix %bins, %length, %length, %low, %high {output_datatype = 11 : i64} : (tensor<i64>, tensor<i64>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<*xf64>
  return %0 : tensor<*xf64>
}

// -----

func.func @parts(%x: tensor<16x3xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects a last axis of size 1 or 2, but got shape 16x3}}
  %0 = onnx.DFT %x, %none, %none : (tensor<16x3xf32>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @integers(%x: tensor<16x1xi32>) -> tensor<*xi32> {
  %none = onnx.None
  // expected-error @below {{expects floats}}
  %0 = onnx.DFT %x, %none, %none : (tensor<16x1xi32>, none, none) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

func.func @axis(%x: tensor<16x1xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %axis = onnx.Constant dense<1> : tensor<i64> : tensor<i64>
  // expected-error @below {{expects another axis than the last}}
  %0 = onnx.DFT %x, %none, %axis : (tensor<16x1xf32>, none, tensor<i64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @length(%x: tensor<1x2xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects a length above 0, but got 0}}
  %0 = onnx.DFT %x, %none, %none {onesided = 1 : i64, inverse = 1 : i64} : (tensor<1x2xf32>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @signal(%x: tensor<128x1xf32>, %s: tensor<i64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects a signal of shape BxLx1 or BxLx2, but got 128x1}}
  %0 = onnx.STFT %x, %s, %none, %none : (tensor<128x1xf32>, tensor<i64>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @window(%x: tensor<1x128x1xf32>, %s: tensor<i64>, %w: tensor<4x4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects a window of rank 1}}
  %0 = onnx.STFT %x, %s, %w, %none : (tensor<1x128x1xf32>, tensor<i64>, tensor<4x4xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @step(%x: tensor<1x128x1xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %s = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  // expected-error @below {{expects a step and a length above 0}}
  %0 = onnx.STFT %x, %s, %none, %none : (tensor<1x128x1xf32>, tensor<i64>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @scalars(%a: tensor<2xi64>, %f: tensor<f32>) -> tensor<*xf32> {
  // expected-error @below {{expects scalars}}
  %0 = onnx.MelWeightMatrix %a, %a, %a, %f, %f : (tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @type(%a: tensor<i64>, %f: tensor<f32>) -> tensor<*xf32> {
  // expected-error @below {{expects an output_datatype of numbers, but got 8}}
  %0 = onnx.MelWeightMatrix %a, %a, %a, %f, %f {output_datatype = 8 : i64} : (tensor<i64>, tensor<i64>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
