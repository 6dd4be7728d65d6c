// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

// Losses are of floats.
func.func @kind(%x: tensor<3x5xi32>, %t: tensor<3xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects float elements, but got 'i32'}}
  %0 = onnx.NegativeLogLikelihoodLoss %x, %t, %none : (tensor<3x5xi32>, tensor<3xi64>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Targets are numbers of classes.
func.func @index(%x: tensor<3x5xf32>, %t: tensor<3xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects targets of type i32 or i64, but got 'f32'}}
  %0 = onnx.NegativeLogLikelihoodLoss %x, %t, %none : (tensor<3x5xf32>, tensor<3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// There are three reductions.
func.func @reduction(%x: tensor<3x5xf32>, %t: tensor<3xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects reduction none, mean or sum, but got max}}
  %0 = onnx.NegativeLogLikelihoodLoss %x, %t, %none {reduction = "max"} : (tensor<3x5xf32>, tensor<3xi64>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// The input has a batch and classes.
func.func @rank(%x: tensor<3xf32>, %t: tensor<3xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects an input of rank 2 or more, but got rank 1}}
  %0 = onnx.NegativeLogLikelihoodLoss %x, %t, %none : (tensor<3xf32>, tensor<3xi64>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// There is a target for each position.
func.func @shape(%x: tensor<3x5x2xf32>, %t: tensor<3x4xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects targets of shape 3x2, but got 3x4}}
  %0 = onnx.NegativeLogLikelihoodLoss %x, %t, %none : (tensor<3x5x2xf32>, tensor<3x4xi64>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// There is a weight for each class.
func.func @weight(%x: tensor<3x5xf32>, %t: tensor<3xi64>, %w: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects one weight a class, but got 'tensor<4xf32>'}}
  %0 = onnx.NegativeLogLikelihoodLoss %x, %t, %w : (tensor<3x5xf32>, tensor<3xi64>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
