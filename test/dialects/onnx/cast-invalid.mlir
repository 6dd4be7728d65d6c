// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

// Strings are no target.
func.func @target(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{casts to ONNX type 8, which is not supported}}
  %0 = onnx.Cast %x {to = 8 : i64} : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Complex numbers are no source, nor a target.
func.func @source(%x: tensor<4xcomplex<f32>>) -> tensor<*xf32> {
  // expected-error @below {{casts from 'complex<f32>', which is not supported}}
  %0 = onnx.Cast %x {to = 1 : i64} : (tensor<4xcomplex<f32>>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @like(%x: tensor<4xf32>, %y: tensor<4xcomplex<f32>>) -> tensor<*xf32> {
  // expected-error @below {{casts to 'complex<f32>', which is not supported}}
  %0 = onnx.CastLike %x, %y : (tensor<4xf32>, tensor<4xcomplex<f32>>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// There are three ways to round to a power of two.
func.func @round(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects round_mode to be up, down or nearest, but got odd}}
  %0 = onnx.Cast %x {to = 24 : i64, round_mode = "odd"} : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Bits are as many.
func.func @bits(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects types of one width, but got 'f32' and 'i64'}}
  %0 = onnx.BitCast %x {to = 7 : i64} : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
