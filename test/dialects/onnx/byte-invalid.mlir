// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

func.func @wide(%a: tensor<2x3xi16>, %b: tensor<3x4xi8>) -> tensor<*xi32> {
  // expected-error @+1 {{expects elements of 8 bits, but got 'i16'}}
  %0 = onnx.brisk.ByteMatMul %a, %b : (tensor<2x3xi16>, tensor<3x4xi8>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

func.func @padding(%x: tensor<1x2x4x4xui8>, %w: tensor<3x2x3x3xi8>, %z: tensor<i8>) -> tensor<*xi32> {
  // expected-error @+1 {{expects padding to be a scalar of X's type, but got 'tensor<i8>'}}
  %0 = onnx.brisk.ByteConv %x, %w, %z : (tensor<1x2x4x4xui8>, tensor<3x2x3x3xi8>, tensor<i8>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

func.func @blocks(%a: tensor<2x64xf32>, %b: tensor<64x4xui4>, %s: tensor<3x4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @+1 {{expects blocks of one length and shapes that multiply, but got 2x64, 64x4 and scales of 3x4}}
  %0 = onnx.brisk.BlockMatMul %a, %b, %s, %none : (tensor<2x64xf32>, tensor<64x4xui4>, tensor<3x4xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @integers(%a: tensor<2x64xf32>, %b: tensor<64x4xi16>, %s: tensor<2x4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @+1 {{expects f32, a matrix of 4 or 8 bits and scales of f32, but got 'f32', 'i16' and 'f32'}}
  %0 = onnx.brisk.BlockMatMul %a, %b, %s, %none : (tensor<2x64xf32>, tensor<64x4xi16>, tensor<2x4xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
