// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

func.func @rank(%x: tensor<1x4xf32>, %w: tensor<6x2xf32>) -> tensor<*xf32> {
  %b = onnx.None
  // expected-error @below {{expects an input and a weight of equal rank above 2, but got shapes 1x4 and 6x2}}
  %0 = onnx.Conv %x, %w, %b : (tensor<1x4xf32>, tensor<6x2xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @type(%x: tensor<1x4x8xi64>, %w: tensor<6x4x3xi64>) -> tensor<*xi64> {
  %b = onnx.None
  // expected-error @below {{expects float elements, but got 'i64'}}
  %0 = onnx.Conv %x, %w, %b : (tensor<1x4x8xi64>, tensor<6x4x3xi64>, none) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

func.func @channels(%x: tensor<1x4x8xf32>, %w: tensor<6x3x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  // expected-error @below {{expects channels that fit the weight and 2 groups, but got shapes 1x4x8 and 6x3x3}}
  %0 = onnx.Conv %x, %w, %b {group = 2 : i64} : (tensor<1x4x8xf32>, tensor<6x3x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @kernel_shape(%x: tensor<1x4x8xf32>, %w: tensor<6x4x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  // expected-error @below {{expects a kernel_shape that agrees with the weight's shape 6x4x3}}
  %0 = onnx.Conv %x, %w, %b {kernel_shape = array<i64: 5>} : (tensor<1x4x8xf32>, tensor<6x4x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @strides(%x: tensor<1x4x8xf32>, %w: tensor<6x4x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  // expected-error @below {{expects numbers of at least 1 in 'strides', but got 0}}
  %0 = onnx.Conv %x, %w, %b {strides = array<i64: 0>} : (tensor<1x4x8xf32>, tensor<6x4x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @pads(%x: tensor<1x4x8xf32>, %w: tensor<6x4x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  // expected-error @below {{expects 2 numbers in 'pads', but got 4}}
  %0 = onnx.Conv %x, %w, %b {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x8xf32>, tensor<6x4x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @auto_pad(%x: tensor<1x4x8xf32>, %w: tensor<6x4x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  // expected-error @below {{expects auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, but got 'FULL'}}
  %0 = onnx.Conv %x, %w, %b {auto_pad = "FULL"} : (tensor<1x4x8xf32>, tensor<6x4x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @fits(%x: tensor<1x4x2xf32>, %w: tensor<6x4x5xf32>) -> tensor<*xf32> {
  %b = onnx.None
  // expected-error @below {{expects a window that fits, but got kernel 5 on input 2}}
  %0 = onnx.Conv %x, %w, %b : (tensor<1x4x2xf32>, tensor<6x4x5xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @empty_kernel(%x: tensor<1x4x2xf32>, %w: tensor<6x4x0xf32>) -> tensor<*xf32> {
  %b = onnx.None
  // expected-error @below {{expects a kernel of at least 1 on every axis, but got 0}}
  %0 = onnx.Conv %x, %w, %b : (tensor<1x4x2xf32>, tensor<6x4x0xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @transposed_shape(%x: tensor<1x4x2xf32>, %w: tensor<4x6x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  // expected-error @below {{expects an output_shape of 1 numbers, but got 2}}
  %0 = onnx.ConvTranspose %x, %w, %b {output_shape = array<i64: 3, 3>} : (tensor<1x4x2xf32>, tensor<4x6x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @transposed_kernel(%x: tensor<1x4x2xf32>, %w: tensor<4x6x?xf32, ["", "", "K"]>) -> tensor<*xf32> {
  %b = onnx.None
  // expected-error @below {{expects a kernel of known size, but got a weight of shape 4x6xK}}
  %0 = onnx.ConvTranspose %x, %w, %b : (tensor<1x4x2xf32>, tensor<4x6x?xf32, ["", "", "K"]>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @transposed_pads(%x: tensor<1x4x2xf32>, %w: tensor<4x6x3xf32>) -> tensor<*xf32> {
  %b = onnx.None
  // expected-error @below {{expects padding smaller than the result, but got input 1x4x2}}
  %0 = onnx.ConvTranspose %x, %w, %b {pads = array<i64: 4, 4>} : (tensor<1x4x2xf32>, tensor<4x6x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @deform_rank(%x: tensor<1x2x3xf32>, %w: tensor<4x2x2xf32>, %o: tensor<1x8x2xf32>) -> tensor<*xf32> {
  %n = onnx.None
  // expected-error @below {{expects an input of rank 4, but got rank 3}}
  %0 = onnx.DeformConv %x, %w, %o, %n, %n : (tensor<1x2x3xf32>, tensor<4x2x2xf32>, tensor<1x8x2xf32>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @deform_offset(%x: tensor<1x2x3x3xf32>, %w: tensor<4x2x2x2xf32>, %o: tensor<1x4x2x2xf32>) -> tensor<*xf32> {
  %n = onnx.None
  // expected-error @below {{expects offsets and masks for 1 groups of the 2 channels and 4 taps}}
  %0 = onnx.DeformConv %x, %w, %o, %n, %n : (tensor<1x2x3x3xf32>, tensor<4x2x2x2xf32>, tensor<1x4x2x2xf32>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @bias(%x: tensor<1x4x8xf32>, %w: tensor<6x4x3xf32>, %b: tensor<1x1x6xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a bias of 6 elements, but got shape 1x1x6}}
  %0 = onnx.Conv %x, %w, %b : (tensor<1x4x8xf32>, tensor<6x4x3xf32>, tensor<1x1x6xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @bias_transposed(%x: tensor<1x4x8xf32>, %w: tensor<4x3x3xf32>, %b: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a bias of 6 elements, but got shape 4}}
  %0 = onnx.ConvTranspose %x, %w, %b {group = 2 : i64} : (tensor<1x4x8xf32>, tensor<4x3x3xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
