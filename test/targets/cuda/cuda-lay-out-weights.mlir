// RUN: brisk-opt %s --cuda-lay-out-weights | FileCheck %s

// Weights of a convolution: window first, then channels as the image has them, then results.
// CHECK: #[[W:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3, d1)>
#image = affine_map<(p, o, w, c) -> (p + w, c)>
#weights = affine_map<(p, o, w, c) -> (o, c, w)>
#result = affine_map<(p, o, w, c) -> (p, o)>
// CHECK-LABEL: func.func @convolution(
// CHECK: %[[CONSTANT:.*]] = arith.constant dense_resource<reordered> : tensor<3x2x2xf32>
// CHECK: indexing_maps = [#{{.*}}, #[[W]], #{{.*}}]
// CHECK-SAME: ins(%{{.*}}, %[[CONSTANT]] : tensor<7x2xf32>, tensor<3x2x2xf32>)
func.func @convolution(%x: tensor<7x2xf32>, %y: tensor<5x2xf32>) -> tensor<5x2xf32> {
  %w = arith.constant dense<[[[0., 1., 2.], [3., 4., 5.]], [[6., 7., 8.], [9., 10., 11.]]]> : tensor<2x2x3xf32>
  %0 = linalg.generic {indexing_maps = [#image, #weights, #result], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
    ins(%x, %w : tensor<7x2xf32>, tensor<2x2x3xf32>) outs(%y : tensor<5x2xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<5x2xf32>
  return %0 : tensor<5x2xf32>
}

// As they should be, or no constants: left alone.
// CHECK-LABEL: func.func @product(
// CHECK: linalg.generic
// CHECK-SAME: ins(%arg0, %cst : tensor<2x2xf32>, tensor<2x2xf32>)
func.func @product(%x: tensor<2x2xf32>, %y: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<[[0., 1.], [2., 3.]]> : tensor<2x2xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%y : tensor<2x2xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// CHECK: reordered: "0x{{[0-9A-F]*}}0000000000000000C04000004040{{[0-9A-F]*}}"
