// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

func.func @rank(%x: tensor<1x4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an input of rank above 2, but got rank 2}}
  %0 = onnx.MaxPool %x {kernel_shape = array<i64: 2>} : (tensor<1x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @kernel(%x: tensor<1x4x8x8xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a kernel_shape of 2 numbers, but got 1}}
  %0 = onnx.MaxPool %x {kernel_shape = array<i64: 2>} : (tensor<1x4x8x8xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @type(%x: tensor<1x4x8xi8>) -> tensor<*xi8> {
  // expected-error @below {{expects float elements, but got 'i8'}}
  %0 = onnx.AveragePool %x {kernel_shape = array<i64: 2>} : (tensor<1x4x8xi8>) -> tensor<*xi8>
  return %0 : tensor<*xi8>
}

// -----

func.func @global(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an input of rank above 1, but got rank 1}}
  %0 = onnx.GlobalMaxPool %x : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @unpool(%x: tensor<1x4xf32>, %i: tensor<1x4xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects an input of rank above 2, but got rank 2}}
  %0 = onnx.MaxUnpool %x, %i, %none {kernel_shape = array<i64: 2>} : (tensor<1x4xf32>, tensor<1x4xi64>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @unpool_shape(%x: tensor<1x1x4xf32>, %i: tensor<1x1x4xi64>) -> tensor<*xf32> {
  %s = onnx.Constant dense<[1, 8]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects an output_shape of 3 numbers, but got 2}}
  %0 = onnx.MaxUnpool %x, %i, %s {kernel_shape = array<i64: 2>} : (tensor<1x1x4xf32>, tensor<1x1x4xi64>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @roi(%x: tensor<1x3x8xf32>, %r: tensor<2x5xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an input of rank 4, rois of shape Nx5 and a pooled_shape of 2 numbers, but got shapes 1x3x8 and 2x5}}
  %0 = onnx.MaxRoiPool %x, %r {pooled_shape = array<i64: 2, 2>} : (tensor<1x3x8xf32>, tensor<2x5xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @roi_type(%x: tensor<1x3x8x8xi32>, %r: tensor<2x5xi32>) -> tensor<*xi32> {
  // expected-error @below {{expects float elements, but got 'i32'}}
  %0 = onnx.MaxRoiPool %x, %r {pooled_shape = array<i64: 2, 2>} : (tensor<1x3x8x8xi32>, tensor<2x5xi32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// Arithmetic on smaller floats than 16 bits is not defined.
func.func @tiny_float(%x: tensor<1x2x4x4xf4E2M1FN>) {
  // expected-error @below {{expects float elements, but got 'f4E2M1FN'}}
  %0 = onnx.AveragePool %x {kernel_shape = array<i64: 2, 2>} : (tensor<1x2x4x4xf4E2M1FN>) -> tensor<*xf4E2M1FN>
  return
}
