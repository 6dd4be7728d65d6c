// RUN: brisk-opt --form-integers --split-input-file %s | FileCheck %s

// A recurrent layer: its inputs' part is a product of bytes for all gates, its states are multiplied by bytes.
// CHECK-LABEL: func.func @recurrent(
// CHECK: %[[W:.*]] = onnx.Transpose {{.*}} -> tensor<3x8xi8>
// CHECK: onnx.brisk.ByteMatMul %arg0, %[[W]] : (tensor<5x2x3xui8>, tensor<3x8xi8>) -> tensor<5x2x8xi32>
// CHECK: %[[P:.*]] = onnx.Mul {{.*}} -> tensor<5x2x8xf32>
// CHECK: %[[S:.*]] = onnx.Expand {{.*}} -> tensor<1x8xf32>
// CHECK: %[[Y:.*]]:2 = onnx.brisk.ByteLSTM %[[P]], %[[S]], %arg2, {{.*}} : (tensor<5x2x8xf32>, tensor<1x8xf32>, tensor<1x8x2xi8>
// CHECK-NOT: onnx.LSTM
// CHECK: return %[[Y]]#0, %[[Y]]#1
func.func @recurrent(%x: tensor<5x2x3xui8>, %w: tensor<1x8x3xi8>, %r: tensor<1x8x2xi8>) -> (tensor<5x1x2x2xf32>, tensor<1x2x2xf32>) {
  %none = onnx.None
  %s = onnx.Constant dense<2.0> : tensor<f32> : tensor<f32>
  %z = onnx.Constant dense<9> : tensor<ui8> : tensor<ui8>
  %t = onnx.Constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32> : tensor<8xf32>
  %0 = onnx.DequantizeLinear %x, %s, %z : (tensor<5x2x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<5x2x3xf32>
  %1 = onnx.DequantizeLinear %w, %t, %none {axis = 1 : i64} : (tensor<1x8x3xi8>, tensor<8xf32>, none) -> tensor<1x8x3xf32>
  %2 = onnx.DequantizeLinear %r, %t, %none {axis = 1 : i64} : (tensor<1x8x2xi8>, tensor<8xf32>, none) -> tensor<1x8x2xf32>
  %3, %4 = onnx.LSTM %0, %1, %2, %none, %none, %none, %none, %none : (tensor<5x2x3xf32>, tensor<1x8x3xf32>, tensor<1x8x2xf32>, none, none, none, none, none) -> (tensor<5x1x2x2xf32>, tensor<1x2x2xf32>)
  return %3, %4 : tensor<5x1x2x2xf32>, tensor<1x2x2xf32>
}

// -----

// States without bounds stay in floats.
// CHECK-LABEL: func.func @unbounded(
// CHECK: onnx.RNN
func.func @unbounded(%x: tensor<5x2x3xui8>, %w: tensor<1x2x3xi8>, %r: tensor<1x2x2xi8>) -> tensor<5x1x2x2xf32> {
  %none = onnx.None
  %s = onnx.Constant dense<2.0> : tensor<f32> : tensor<f32>
  %0 = onnx.DequantizeLinear %x, %s, %none : (tensor<5x2x3xui8>, tensor<f32>, none) -> tensor<5x2x3xf32>
  %1 = onnx.DequantizeLinear %w, %s, %none : (tensor<1x2x3xi8>, tensor<f32>, none) -> tensor<1x2x3xf32>
  %2 = onnx.DequantizeLinear %r, %s, %none : (tensor<1x2x2xi8>, tensor<f32>, none) -> tensor<1x2x2xf32>
  %3 = onnx.RNN %0, %1, %2, %none, %none, %none {activations = ["Relu"]} : (tensor<5x2x3xf32>, tensor<1x2x3xf32>, tensor<1x2x2xf32>, none, none, none) -> tensor<5x1x2x2xf32>
  return %3 : tensor<5x1x2x2xf32>
}

// -----

// A large matrix in blocks that few rows share is read as it is.
// CHECK-LABEL: func.func @blocks(
// CHECK: %[[W:.*]] = onnx.Constant dense<3> : tensor<1024x256xui4>
// CHECK: onnx.brisk.BlockMatMul %arg0, %[[W]], {{.*}} : (tensor<3x1024xf32>, tensor<1024x256xui4>, tensor<32x256xf32>, tensor<32x256xui4>)
// CHECK-NOT: MatMul
// CHECK: return
func.func @blocks(%x: tensor<3x1024xf32>) -> tensor<3x256xf32> {
  %w = onnx.Constant dense<3> : tensor<1024x256xui4> : tensor<1024x256xui4>
  %s = onnx.Constant dense<0.5> : tensor<32x256xf32> : tensor<32x256xf32>
  %z = onnx.Constant dense<8> : tensor<32x256xui4> : tensor<32x256xui4>
  %0 = onnx.DequantizeLinear %w, %s, %z {axis = 0 : i64, block_size = 32 : i64} : (tensor<1024x256xui4>, tensor<32x256xf32>, tensor<32x256xui4>) -> tensor<1024x256xf32>
  %1 = onnx.MatMul %x, %0 : (tensor<3x1024xf32>, tensor<1024x256xf32>) -> tensor<3x256xf32>
  return %1 : tensor<3x256xf32>
}

// -----

// With many rows the matrix does not wait for memory.
// CHECK-LABEL: func.func @many(
// CHECK: onnx.DequantizeLinear
// CHECK: onnx.MatMul
func.func @many(%x: tensor<64x1024xf32>) -> tensor<64x256xf32> {
  %none = onnx.None
  %w = onnx.Constant dense<3> : tensor<1024x256xi8> : tensor<1024x256xi8>
  %s = onnx.Constant dense<0.5> : tensor<32x256xf32> : tensor<32x256xf32>
  %0 = onnx.DequantizeLinear %w, %s, %none {axis = 0 : i64, block_size = 32 : i64} : (tensor<1024x256xi8>, tensor<32x256xf32>, none) -> tensor<1024x256xf32>
  %1 = onnx.MatMul %x, %0 : (tensor<64x1024xf32>, tensor<1024x256xf32>) -> tensor<64x256xf32>
  return %1 : tensor<64x256xf32>
}
