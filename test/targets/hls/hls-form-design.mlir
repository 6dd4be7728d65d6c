// RUN: brisk-opt %s --hls-form-design --split-input-file | FileCheck %s

#row = affine_map<(d0, d1) -> (d0, d1)>
#in = affine_map<(d0, d1, d2) -> (d0, d2)>
#weights = affine_map<(d0, d1, d2) -> (d2, d1)>
#sums = affine_map<(d0, d1, d2) -> (d0, d1)>

// Inputs are quantized outside; a product and its requantization are one node, which rounds to even as the model
// does, with the half in the sum; widths follow from the weights: 127 * 3 + 128 * 2 = 637 takes 11 bits with its sign.
// CHECK-LABEL: hls.design @model attributes {
// CHECK-SAME: inputs = [{dims = array<i64: 1, 2>, high = 127 : i64, low = -128 : i64, name = "x", scale = 2.500000e-01 : f64, zero = 0 : i64}]
// CHECK-SAME: outputs = [{dims = array<i64: 1, 1>, name = "y", offset = array<f64: 0.000000e+00>, scale = array<f64: 5.000000e-01>}]
// CHECK: ^bb0(%[[A:.*]]: si8, %[[B:.*]]: si8):
// CHECK: %[[Y:.*]] = hls.node ""(%[[A]], %[[B]]) : (si8, si8) -> ui7 {
// CHECK: ^bb0(%[[X0:.*]]: si8, %[[X1:.*]]: si8):
// CHECK: %[[SUM:.*]] = hls.sum(%[[X0]], %[[X1]]) times [3, -2] plus 8 : (si8, si8) -> si11
// CHECK: %[[ROUNDED:.*]] = hls.round %[[SUM]] shr 3 {even} : (si11) -> si8
// CHECK: %[[CLAMPED:.*]] = hls.clamp %[[ROUNDED]] to 0, 80 : (si8) -> ui7
func.func @main(%x: tensor<1x2xf32> {onnx.name = "x"}) -> (tensor<1x1xf32> {onnx.name = "y"}) {
  %zero = arith.constant 0 : i32
  %quarter = arith.constant 0.25 : f32
  %eighth = arith.constant 0.125 : f32
  %half = arith.constant 0.5 : f32
  %none = arith.constant 0.0 : f32
  %most = arith.constant 255.0 : f32
  %low = arith.constant -128.0 : f32
  %high = arith.constant 127.0 : f32
  %w = arith.constant dense<[[3], [-2]]> : tensor<2x1xi8>
  %0 = tensor.empty() : tensor<1x2xi8>
  %q = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<1x2xf32>) outs(%0 : tensor<1x2xi8>) {
  ^bb0(%a: f32, %b: i8):
    %1 = arith.divf %a, %quarter : f32
    %2 = math.roundeven %1 : f32
    %3 = arith.cmpf ogt, %2, %low : f32
    %4 = arith.select %3, %2, %low : f32
    %5 = arith.cmpf olt, %4, %high : f32
    %6 = arith.select %5, %4, %high : f32
    %7 = arith.fptosi %6 : f32 to i8
    linalg.yield %7 : i8
  } -> tensor<1x2xi8>
  %8 = tensor.empty() : tensor<1x1xi32>
  %9 = linalg.fill ins(%zero : i32) outs(%8 : tensor<1x1xi32>) -> tensor<1x1xi32>
  %s = linalg.generic {indexing_maps = [#in, #weights, #sums], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%q, %w : tensor<1x2xi8>, tensor<2x1xi8>) outs(%9 : tensor<1x1xi32>) {
  ^bb0(%a: i8, %b: i8, %c: i32):
    %1 = arith.extsi %a : i8 to i32
    %2 = arith.extsi %b : i8 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %c, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<1x1xi32>
  %10 = tensor.empty() : tensor<1x1xf32>
  %y = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
    ins(%s : tensor<1x1xi32>) outs(%10 : tensor<1x1xf32>) {
  ^bb0(%a: i32, %b: f32):
    %1 = arith.sitofp %a : i32 to f32
    %2 = arith.mulf %1, %eighth : f32
    %3 = arith.addf %2, %half : f32
    %4 = math.roundeven %3 : f32
    %5 = arith.maxnumf %4, %none : f32
    %6 = arith.minnumf %5, %most : f32
    %7 = arith.fptoui %6 : f32 to i8
    %11 = arith.uitofp %7 : i8 to f32
    %12 = arith.mulf %11, %half : f32
    linalg.yield %12 : f32
  } -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

#line = affine_map<(d0) -> (d0)>
#window = affine_map<(d0, d1) -> (d0 * 2 + d1)>
#frame = affine_map<(d0, d1) -> (d1)>
#out = affine_map<(d0, d1) -> (d0)>

// The largest of a window; integer inputs keep their type, padding is a number.
// CHECK-LABEL: hls.design @model
// CHECK: hls.max %{{.*}}, %{{.*}} : (si8, si8) -> si8
func.func @main(%x: tensor<3xi8>) -> tensor<2xi8> {
  %least = arith.constant -128 : i8
  %p = tensor.pad %x low[0] high[1] {
  ^bb0(%i: index):
    tensor.yield %least : i8
  } : tensor<3xi8> to tensor<4xi8>
  %0 = tensor.empty() : tensor<2xi8>
  %w = tensor.empty() : tensor<2xi8>
  %1 = linalg.fill ins(%least : i8) outs(%0 : tensor<2xi8>) -> tensor<2xi8>
  %y = linalg.generic {indexing_maps = [#window, #frame, #out], iterator_types = ["parallel", "reduction"]}
    ins(%p, %w : tensor<4xi8>, tensor<2xi8>) outs(%1 : tensor<2xi8>) {
  ^bb0(%a: i8, %b: i8, %c: i8):
    %2 = arith.maxsi %c, %a : i8
    linalg.yield %2 : i8
  } -> tensor<2xi8>
  return %y : tensor<2xi8>
}

// -----

#line = affine_map<(d0) -> (d0)>

// What no line equals is a table: here a square root, from a byte of 16 numbers.
// CHECK-LABEL: hls.design @model
// CHECK: hls.table %{{.*}} from 0 [0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4] : (ui4) -> ui3
func.func @main(%x: tensor<1xf32>) -> tensor<1xi8> {
  %none = arith.constant 0.0 : f32
  %most = arith.constant 15.0 : f32
  %0 = tensor.empty() : tensor<1xi8>
  %y = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
    ins(%x : tensor<1xf32>) outs(%0 : tensor<1xi8>) {
  ^bb0(%a: f32, %b: i8):
    %1 = math.roundeven %a : f32
    %2 = arith.maxnumf %1, %none : f32
    %3 = arith.minnumf %2, %most : f32
    %4 = arith.fptoui %3 : f32 to i8
    %5 = arith.uitofp %4 : i8 to f32
    %6 = math.sqrt %5 : f32
    %7 = math.roundeven %6 : f32
    %8 = arith.fptoui %7 : f32 to i8
    linalg.yield %8 : i8
  } -> tensor<1xi8>
  return %y : tensor<1xi8>
}
