// RUN: brisk-opt %s --cuda-fail-checks | FileCheck %s

// A failed check leaves its number in the word and ends the thread.
// CHECK: module attributes {cuda.checks = ["gather", "index out of range"]}
// CHECK: llvm.mlir.global external @brisk_failure(0 : i32)
// CHECK-LABEL: func.func @kernel(
// CHECK: cf.cond_br %{{.*}}, ^[[NEXT:.*]], ^[[FAIL:.*]]
// CHECK: ^[[FAIL]]:
// CHECK: %[[ONE:.*]] = llvm.mlir.constant(1 : i32)
// CHECK: llvm.store %[[ONE]]
// CHECK: return
func.func @kernel(%x: memref<4xi32>, %i: index) {
  %c0 = arith.constant 0 : i32
  %c4 = arith.constant 4 : index
  %good = arith.cmpi ult, %i, %c4 : index
  cf.assert %good, "index out of range" loc("gather")
  memref.store %c0, %x[%i] : memref<4xi32>
  return
}
