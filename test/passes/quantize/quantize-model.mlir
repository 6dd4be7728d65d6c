// RUN: brisk-opt %s --split-input-file --quantize-model=mode=int8w | FileCheck %s --check-prefix=INT8W
// RUN: brisk-opt %s --split-input-file --quantize-model=mode=int4w | FileCheck %s --check-prefix=INT4W
// RUN: brisk-opt %s --split-input-file --quantize-model=mode=dynamic | FileCheck %s --check-prefix=DYNAMIC
// RUN: brisk-opt %s --split-input-file --quantize-model=mode=bf16 | FileCheck %s --check-prefix=BF16
// RUN: brisk-opt %s --split-input-file --quantize-model | FileCheck %s --check-prefix=NONE
// RUN: not brisk-opt %s --split-input-file --quantize-model=mode=int8 2>&1 | FileCheck %s --check-prefix=INT8

// INT8: error: --quantize=int8 needs samples: give them with --calibration=
// NONE-NOT: DequantizeLinear

// A matrix of weights: blocks of 8 bits along the summed axis, or of 4 with a zero point; the range of each run; casts.
// INT8W-LABEL: func @main
// INT8W: %[[W:.*]] = onnx.Constant dense<{{\[\[}}127, -64], [64, 127], [0, 32], [0, -127]]> : tensor<4x2xi8>
// INT8W: %[[S:.*]] = onnx.Constant {{.*}} tensor<1x2xf32>
// INT8W: %[[D:.*]] = onnx.DequantizeLinear %[[W]], %[[S]], %{{.*}} {axis = 0 : i64, block_size = 128 : i64}
// INT8W: onnx.MatMul %arg0, %[[D]]
// INT4W-LABEL: func @main
// INT4W: onnx.Constant {{.*}} : tensor<4x2xui4>
// INT4W: onnx.DequantizeLinear {{.*}} {axis = 0 : i64, block_size = 32 : i64} : (tensor<4x2xui4>, tensor<1x2xf32>, tensor<1x2xui4>)
// DYNAMIC-LABEL: func @main
// DYNAMIC: onnx.DynamicQuantizeLinear %arg0
// DYNAMIC: %[[D:.*]] = onnx.DequantizeLinear %y, %y_scale, %y_zero_point
// DYNAMIC: %[[W:.*]] = onnx.DequantizeLinear {{.*}} : (tensor<4x2xi8>, tensor<2xf32>, none)
// DYNAMIC: onnx.MatMul %[[D]], %[[W]]
// BF16-LABEL: func @main
// BF16: %[[A:.*]] = onnx.Cast %arg0 {to = 16 : i64} : (tensor<3x4xf32>) -> tensor<3x4xbf16>
// BF16: %[[P:.*]] = onnx.MatMul %[[A]], %{{.*}} -> tensor<3x2xbf16>
// BF16: onnx.Cast %[[P]] {to = 1 : i64} : (tensor<3x2xbf16>) -> tensor<3x2xf32>
func.func @main(%x: tensor<3x4xf32>) -> tensor<3x2xf32> {
  %w = onnx.Constant dense<[[127.0, -64.0], [64.0, 127.0], [0.0, 32.0], [0.0, -127.0]]> : tensor<4x2xf32> : tensor<4x2xf32>
  %y = onnx.MatMul %x, %w : (tensor<3x4xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// -----

// A convolution: 8 bits for each output channel, but never 4; nothing but products changes.
// INT8W-LABEL: func @main
// INT8W: onnx.DequantizeLinear {{.*}} {axis = 0 : i64} : (tensor<2x1x1x1xi8>, tensor<2xf32>, none)
// INT8W: onnx.Relu
// INT4W-LABEL: func @main
// INT4W-NOT: DequantizeLinear
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = onnx.Constant dense<[[[[1.0]]], [[[-2.0]]]]> : tensor<2x1x1x1xf32> : tensor<2x1x1x1xf32>
  %b = onnx.None
  %y = onnx.Conv %x, %w, %b : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, none) -> tensor<1x2x4x4xf32>
  %z = onnx.Relu %y : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %z : tensor<1x2x4x4xf32>
}
