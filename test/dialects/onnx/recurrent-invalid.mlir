// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

func.func @type(%x: tensor<5x2x4xi32>, %w: tensor<1x8x4xi32>, %r: tensor<1x8x8xi32>) -> tensor<*xi32> {
  %n = onnx.None
  // expected-error @below {{expects float elements, but got 'i32'}}
  %0 = onnx.RNN %x, %w, %r, %n, %n, %n : (tensor<5x2x4xi32>, tensor<1x8x4xi32>, tensor<1x8x8xi32>, none, none, none) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

func.func @direction(%x: tensor<5x2x4xf32>, %w: tensor<1x8x4xf32>, %r: tensor<1x8x8xf32>) -> tensor<*xf32> {
  %n = onnx.None
  // expected-error @below {{expects direction forward, reverse or bidirectional, but got 'up'}}
  %0 = onnx.RNN %x, %w, %r, %n, %n, %n {direction = "up"} : (tensor<5x2x4xf32>, tensor<1x8x4xf32>, tensor<1x8x8xf32>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @shapes(%x: tensor<5x2x4xf32>, %w: tensor<1x9x4xf32>, %r: tensor<1x8x8xf32>) -> tensor<*xf32> {
  %n = onnx.None
  // expected-error @below {{expects X of rank 3 and weights of 1 directions and 1 gates that fit, but got shapes 5x2x4, 1x9x4 and 1x8x8}}
  %0 = onnx.RNN %x, %w, %r, %n, %n, %n : (tensor<5x2x4xf32>, tensor<1x9x4xf32>, tensor<1x8x8xf32>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @bias(%x: tensor<5x2x4xf32>, %w: tensor<1x8x4xf32>, %r: tensor<1x8x8xf32>, %b: tensor<1x8xf32>) -> tensor<*xf32> {
  %n = onnx.None
  // expected-error @below {{expects operand 3 of shape 1x16, but got 1x8}}
  %0 = onnx.RNN %x, %w, %r, %b, %n, %n : (tensor<5x2x4xf32>, tensor<1x8x4xf32>, tensor<1x8x8xf32>, tensor<1x8xf32>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @count(%x: tensor<5x2x4xf32>, %w: tensor<1x8x4xf32>, %r: tensor<1x8x8xf32>) -> tensor<*xf32> {
  %n = onnx.None
  // expected-error @below {{expects 1 activations, but got 2}}
  %0 = onnx.RNN %x, %w, %r, %n, %n, %n {activations = ["Tanh", "Relu"]} : (tensor<5x2x4xf32>, tensor<1x8x4xf32>, tensor<1x8x8xf32>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @name(%x: tensor<5x2x4xf32>, %w: tensor<1x8x4xf32>, %r: tensor<1x8x8xf32>) -> tensor<*xf32> {
  %n = onnx.None
  // expected-error @below {{expects a known activation, but got 'Step'}}
  %0 = onnx.RNN %x, %w, %r, %n, %n, %n {activations = ["Step"]} : (tensor<5x2x4xf32>, tensor<1x8x4xf32>, tensor<1x8x8xf32>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @scales(%x: tensor<5x2x24xf32>, %s: tensor<24xf32>, %r: tensor<1x24x8xi8>) -> tensor<*xf32> {
  %n = onnx.None
  // expected-error @below {{expects X of rank 3 and weights of 1 directions and 3 gates that fit, but got shapes 5x2x24, 24 and 1x24x8}}
  %0 = onnx.brisk.ByteGRU %x, %s, %r, %n, %n, %n : (tensor<5x2x24xf32>, tensor<24xf32>, tensor<1x24x8xi8>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @rank(%x: tensor<5x2x4xf32>, %w: tensor<4x32xi8>, %r: tensor<1x8x32xi8>, %s: tensor<1xf32>, %z: tensor<1xi8>) -> tensor<*xf32> {
  %n = onnx.None
  // expected-error @below {{expects weights of rank 3, but got 'tensor<4x32xi8>' and 'tensor<1x8x32xi8>'}}
  %0 = onnx.ms.DynamicQuantizeLSTM %x, %w, %r, %n, %n, %n, %n, %n, %s, %z, %s, %z : (tensor<5x2x4xf32>, tensor<4x32xi8>, tensor<1x8x32xi8>, none, none, none, none, none, tensor<1xf32>, tensor<1xi8>, tensor<1xf32>, tensor<1xi8>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
