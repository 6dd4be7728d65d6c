// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

// Booleans have no sum.
func.func @kind(%x: tensor<4xi1>) -> tensor<*xi1> {
  %none = onnx.None
  // expected-error @below {{'onnx.ReduceSum' op expects number elements, but got 'i1'}}
  %0 = onnx.ReduceSum %x, %none : (tensor<4xi1>, none) -> tensor<*xi1>
  return %0 : tensor<*xi1>
}

// -----

// Nor does a position.
func.func @arg(%x: tensor<4xi1>) -> tensor<*xi64> {
  // expected-error @below {{'onnx.ArgMax' op expects number elements, but got 'i1'}}
  %0 = onnx.ArgMax %x : (tensor<4xi1>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

// Axes are a list of i64.
func.func @type(%x: tensor<4xf32>, %axes: tensor<1xi32>) -> tensor<*xf32> {
  // expected-error @below {{expects axes of type tensor<Nxi64>, but got 'tensor<1xi32>'}}
  %0 = onnx.ReduceSum %x, %axes : (tensor<4xf32>, tensor<1xi32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Axes exist.
func.func @range(%x: tensor<4xf32>) -> tensor<*xf32> {
  %axes = onnx.Constant dense<1> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{axis 1}}
  %0 = onnx.ReduceSum %x, %axes : (tensor<4xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Without kept dims the rank must follow.
func.func @rank(%x: tensor<4xf32>, %axes: tensor<?xi64, ["N"]>) -> tensor<*xf32> {
  // expected-error @below {{expects axes whose number is known, to tell the rank of its result}}
  %0 = onnx.ReduceSum %x, %axes {keepdims = 0 : i64} : (tensor<4xf32>, tensor<?xi64, ["N"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @many(%x: tensor<4xf32>, %axes: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @below {{reduces 2 axes of a rank-1 tensor}}
  %0 = onnx.ReduceSum %x, %axes {keepdims = 0 : i64} : (tensor<4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
