// RUN: brisk-opt --cpu-fuse-epilogue %s | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (j)>
#turned = affine_map<(i, j) -> (j, i)>

// CHECK-DAG: #[[BIAS:.*]] = affine_map<(d0, d1, d2) -> (d1)>
// CHECK-DAG: #[[TURNED:.*]] = affine_map<(d0, d1, d2) -> (d1, d0)>

// Bias and activation happen before the sum is stored.
// CHECK-LABEL: func.func @bias_relu(
// CHECK-SAME: %[[A:.*]]: tensor<5x99xf32>, %[[B:.*]]: tensor<99x40xf32>, %[[X:.*]]: tensor<40xf32>
// CHECK: cpu.contract
// CHECK-SAME: #[[BIAS]]
// CHECK-SAME: ins(%[[A]], %[[B]], %[[X]]
// CHECK: ^bb0(%[[SUM:.*]]: f32, %[[E:.*]]: f32):
// CHECK: arith.addf %[[SUM]], %[[E]]
// CHECK: arith.maximumf
// CHECK: cpu.yield
// CHECK-NOT: linalg.generic
func.func @bias_relu(%a: tensor<5x99xf32>, %b: tensor<99x40xf32>, %x: tensor<40xf32>) -> tensor<5x40xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<5x40xf32>
  %0 = cpu.contract {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<5x99xf32>, tensor<99x40xf32>) outs(%empty : tensor<5x40xf32>) {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  } -> tensor<5x40xf32>
  %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %x : tensor<5x40xf32>, tensor<40xf32>) outs(%empty : tensor<5x40xf32>) {
  ^bb0(%s: f32, %e: f32, %o: f32):
    %2 = arith.addf %s, %e : f32
    %3 = arith.maximumf %2, %zero : f32
    linalg.yield %3 : f32
  } -> tensor<5x40xf32>
  return %1 : tensor<5x40xf32>
}

// A long sum hides scattered stores: the transposition is gone.
// CHECK-LABEL: func.func @turned(
// CHECK: cpu.contract
// CHECK-SAME: #[[TURNED]]
// CHECK-NOT: linalg.generic
func.func @turned(%a: tensor<5x99xf32>, %b: tensor<99x40xf32>) -> tensor<40x5xf32> {
  %empty = tensor.empty() : tensor<5x40xf32>
  %other = tensor.empty() : tensor<40x5xf32>
  %0 = cpu.contract {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<5x99xf32>, tensor<99x40xf32>) outs(%empty : tensor<5x40xf32>) {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  } -> tensor<5x40xf32>
  %1 = linalg.generic {indexing_maps = [#turned, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<5x40xf32>) outs(%other : tensor<40x5xf32>) {
  ^bb0(%s: f32, %o: f32):
    linalg.yield %s : f32
  } -> tensor<40x5xf32>
  return %1 : tensor<40x5xf32>
}

// The sums are used twice: nothing moves.
// CHECK-LABEL: func.func @shared(
// CHECK: cpu.contract
// CHECK: linalg.generic
func.func @shared(%a: tensor<5x99xf32>, %b: tensor<99x40xf32>) -> (tensor<5x40xf32>, tensor<5x40xf32>) {
  %empty = tensor.empty() : tensor<5x40xf32>
  %0 = cpu.contract {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<5x99xf32>, tensor<99x40xf32>) outs(%empty : tensor<5x40xf32>) {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  } -> tensor<5x40xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<5x40xf32>) outs(%empty : tensor<5x40xf32>) {
  ^bb0(%s: f32, %o: f32):
    %2 = arith.negf %s : f32
    linalg.yield %2 : f32
  } -> tensor<5x40xf32>
  return %0, %1 : tensor<5x40xf32>, tensor<5x40xf32>
}
