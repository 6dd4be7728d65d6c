// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s | FileCheck %s
// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file --verify-diagnostics %s | FileCheck %s --check-prefix=LOWER

// Counted first, then written into a tensor of that size.
// CHECK-LABEL: func.func @non_zero(
// CHECK-SAME: -> tensor<2x?xi64, ["", "?0"]>
// LOWER-LABEL: func.func @non_zero(
// LOWER: %[[N:.*]] = scf.for
// LOWER: tensor.empty(%[[N]]) : tensor<2x?xi64>
// LOWER: scf.for
func.func @non_zero(%x: tensor<3x?xf32, ["", "N"]>) -> tensor<*xi64> {
  %0 = onnx.NonZero %x : (tensor<3x?xf32, ["", "N"]>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

// CHECK-LABEL: func.func @compress(
// CHECK-SAME: -> (tensor<3x?xf32, ["", "?0"]>, tensor<?xf32, ["?1"]>)
func.func @compress(%x: tensor<3x4xf32>, %c: tensor<4xi1>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.Compress %x, %c {axis = 1 : i64} : (tensor<3x4xf32>, tensor<4xi1>) -> tensor<*xf32>
  %1 = onnx.Compress %x, %c : (tensor<3x4xf32>, tensor<4xi1>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A few are kept sorted by insertion, without any other memory than the results.
// CHECK-LABEL: func.func @top5(
// CHECK-SAME: -> (tensor<?x5xf32, ["B", ""]>, tensor<?x5xi64, ["B", ""]>)
// LOWER-LABEL: func.func @top5(
// LOWER-COUNT-2: tensor.empty(%{{.*}}) : tensor<?x5x
// LOWER: scf.for
func.func @top5(%x: tensor<?x1000xf32, ["B", ""]>) -> (tensor<*xf32>, tensor<*xi64>) {
  %k = onnx.Constant dense<5> : tensor<1xi64> : tensor<1xi64>
  %0:2 = onnx.TopK %x, %k : (tensor<?x1000xf32, ["B", ""]>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xi64>
}

// -----

// A number known at run time only is checked.
// CHECK-LABEL: func.func @top(
// LOWER-LABEL: func.func @top(
// LOWER: cf.assert %{{.*}}, "k is out of range"
func.func @top(%x: tensor<9xf32>, %k: tensor<1xi64>) -> tensor<*xf32> {
  %0:2 = onnx.TopK %x, %k {largest = 0 : i64} : (tensor<9xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %0#0 : tensor<*xf32>
}

// -----

// All results share the number of distinct slices.
// CHECK-LABEL: func.func @unique(
// CHECK: onnx.Unique {{.*}} -> (tensor<4x?xf32, ["", "?0"]>, tensor<?xi64, ["?0"]>, tensor<3xi64>, tensor<?xi64, ["?0"]>)
func.func @unique(%x: tensor<4x3xf32>) -> tensor<*xi64> {
  %0:4 = onnx.Unique %x {axis = 1 : i64} : (tensor<4x3xf32>) -> (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>)
  return %0#3 : tensor<*xi64>
}

// -----

// CHECK-LABEL: func.func @nms(
// CHECK: onnx.NonMaxSuppression {{.*}} -> tensor<?x3xi64, ["?0", ""]>
func.func @nms(%b: tensor<1x?x4xf32, ["", "N", ""]>, %s: tensor<1x80x?xf32, ["", "", "N"]>, %m: tensor<1xi64>) -> tensor<*xi64> {
  %none = onnx.None
  %0 = onnx.NonMaxSuppression %b, %s, %m, %none, %none : (tensor<1x?x4xf32, ["", "N", ""]>, tensor<1x80x?xf32, ["", "", "N"]>, tensor<1xi64>, none, none) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

func.func @condition(%x: tensor<4xf32>, %c: tensor<1x4xi1>) -> tensor<*xf32> {
  // expected-error @below {{expects a condition of rank 1, but got 2}}
  %0 = onnx.Compress %x, %c : (tensor<4xf32>, tensor<1x4xi1>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @one_k(%x: tensor<4xf32>, %k: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects one number k}}
  %0:2 = onnx.TopK %x, %k : (tensor<4xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %0#0 : tensor<*xf32>
}

// -----

func.func @too_many(%x: tensor<4xf32>) -> tensor<*xf32> {
  %k = onnx.Constant dense<5> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{expects k from 0 to 4, but got 5}}
  %0:2 = onnx.TopK %x, %k : (tensor<4xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %0#0 : tensor<*xf32>
}

// -----

func.func @boxes(%b: tensor<1x9x5xf32>, %s: tensor<1x1x9xf32>) -> tensor<*xi64> {
  %none = onnx.None
  // expected-error @below {{expects boxes of shape BxNx4 and scores of shape BxCxN, but got 1x9x5 and 1x1x9}}
  %0 = onnx.NonMaxSuppression %b, %s, %none, %none, %none : (tensor<1x9x5xf32>, tensor<1x1x9xf32>, none, none, none) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

func.func @types(%b: tensor<1x9x4xf16>, %s: tensor<1x1x9xf32>) -> tensor<*xi64> {
  %none = onnx.None
  // expected-error @below {{expects boxes and scores of f32}}
  %0 = onnx.NonMaxSuppression %b, %s, %none, %none, %none : (tensor<1x9x4xf16>, tensor<1x1x9xf32>, none, none, none) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}
