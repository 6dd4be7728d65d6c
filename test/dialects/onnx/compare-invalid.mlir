// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

// Logic is on booleans.
func.func @logic(%x: tensor<4xi32>) -> tensor<*xi1> {
  // expected-error @below {{expects boolean elements, but got 'i32'}}
  %0 = onnx.And %x, %x : (tensor<4xi32>, tensor<4xi32>) -> tensor<*xi1>
  return %0 : tensor<*xi1>
}

// -----

// Bitwise operators are on integers.
func.func @bits(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects integer elements, but got 'f32'}}
  %0 = onnx.BitwiseOr %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// A shift has a direction.
func.func @shift(%x: tensor<4xi32>) -> tensor<*xi32> {
  // expected-error @below {{expects direction LEFT or RIGHT, but got UP}}
  %0 = onnx.BitShift %x, %x {direction = "UP"} : (tensor<4xi32>, tensor<4xi32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// Where chooses by a boolean.
func.func @condition(%x: tensor<4xi32>) -> tensor<*xi32> {
  // expected-error @below {{expects a boolean condition, but got 'i32'}}
  %0 = onnx.Where %x, %x, %x : (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// Where chooses between equals.
func.func @choice(%c: tensor<4xi1>, %x: tensor<4xi32>, %y: tensor<4xf32>) -> tensor<*xi32> {
  // expected-error @below {{expects X and Y of one element type, but got 'i32' and 'f32'}}
  %0 = onnx.Where %c, %x, %y : (tensor<4xi1>, tensor<4xi32>, tensor<4xf32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// Complex numbers do not compare.
func.func @complex(%x: tensor<4xcomplex<f32>>) -> tensor<*xi1> {
  // expected-error @below {{'onnx.Equal' op expects number or boolean elements, but got 'complex<f32>'}}
  %0 = onnx.Equal %x, %x : (tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>) -> tensor<*xi1>
  return %0 : tensor<*xi1>
}

// -----

func.func @move(%c: tensor<4xi1>, %x: tensor<4xcomplex<f32>>) -> tensor<*xf32> {
  // expected-error @below {{'onnx.Where' op expects number or boolean elements, but got 'complex<f32>'}}
  %0 = onnx.Where %c, %x, %x : (tensor<4xi1>, tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
