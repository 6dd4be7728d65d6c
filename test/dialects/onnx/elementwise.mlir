// RUN: brisk-opt --infer-shapes --split-input-file %s | FileCheck %s --check-prefix=TYPE
// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file %s | FileCheck %s

// A plain function of floats is one generic.
// TYPE-LABEL: func.func @function(
// TYPE: onnx.Exp {{.*}} -> tensor<?x4xf32, ["B", ""]>
// CHECK-LABEL: func.func @function(
// CHECK: linalg.generic
// CHECK-NEXT: ^bb0(%[[X:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: %[[Y:.*]] = math.exp %[[X]] : f32
// CHECK-NEXT: linalg.yield %[[Y]]
func.func @function(%x: tensor<?x4xf32, ["B", ""]>) -> tensor<*xf32> {
  %0 = onnx.Exp %x : (tensor<?x4xf32, ["B", ""]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Narrow floats compute in f32 and round once.
// CHECK-LABEL: func.func @narrow(
// CHECK: ^bb0(%[[A:.*]]: f16, %[[B:.*]]: f16, %{{.*}}: f16):
// CHECK: %[[WA:.*]] = arith.extf %[[A]] : f16 to f32
// CHECK: %[[WB:.*]] = arith.extf %[[B]] : f16 to f32
// CHECK: %[[S:.*]] = arith.addf %[[WA]], %[[WB]] : f32
// CHECK: arith.truncf %[[S]] : f32 to f16
func.func @narrow(%a: tensor<4xf16>, %b: tensor<4xf16>) -> tensor<*xf16> {
  %0 = onnx.Add %a, %b : (tensor<4xf16>, tensor<4xf16>) -> tensor<*xf16>
  return %0 : tensor<*xf16>
}

// -----

// A signed division neither traps on 0 nor on the lowest integer by -1.
// CHECK-LABEL: func.func @divide(
// CHECK: ^bb0(%[[A:.*]]: i32, %[[B:.*]]: i32, %{{.*}}: i32):
// CHECK: %[[BAD:.*]] = arith.ori
// CHECK: %[[SAFE:.*]] = arith.select %[[BAD]], %{{.*}}, %[[B]] : i32
// CHECK: %[[Q:.*]] = arith.divsi %[[A]], %[[SAFE]] : i32
// CHECK: arith.select %{{.*}}, %{{.*}}, %[[Q]] : i32
func.func @divide(%a: tensor<4xi32>, %b: tensor<4xi32>) -> tensor<*xi32> {
  %0 = onnx.Div %a, %b : (tensor<4xi32>, tensor<4xi32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// Unsigned types take unsigned ops.
// CHECK-LABEL: func.func @unsigned(
// CHECK: arith.divui
// CHECK: arith.maxui
func.func @unsigned(%a: tensor<4xui8>, %b: tensor<4xui8>) -> tensor<*xui8> {
  %0 = onnx.Div %a, %b : (tensor<4xui8>, tensor<4xui8>) -> tensor<*xui8>
  %1 = onnx.Max %0, %b, %a : (tensor<*xui8>, tensor<4xui8>, tensor<4xui8>) -> tensor<*xui8>
  return %1 : tensor<*xui8>
}

// -----

// Mod with the sign of B corrects the remainder; fmod leaves it.
// CHECK-LABEL: func.func @mod(
// CHECK: arith.remf
// CHECK: math.copysign
// CHECK: linalg.generic
// CHECK: arith.remf
// CHECK-NOT: arith.addf
// CHECK: return
func.func @mod(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<*xf32> {
  %0 = onnx.Mod %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  %1 = onnx.Mod %0, %b {fmod = 1 : i64} : (tensor<*xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// A square is a product; a power in general is powf, of integers in f64.
// CHECK-LABEL: func.func @pow(
// CHECK: arith.mulf
// CHECK-NOT: math.powf
// CHECK: linalg.generic
// CHECK: math.powf {{.*}} : f32
// CHECK: linalg.generic
// CHECK: math.powf {{.*}} : f64
// CHECK: arith.fptosi {{.*}} : f64 to i64
func.func @pow(%x: tensor<4xf32>, %n: tensor<4xi64>) -> (tensor<*xf32>, tensor<*xi64>) {
  %two = onnx.Constant dense<2.0> : tensor<f32> : tensor<f32>
  %0 = onnx.Pow %x, %two : (tensor<4xf32>, tensor<f32>) -> tensor<*xf32>
  %1 = onnx.Pow %0, %n : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %2 = onnx.Pow %n, %x : (tensor<4xi64>, tensor<4xf32>) -> tensor<*xi64>
  return %1, %2 : tensor<*xf32>, tensor<*xi64>
}

// -----

// A bound that is left out bounds nothing; the other broadcasts.
// CHECK-LABEL: func.func @clip(
// CHECK: arith.minimumf
// CHECK-NOT: arith.maximumf
func.func @clip(%x: tensor<2x4xf32>, %max: tensor<f32>) -> tensor<*xf32> {
  %none = onnx.None
  %0 = onnx.Clip %x, %none, %max : (tensor<2x4xf32>, none, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Mean divides the sum by the number of operands, which broadcast.
// TYPE-LABEL: func.func @mean(
// TYPE: onnx.Mean {{.*}} -> tensor<3x2x4xf32>
// CHECK-LABEL: func.func @mean(
// CHECK: %[[N:.*]] = arith.constant 3.0
// CHECK: arith.divf %{{.*}}, %[[N]]
func.func @mean(%x: tensor<2x4xf32>, %y: tensor<3x1x1xf32>) -> tensor<*xf32> {
  %0 = onnx.Mean %x, %y, %x : (tensor<2x4xf32>, tensor<3x1x1xf32>, tensor<2x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Identity and Dropout pass their operand on; the mask is all true.
// CHECK-LABEL: func.func @nothing(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK: %[[ONE:.*]] = arith.constant 1 : i8
// CHECK: %[[MASK:.*]] = linalg.fill ins(%[[ONE]] : i8)
// CHECK: return %[[X]], %[[MASK]]
func.func @nothing(%x: tensor<4xf32>) -> (tensor<*xf32>, tensor<*xi1>) {
  %none = onnx.None
  %0 = onnx.Identity %x : (tensor<4xf32>) -> tensor<*xf32>
  %1, %2 = onnx.Dropout %0, %none, %none : (tensor<*xf32>, none, none) -> (tensor<*xf32>, tensor<*xi1>)
  return %1, %2 : tensor<*xf32>, tensor<*xi1>
}

// -----

// A training mode that is only known at run time is checked there.
// CHECK-LABEL: func.func @training(
// CHECK: cf.assert %{{.*}}, "supports inference only, but training_mode is true and the ratio is not 0"
func.func @training(%x: tensor<4xf32>, %ratio: tensor<f32>, %mode: tensor<i1>) -> tensor<*xf32> {
  %1, %2 = onnx.Dropout %x, %ratio, %mode : (tensor<4xf32>, tensor<f32>, tensor<i1>) -> (tensor<*xf32>, tensor<*xi1>)
  return %1 : tensor<*xf32>
}
