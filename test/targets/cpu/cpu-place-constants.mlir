// RUN: brisk-opt --cpu-place-constants %s | FileCheck %s

// Constants lie in one block, each at a multiple of 64; equal ones share their place.
// CHECK: module attributes {
// CHECK-SAME: cpu.weight_offsets = array<i64: 0, 64>
// CHECK-SAME: cpu.weights = [dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]> : tensor<3xf32>, dense<7> : tensor<2xi64>]
// CHECK: llvm.mlir.global external hidden constant @brisk_weights_base()
// CHECK-NOT: memref.global
memref.global "private" constant @a : memref<3xf32> = dense<[1.0, 2.0, 3.0]>
memref.global "private" constant @b : memref<2xi64> = dense<7>
memref.global "private" constant @c : memref<3xf32> = dense<[1.0, 2.0, 3.0]>

// CHECK-LABEL: func.func @run
// CHECK: %[[BASE:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
// CHECK: %[[SECOND:.*]] = llvm.mlir.constant(64 : i64)
// CHECK-NEXT: llvm.getelementptr %[[BASE]][%[[SECOND]]]
// CHECK: llvm.getelementptr %[[BASE]]
// CHECK-NOT: memref.get_global
func.func @run(%x: memref<3xf32>, %y: memref<2xi64>) {
  %a = memref.get_global @a : memref<3xf32>
  %b = memref.get_global @b : memref<2xi64>
  %c = memref.get_global @c : memref<3xf32>
  linalg.copy ins(%a : memref<3xf32>) outs(%x : memref<3xf32>)
  linalg.copy ins(%b : memref<2xi64>) outs(%y : memref<2xi64>)
  linalg.copy ins(%c : memref<3xf32>) outs(%x : memref<3xf32>)
  return
}
