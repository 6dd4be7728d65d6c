// RUN: brisk-opt --cpu-form-reductions --cpu-fuse-epilogue %s | FileCheck %s

#x = affine_map<(y, c, k) -> (y + k, c)>
#w = affine_map<(y, c, k) -> (c, k)>
#r = affine_map<(y, c, k) -> (y, c)>
#id = affine_map<(y, c) -> (y, c)>
#c = affine_map<(y, c) -> (c)>

// A depthwise convolution: its weights get the order of the result, behind the window, and what follows becomes the epilogue.
// CHECK-LABEL: @depthwise
// CHECK-SAME: (%[[X:.*]]: tensor<6x2xf32>, %[[B:.*]]: tensor<2xf32>)
func.func @depthwise(%x: tensor<6x2xf32>, %bias: tensor<2xf32>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  // CHECK: %[[W:.*]] = arith.constant dense_resource<reordered> : tensor<3x2xf32>
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  // CHECK: %[[R:.*]] = cpu.reduce
  // CHECK-SAME: initial = 0.000000e+00 : f32
  // CHECK-SAME: num_factors = 2
  // CHECK-SAME: ins(%[[X]], %[[W]], %[[B]] :
  // CHECK-NEXT: ^bb0(%[[P:.*]]: f32, %[[Q:.*]]: f32, %[[ACC:.*]]: f32):
  // CHECK: %[[M:.*]] = arith.mulf %[[P]], %[[Q]]
  // CHECK: %[[A:.*]] = arith.addf %[[ACC]], %[[M]]
  // CHECK: cpu.yield %[[A]]
  // CHECK: ^bb0(%[[SUM:.*]]: f32, %[[BIAS:.*]]: f32):
  // CHECK: %[[S:.*]] = arith.addf %[[SUM]], %[[BIAS]]
  // CHECK: cpu.yield %[[S]]
  // CHECK: return %[[R]]
  %s = linalg.generic {indexing_maps = [#x, #w, #r], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<6x2xf32>, tensor<2x3xf32>) outs(%f : tensor<4x2xf32>) {
  ^bb0(%p: f32, %q: f32, %acc: f32):
    %m = arith.mulf %p, %q : f32
    %a = arith.addf %acc, %m : f32
    linalg.yield %a : f32
  } -> tensor<4x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #c, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s, %bias : tensor<4x2xf32>, tensor<2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %a = arith.addf %p, %q : f32
    linalg.yield %a : f32
  } -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// The value may be of another type than what is stored.
// CHECK-LABEL: @bytes
// CHECK: cpu.reduce
// CHECK-SAME: initial = 0 : i32
// CHECK: ^bb0(%{{.*}}: i32):
// CHECK: arith.trunci
// CHECK: -> tensor<2xi8>
func.func @bytes(%x: tensor<5x2xi8>) -> tensor<2xi8> {
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<2xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<2xi32>) -> tensor<2xi32>
  %s = linalg.generic {indexing_maps = [affine_map<(c, k) -> (k, c)>, affine_map<(c, k) -> (c)>],
                       iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<5x2xi8>) outs(%f : tensor<2xi32>) {
  ^bb0(%p: i8, %acc: i32):
    %w = arith.extui %p : i8 to i32
    %a = arith.addi %acc, %w : i32
    linalg.yield %a : i32
  } -> tensor<2xi32>
  %o = tensor.empty() : tensor<2xi8>
  %y = linalg.generic {indexing_maps = [affine_map<(c) -> (c)>, affine_map<(c) -> (c)>], iterator_types = ["parallel"]}
      ins(%s : tensor<2xi32>) outs(%o : tensor<2xi8>) {
  ^bb0(%p: i32, %q: i8):
    %a = arith.trunci %p : i32 to i8
    linalg.yield %a : i8
  } -> tensor<2xi8>
  return %y : tensor<2xi8>
}

// A matrix product is left to blocks of registers; so is what does not start at a constant.
// CHECK-LABEL: @left_alone
// CHECK-NOT: cpu.reduce
func.func @left_alone(%a: tensor<3x4xf32>, %b: tensor<5x4xf32>, %start: tensor<4xf32>) -> (tensor<3x5xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<3x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<3x5xf32>) -> tensor<3x5xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                                        affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<3x4xf32>, tensor<5x4xf32>) outs(%f : tensor<3x5xf32>) {
  ^bb0(%p: f32, %q: f32, %acc: f32):
    %m = arith.mulf %p, %q : f32
    %r = arith.addf %acc, %m : f32
    linalg.yield %r : f32
  } -> tensor<3x5xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(c, k) -> (k, c)>, affine_map<(c, k) -> (c)>],
                       iterator_types = ["parallel", "reduction"]}
      ins(%a : tensor<3x4xf32>) outs(%start : tensor<4xf32>) {
  ^bb0(%p: f32, %acc: f32):
    %r = arith.maximumf %acc, %p : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  return %s, %t : tensor<3x5xf32>, tensor<4xf32>
}
