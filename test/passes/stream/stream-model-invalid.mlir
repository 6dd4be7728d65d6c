// RUN: brisk-opt %s --split-input-file --stream-model=along=2 --verify-diagnostics

// A convolution that pads on both sides looks ahead.
func.func @main(%x: tensor<1x2x9xf32>) -> tensor<1x2x9xf32> {
  %w = onnx.Constant dense<1.0> : tensor<2x2x5xf32> : tensor<2x2x5xf32>
  %n = onnx.None
  // expected-error @+1 {{--stream: looks 2 frames ahead; an output waits for 2, --stream-delay=0 allows 0}}
  %0 = onnx.Conv %x, %w, %n {pads = array<i64: 2, 2>} : (tensor<1x2x9xf32>, tensor<2x2x5xf32>, none) -> tensor<1x2x9xf32>
  return %0 : tensor<1x2x9xf32>
}

// -----

func.func @main(%x: tensor<1x2x9xf32>) -> tensor<1x2x1xf32> {
  // expected-error @+1 {{--stream: computes with all frames at once}}
  %0 = onnx.GlobalAveragePool %x : (tensor<1x2x9xf32>) -> tensor<1x2x1xf32>
  return %0 : tensor<1x2x1xf32>
}

// -----

func.func @main(%x: tensor<1x2x9xf32>) -> tensor<1x2x3xf32> {
  %w = onnx.Constant dense<1.0> : tensor<9x3xf32> : tensor<9x3xf32>
  // expected-error @+1 {{--stream: sums over all frames}}
  %0 = onnx.MatMul %x, %w : (tensor<1x2x9xf32>, tensor<9x3xf32>) -> tensor<1x2x3xf32>
  return %0 : tensor<1x2x3xf32>
}

// -----

// A code of positions.
func.func @main(%x: tensor<1x2x9xf32>) -> tensor<1x2x9xf32> {
  %c = onnx.Constant dense<1.0> : tensor<9xf32> : tensor<9xf32>
  // expected-error @+1 {{--stream: takes a value of its own for each of 9 frames from a constant}}
  %0 = onnx.Add %x, %c : (tensor<1x2x9xf32>, tensor<9xf32>) -> tensor<1x2x9xf32>
  return %0 : tensor<1x2x9xf32>
}

// -----

func.func @main(%x: tensor<1x2x9xf32>) -> tensor<1x2x9xf32> {
  %s = onnx.Constant dense<[-3]> : tensor<1xi64> : tensor<1xi64>
  %e = onnx.Constant dense<[9]> : tensor<1xi64> : tensor<1xi64>
  %a = onnx.Constant dense<[2]> : tensor<1xi64> : tensor<1xi64>
  %n = onnx.None
  // expected-error @+1 {{--stream: counts frames from the end}}
  %0 = onnx.Slice %x, %s, %e, %a, %n : (tensor<1x2x9xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<1x2x3xf32>
  return %x : tensor<1x2x9xf32>
}

// -----

func.func @main(%x: tensor<1x2x9xf32>) -> tensor<1x2x9xf32> {
  // expected-error @+1 {{--stream: divides by fewer frames at the beginning}}
  %0 = onnx.AveragePool %x {kernel_shape = array<i64: 3>, pads = array<i64: 2, 0>} : (tensor<1x2x9xf32>) -> tensor<1x2x9xf32>
  return %0 : tensor<1x2x9xf32>
}

// -----

// Two rates meet.
func.func @main(%x: tensor<1x2x9xf32>) -> tensor<1x2x9xf32> {
  %p = onnx.Constant dense<[0, 0, 0, 0, 0, 4]> : tensor<6xi64> : tensor<6xi64>
  %n = onnx.None
  %0 = onnx.MaxPool %x {kernel_shape = array<i64: 1>, strides = array<i64: 2>} : (tensor<1x2x9xf32>) -> tensor<1x2x5xf32>
  %1 = onnx.Pad %0, %p, %n, %n : (tensor<1x2x5xf32>, tensor<6xi64>, none, none) -> tensor<1x2x9xf32>
  // expected-error @+1 {{--stream: joins 2 and 1 frames a step}}
  %2 = onnx.Add %x, %1 : (tensor<1x2x9xf32>, tensor<1x2x9xf32>) -> tensor<1x2x9xf32>
  return %2 : tensor<1x2x9xf32>
}

// -----

// expected-error @+1 {{--stream=2: no input has '2'; expects an axis, the name of an open dim, or INPUT:AXIS}}
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  return %x : tensor<1x2xf32>
}

// -----

func.func @main(%y: tensor<1x2x9xf32>) -> tensor<i64> {
  // expected-error @+2 {{--stream: computes with the number of frames, which no step knows}}
  %0 = onnx.Size %y : (tensor<1x2x9xf32>) -> tensor<i64>
  %1 = onnx.Abs %0 : (tensor<i64>) -> tensor<i64>
  return %0 : tensor<i64>
}
