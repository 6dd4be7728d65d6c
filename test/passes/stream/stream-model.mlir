// RUN: brisk-opt %s --split-input-file --stream-model=along=T --simplify-shapes --cse | FileCheck %s

// A padded convolution of dilation 3 looks 3 frames back: they are a state, zeros at first as the padding is, and nothing pads.
// CHECK-LABEL: module attributes {brisk.stream = "{\22delays\22:[0,0],\22inputs\22:[2,-1],\22outputs\22:[2,-1],\22states\22:1,\22step\22:1}"}
// CHECK: func.func @main(%[[X:.*]]: tensor<1x2x1xf32> {onnx.name = "x"}, %[[PAST:.*]]: tensor<1x2x3xf32> {onnx.name = "stream.0"})
// CHECK-SAME: -> (tensor<1x2x1xf32> {onnx.name = "y"}, tensor<1x2x3xf32> {onnx.name = "stream.0.next"})
// CHECK: %[[LATE:.*]] = onnx.Slice %[[PAST]]
// CHECK: %[[NEXT:.*]] = onnx.Concat %[[LATE]], %[[X]] {axis = 2 : i64}
// CHECK: %[[ALL:.*]] = onnx.Concat %[[PAST]], %[[X]] {axis = 2 : i64}
// CHECK: %[[C:.*]] = onnx.Conv %[[ALL]], {{.*}} {dilations = array<i64: 3>, pads = array<i64: 0, 0>}
// CHECK: %[[Y:.*]] = onnx.Add %[[C]], %[[X]]
// CHECK: return %[[Y]], %[[NEXT]]
func.func @main(%x: tensor<1x2x?xf32, ["", "", "T"]> {onnx.name = "x"}) -> (tensor<1x2x?xf32, ["", "", "T"]> {onnx.name = "y"}) {
  %w = onnx.Constant dense<1.0> : tensor<2x2x2xf32> : tensor<2x2x2xf32>
  %p = onnx.Constant dense<[0, 0, 3, 0, 0, 0]> : tensor<6xi64> : tensor<6xi64>
  %n = onnx.None
  %0 = onnx.Pad %x, %p, %n, %n : (tensor<1x2x?xf32, ["", "", "T"]>, tensor<6xi64>, none, none) -> tensor<1x2x?xf32, ["", "", "T + 3"]>
  %1 = onnx.Conv %0, %w, %n {dilations = array<i64: 3>} : (tensor<1x2x?xf32, ["", "", "T + 3"]>, tensor<2x2x2xf32>, none) -> tensor<1x2x?xf32, ["", "", "T"]>
  %2 = onnx.Add %1, %x : (tensor<1x2x?xf32, ["", "", "T"]>, tensor<1x2x?xf32, ["", "", "T"]>) -> tensor<1x2x?xf32, ["", "", "T"]>
  return %2 : tensor<1x2x?xf32, ["", "", "T"]>
}

// -----

// What comes before the beginning is not zero for a maximum: the state is replaced in the first step, which a count of steps tells.
// A stride of 2 makes a step two frames.
// CHECK-LABEL: \22step\22:2}
// CHECK: func.func @main(%[[X:.*]]: tensor<1x2x2xf32>, %[[PAST:.*]]: tensor<1x2x1xf32> {{.*}}, %[[STEPS:.*]]: tensor<1xi64>
// CHECK-DAG: %[[LOW:.*]] = onnx.Constant dense<0xFF800000> : tensor<1x2x1xf32>
// CHECK-DAG: %[[ONE:.*]] = onnx.Constant dense<1> : tensor<1xi64>
// CHECK: %[[FIRST:.*]] = onnx.Less %[[STEPS]], %[[ONE]]
// CHECK: %[[P:.*]] = onnx.Where %[[FIRST]], %[[LOW]], %[[PAST]]
// CHECK: %[[ALL:.*]] = onnx.Concat %[[P]], %[[X]]
// CHECK: onnx.MaxPool
// CHECK: onnx.Add %[[STEPS]], %[[ONE]]
func.func @main(%x: tensor<1x2x?xf32, ["", "", "T"]>) -> tensor<1x2x?xf32, ["", "", "floordiv(T - 1, 2) + 1"]> {
  %0 = onnx.MaxPool %x {kernel_shape = array<i64: 2>, pads = array<i64: 1, 0>, strides = array<i64: 2>} : (tensor<1x2x?xf32, ["", "", "T"]>) -> tensor<1x2x?xf32, ["", "", "floordiv(T - 1, 2) + 1"]>
  return %0 : tensor<1x2x?xf32, ["", "", "floordiv(T - 1, 2) + 1"]>
}

// -----

// A transposed convolution of stride 1 and kernel 2 computes on the last frame as well, and crops what is not whole. The
// recurrent op keeps its state itself.
// CHECK-LABEL: \22states\22:2,\22step\22:1}
// CHECK: func.func @main(%[[X:.*]]: tensor<1x2x1xf32>, %[[PAST:.*]]: tensor<1x2x1xf32> {{.*}}, %[[H:.*]]: tensor<1x1x4xf32>
// CHECK: %[[ALL:.*]] = onnx.Concat %[[PAST]], %[[X]]
// CHECK: %[[U:.*]] = onnx.ConvTranspose %[[ALL]], {{.*}} pads = array<i64: 1, 1>
// CHECK: %[[ROWS:.*]] = onnx.Transpose %[[U]]
// CHECK: %[[R:.*]]:2 = onnx.RNN %[[ROWS]], {{.*}}, %[[H]]
// CHECK: return %[[R]]#0, %[[X]], %[[R]]#1
func.func @main(%x: tensor<1x2x?xf32, ["", "", "T"]>) -> tensor<?x1x1x4xf32, ["T + 1", "", "", ""]> {
  %w = onnx.Constant dense<1.0> : tensor<2x2x2xf32> : tensor<2x2x2xf32>
  %n = onnx.None
  %0 = onnx.ConvTranspose %x, %w, %n : (tensor<1x2x?xf32, ["", "", "T"]>, tensor<2x2x2xf32>, none) -> tensor<1x2x?xf32, ["", "", "T + 1"]>
  %1 = onnx.Transpose %0 {perm = array<i64: 2, 0, 1>} : (tensor<1x2x?xf32, ["", "", "T + 1"]>) -> tensor<?x1x2xf32, ["T + 1", "", ""]>
  %i = onnx.Constant dense<1.0> : tensor<1x4x2xf32> : tensor<1x4x2xf32>
  %r = onnx.Constant dense<1.0> : tensor<1x4x4xf32> : tensor<1x4x4xf32>
  %2 = onnx.RNN %1, %i, %r, %n, %n, %n : (tensor<?x1x2xf32, ["T + 1", "", ""]>, tensor<1x4x2xf32>, tensor<1x4x4xf32>, none, none, none) -> tensor<?x1x1x4xf32, ["T + 1", "", "", ""]>
  return %2 : tensor<?x1x1x4xf32, ["T + 1", "", "", ""]>
}
