// RUN: brisk-opt --infer-shapes %s | FileCheck %s --check-prefix=TYPE
// RUN: brisk-opt --infer-shapes --lower-onnx %s | FileCheck %s

// The inputs of all steps are one product; each step multiplies by R and writes its states in place.
// TYPE-LABEL: @lstm
// TYPE: onnx.LSTM {{.*}} -> (tensor<?x1x2x8xf32, ["T", "", "", ""]>, tensor<1x2x8xf32>)
// CHECK-LABEL: func.func @lstm(
// CHECK-DAG: %[[W:.*]] = arith.constant dense<{{.*}}> : tensor<32x4xf32>
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%arg0, %[[W]]
// CHECK: scf.for %[[T:.*]] = {{.*}} iter_args(%[[H:.*]] = {{.*}}, %[[C:.*]] = {{.*}}, %[[Y:.*]] = {{.*}})
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[H]],
// CHECK: outs(%[[C]] : tensor<2x8xf32>)
// CHECK: math.tanh
// CHECK: outs(%[[H]] : tensor<2x8xf32>)
// CHECK: tensor.insert_slice {{.*}} into %[[Y]][%[[T]], 0, 0, 0] [1, 1, 2, 8]
// CHECK: scf.yield
func.func @lstm(%x: tensor<?x2x4xf32, ["T", "", ""]>, %r: tensor<1x32x8xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %w = onnx.Constant dense<[[[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0], [4.0, 0.0, 0.0, 0.0], [5.0, 0.0, 0.0, 0.0], [6.0, 0.0, 0.0, 0.0], [7.0, 0.0, 0.0, 0.0], [8.0, 0.0, 0.0, 0.0], [9.0, 0.0, 0.0, 0.0], [10.0, 0.0, 0.0, 0.0], [11.0, 0.0, 0.0, 0.0], [12.0, 0.0, 0.0, 0.0], [13.0, 0.0, 0.0, 0.0], [14.0, 0.0, 0.0, 0.0], [15.0, 0.0, 0.0, 0.0], [16.0, 0.0, 0.0, 0.0], [17.0, 0.0, 0.0, 0.0], [18.0, 0.0, 0.0, 0.0], [19.0, 0.0, 0.0, 0.0], [20.0, 0.0, 0.0, 0.0], [21.0, 0.0, 0.0, 0.0], [22.0, 0.0, 0.0, 0.0], [23.0, 0.0, 0.0, 0.0], [24.0, 0.0, 0.0, 0.0], [25.0, 0.0, 0.0, 0.0], [26.0, 0.0, 0.0, 0.0], [27.0, 0.0, 0.0, 0.0], [28.0, 0.0, 0.0, 0.0], [29.0, 0.0, 0.0, 0.0], [30.0, 0.0, 0.0, 0.0], [31.0, 0.0, 0.0, 0.0]]]> : tensor<1x32x4xf32> : tensor<1x32x4xf32>
  %n = onnx.None
  %0, %1 = onnx.LSTM %x, %w, %r, %n, %n, %n, %n, %n : (tensor<?x2x4xf32, ["T", "", ""]>, tensor<1x32x4xf32>, tensor<1x32x8xf32>, none, none, none, none, none) -> (tensor<*xf32>, tensor<*xf32>)
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// One step has no loop. Peepholes, the coupled gate and the clip are part of the formulas.
// TYPE-LABEL: @step
// TYPE: onnx.LSTM {{.*}} -> (tensor<1x1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>)
// CHECK-LABEL: func.func @step(
// CHECK-NOT: scf.for
// CHECK: arith.constant 3.000000e+00
// CHECK: return
func.func @step(%x: tensor<1x2x4xf32>, %w: tensor<1x32x4xf32>, %r: tensor<1x32x8xf32>, %b: tensor<1x64xf32>, %h: tensor<1x2x8xf32>, %p: tensor<1x24xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %n = onnx.None
  %0, %1, %2 = onnx.LSTM %x, %w, %r, %b, %n, %h, %h, %p {clip = 3.0 : f32, input_forget = 1 : i64} : (tensor<1x2x4xf32>, tensor<1x32x4xf32>, tensor<1x32x8xf32>, tensor<1x64xf32>, none, tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x24xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %0, %1, %2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// Both directions of a GRU, batch first, with lengths: steps beyond them change nothing.
// TYPE-LABEL: @gru
// TYPE: onnx.GRU {{.*}} -> (tensor<2x5x2x8xf32>, tensor<2x2x8xf32>)
// CHECK-LABEL: func.func @gru(
// CHECK: scf.for
// CHECK: arith.cmpi slt
// CHECK: scf.for
// CHECK: arith.subi
// CHECK: tensor.insert_slice {{.*}}[0, {{.*}}, 1, 0] [2, 1, 1, 8]
func.func @gru(%x: tensor<2x5x4xf32>, %w: tensor<2x24x4xf32>, %r: tensor<2x24x8xf32>, %l: tensor<2xi32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %n = onnx.None
  %0, %1 = onnx.GRU %x, %w, %r, %n, %l, %n {direction = "bidirectional", layout = 1 : i64} : (tensor<2x5x4xf32>, tensor<2x24x4xf32>, tensor<2x24x8xf32>, none, tensor<2xi32>, none) -> (tensor<*xf32>, tensor<*xf32>)
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// With the reset after the product, a GRU's step is one product.
// CHECK-LABEL: func.func @linear(
// CHECK: scf.for
// CHECK-COUNT-1: "reduction"
// CHECK-NOT: "reduction"
// CHECK: return
func.func @linear(%x: tensor<5x2x4xf32>, %w: tensor<1x24x4xf32>, %r: tensor<1x24x8xf32>, %b: tensor<1x48xf32>) -> tensor<*xf32> {
  %n = onnx.None
  %0 = onnx.GRU %x, %w, %r, %b, %n, %n {linear_before_reset = 1 : i64} : (tensor<5x2x4xf32>, tensor<1x24x4xf32>, tensor<1x24x8xf32>, tensor<1x48xf32>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Numbers go to the activations that take one, in turn.
// TYPE-LABEL: @rnn
// TYPE: onnx.RNN {{.*}} -> tensor<5x2x2x8xf32>
// CHECK-LABEL: func.func @rnn(
// CHECK: arith.constant 2.500000e-01
// CHECK: math.tanh
func.func @rnn(%x: tensor<5x2x4xf32>, %w: tensor<2x8x4xf32>, %r: tensor<2x8x8xf32>) -> tensor<*xf32> {
  %n = onnx.None
  %0 = onnx.RNN %x, %w, %r, %n, %n, %n {activations = ["LeakyRelu", "Tanh"], activation_alpha = array<f32: 0.25>, direction = "bidirectional"} : (tensor<5x2x4xf32>, tensor<2x8x4xf32>, tensor<2x8x8xf32>, none, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// States of an integer form are rounded to bytes by their bounds: those of the initial one, if there is one.
// CHECK-LABEL: func.func @bytes(
// CHECK: math.absf
// CHECK: scf.for
// CHECK: math.roundeven
// CHECK: arith.muli {{.*}} : i32
// CHECK: return
func.func @bytes(%x: tensor<5x2x24xf32>, %s: tensor<1x24xf32>, %r: tensor<1x24x8xi8>, %h: tensor<1x2x8xf32>) -> tensor<*xf32> {
  %n = onnx.None
  %0 = onnx.brisk.ByteGRU %x, %s, %r, %n, %n, %h {linear_before_reset = 1 : i64} : (tensor<5x2x24xf32>, tensor<1x24xf32>, tensor<1x24x8xi8>, none, none, tensor<1x2x8xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// onnxruntime's LSTM of bytes has the outputs of gates in its weights' last axis.
// TYPE-LABEL: @dynamic
// TYPE: onnx.ms.DynamicQuantizeLSTM {{.*}} -> (tensor<5x1x2x8xf32>, tensor<1x2x8xf32>)
// CHECK-LABEL: func.func @dynamic(
// CHECK: arith.muli {{.*}} : i32
func.func @dynamic(%x: tensor<5x2x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %n = onnx.None
  %w = onnx.Constant dense<1> : tensor<1x4x32xi8> : tensor<1x4x32xi8>
  %r = onnx.Constant dense<1> : tensor<1x8x32xi8> : tensor<1x8x32xi8>
  %s = onnx.Constant dense<0.1> : tensor<1xf32> : tensor<1xf32>
  %z = onnx.Constant dense<0> : tensor<1xi8> : tensor<1xi8>
  %0, %1 = onnx.ms.DynamicQuantizeLSTM %x, %w, %r, %n, %n, %n, %n, %n, %s, %z, %s, %z : (tensor<5x2x4xf32>, tensor<1x4x32xi8>, tensor<1x8x32xi8>, none, none, none, none, none, tensor<1xf32>, tensor<1xi8>, tensor<1xf32>, tensor<1xi8>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}
