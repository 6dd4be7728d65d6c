// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s

func.func @concat_rank(%a: tensor<2xf32>, %b: tensor<2x2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects operands of one rank, but got 1 and 2}}
  %0 = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<2xf32>, tensor<2x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @concat_type(%a: tensor<2xf32>, %b: tensor<2xf16>) -> tensor<*xf32> {
  // expected-error @below {{expects operands of one element type}}
  %0 = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf16>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @concat_dims(%a: tensor<2x3xf32>, %b: tensor<2x4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects equal dims but for the axis, but got 3 and 4}}
  %0 = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @concat_nothing() -> tensor<*xf32> {
  // expected-error @below {{expects at least one operand}}
  %0 = "onnx.Concat"() {axis = 0 : i64} : () -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @split_sum(%x: tensor<4xf32>) -> tensor<*xf32> {
  %split = onnx.Constant dense<[1, 2]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects pieces that add up to 4, but got 3}}
  %0:2 = onnx.Split %x, %split : (tensor<4xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0 : tensor<*xf32>
}

// -----

func.func @split_negative(%x: tensor<4xf32>) -> tensor<*xf32> {
  %split = onnx.Constant dense<[-1, 5]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects piece sizes of at least 0, but got -1}}
  %0:2 = onnx.Split %x, %split : (tensor<4xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0 : tensor<*xf32>
}

// -----

func.func @split_count(%x: tensor<4xf32>) -> tensor<*xf32> {
  %split = onnx.Constant dense<[1, 2, 1]> : tensor<3xi64> : tensor<3xi64>
  // expected-error @below {{expects as many piece sizes as results, but got 3 and 2}}
  %0:2 = onnx.Split %x, %split : (tensor<4xf32>, tensor<3xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0 : tensor<*xf32>
}

// -----

func.func @slice_step(%x: tensor<4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %c = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{expects steps other than 0}}
  %0 = onnx.Slice %x, %c, %c, %none, %c : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>, none, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @slice_lengths(%x: tensor<4x4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %a = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.Constant dense<0> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects starts, ends, axes and steps of one length}}
  %0 = onnx.Slice %x, %a, %b, %none, %none : (tensor<4x4xf32>, tensor<1xi64>, tensor<2xi64>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @slice_open(%x: tensor<4xf32>, %s: tensor<?xi64, ["N"]>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects starts of static number}}
  %0 = onnx.Slice %x, %s, %s, %none, %none : (tensor<4xf32>, tensor<?xi64, ["N"]>, tensor<?xi64, ["N"]>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @pad_mode(%x: tensor<4xf32>, %pads: tensor<2xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects mode constant, reflect, edge or wrap, but got mirror}}
  %0 = onnx.Pad %x, %pads, %none, %none {mode = "mirror"} : (tensor<4xf32>, tensor<2xi64>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @pad_count(%x: tensor<4xf32>, %pads: tensor<4xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects two pads for each of 1 axes, but got 4}}
  %0 = onnx.Pad %x, %pads, %none, %none : (tensor<4xf32>, tensor<4xi64>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @pad_axes(%x: tensor<4xf32>, %pads: tensor<4xi64>, %axes: tensor<?xi64, ["N"]>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects axes of static number}}
  %0 = onnx.Pad %x, %pads, %none, %axes : (tensor<4xf32>, tensor<4xi64>, none, tensor<?xi64, ["N"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @pad_negative(%x: tensor<4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %pads = onnx.Constant dense<[-3, -2]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{expects pads that leave no negative size, but got -1}}
  %0 = onnx.Pad %x, %pads, %none, %none : (tensor<4xf32>, tensor<2xi64>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @center_count(%x: tensor<4x4xf32>, %shape: tensor<1xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects a size for each of 2 axes, but got 1}}
  %0 = onnx.CenterCropPad %x, %shape : (tensor<4x4xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @center_negative(%x: tensor<4xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant dense<-2> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{expects sizes of at least 0, but got -2}}
  %0 = onnx.CenterCropPad %x, %shape : (tensor<4xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
