// RUN: brisk-opt --lower-onnx --split-input-file -verify-diagnostics %s | FileCheck %s

// Four-bit elements are packed in the caller's buffers and take a byte each inside.
// CHECK-LABEL: func.func @nibbles(
// CHECK-SAME: %[[IN:.*]]: tensor<3xi8>) -> tensor<3xi8>
// CHECK: tensor.extract %[[IN]]
// CHECK: arith.shrui
// CHECK: arith.ori
func.func @nibbles(%x: tensor<5xui4>) -> tensor<5xui4> {
  return %x : tensor<5xui4>
}

// -----

// expected-error @+1 {{expects inputs and outputs of 'ui4' to have static shapes, but got 'tensor<?xui4}}
func.func @open(%x: tensor<?xui4, ["N"]>) -> tensor<?xui4, ["N"]> {
  return %x : tensor<?xui4, ["N"]>
}
