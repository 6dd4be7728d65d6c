// RUN: brisk-opt %s --npu-to-llvm | FileCheck %s

// Buffers are bare pointers, an index has 32 bits, a kernel is called with its parameters and its buffers.
// CHECK: llvm.mlir.global internal constant @[[WORDS:.*]](dense<[2, 1, 0, 1, 32, 32, 0, 256, 0]> : tensor<9xi32>) {{.*}}alignment = 8
// CHECK-LABEL: llvm.func @main(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// CHECK: llvm.mlir.addressof @[[WORDS]]
// CHECK: llvm.call @brisk_npu_lookup(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> ()
// CHECK: llvm.getelementptr {{.*}}%{{.*}} : (!llvm.ptr, i32) -> !llvm.ptr, i8
func.func @main(%x: memref<256xi8>, %table: memref<256xi8>, %y: memref<256xi8>) {
  npu.kernel "lookup" ins(%x, %table : memref<256xi8>, memref<256xi8>) outs(%y : memref<256xi8>) {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>}
  %i = arith.constant 3 : index
  %j = arith.index_cast %i : index to i32
  %k = arith.index_cast %j : i32 to index
  %0 = memref.load %y[%k] : memref<256xi8>
  memref.store %0, %y[%i] : memref<256xi8>
  return
}
