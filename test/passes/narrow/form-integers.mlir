// RUN: brisk-opt --form-integers --split-input-file %s | FileCheck %s

// A dequantized convolution is a sum of bytes, corrected for the zero point of its input and scaled once for both
// itself and the quantization that follows; the bound at 0 is implied by that.
// CHECK-LABEL: func.func @conv(
// CHECK-SAME: %[[X:.*]]: tensor<1x2x4x4xui8>
// CHECK: %[[SUMS:.*]] = onnx.brisk.ByteConv %[[X]], %{{.*}}, %{{.*}} {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x2x4x4xui8>, tensor<3x2x3x3xi8>, tensor<ui8>) -> tensor<1x3x4x4xi32>
// CHECK: %[[EXACT:.*]] = onnx.Sub %[[SUMS]]
// CHECK: %[[FACTOR:.*]] = onnx.Div
// CHECK: %[[REAL:.*]] = onnx.Cast %[[EXACT]] {to = 1 : i64}
// CHECK: %[[SCALED:.*]] = onnx.Mul %[[REAL]], %[[FACTOR]]
// CHECK-NOT: onnx.Relu
// CHECK: onnx.QuantizeLinear %[[SCALED]]
func.func @conv(%x: tensor<1x2x4x4xui8>) -> tensor<1x3x4x4xui8> {
  %none = onnx.None
  %xs = onnx.Constant dense<0.5> : tensor<f32> : tensor<f32>
  %xz = onnx.Constant dense<7> : tensor<ui8> : tensor<ui8>
  %w = onnx.Constant dense<3> : tensor<3x2x3x3xi8> : tensor<3x2x3x3xi8>
  %ws = onnx.Constant dense<[0.1, 0.2, 0.3]> : tensor<3xf32> : tensor<3xf32>
  %wz = onnx.Constant dense<0> : tensor<3xi8> : tensor<3xi8>
  %ys = onnx.Constant dense<2.0> : tensor<f32> : tensor<f32>
  %yz = onnx.Constant dense<0> : tensor<ui8> : tensor<ui8>
  %0 = onnx.DequantizeLinear %x, %xs, %xz : (tensor<1x2x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x2x4x4xf32>
  %1 = onnx.DequantizeLinear %w, %ws, %wz {axis = 0 : i64} : (tensor<3x2x3x3xi8>, tensor<3xf32>, tensor<3xi8>) -> tensor<3x2x3x3xf32>
  %2 = onnx.Conv %0, %1, %none {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>, none) -> tensor<1x3x4x4xf32>
  %3 = onnx.Relu %2 : (tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  %4 = onnx.QuantizeLinear %3, %ys, %yz : (tensor<1x3x4x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<1x3x4x4xui8>
  return %4 : tensor<1x3x4x4xui8>
}

// -----

// A bound that quantization does not imply stays.
// CHECK-LABEL: func.func @bound(
// CHECK: onnx.Relu
func.func @bound(%x: tensor<4xf32>) -> tensor<4xui8> {
  %s = onnx.Constant dense<2.0> : tensor<f32> : tensor<f32>
  %z = onnx.Constant dense<9> : tensor<ui8> : tensor<ui8>
  %0 = onnx.Relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.QuantizeLinear %0, %s, %z : (tensor<4xf32>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %1 : tensor<4xui8>
}

// -----

// What only moves elements moves bytes, and a pair with equal parameters is nothing.
// CHECK-LABEL: func.func @moved(
// CHECK-SAME: %[[X:.*]]: tensor<1x2x4x4xui8>
// CHECK-NEXT: %[[POOL:.*]] = onnx.MaxPool %[[X]] {{.*}} -> tensor<1x2x2x2xui8>
// CHECK-NEXT: %[[MOVED:.*]] = onnx.Transpose %[[POOL]]
// CHECK-NEXT: return %[[MOVED]]
func.func @moved(%x: tensor<1x2x4x4xui8>) -> tensor<2x2x2x1xui8> {
  %s = onnx.Constant dense<0.5> : tensor<f32> : tensor<f32>
  %z = onnx.Constant dense<7> : tensor<ui8> : tensor<ui8>
  %0 = onnx.DequantizeLinear %x, %s, %z : (tensor<1x2x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x2x4x4xf32>
  %1 = onnx.MaxPool %0 {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32>
  %2 = onnx.Transpose %1 : (tensor<1x2x2x2xf32>) -> tensor<2x2x2x1xf32>
  %3 = onnx.QuantizeLinear %2, %s, %z : (tensor<2x2x2x1xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x2x2x1xui8>
  return %3 : tensor<2x2x2x1xui8>
}

// -----

// Tensors with other scales are quantized before they are joined; the one that has the result's scale is not touched.
// CHECK-LABEL: func.func @joined(
// CHECK-SAME: %[[A:.*]]: tensor<2xui8>, %[[B:.*]]: tensor<2xui8>
// CHECK: %[[REAL:.*]] = onnx.DequantizeLinear %[[B]]
// CHECK: %[[SCALED:.*]] = onnx.Mul %[[REAL]]
// CHECK: %[[NEW:.*]] = onnx.QuantizeLinear %[[SCALED]]
// CHECK: onnx.Concat %[[A]], %[[NEW]]
func.func @joined(%a: tensor<2xui8>, %b: tensor<2xui8>) -> tensor<4xui8> {
  %s = onnx.Constant dense<0.5> : tensor<f32> : tensor<f32>
  %t = onnx.Constant dense<0.25> : tensor<f32> : tensor<f32>
  %z = onnx.Constant dense<7> : tensor<ui8> : tensor<ui8>
  %0 = onnx.DequantizeLinear %a, %s, %z : (tensor<2xui8>, tensor<f32>, tensor<ui8>) -> tensor<2xf32>
  %1 = onnx.DequantizeLinear %b, %t, %z : (tensor<2xui8>, tensor<f32>, tensor<ui8>) -> tensor<2xf32>
  %2 = onnx.Concat %0, %1 {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %3 = onnx.QuantizeLinear %2, %s, %z : (tensor<4xf32>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %3 : tensor<4xui8>
}

// -----

// Dynamic quantization: what follows from the weight alone is made of constants, the rest is elementwise.
// CHECK-LABEL: func.func @dynamic(
// CHECK: %[[Y:.*]], %[[S:.*]], %[[Z:.*]] = onnx.DynamicQuantizeLinear
// CHECK: %[[ZERO:.*]] = onnx.Cast %[[Z]]
// CHECK: %[[SUMS:.*]] = onnx.brisk.ByteMatMul %[[Y]], %{{.*}}
// CHECK: %[[COLUMNS:.*]] = onnx.ReduceSum
// CHECK: %[[OFFSET:.*]] = onnx.Mul %[[ZERO]], %[[COLUMNS]]
// CHECK: onnx.Sub %[[SUMS]], %[[OFFSET]]
func.func @dynamic(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %none = onnx.None
  %w = onnx.Constant dense<3> : tensor<3x2xi8> : tensor<3x2xi8>
  %ws = onnx.Constant dense<0.5> : tensor<f32> : tensor<f32>
  %0:3 = onnx.DynamicQuantizeLinear %x : (tensor<4x3xf32>) -> (tensor<4x3xui8>, tensor<f32>, tensor<ui8>)
  %1 = onnx.MatMulInteger %0#0, %w, %0#2, %none : (tensor<4x3xui8>, tensor<3x2xi8>, tensor<ui8>, none) -> tensor<4x2xi32>
  %2 = onnx.Cast %1 {to = 1 : i64} : (tensor<4x2xi32>) -> tensor<4x2xf32>
  %3 = onnx.Mul %0#1, %ws : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %4 = onnx.Mul %2, %3 : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// A bias that comes with the scale of the sums is added to them as it is, in one constant with the zero point's part.
// CHECK-LABEL: func.func @integer_bias(
// CHECK: %[[BIAS:.*]] = onnx.Constant dense<[5, -6]>
// CHECK: %[[SUMS:.*]] = onnx.brisk.ByteMatMul
// CHECK: %[[OFFSET:.*]] = onnx.Sub %[[BIAS]], %{{.*}} : (tensor<2xi32>
// CHECK: %[[EXACT:.*]] = onnx.Add %[[SUMS]], %[[OFFSET]]
// CHECK: %[[REAL:.*]] = onnx.Cast %[[EXACT]] {to = 1 : i64}
// CHECK: %[[SCALED:.*]] = onnx.Mul %[[REAL]]
// CHECK-NEXT: return %[[SCALED]]
func.func @integer_bias(%x: tensor<4x3xui8>) -> tensor<4x2xf32> {
  %xs = onnx.Constant dense<0.5> : tensor<f32> : tensor<f32>
  %xz = onnx.Constant dense<7> : tensor<ui8> : tensor<ui8>
  %w = onnx.Constant dense<3> : tensor<3x2xi8> : tensor<3x2xi8>
  %ws = onnx.Constant dense<[0.25, 0.125]> : tensor<2xf32> : tensor<2xf32>
  %wz = onnx.Constant dense<0> : tensor<2xi8> : tensor<2xi8>
  %c = onnx.Constant dense<[5, -6]> : tensor<2xi32> : tensor<2xi32>
  %cs = onnx.Constant dense<[0.125, 0.0625]> : tensor<2xf32> : tensor<2xf32>
  %cz = onnx.Constant dense<0> : tensor<2xi32> : tensor<2xi32>
  %0 = onnx.DequantizeLinear %x, %xs, %xz : (tensor<4x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<4x3xf32>
  %1 = onnx.DequantizeLinear %w, %ws, %wz {axis = 1 : i64} : (tensor<3x2xi8>, tensor<2xf32>, tensor<2xi8>) -> tensor<3x2xf32>
  %2 = onnx.DequantizeLinear %c, %cs, %cz {axis = 0 : i64} : (tensor<2xi32>, tensor<2xf32>, tensor<2xi32>) -> tensor<2xf32>
  %3 = onnx.Gemm %0, %1, %2 : (tensor<4x3xf32>, tensor<3x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %3 : tensor<4x2xf32>
}

// -----

// A bias of another scale stays in floats.
// CHECK-LABEL: func.func @float_bias(
// CHECK: %[[BIAS:.*]] = onnx.DequantizeLinear {{.*}} : (tensor<2xi32>
// CHECK: %[[REAL:.*]] = onnx.Cast
// CHECK: %[[SCALED:.*]] = onnx.Mul %[[REAL]]
// CHECK: onnx.Add %[[SCALED]], %[[BIAS]]
func.func @float_bias(%x: tensor<4x3xui8>) -> tensor<4x2xf32> {
  %none = onnx.None
  %s = onnx.Constant dense<0.5> : tensor<f32> : tensor<f32>
  %w = onnx.Constant dense<3> : tensor<3x2xi8> : tensor<3x2xi8>
  %c = onnx.Constant dense<[5, -6]> : tensor<2xi32> : tensor<2xi32>
  %0 = onnx.DequantizeLinear %x, %s, %none : (tensor<4x3xui8>, tensor<f32>, none) -> tensor<4x3xf32>
  %1 = onnx.DequantizeLinear %w, %s, %none : (tensor<3x2xi8>, tensor<f32>, none) -> tensor<3x2xf32>
  %2 = onnx.DequantizeLinear %c, %s, %none : (tensor<2xi32>, tensor<f32>, none) -> tensor<2xf32>
  %3 = onnx.Gemm %0, %1, %2 : (tensor<4x3xf32>, tensor<3x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %3 : tensor<4x2xf32>
}

// -----

// A quantized sum: a factor for each operand and one constant, 9 - (7 * 0.25 + 3 * 0.5); the zero point is in it.
// CHECK-LABEL: func.func @sum(
// CHECK-SAME: %[[A:.*]]: tensor<4xui8>, %[[B:.*]]: tensor<4xui8>
// CHECK: %[[X:.*]] = onnx.DequantizeLinear %[[A]], %{{.*}}, %{{.*}} : (tensor<4xui8>, tensor<f32>, none)
// CHECK: %[[Y:.*]] = onnx.DequantizeLinear %[[B]], %{{.*}}, %{{.*}} : (tensor<4xui8>, tensor<f32>, none)
// CHECK: %[[HALF:.*]] = onnx.Constant dense<5.000000e-01>
// CHECK: %[[BY:.*]] = onnx.Mul %[[Y]], %[[HALF]]
// CHECK: %[[CONSTANT:.*]] = onnx.Constant dense<5.750000e+00>
// CHECK: %[[SECOND:.*]] = onnx.Add %[[BY]], %[[CONSTANT]]
// CHECK: %[[QUARTER:.*]] = onnx.Constant dense<2.500000e-01>
// CHECK: %[[AX:.*]] = onnx.Mul %[[X]], %[[QUARTER]]
// CHECK: %[[LEVEL:.*]] = onnx.Add %[[AX]], %[[SECOND]]
// CHECK: onnx.QuantizeLinear %[[LEVEL]]
func.func @sum(%a: tensor<4xui8>, %b: tensor<4xui8>) -> tensor<4xui8> {
  %as = onnx.Constant dense<0.5> : tensor<f32> : tensor<f32>
  %bs = onnx.Constant dense<1.0> : tensor<f32> : tensor<f32>
  %cs = onnx.Constant dense<2.0> : tensor<f32> : tensor<f32>
  %az = onnx.Constant dense<7> : tensor<ui8> : tensor<ui8>
  %bz = onnx.Constant dense<3> : tensor<ui8> : tensor<ui8>
  %cz = onnx.Constant dense<9> : tensor<ui8> : tensor<ui8>
  %0 = onnx.DequantizeLinear %a, %as, %az : (tensor<4xui8>, tensor<f32>, tensor<ui8>) -> tensor<4xf32>
  %1 = onnx.DequantizeLinear %b, %bs, %bz : (tensor<4xui8>, tensor<f32>, tensor<ui8>) -> tensor<4xf32>
  %2 = onnx.Add %0, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = onnx.QuantizeLinear %2, %cs, %cz : (tensor<4xf32>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %3 : tensor<4xui8>
}

// -----

// The mean of a quantized picture: exact sums of bytes as floats, scaled once; where the picture's size is open, in floats.
// CHECK-LABEL: func.func @mean(
// CHECK: %[[REAL:.*]] = onnx.Cast %{{.*}} {to = 1 : i64}
// CHECK: %[[SUMS:.*]] = onnx.ReduceSum %[[REAL]]
// CHECK: %[[EXACT:.*]] = onnx.Sub %[[SUMS]]
// CHECK: onnx.Mul %[[EXACT]]
// CHECK: onnx.GlobalAveragePool
func.func @mean(%x: tensor<1x2x4x4xui8>, %y: tensor<1x2x4x?xui8>) -> (tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>) {
  %s = onnx.Constant dense<0.5> : tensor<f32> : tensor<f32>
  %z = onnx.Constant dense<7> : tensor<ui8> : tensor<ui8>
  %0 = onnx.DequantizeLinear %x, %s, %z : (tensor<1x2x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x2x4x4xf32>
  %1 = onnx.GlobalAveragePool %0 : (tensor<1x2x4x4xf32>) -> tensor<1x2x1x1xf32>
  %2 = onnx.DequantizeLinear %y, %s, %z : (tensor<1x2x4x?xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x2x4x?xf32>
  %3 = onnx.GlobalAveragePool %2 : (tensor<1x2x4x?xf32>) -> tensor<1x2x1x1xf32>
  return %1, %3 : tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>
}

// -----

// Padding moves: quantization goes before it and then costs nothing; absent fill is zero, which is the zero point.
// CHECK-LABEL: func.func @pad(
// CHECK-SAME: %[[X:.*]]: tensor<1x2x4x4xf32>
// CHECK: %[[Z:.*]] = onnx.Constant dense<9>
// CHECK: %[[Q:.*]] = onnx.QuantizeLinear %[[X]], %{{.*}}, %[[Z]]
// CHECK: %[[P:.*]] = onnx.Pad %[[Q]], %{{.*}}, %[[Z]], %{{.*}} : (tensor<1x2x4x4xui8>
// CHECK: return %[[P]]
func.func @pad(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x5x5xui8> {
  %none = onnx.None
  %s = onnx.Constant dense<2.0> : tensor<f32> : tensor<f32>
  %z = onnx.Constant dense<9> : tensor<ui8> : tensor<ui8>
  %pads = onnx.Constant dense<[0, 0, 0, 0, 0, 0, 1, 1]> : tensor<8xi64> : tensor<8xi64>
  %0 = onnx.Pad %x, %pads, %none, %none : (tensor<1x2x4x4xf32>, tensor<8xi64>, none, none) -> tensor<1x2x5x5xf32>
  %1 = onnx.QuantizeLinear %0, %s, %z : (tensor<1x2x5x5xf32>, tensor<f32>, tensor<ui8>) -> tensor<1x2x5x5xui8>
  return %1 : tensor<1x2x5x5xui8>
}

// -----

// Another fill may be no multiple of the scale: bytes are padded only where the result is quantized.
// CHECK-LABEL: func.func @fill(
// CHECK: onnx.DequantizeLinear
// CHECK: onnx.Pad {{.*}} : (tensor<4xf32>
func.func @fill(%x: tensor<4xui8>) -> tensor<6xf32> {
  %none = onnx.None
  %s = onnx.Constant dense<2.0> : tensor<f32> : tensor<f32>
  %z = onnx.Constant dense<9> : tensor<ui8> : tensor<ui8>
  %fill = onnx.Constant dense<0.3> : tensor<f32> : tensor<f32>
  %pads = onnx.Constant dense<[1, 1]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.DequantizeLinear %x, %s, %z : (tensor<4xui8>, tensor<f32>, tensor<ui8>) -> tensor<4xf32>
  %1 = onnx.Pad %0, %pads, %fill, %none : (tensor<4xf32>, tensor<2xi64>, tensor<f32>, none) -> tensor<6xf32>
  return %1 : tensor<6xf32>
}

// -----

// What makes fewer elements is quantized afterwards.
// CHECK-LABEL: func.func @fewer(
// CHECK: %[[Y:.*]] = onnx.Slice
// CHECK: onnx.QuantizeLinear %[[Y]]
func.func @fewer(%x: tensor<8xf32>) -> tensor<2xui8> {
  %none = onnx.None
  %s = onnx.Constant dense<2.0> : tensor<f32> : tensor<f32>
  %z = onnx.Constant dense<9> : tensor<ui8> : tensor<ui8>
  %start = onnx.Constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %end = onnx.Constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.Slice %x, %start, %end, %none, %none : (tensor<8xf32>, tensor<1xi64>, tensor<1xi64>, none, none) -> tensor<2xf32>
  %1 = onnx.QuantizeLinear %0, %s, %z : (tensor<2xf32>, tensor<f32>, tensor<ui8>) -> tensor<2xui8>
  return %1 : tensor<2xui8>
}
