// RUN: brisk-opt --infer-shapes --split-input-file --verify-diagnostics %s | FileCheck %s
// RUN: brisk-opt --infer-shapes --simplify-shapes --lower-onnx --split-input-file --verify-diagnostics %s | FileCheck %s --check-prefix=LOWER

// A mask of ones of a computed shape.
// CHECK-LABEL: func.func @ones(
// CHECK: onnx.ConstantOfShape {{.*}} -> tensor<?x1xi64, ["S", ""]>
// LOWER-LABEL: func.func @ones(
// LOWER: linalg.fill
func.func @ones(%x: tensor<?x1xf32, ["S", ""]>) -> tensor<*xi64> {
  %shape = onnx.Shape %x : (tensor<?x1xf32, ["S", ""]>) -> tensor<*xi64>
  %0 = onnx.ConstantOfShape %shape {value = dense<1> : tensor<1xi64>} : (tensor<*xi64>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

// CHECK-LABEL: func.func @positions(
// CHECK: onnx.Range {{.*}} -> tensor<?xi64, ["floordiv(S + 1, 2)"]>
func.func @positions(%x: tensor<?xf32, ["S"]>) -> tensor<*xi64> {
  %n = onnx.Size %x : (tensor<?xf32, ["S"]>) -> tensor<*xi64>
  %zero = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  %two = onnx.Constant dense<2> : tensor<i64> : tensor<i64>
  %0 = onnx.Range %zero, %n, %two : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

// A range of constants is one.
// LOWER-LABEL: func.func @constant_range(
// LOWER: arith.constant dense<[9, 7, 5]> : tensor<3xi64>
func.func @constant_range() -> tensor<*xi64> {
  %a = onnx.Constant dense<9> : tensor<i64> : tensor<i64>
  %b = onnx.Constant dense<4> : tensor<i64> : tensor<i64>
  %c = onnx.Constant dense<-2> : tensor<i64> : tensor<i64>
  %0 = onnx.Range %a, %b, %c : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

// CHECK-LABEL: func.func @matrices(
// CHECK: onnx.EyeLike {{.*}} -> tensor<3x?xf64, ["", "N"]>
// CHECK: onnx.Trilu {{.*}} -> tensor<3x?xf64, ["", "N"]>
func.func @matrices(%x: tensor<3x?xi32, ["", "N"]>) -> tensor<*xf64> {
  %none = onnx.None
  %0 = onnx.EyeLike %x {dtype = 11 : i64} : (tensor<3x?xi32, ["", "N"]>) -> tensor<*xf64>
  %1 = onnx.Trilu %0, %none : (tensor<*xf64>, none) -> tensor<*xf64>
  return %1 : tensor<*xf64>
}

// -----

// CHECK-LABEL: func.func @one_hot(
// CHECK: onnx.OneHot {{.*}} -> tensor<2x7x3xf32>
func.func @one_hot(%i: tensor<2x3xi64>, %v: tensor<2xf32>) -> tensor<*xf32> {
  %depth = onnx.Constant dense<7.0> : tensor<f32> : tensor<f32>
  %0 = onnx.OneHot %i, %depth, %v {axis = 1 : i64} : (tensor<2x3xi64>, tensor<f32>, tensor<2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @value(%s: tensor<1xi64>) -> tensor<*xi64> {
  // expected-error @below {{expects a value of one element, but got 2}}
  %0 = onnx.ConstantOfShape %s {value = dense<1> : tensor<2xi64>} : (tensor<1xi64>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

func.func @negative() -> tensor<*xf32> {
  %s = onnx.Constant dense<-4> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{expects a shape of sizes, but got -4}}
  %0 = onnx.ConstantOfShape %s : (tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @length(%s: tensor<?xi64, ["N"]>) -> tensor<*xf32> {
  // expected-error @below {{expects a shape of static length}}
  %0 = onnx.ConstantOfShape %s : (tensor<?xi64, ["N"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @scalars(%s: tensor<2xi64>) -> tensor<*xi64> {
  // expected-error @below {{expects scalars of one element type}}
  %0 = onnx.Range %s, %s, %s : (tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

func.func @delta(%a: tensor<i64>) -> tensor<*xi64> {
  %zero = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  // expected-error @below {{expects a delta other than 0}}
  %0 = onnx.Range %a, %a, %zero : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

func.func @endless() -> tensor<*xf32> {
  %a = onnx.Constant dense<0.0> : tensor<f32> : tensor<f32>
  %b = onnx.Constant dense<0x7F800000> : tensor<f32> : tensor<f32>
  %c = onnx.Constant dense<1.0> : tensor<f32> : tensor<f32>
  // expected-error @below {{expects a range of finite length}}
  %0 = onnx.Range %a, %b, %c : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @eye_rank(%a: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a matrix, but got rank 1}}
  %0 = onnx.EyeLike %a : (tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @eye_type(%a: tensor<3x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a dtype of numbers, but got 8}}
  %0 = onnx.EyeLike %a {dtype = 8 : i64} : (tensor<3x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @trilu(%a: tensor<3xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @below {{expects matrices, but got rank 1}}
  %0 = onnx.Trilu %a, %none : (tensor<3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @values(%a: tensor<3xi64>, %v: tensor<3xf32>, %d: tensor<i64>) -> tensor<*xf32> {
  // expected-error @below {{expects two values}}
  %0 = onnx.OneHot %a, %d, %v : (tensor<3xi64>, tensor<i64>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @depth(%a: tensor<3xi64>, %v: tensor<2xf32>) -> tensor<*xf32> {
  %d = onnx.Constant dense<-4> : tensor<i64> : tensor<i64>
  // expected-error @below {{expects a depth of at least 0, but got -4}}
  %0 = onnx.OneHot %a, %d, %v : (tensor<3xi64>, tensor<i64>, tensor<2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @depths(%a: tensor<3xi64>, %v: tensor<2xf32>, %d: tensor<3xi64>) -> tensor<*xf32> {
  // expected-error @below {{expects a scalar depth}}
  %0 = onnx.OneHot %a, %d, %v : (tensor<3xi64>, tensor<3xi64>, tensor<2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
