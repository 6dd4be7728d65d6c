// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

func.func @range(%x: tensor<3xf32>) -> tensor<*xf32> {
  %i = onnx.Constant dense<[0, 3]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects indices into an axis of size 3, but got 3}}
  %0 = onnx.Gather %x, %i : (tensor<3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @type(%x: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects integer indices}}
  %0 = onnx.Gather %x, %x : (tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @rank(%x: tensor<3xf32>, %i: tensor<1x1xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects indices of the data's rank 1, but got 2}}
  %0 = onnx.GatherElements %x, %i : (tensor<3xf32>, tensor<1x1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @batch(%x: tensor<3xf32>, %i: tensor<1x1xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects batch_dims below both ranks, but got 1}}
  %0 = onnx.GatherND %x, %i {batch_dims = 1 : i64} : (tensor<3xf32>, tensor<1x1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @tuple(%x: tensor<3xf32>, %i: tensor<1x2xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects tuples of static length, at most 1, but got 2}}
  %0 = onnx.GatherND %x, %i : (tensor<3xf32>, tensor<1x2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @batches(%x: tensor<3x2xf32>, %i: tensor<2x1xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects equal batch dims, but got 3 and 2}}
  %0 = onnx.GatherND %x, %i {batch_dims = 1 : i64} : (tensor<3x2xf32>, tensor<2x1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @reduction(%x: tensor<3xf32>, %i: tensor<3xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects reduction none, add, mul, max or min, but got sum}}
  %0 = onnx.ScatterElements %x, %i, %x {reduction = "sum"} : (tensor<3xf32>, tensor<3xi64>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @updates(%x: tensor<3xf32>, %i: tensor<3xi64>, %u: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects indices and updates of one shape, but got 3 and 2}}
  %0 = onnx.ScatterElements %x, %i, %u : (tensor<3xf32>, tensor<3xi64>, tensor<2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @ranks(%x: tensor<3x1xf32>, %i: tensor<3xi64>, %u: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects indices and updates of the data's rank 2}}
  %0 = onnx.ScatterElements %x, %i, %u : (tensor<3x1xf32>, tensor<3xi64>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @element(%x: tensor<3xf32>, %i: tensor<3xi64>, %u: tensor<3xf16>) -> tensor<*xf32> {
  // expected-error @below {{expects updates of the data's element type}}
  %0 = onnx.ScatterElements %x, %i, %u : (tensor<3xf32>, tensor<3xi64>, tensor<3xf16>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @long(%x: tensor<3xf32>, %i: tensor<3x2xi64>, %u: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects tuples of static length, at most 1}}
  %0 = onnx.ScatterND %x, %i, %u : (tensor<3xf32>, tensor<3x2xi64>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @shape(%x: tensor<3x4xf32>, %i: tensor<2x1xi64>, %u: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects updates of shape 2x4, but got 2x3}}
  %0 = onnx.ScatterND %x, %i, %u : (tensor<3x4xf32>, tensor<2x1xi64>, tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @axis(%x: tensor<3x4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects a sequence axis other than the batch axis 0}}
  %0 = onnx.TensorScatter %x, %x, %none : (tensor<3x4xf32>, tensor<3x4xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @mode(%x: tensor<3x4x1xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects mode linear or circular, but got ring}}
  %0 = onnx.TensorScatter %x, %x, %none {mode = "ring"} : (tensor<3x4x1xf32>, tensor<3x4x1xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @cache(%x: tensor<3x4x1xf32>, %u: tensor<3x4x2xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects an update that differs from the cache along the axis only, but got shapes 3x4x1 and 3x4x2}}
  %0 = onnx.TensorScatter %x, %u, %none : (tensor<3x4x1xf32>, tensor<3x4x2xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
