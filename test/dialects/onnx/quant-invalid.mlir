// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

// Scale and zero point go together.
func.func @zero(%x: tensor<2x4xf32>, %s: tensor<4xf32>, %z: tensor<i8>) -> tensor<*xi8> {
  // expected-error @below {{expects a zero point of the scale's shape 4, but got }}
  %0 = onnx.QuantizeLinear %x, %s, %z : (tensor<2x4xf32>, tensor<4xf32>, tensor<i8>) -> tensor<*xi8>
  return %0 : tensor<*xi8>
}

// -----

// A scale along an axis has its length.
func.func @axis(%x: tensor<2x4xf32>, %s: tensor<3xf32>) -> tensor<*xui8> {
  %none = onnx.None
  // expected-error @below {{expects a scale for each of 4 positions of axis 1, but got shape 3}}
  %0 = onnx.QuantizeLinear %x, %s, %none : (tensor<2x4xf32>, tensor<3xf32>, none) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}

// -----

// Scales of blocks have the tensor's shape but for one axis.
func.func @block(%x: tensor<2x4xi8>, %s: tensor<2x3xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects a scale for each block of 2 elements of 2x4 along axis 1, but got shape 2x3}}
  %0 = onnx.DequantizeLinear %x, %s, %none {block_size = 2 : i64} : (tensor<2x4xi8>, tensor<2x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Booleans are no numbers.
func.func @kind(%x: tensor<4xi1>, %s: tensor<f32>) -> tensor<*xui8> {
  %none = onnx.None
  // expected-error @below {{expects numbers and a scale, but got 'i1' and 'f32'}}
  %0 = onnx.QuantizeLinear %x, %s, %none : (tensor<4xi1>, tensor<f32>, none) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}

// -----

func.func @target(%x: tensor<4xf32>, %s: tensor<f32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects to quantize to integers of 2 to 16 bits or floats of 4 or 8}}
  %0 = onnx.QuantizeLinear %x, %s, %none {output_dtype = 1 : i64} : (tensor<4xf32>, tensor<f32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @twice(%x: tensor<4xf32>, %s: tensor<f32>, %z: tensor<i8>) -> tensor<*xi8> {
  // expected-error @below {{expects output_dtype to be the zero point's type 'i8'}}
  %0 = onnx.QuantizeLinear %x, %s, %z {output_dtype = 2 : i64} : (tensor<4xf32>, tensor<f32>, tensor<i8>) -> tensor<*xi8>
  return %0 : tensor<*xi8>
}

// -----

func.func @precision(%x: tensor<4xf32>, %s: tensor<f32>) -> tensor<*xui8> {
  %none = onnx.None
  // expected-error @below {{expects precision to be a float type, but got ONNX type 7}}
  %0 = onnx.QuantizeLinear %x, %s, %none {precision = 7 : i64} : (tensor<4xf32>, tensor<f32>, none) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}

// -----

func.func @float(%x: tensor<4xf32>, %s: tensor<f32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects quantized elements, but got 'f32'}}
  %0 = onnx.DequantizeLinear %x, %s, %none : (tensor<4xf32>, tensor<f32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @result(%x: tensor<4xi8>, %s: tensor<f32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects to dequantize to floats}}
  %0 = onnx.DequantizeLinear %x, %s, %none {output_dtype = 6 : i64} : (tensor<4xi8>, tensor<f32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @zeroType(%x: tensor<4xi8>, %s: tensor<f32>, %z: tensor<ui8>) -> tensor<*xf32> {
  // expected-error @below {{expects a zero point of type 'i8', but got 'ui8'}}
  %0 = onnx.DequantizeLinear %x, %s, %z : (tensor<4xi8>, tensor<f32>, tensor<ui8>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @dynamic(%x: tensor<4xf64>) -> tensor<*xui8> {
  // expected-error @below {{expects f32 elements, but got 'f64'}}
  %0, %1, %2 = onnx.DynamicQuantizeLinear %x : (tensor<4xf64>) -> (tensor<*xui8>, tensor<*xf32>, tensor<*xui8>)
  return %0 : tensor<*xui8>
}

// -----

func.func @bytes(%a: tensor<4x3xi16>, %b: tensor<3x2xi8>) -> tensor<*xi32> {
  %none = onnx.None
  // expected-error @below {{expects elements of 8 bits, but got 'i16'}}
  %0 = onnx.MatMulInteger %a, %b, %none, %none : (tensor<4x3xi16>, tensor<3x2xi8>, none, none) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

func.func @bias(%x: tensor<1x1x3x3xui8>, %w: tensor<2x1x1x1xui8>, %s: tensor<f32>, %z: tensor<ui8>, %b: tensor<2xf32>) -> tensor<*xui8> {
  // expected-error @below {{expects a bias of type i32, but got 'f32'}}
  %0 = onnx.QLinearConv %x, %s, %z, %w, %s, %z, %s, %z, %b : (tensor<1x1x3x3xui8>, tensor<f32>, tensor<ui8>, tensor<2x1x1x1xui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>, tensor<2xf32>) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}
