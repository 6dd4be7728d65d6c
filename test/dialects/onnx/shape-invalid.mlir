// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

func.func @elements(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant dense<[4, 2]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects a target shape of 6 elements, but got 4x2}}
  %0 = onnx.Reshape %x, %shape : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @indivisible(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant dense<[4, -1]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects a target shape of 6 elements, but got 4x-1}}
  %0 = onnx.Reshape %x, %shape : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @two_open(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant dense<-1> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects at most one -1 in the target shape}}
  %0 = onnx.Reshape %x, %shape : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @zero_axis(%x: tensor<6xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant dense<[6, 0]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects 0 in the target shape only for axes of the data, but got one at axis 1}}
  %0 = onnx.Reshape %x, %shape : (tensor<6xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @negative(%x: tensor<6xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant dense<[6, -2]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects a target shape of sizes, -1 and 0, but got -2}}
  %0 = onnx.Reshape %x, %shape : (tensor<6xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @open_target(%x: tensor<6xf32>, %shape: tensor<?xi64, ["N"]>) -> tensor<*xf32> {
  // expected-error @below {{expects a target shape of static length}}
  %0 = onnx.Reshape %x, %shape : (tensor<6xf32>, tensor<?xi64, ["N"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @flatten(%x: tensor<6xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an axis within -1 .. 1, but got 2}}
  %0 = onnx.Flatten %x {axis = 2 : i64} : (tensor<6xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @squeeze(%x: tensor<1x6xf32>) -> tensor<*xf32> {
  %axes = onnx.Constant dense<[1]> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{expects dims of 1 where it squeezes, but got 6 at axis 1}}
  %0 = onnx.Squeeze %x, %axes : (tensor<1x6xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @squeeze_many(%x: tensor<1x6xf32>, %axes: tensor<3xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects axes of static number, at most 2}}
  %0 = onnx.Squeeze %x, %axes : (tensor<1x6xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @unsqueeze(%x: tensor<6xf32>, %axes: tensor<?xi64, ["N"]>) -> tensor<*xf32> {
  // expected-error @below {{expects axes of static number}}
  %0 = onnx.Unsqueeze %x, %axes : (tensor<6xf32>, tensor<?xi64, ["N"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @twice(%x: tensor<6xf32>) -> tensor<*xf32> {
  %axes = onnx.Constant dense<[0, -3]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects distinct axes, but got axis -3 twice}}
  %0 = onnx.Unsqueeze %x, %axes : (tensor<6xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @range(%x: tensor<6xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects axes of a rank-1 tensor, but got axis 1}}
  %0 = onnx.Transpose %x {perm = array<i64: 1>} : (tensor<6xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @permutation(%x: tensor<6xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a permutation of 1 axes, but got 2}}
  %0 = onnx.Transpose %x {perm = array<i64: 1, 0>} : (tensor<6xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @expand(%x: tensor<6xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant dense<[2, 5]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects a shape that broadcasts with 6, but got 2x5}}
  %0 = onnx.Expand %x, %shape : (tensor<6xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @expand_open(%x: tensor<6xf32>, %shape: tensor<?xi64, ["N"]>) -> tensor<*xf32> {
  // expected-error @below {{expects a target shape of static length}}
  %0 = onnx.Expand %x, %shape : (tensor<6xf32>, tensor<?xi64, ["N"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @tile(%x: tensor<6xf32>) -> tensor<*xf32> {
  %repeats = onnx.Constant dense<[2, 5]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects 1 repeats, but got 2}}
  %0 = onnx.Tile %x, %repeats : (tensor<6xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @tile_negative(%x: tensor<6xf32>) -> tensor<*xf32> {
  %repeats = onnx.Constant dense<[-2]> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{expects repeats of at least 0, but got -2}}
  %0 = onnx.Tile %x, %repeats : (tensor<6xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
