// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

func.func @last(%x: tensor<1x2x4x4xui8>, %s: tensor<f32>) -> tensor<*xui8> {
  %none = onnx.None
  // expected-error @+1 {{expects channels_last 0, but got 1}}
  %0 = onnx.ms.QLinearGlobalAveragePool %x, %s, %none, %s, %none {channels_last = 1 : i64} : (tensor<1x2x4x4xui8>, tensor<f32>, none, tensor<f32>, none) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}

// -----

func.func @triples(%x: tensor<2xui8>, %s: tensor<f32>, %z: tensor<ui8>) -> tensor<*xui8> {
  // expected-error @+1 {{expects a tensor, a scale and a zero point of each input, but got 2 operands}}
  %0 = onnx.ms.QLinearConcat %s, %z, %x, %s {axis = 0 : i64} : (tensor<f32>, tensor<ui8>, tensor<2xui8>, tensor<f32>) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}

// -----

func.func @bits(%a: tensor<2x40xf32>, %b: tensor<24x3x8xui8>, %s: tensor<72xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @+1 {{expects 2, 4 or 8 bits, but got 3}}
  %0 = onnx.ms.MatMulNBits %a, %b, %s, %none, %none, %none {K = 40 : i64, N = 24 : i64, bits = 3 : i64, block_size = 16 : i64} : (tensor<2x40xf32>, tensor<24x3x8xui8>, tensor<72xf32>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @sizes(%a: tensor<2x40xf32>, %b: tensor<24x3x8xui8>, %s: tensor<72xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @+1 {{expects N, K and block_size of at least 1, but got 24, 0 and 16}}
  %0 = onnx.ms.MatMulNBits %a, %b, %s, %none, %none, %none {K = 0 : i64, N = 24 : i64, bits = 4 : i64, block_size = 16 : i64} : (tensor<2x40xf32>, tensor<24x3x8xui8>, tensor<72xf32>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @index(%a: tensor<2x40xf32>, %b: tensor<24x3x8xui8>, %s: tensor<72xf32>, %g: tensor<40xi32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @+1 {{expects no g_idx}}
  %0 = onnx.ms.MatMulNBits %a, %b, %s, %none, %g, %none {K = 40 : i64, N = 24 : i64, bits = 4 : i64, block_size = 16 : i64} : (tensor<2x40xf32>, tensor<24x3x8xui8>, tensor<72xf32>, none, tensor<40xi32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @types(%a: tensor<2x40xf32>, %b: tensor<24x3x8xi8>, %s: tensor<72xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @+1 {{expects B and zero points of type ui8}}
  %0 = onnx.ms.MatMulNBits %a, %b, %s, %none, %none, %none {K = 40 : i64, N = 24 : i64, bits = 4 : i64, block_size = 16 : i64} : (tensor<2x40xf32>, tensor<24x3x8xi8>, tensor<72xf32>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
