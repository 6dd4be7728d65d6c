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
