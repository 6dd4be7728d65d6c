// RUN: brisk-opt %s --split-input-file --skip-model=which=sum | FileCheck %s
// RUN: not brisk-opt %s --split-input-file --skip-model=which=bias 2>&1 >/dev/null | FileCheck %s --check-prefix=BIAS
// RUN: brisk-opt %s --split-input-file --skip-model | FileCheck %s --check-prefix=NONE

// The sum is what the branch was computed from, and what only the branch needed is gone. The op that adds is known by what it
// computes; that its operand comes first or last does not matter.
// CHECK-LABEL: func @main(%arg0: tensor<1x2x4xf32>)
// CHECK-NEXT: %[[A:.*]] = onnx.Tanh %arg0
// CHECK-NEXT: %[[B:.*]] = onnx.Sigmoid %[[A]]
// CHECK-NEXT: return %[[B]]
// NONE: onnx.Relu
// NONE: onnx.Add
// BIAS: error: --skip-layers=bias: no node 'bias' adds a branch to what it is computed from; those that do: sum
func.func @main(%x: tensor<1x2x4xf32>) -> tensor<1x2x4xf32> {
  %b = onnx.Constant dense<1.0> : tensor<4xf32> : tensor<4xf32>
  %0 = onnx.Tanh %x : (tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  %1 = onnx.Relu %0 : (tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  %2 = onnx.Add %1, %b : (tensor<1x2x4xf32>, tensor<4xf32>) -> tensor<1x2x4xf32> loc("bias")
  %3 = onnx.Add %2, %0 : (tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> tensor<1x2x4xf32> loc("sum")
  %4 = onnx.Sigmoid %3 : (tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  return %4 : tensor<1x2x4xf32>
}

// -----

// Two branches of one sum in a row: the later one is then around what the first was around. A product is no sum, and what is
// broadcast is no branch.
// CHECK-LABEL: func @main(%arg0: tensor<2x4xf32>)
// CHECK: %[[P:.*]] = onnx.Mul %arg0
// CHECK: onnx.Add %arg0, %{{.*}} : (tensor<2x4xf32>
// BIAS: error: {{.*}} those that do: sum, last
func.func @main(%x: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %0 = onnx.Relu %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = onnx.Add %x, %0 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32> loc("sum")
  %2 = onnx.Mul %1, %1 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32> loc("product")
  %3 = onnx.Tanh %1 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %4 = onnx.Add %1, %3 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32> loc("last")
  return %2, %4 : tensor<2x4xf32>, tensor<2x4xf32>
}
