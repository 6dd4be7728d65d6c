// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s | FileCheck %s
// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file --verify-diagnostics %s | FileCheck %s --check-prefix=LOWER

// Nearest by a whole factor repeats elements: a broadcast and a view.
// CHECK-LABEL: func.func @double(
// CHECK: onnx.Resize {{.*}} -> tensor<1x3x?x?xf32, ["", "", "2*H", "2*W"]>
// LOWER-LABEL: func.func @double(
// LOWER: linalg.generic
// LOWER-NOT: tensor.extract
// LOWER: tensor.collapse_shape
func.func @double(%x: tensor<1x3x?x?xf32, ["", "", "H", "W"]>) -> tensor<*xf32> {
  %none = onnx.None
  %scales = onnx.Constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32> : tensor<4xf32>
  %0 = onnx.Resize %x, %none, %scales, %none {coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"} : (tensor<1x3x?x?xf32, ["", "", "H", "W"]>, none, tensor<4xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Bilinear of static sizes: positions and weights are constants, four elements are combined at once.
// CHECK-LABEL: func.func @bilinear(
// CHECK: onnx.Resize {{.*}} -> tensor<1x3x4x6xf32>
// LOWER-LABEL: func.func @bilinear(
// LOWER-DAG: arith.constant dense<[0, 0, 0, 1]> : tensor<4xi64>
// LOWER-DAG: arith.constant dense<[2.500000e-01, 7.500000e-01, 2.500000e-01, 7.500000e-01]> : tensor<4xf32>
// LOWER: linalg.generic
// LOWER-COUNT-4: tensor.extract
// LOWER-NOT: tensor.extract
func.func @bilinear(%x: tensor<1x3x2x3xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %sizes = onnx.Constant dense<[4, 6]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Resize %x, %none, %none, %sizes {mode = "linear", axes = array<i64: 2, 3>} : (tensor<1x3x2x3xf32>, none, none, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// To the size of another tensor: nothing is unknown.
// LOWER-LABEL: func.func @like(
// CHECK-LABEL: func.func @like(
// CHECK: onnx.Resize {{.*}} -> tensor<1x?xf32, ["", "M"]>
func.func @like(%x: tensor<1x?xf32, ["", "N"]>, %y: tensor<1x?xf32, ["", "M"]>) -> tensor<*xf32> {
  %none = onnx.None
  %sizes = onnx.Shape %y : (tensor<1x?xf32, ["", "M"]>) -> tensor<*xi64>
  %0 = onnx.Resize %x, %none, %none, %sizes {mode = "cubic"} : (tensor<1x?xf32, ["", "N"]>, none, none, tensor<*xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Half the size, with an antialiasing filter along one axis.
// CHECK-LABEL: func.func @antialias(
// CHECK: onnx.Resize {{.*}} -> tensor<?x4xf32, ["floordiv(N, 2)", ""]>
// LOWER-LABEL: func.func @antialias(
// LOWER: iterator_types = ["parallel", "parallel", "reduction"]
func.func @antialias(%x: tensor<?x4xf32, ["N", ""]>) -> tensor<*xf32> {
  %none = onnx.None
  %scales = onnx.Constant dense<[0.5, 1.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = onnx.Resize %x, %none, %scales, %none {mode = "linear", antialias = 1 : i64} : (tensor<?x4xf32, ["N", ""]>, none, tensor<2xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @not_larger(
// CHECK: onnx.Resize {{.*}} -> tensor<5x8xf32>
func.func @not_larger(%x: tensor<3x5xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %sizes = onnx.Constant dense<[7, 8]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Resize %x, %none, %none, %sizes {keep_aspect_ratio_policy = "not_larger"} : (tensor<3x5xf32>, none, none, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @nothing(%x: tensor<3x5xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects scales or sizes}}
  %0 = onnx.Resize %x, %none, %none, %none : (tensor<3x5xf32>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @count(%x: tensor<3x5xf32>, %s: tensor<3xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects a scale or size for each of 2 axes, but got 3}}
  %0 = onnx.Resize %x, %none, %s, %none : (tensor<3x5xf32>, none, tensor<3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @scale(%x: tensor<5xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %s = onnx.Constant dense<-1.0> : tensor<1xf32> : tensor<1xf32>
  // expected-error @below {{expects scales above 0, but got -1.000000e+00}}
  %0 = onnx.Resize %x, %none, %s, %none : (tensor<5xf32>, none, tensor<1xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @size(%x: tensor<5xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %s = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{expects sizes of at least 0, but got -1}}
  %0 = onnx.Resize %x, %none, %none, %s : (tensor<5xf32>, none, none, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @region(%x: tensor<5xf32>, %s: tensor<1xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects a region of 2 numbers}}
  %0 = onnx.Resize %x, %none, %none, %s {coordinate_transformation_mode = "tf_crop_and_resize"} : (tensor<5xf32>, none, none, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @mode(%x: tensor<5xf32>, %s: tensor<1xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects mode nearest, linear or cubic, but got area}}
  %0 = onnx.Resize %x, %none, %none, %s {mode = "area"} : (tensor<5xf32>, none, none, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @nearest(%x: tensor<5xf32>, %s: tensor<1xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects another nearest_mode than round}}
  %0 = onnx.Resize %x, %none, %none, %s {nearest_mode = "round"} : (tensor<5xf32>, none, none, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @coordinates(%x: tensor<5xf32>, %s: tensor<1xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects another coordinate_transformation_mode than full}}
  %0 = onnx.Resize %x, %none, %none, %s {coordinate_transformation_mode = "full"} : (tensor<5xf32>, none, none, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @policy(%x: tensor<5xf32>, %s: tensor<1xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects another keep_aspect_ratio_policy than fit}}
  %0 = onnx.Resize %x, %none, %none, %s {keep_aspect_ratio_policy = "fit"} : (tensor<5xf32>, none, none, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @open(%x: tensor<5xf32>, %s: tensor<?xf32, ["N"]>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects scales or sizes of static number}}
  %0 = onnx.Resize %x, %none, %s, %none : (tensor<5xf32>, none, tensor<?xf32, ["N"]>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
