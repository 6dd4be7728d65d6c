// RUN: brisk-opt --cpu-bufferize %s | FileCheck %s

// A producer writes straight into its destination; what has to be kept apart
// gets an aligned allocation, and no deallocation.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]+]]: memref<4xf32>, %[[Y:[^:]+]]: memref<4xf32>)
// CHECK: %[[TMP:.*]] = memref.alloc() {alignment = 64 : i64} : memref<4xf32>
// CHECK: linalg.exp ins(%[[X]] : {{.*}}) outs(%[[TMP]] :
// CHECK: linalg.add ins(%[[TMP]], %[[X]] : {{.*}}) outs(%[[Y]] :
// CHECK-NOT: tensor<
// CHECK-NOT: memref.dealloc
func.func @main(%x: memref<4xf32>, %y: memref<4xf32>) {
  %in = bufferization.to_tensor %x restrict : memref<4xf32> to tensor<4xf32>
  %e0 = tensor.empty() : tensor<4xf32>
  %exp = linalg.exp ins(%in : tensor<4xf32>) outs(%e0 : tensor<4xf32>) -> tensor<4xf32>
  %e1 = tensor.empty() : tensor<4xf32>
  %sum = linalg.add ins(%exp, %in : tensor<4xf32>, tensor<4xf32>) outs(%e1 : tensor<4xf32>) -> tensor<4xf32>
  bufferization.materialize_in_destination %sum in restrict writable %y : (tensor<4xf32>, memref<4xf32>) -> ()
  return
}

// A copy that has to be made is a structured op like any other.
// CHECK-LABEL: func.func @copy(
// CHECK-SAME: %[[X:[^:]+]]: memref<4xf32>, %[[Y:[^:]+]]: memref<4xf32>)
// CHECK: linalg.copy ins(%[[X]] : memref<4xf32>) outs(%[[Y]] : memref<4xf32>)
// CHECK-NOT: memref.copy
func.func @copy(%x: memref<4xf32>, %y: memref<4xf32>) {
  %in = bufferization.to_tensor %x restrict : memref<4xf32> to tensor<4xf32>
  bufferization.materialize_in_destination %in in restrict writable %y : (tensor<4xf32>, memref<4xf32>) -> ()
  return
}

// Two states of a loop that start from one empty tensor get a buffer each.
// CHECK-LABEL: func.func @states(
// CHECK-DAG: %[[A:.*]] = memref.alloc
// CHECK-DAG: %[[B:.*]] = memref.alloc
// CHECK: scf.for
// CHECK: memref.store %{{.*}}, %[[FIRST:.*]][
// CHECK: %[[READ:.*]] = memref.load %[[FIRST]]
// CHECK-NOT: memref.store %{{.*}}, %[[FIRST]][
func.func @states(%n: index, %v: f32, %y: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<4xf32>
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %e, %b = %e) -> (tensor<4xf32>, tensor<4xf32>) {
    %next = tensor.insert %v into %a[%i] : tensor<4xf32>
    %old = tensor.extract %next[%c0] : tensor<4xf32>
    %other = tensor.insert %old into %b[%c1] : tensor<4xf32>
    scf.yield %next, %other : tensor<4xf32>, tensor<4xf32>
  }
  %sum = tensor.empty() : tensor<4xf32>
  %s = linalg.add ins(%r#0, %r#1 : tensor<4xf32>, tensor<4xf32>) outs(%sum : tensor<4xf32>) -> tensor<4xf32>
  bufferization.materialize_in_destination %s in restrict writable %y : (tensor<4xf32>, memref<4xf32>) -> ()
  return
}

// Two sums that start from one filled tensor each fill their own destination.
// CHECK-LABEL: func.func @fills(
// CHECK-SAME: %{{.*}}: memref<4x3xi32>, %{{.*}}: memref<4x3xi32>, %[[X:.*]]: memref<3xi32>, %[[Y:.*]]: memref<3xi32>
// CHECK-DAG: linalg.generic {{.*}} ins(%{{.*}} : memref<4x3xi32>) outs(%[[X]]
// CHECK-DAG: linalg.generic {{.*}} ins(%{{.*}} : memref<4x3xi32>) outs(%[[Y]]
func.func @fills(%a: memref<4x3xi32>, %b: memref<4x3xi32>, %x: memref<3xi32>, %y: memref<3xi32>) {
  %zero = arith.constant 0 : i32
  %at = bufferization.to_tensor %a restrict : memref<4x3xi32> to tensor<4x3xi32>
  %bt = bufferization.to_tensor %b restrict : memref<4x3xi32> to tensor<4x3xi32>
  %empty = tensor.empty() : tensor<3xi32>
  %fill = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%empty : tensor<3xi32>) {
  ^bb0(%out: i32):
    linalg.yield %zero : i32
  } -> tensor<3xi32>
  %s = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>], iterator_types = ["reduction", "parallel"]} ins(%at : tensor<4x3xi32>) outs(%fill : tensor<3xi32>) {
  ^bb0(%in: i32, %out: i32):
    %0 = arith.addi %in, %out : i32
    linalg.yield %0 : i32
  } -> tensor<3xi32>
  %t = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>], iterator_types = ["reduction", "parallel"]} ins(%bt : tensor<4x3xi32>) outs(%fill : tensor<3xi32>) {
  ^bb0(%in: i32, %out: i32):
    %0 = arith.addi %in, %out : i32
    linalg.yield %0 : i32
  } -> tensor<3xi32>
  bufferization.materialize_in_destination %s in restrict writable %x : (tensor<3xi32>, memref<3xi32>) -> ()
  bufferization.materialize_in_destination %t in restrict writable %y : (tensor<3xi32>, memref<3xi32>) -> ()
  return
}

// The parts of a tensor.concat are written into one buffer, each behind the one before.
// CHECK-LABEL: func.func @concat(
// CHECK-SAME: %[[X:[^:]+]]: memref<?x4xf32>, %[[Y:[^:]+]]: memref<2x4xf32>, %[[OUT:[^:]+]]: memref<?x4xf32>)
// CHECK: %[[END:.*]] = arith.addi %[[N:.*]], %c2
// CHECK: %[[ALL:.*]] = memref.alloc(%[[END]]) : memref<?x4xf32>
// CHECK: %[[FIRST:.*]] = memref.subview %[[ALL]][0, 0] [%{{.*}}, 4] [1, 1]
// CHECK: linalg.copy ins(%[[X]] : {{.*}}) outs(%[[FIRST]] :
// CHECK: %[[SECOND:.*]] = memref.subview %[[ALL]][%[[N]], 0] [2, 4] [1, 1]
// CHECK: linalg.copy ins(%[[Y]] : {{.*}}) outs(%[[SECOND]] :
// CHECK: linalg.copy ins(%[[ALL]] : {{.*}}) outs(%[[OUT]] :
func.func @concat(%x: memref<?x4xf32>, %y: memref<2x4xf32>, %out: memref<?x4xf32>) {
  %a = bufferization.to_tensor %x restrict : memref<?x4xf32> to tensor<?x4xf32>
  %b = bufferization.to_tensor %y restrict : memref<2x4xf32> to tensor<2x4xf32>
  %c = tensor.concat dim(0) %a, %b : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
  bufferization.materialize_in_destination %c in restrict writable %out : (tensor<?x4xf32>, memref<?x4xf32>) -> ()
  return
}
