// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

func.func @type(%x: tensor<2x3xi32>, %p: tensor<3xi32>) -> tensor<*xi32> {
  // expected-error @below {{expects float elements, but got 'i32'}}
  %0 = onnx.InstanceNormalization %x, %p, %p : (tensor<2x3xi32>, tensor<3xi32>, tensor<3xi32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

func.func @rank(%x: tensor<3xf32>, %p: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an input of rank above 1, but got rank 1}}
  %0 = onnx.InstanceNormalization %x, %p, %p : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @vector(%x: tensor<2x3x4xf32>, %p: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects vectors along the 3 channels, but got shape 4}}
  %0 = onnx.BatchNormalization %x, %p, %p, %p, %p : (tensor<2x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @groups(%x: tensor<2x4x4xf32>, %p: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects groups that divide the 4 channels, but got 3}}
  %0 = onnx.GroupNormalization %x, %p, %p {num_groups = 3 : i64} : (tensor<2x4x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @axis(%x: tensor<2x4xf32>, %p: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an axis of rank 2, but got 2}}
  %0 = onnx.RMSNormalization %x, %p {axis = 2 : i64} : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @stash(%x: tensor<2x4xf32>, %p: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a float type as stash_type, but got 7}}
  %0 = onnx.RMSNormalization %x, %p {stash_type = 7 : i64} : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @scale(%x: tensor<2x4xf32>, %p: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a scale and bias that broadcast to 2x4, but got shape 3}}
  %0 = onnx.RMSNormalization %x, %p : (tensor<2x4xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @axes(%x: tensor<2x4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects axes of rank 2, but got 2}}
  %0 = onnx.MeanVarianceNormalization %x : (tensor<2x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @lp_axis(%x: tensor<2x4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an axis of rank 2, but got -3}}
  %0 = onnx.LpNormalization %x {axis = -3 : i64} : (tensor<2x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @lp(%x: tensor<2x4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects p = 1 or 2, but got 3}}
  %0 = onnx.LpNormalization %x {p = 3 : i64} : (tensor<2x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @lrn_rank(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an input of rank above 1, but got rank 1}}
  %0 = onnx.LRN %x {size = 3 : i64} : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @lrn_size(%x: tensor<2x4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a size of at least 1, but got 0}}
  %0 = onnx.LRN %x {size = 0 : i64} : (tensor<2x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
