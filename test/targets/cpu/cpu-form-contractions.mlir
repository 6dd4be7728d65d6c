// RUN: brisk-opt --cpu-form-contractions --canonicalize %s | FileCheck %s

// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[PACKED:.*]] = affine_map<(d0, d1, d2) -> (d1 floordiv 32, d2, d1 mod 32)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>

// A constant factor is packed in panels of 32 columns; the zeros it started from are gone.
// CHECK-LABEL: func.func @weights(
// CHECK-NOT: linalg.fill
// CHECK: %[[W:.*]] = arith.constant dense_resource<packed{{.*}}> : tensor<2x3x32xf32>
// CHECK: cpu.contract {indexing_maps = [#[[A]], #[[PACKED]], #[[C]]]
// CHECK-SAME: ins(%{{.*}}, %[[W]]
func.func @weights(%a: tensor<5x3xf32>) -> tensor<5x40xf32> {
  %b = arith.constant dense<2.0> : tensor<3x40xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<5x40xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x40xf32>) -> tensor<5x40xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                        affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<5x3xf32>, tensor<3x40xf32>) outs(%init : tensor<5x40xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %p : f32
    linalg.yield %1 : f32
  } -> tensor<5x40xf32>
  return %0 : tensor<5x40xf32>
}

// A factor that runs along the columns already is left as it is.
// CHECK-LABEL: func.func @activations(
// CHECK: cpu.contract
// CHECK-SAME: [#[[A]], #[[B]], #[[C]]]
func.func @activations(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %zero = arith.constant 0.0 : f32
  %init = linalg.fill ins(%zero : f32) outs(%c : tensor<?x?xf32>) -> tensor<?x?xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                        affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%init : tensor<?x?xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %1 = arith.addf %p, %s : f32
    linalg.yield %1 : f32
  } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// Sums that start at something else stay.
// CHECK-LABEL: func.func @accumulate(
// CHECK-NOT: cpu.contract
func.func @accumulate(%a: tensor<5x3xf32>, %b: tensor<3x40xf32>, %c: tensor<5x40xf32>) -> tensor<5x40xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<5x3xf32>, tensor<3x40xf32>) outs(%c : tensor<5x40xf32>) -> tensor<5x40xf32>
  return %0 : tensor<5x40xf32>
}

// Weights become the columns even where the result has its channels first.
// CHECK-LABEL: func.func @channels_first(
// CHECK: dense_resource<packed{{.*}}> : tensor<1x8x3x3x32xf32>
// CHECK: cpu.contract
func.func @channels_first(%x: tensor<8x16x16xf32>, %out: tensor<32x14x14xf32>) -> tensor<32x14x14xf32> {
  %w = arith.constant dense<2.0> : tensor<32x8x3x3xf32>
  %zero = arith.constant 0.0 : f32
  %init = linalg.fill ins(%zero : f32) outs(%out : tensor<32x14x14xf32>) -> tensor<32x14x14xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(o, h, w, c, y, x) -> (c, h + y, w + x)>,
                                        affine_map<(o, h, w, c, y, x) -> (o, c, y, x)>,
                                        affine_map<(o, h, w, c, y, x) -> (o, h, w)>],
                       iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : tensor<8x16x16xf32>, tensor<32x8x3x3xf32>) outs(%init : tensor<32x14x14xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %1 = arith.addf %s, %p : f32
    linalg.yield %1 : f32
  } -> tensor<32x14x14xf32>
  return %0 : tensor<32x14x14xf32>
}
