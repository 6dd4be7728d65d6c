// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file --verify-diagnostics %s

// Roots of integers do not exist.
func.func @kind(%x: tensor<4xi32>) -> tensor<*xi32> {
  // expected-error @below {{'onnx.Sqrt' op expects float elements, but got 'i32'}}
  %0 = onnx.Sqrt %x : (tensor<4xi32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// Booleans do not add.
func.func @boolean(%x: tensor<4xi1>) -> tensor<*xi1> {
  // expected-error @below {{expects number elements, but got 'i1'}}
  %0 = onnx.Add %x, %x : (tensor<4xi1>, tensor<4xi1>) -> tensor<*xi1>
  return %0 : tensor<*xi1>
}

// -----

// Operands of an operator have one type.
func.func @mixed(%x: tensor<4xf32>, %y: tensor<4xi32>) -> tensor<*xf32> {
  // expected-error @below {{expects operands of one element type, but got 'f32' and 'i32'}}
  %0 = onnx.Add %x, %y : (tensor<4xf32>, tensor<4xi32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Pow takes any numbers, but no booleans.
func.func @pow(%x: tensor<4xf32>, %y: tensor<4xi1>) -> tensor<*xf32> {
  // expected-error @below {{'onnx.Pow' op expects number elements, but got 'i1'}}
  %0 = onnx.Pow %x, %y : (tensor<4xf32>, tensor<4xi1>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Shapes must broadcast.
func.func @shape(%x: tensor<2x4xf32>, %y: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects operands that broadcast, but got shapes 2x4 and 3}}
  %0 = onnx.Sub %x, %y : (tensor<2x4xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// A maximum of nothing does not exist.
func.func @empty() -> tensor<*xf32> {
  // expected-error @below {{expects at least one operand}}
  %0 = onnx.Max : () -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Bounds of Clip are scalars.
func.func @clip(%x: tensor<2x4xf32>, %max: tensor<4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects scalar bounds, but got 'tensor<4xf32>'}}
  %0 = onnx.Clip %x, %none, %max : (tensor<2x4xf32>, none, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Dropout does not train.
func.func @training(%x: tensor<4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %true = onnx.Constant dense<true> : tensor<i1> : tensor<i1>
  // expected-error @below {{supports inference only, but training_mode is true and the ratio is not 0}}
  %0, %1 = onnx.Dropout %x, %none, %true : (tensor<4xf32>, none, tensor<i1>) -> (tensor<*xf32>, tensor<*xi1>)
  return %0 : tensor<*xf32>
}

// -----

// The parameters of Dropout have their types.
func.func @mode(%x: tensor<4xf32>, %mode: tensor<f32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects a boolean training_mode, but got 'tensor<f32>'}}
  %0, %1 = onnx.Dropout %x, %none, %mode : (tensor<4xf32>, none, tensor<f32>) -> (tensor<*xf32>, tensor<*xi1>)
  return %0 : tensor<*xf32>
}

// -----

func.func @ratio(%x: tensor<4xf32>, %ratio: tensor<i32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects a float ratio, but got 'tensor<i32>'}}
  %0, %1 = onnx.Dropout %x, %ratio, %none : (tensor<4xf32>, tensor<i32>, none) -> (tensor<*xf32>, tensor<*xi1>)
  return %0 : tensor<*xf32>
}
