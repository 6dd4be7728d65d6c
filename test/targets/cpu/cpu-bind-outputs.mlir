// RUN: brisk-opt --cpu-bind-outputs %s --split-input-file | FileCheck %s

// Inputs and results of static shape become memref arguments; the result is
// written where the caller wants it.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]+]]: memref<4xf32>, %[[Y:[^:]+]]: memref<4xf32>)
// CHECK: %[[IN:.*]] = bufferization.to_tensor %[[X]] restrict
// CHECK: %[[NEG:.*]] = linalg.generic {{.*}} ins(%[[IN]] : tensor<4xf32>)
// CHECK: bufferization.materialize_in_destination %[[NEG]] in restrict writable %[[Y]]
// CHECK-NEXT: return{{$}}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %empty = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
    ins(%x : tensor<4xf32>) outs(%empty : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// A result with open dims is an allocation that is handed back.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %{{[^:]+}}: memref<?xf32>) -> memref<?xf32>
// CHECK: %[[Y:.*]] = memref.alloc(%{{.*}}) {{.*}}: memref<?xf32>
// CHECK: bufferization.materialize_in_destination %{{.*}} in restrict writable %[[Y]]
// CHECK: return %[[Y]]
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %zero = arith.constant 0 : index
  %n = tensor.dim %x, %zero : tensor<?xf32>
  %empty = tensor.empty(%n) : tensor<?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
    ins(%x : tensor<?xf32>) outs(%empty : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %m = arith.negf %a : f32
    linalg.yield %m : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}
