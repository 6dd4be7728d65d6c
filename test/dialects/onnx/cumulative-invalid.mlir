// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

// Booleans have no running sum.
func.func @kind(%x: tensor<4xi1>, %axis: tensor<i64>) -> tensor<*xi1> {
  // expected-error @below {{expects number elements, but got 'i1'}}
  %0 = onnx.CumSum %x, %axis : (tensor<4xi1>, tensor<i64>) -> tensor<*xi1>
  return %0 : tensor<*xi1>
}

// -----

// The axis is an integer.
func.func @type(%x: tensor<4xf32>, %axis: tensor<f32>) -> tensor<*xf32> {
  // expected-error @below {{expects an axis of type i32 or i64, but got 'f32'}}
  %0 = onnx.CumSum %x, %axis : (tensor<4xf32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// A scalar has no axis.
func.func @scalar(%x: tensor<f32>, %axis: tensor<i64>) -> tensor<*xf32> {
  // expected-error @below {{expects a tensor with axes, but got a scalar}}
  %0 = onnx.CumSum %x, %axis : (tensor<f32>, tensor<i64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// The axis exists.
func.func @range(%x: tensor<4xf32>) -> tensor<*xf32> {
  %axis = onnx.Constant dense<1> : tensor<i64> : tensor<i64>
  // expected-error @below {{axis 1}}
  %0 = onnx.CumProd %x, %axis : (tensor<4xf32>, tensor<i64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
