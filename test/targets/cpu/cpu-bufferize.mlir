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
