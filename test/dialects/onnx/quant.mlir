// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file %s | FileCheck %s

// Round, add the zero point, then saturate; the scale of an axis is read by its index.
// CHECK-DAG: #[[AXIS:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @quantize(
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[AXIS]], #[[AXIS]], #{{.*}}]
// CHECK: arith.divf
// CHECK: math.roundeven
// CHECK: arith.addf
// CHECK: arith.cmpf ogt
// CHECK: arith.cmpf olt
// CHECK: arith.fptosi
func.func @quantize(%x: tensor<2x4xf32>, %s: tensor<4xf32>, %z: tensor<4xi8>) -> tensor<*xi8> {
  %0 = onnx.QuantizeLinear %x, %s, %z : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xi8>) -> tensor<*xi8>
  return %0 : tensor<*xi8>
}

// -----

// Small integers subtract as integers.
// CHECK-LABEL: func.func @dequantize(
// CHECK: arith.extui {{.*}} : i8 to i32
// CHECK: arith.subi
// CHECK: arith.sitofp {{.*}} : i32 to f32
// CHECK: arith.mulf
func.func @dequantize(%x: tensor<2x4xui8>, %s: tensor<f32>, %z: tensor<ui8>) -> tensor<*xf32> {
  %0 = onnx.DequantizeLinear %x, %s, %z : (tensor<2x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// A scale for each block is repeated along the axis.
// CHECK-LABEL: func.func @block(
// CHECK: arith.divsi
// CHECK: tensor.extract
func.func @block(%x: tensor<2x6xi4>, %s: tensor<2x2xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %0 = onnx.DequantizeLinear %x, %s, %none {block_size = 3 : i64} : (tensor<2x6xi4>, tensor<2x2xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Sums of bytes as they are, then the zero point times the sums of columns.
// CHECK-LABEL: func.func @product(
// CHECK: arith.extui
// CHECK: arith.extsi
// CHECK: arith.muli
// CHECK: arith.subi
// CHECK-NOT: arith.mulf
func.func @product(%a: tensor<4x3xui8>, %b: tensor<3x2xi8>, %z: tensor<4xui8>) -> tensor<*xi32> {
  %none = onnx.None
  %0 = onnx.MatMulInteger %a, %b, %z, %none : (tensor<4x3xui8>, tensor<3x2xi8>, tensor<4xui8>, none) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// A quantized convolution is one of bytes, corrected for the zero points, scaled and quantized.
// CHECK-LABEL: func.func @convolution(
// CHECK-SAME: -> tensor<1x2x3x3xi8>
// CHECK: arith.extui
// CHECK: arith.muli
// CHECK: arith.subi
// CHECK: math.roundeven
func.func @convolution(%x: tensor<1x1x3x3xui8>, %w: tensor<2x1x1x1xui8>, %s: tensor<f32>, %z: tensor<ui8>) -> tensor<*xui8> {
  %none = onnx.None
  %0 = onnx.QLinearConv %x, %s, %z, %w, %s, %z, %s, %z, %none : (tensor<1x1x3x3xui8>, tensor<f32>, tensor<ui8>, tensor<2x1x1x1xui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>, none) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}
