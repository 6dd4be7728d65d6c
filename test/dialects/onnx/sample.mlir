// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: func.func @grid(
// CHECK-SAME: -> tensor<1x3x?x?xf32, ["", "", "H", "W"]>
func.func @grid(%x: tensor<1x3x8x8xf32>, %g: tensor<1x?x?x2xf32, ["", "H", "W", ""]>) -> tensor<*xf32> {
  %0 = onnx.GridSample %x, %g {mode = "cubic"} : (tensor<1x3x8x8xf32>, tensor<1x?x?x2xf32, ["", "H", "W", ""]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @regions(
// CHECK-SAME: -> tensor<?x3x7x5xf32, ["R", "", "", ""]>
func.func @regions(%x: tensor<1x3x8x8xf32>, %r: tensor<?x4xf32, ["R", ""]>, %b: tensor<?xi64, ["R"]>) -> tensor<*xf32> {
  %0 = onnx.RoiAlign %x, %r, %b {output_height = 7 : i64, output_width = 5 : i64} : (tensor<1x3x8x8xf32>, tensor<?x4xf32, ["R", ""]>, tensor<?xi64, ["R"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @positions(%x: tensor<1x3x8x8xf32>, %g: tensor<1x4x4x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a grid of positions in an image, but got shapes 1x4x4x3 and 1x3x8x8}}
  %0 = onnx.GridSample %x, %g : (tensor<1x3x8x8xf32>, tensor<1x4x4x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @mode(%x: tensor<1x3x8x8xf32>, %g: tensor<1x4x4x2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects mode nearest, linear or cubic, but got area}}
  %0 = onnx.GridSample %x, %g {mode = "area"} : (tensor<1x3x8x8xf32>, tensor<1x4x4x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @padding(%x: tensor<1x3x8x8xf32>, %g: tensor<1x4x4x2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects padding_mode zeros, border or reflection, but got wrap}}
  %0 = onnx.GridSample %x, %g {padding_mode = "wrap"} : (tensor<1x3x8x8xf32>, tensor<1x4x4x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @integers(%x: tensor<1x3x8x8xf32>, %g: tensor<1x4x4x2xi32>) -> tensor<*xf32> {
  // expected-error @below {{expects a grid of floats}}
  %0 = onnx.GridSample %x, %g : (tensor<1x3x8x8xf32>, tensor<1x4x4x2xi32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @corners(%x: tensor<1x3x8x8xf32>, %r: tensor<2x5xf32>, %b: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects an image of rank 4, regions of shape Rx4 and R batch indices}}
  %0 = onnx.RoiAlign %x, %r, %b : (tensor<1x3x8x8xf32>, tensor<2x5xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @pool(%x: tensor<1x3x8x8xf32>, %r: tensor<2x4xf32>, %b: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects mode avg or max, but got min}}
  %0 = onnx.RoiAlign %x, %r, %b {mode = "min"} : (tensor<1x3x8x8xf32>, tensor<2x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @coordinates(%x: tensor<1x3x8x8xf32>, %r: tensor<2x4xf32>, %b: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects coordinates half_pixel or output_half_pixel, but got pixel}}
  %0 = onnx.RoiAlign %x, %r, %b {coordinate_transformation_mode = "pixel"} : (tensor<1x3x8x8xf32>, tensor<2x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @sizes(%x: tensor<1x3x8x8xf32>, %r: tensor<2x4xf32>, %b: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects output sizes above 0 and a sampling_ratio of at least 0}}
  %0 = onnx.RoiAlign %x, %r, %b {output_height = 0 : i64} : (tensor<1x3x8x8xf32>, tensor<2x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @image(%x: tensor<1x3x8x8xi32>, %r: tensor<2x4xf32>, %b: tensor<2xi64>) -> tensor<*xi32> {
  // expected-error @below {{expects floats}}
  %0 = onnx.RoiAlign %x, %r, %b : (tensor<1x3x8x8xi32>, tensor<2x4xf32>, tensor<2xi64>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// CHECK-LABEL: func.func @affine(
// CHECK: onnx.AffineGrid {{.*}} -> tensor<?x4x5x2xf32, ["N", "", "", ""]>
func.func @affine(%t: tensor<?x2x3xf32, ["N", "", ""]>) -> tensor<*xf32> {
  %size = onnx.Constant dense<[2, 3, 4, 5]> : tensor<4xi64> : tensor<4xi64>
  %0 = onnx.AffineGrid %t, %size : (tensor<?x2x3xf32, ["N", "", ""]>, tensor<4xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @numbers(%t: tensor<1x2x3xf32>, %s: tensor<3xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects a size of 4 or 5 numbers}}
  %0 = onnx.AffineGrid %t, %s : (tensor<1x2x3xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @maps(%t: tensor<1x2x3xf32>, %s: tensor<5xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects maps of shape Nx3x4, but got 1x2x3}}
  %0 = onnx.AffineGrid %t, %s : (tensor<1x2x3xf32>, tensor<5xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @affine_integers(%t: tensor<1x2x3xi32>, %s: tensor<4xi64>) -> tensor<*xi32> {
  // expected-error @below {{expects floats}}
  %0 = onnx.AffineGrid %t, %s : (tensor<1x2x3xi32>, tensor<4xi64>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}
