// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s | FileCheck %s
// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file --verify-diagnostics %s | FileCheck %s --check-prefix=LOWER

// Views around one transpose, whatever is symbolic.
// CHECK-LABEL: func.func @to_space(
// CHECK-SAME: -> tensor<?x2x?x?xf32, ["B", "", "2*H", "2*W"]>
// LOWER-LABEL: func.func @to_space(
// LOWER: tensor.expand_shape {{.*}} {{\[\[}}0], [1, 2, 3], [4], [5]]
// LOWER: linalg.transpose
// LOWER: tensor.collapse_shape {{.*}} {{\[\[}}0], [1], [2, 3], [4, 5]]
func.func @to_space(%x: tensor<?x8x?x?xf32, ["B", "", "H", "W"]>) -> tensor<*xf32> {
  %0 = onnx.DepthToSpace %x {blocksize = 2 : i64} : (tensor<?x8x?x?xf32, ["B", "", "H", "W"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @to_depth(
// CHECK: onnx.SpaceToDepth {{.*}} -> tensor<1x12x2x3xf32>
func.func @to_depth(%x: tensor<1x3x4x6xf32>) -> tensor<*xf32> {
  %0 = onnx.SpaceToDepth %x {blocksize = 2 : i64} : (tensor<1x3x4x6xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @reverse(
// CHECK: onnx.ReverseSequence {{.*}} -> tensor<5x2xf32>
func.func @reverse(%x: tensor<5x2xf32>, %l: tensor<2xi64>) -> tensor<*xf32> {
  %0 = onnx.ReverseSequence %x, %l : (tensor<5x2xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @columns(
// CHECK: onnx.Col2Im {{.*}} -> tensor<1x1x5x5xf32>
func.func @columns(%x: tensor<1x5x5xf32>) -> tensor<*xf32> {
  %image = onnx.Constant dense<5> : tensor<2xi64> : tensor<2xi64>
  %block = onnx.Constant dense<[1, 5]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Col2Im %x, %image, %block : (tensor<1x5x5xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @det(
// CHECK: onnx.Det {{.*}} -> tensor<?xf32, ["B"]>
func.func @det(%x: tensor<?x3x3xf32, ["B", "", ""]>) -> tensor<*xf32> {
  %0 = onnx.Det %x : (tensor<?x3x3xf32, ["B", "", ""]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @image(%x: tensor<8x2x2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects an image of rank 4, but got rank 3}}
  %0 = onnx.DepthToSpace %x {blocksize = 2 : i64} : (tensor<8x2x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @mode(%x: tensor<1x8x2x2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects mode DCR or CRD, but got RCD}}
  %0 = onnx.DepthToSpace %x {blocksize = 2 : i64, mode = "RCD"} : (tensor<1x8x2x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @block(%x: tensor<1x8x2x2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a blocksize above 0, but got 0}}
  %0 = onnx.SpaceToDepth %x {blocksize = 0 : i64} : (tensor<1x8x2x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @channels(%x: tensor<1x6x2x2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects channels in multiples of 4, but got 6}}
  %0 = onnx.DepthToSpace %x {blocksize = 2 : i64} : (tensor<1x6x2x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @height(%x: tensor<1x6x3x2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects height and width in multiples of 2, but got 3}}
  %0 = onnx.SpaceToDepth %x {blocksize = 2 : i64} : (tensor<1x6x3x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @axes(%x: tensor<5x2xf32>, %l: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects batch and time on axes 0 and 1, but got 1 and 1}}
  %0 = onnx.ReverseSequence %x, %l {time_axis = 1 : i64} : (tensor<5x2xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @lengths(%x: tensor<5x2xf32>, %l: tensor<2x1xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects sequence_lens of rank 1}}
  %0 = onnx.ReverseSequence %x, %l : (tensor<5x2xf32>, tensor<2x1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @rank(%x: tensor<5x5xf32>, %s: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects columns of rank 3, but got rank 2}}
  %0 = onnx.Col2Im %x, %s, %s : (tensor<5x5xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @ranks(%x: tensor<1x5x5xf32>, %s: tensor<2xi64>, %t: tensor<3xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects an image and a block of one static rank}}
  %0 = onnx.Col2Im %x, %s, %t : (tensor<1x5x5xf32>, tensor<2xi64>, tensor<3xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @pads(%x: tensor<1x5x5xf32>, %s: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects dilations, pads and strides for 2 axes}}
  %0 = onnx.Col2Im %x, %s, %s {pads = array<i64: 1, 1>} : (tensor<1x5x5xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @square(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects square matrices, but got shape 2x3}}
  %0 = onnx.Det %x : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @floats(%x: tensor<3x3xi32>) -> tensor<*xi32> {
  // expected-error @below {{expects floats}}
  %0 = onnx.Det %x : (tensor<3x3xi32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}
