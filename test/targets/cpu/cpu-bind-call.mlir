// RUN: brisk-opt --cpu-bind-call %s --split-input-file | FileCheck %s

// Inputs and outputs are read from the call; the entry gives a status.
// CHECK-LABEL: func.func @run(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr) -> i32
// CHECK: %[[INPUTS:.*]] = llvm.load %[[CALL]] : !llvm.ptr -> !llvm.ptr
// CHECK: llvm.load %[[INPUTS]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[X:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<4xf32>
// CHECK: %[[FIELD:.*]] = llvm.getelementptr %[[CALL]][16]
// CHECK: llvm.load %[[FIELD]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[Y:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<4xf32>
// CHECK: linalg.exp ins(%[[X]] : memref<4xf32>) outs(%[[Y]] : memref<4xf32>)
// CHECK: %[[OK:.*]] = llvm.mlir.constant(0 : i32)
// CHECK: return %[[OK]]
func.func @main(%x: memref<4xf32>, %y: memref<4xf32>) attributes {cpu.outputs = array<i32: 1>} {
  linalg.exp ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
  return
}

// -----

// An open dim of an input comes from the call's dims.
// CHECK-LABEL: func.func @run(
// CHECK: %[[FIELD:.*]] = llvm.getelementptr %arg0[8]
// CHECK: %[[ALL:.*]] = llvm.load %[[FIELD]]
// CHECK: %[[DIMS:.*]] = llvm.load %[[ALL]]
// CHECK: %[[DIM:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i64
// CHECK: builtin.unrealized_conversion_cast %{{.*}} to memref<?xf32>
func.func @main(%x: memref<?xf32>, %y: memref<4xf32>) attributes {cpu.outputs = array<i32: 1>} {
  %zero = arith.constant 0 : index
  %first = memref.load %x[%zero] : memref<?xf32>
  linalg.fill ins(%first : f32) outs(%y : memref<4xf32>)
  return
}
