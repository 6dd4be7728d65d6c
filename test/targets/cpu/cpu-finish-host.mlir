// RUN: brisk-opt --cpu-finish-host %s | FileCheck %s

// A check that fails reports the node and the message, then leaves.
// CHECK-DAG: llvm.mlir.global private constant @[[TEXT:.*]]("expects something\00")
// CHECK-DAG: llvm.mlir.global private constant @[[NODE:.*]]("node_7\00")
// CHECK-LABEL: func.func @run(
// CHECK: cf.cond_br %{{.*}}, ^[[GO:.*]], ^[[FAIL:.*]]
// CHECK: ^[[GO]]:
// CHECK-NEXT: return %c0_i32
// CHECK: ^[[FAIL]]:
// CHECK: %[[WHERE:.*]] = llvm.mlir.addressof @[[NODE]]
// CHECK: %[[WHAT:.*]] = llvm.mlir.addressof @[[TEXT]]
// CHECK: llvm.call %{{.*}}(%arg0, %[[WHERE]], %[[WHAT]])
// CHECK: %[[STATUS:.*]] = llvm.mlir.constant(1 : i32)
// CHECK: return %[[STATUS]]
func.func @run(%call: !llvm.ptr) -> i32 {
  %ok = arith.constant 0 : i32
  %c = llvm.load %call : !llvm.ptr -> i1
  cf.assert %c, "expects something" loc("node_7")
  return %ok : i32
}
