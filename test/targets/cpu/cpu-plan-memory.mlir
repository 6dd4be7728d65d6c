// RUN: brisk-opt --cpu-plan-memory %s --split-input-file | FileCheck %s

// A buffer takes the place of one whose last use is past: three buffers of 448
// bytes need two places.
// CHECK: module attributes {cpu.arena_size = 896 : i64}
// CHECK-LABEL: func.func @run(
// CHECK: %[[FIELD:.*]] = llvm.getelementptr %arg0[32]
// CHECK: %[[ARENA:.*]] = llvm.load %[[FIELD]]
// CHECK: %[[X:.*]] = llvm.mlir.constant(0 : i64)
// CHECK: llvm.getelementptr %[[ARENA]][%[[X]]]
// CHECK: %[[Y:.*]] = llvm.mlir.constant(448 : i64)
// CHECK: llvm.getelementptr %[[ARENA]][%[[Y]]]
// CHECK: llvm.getelementptr %[[ARENA]]
// CHECK-NOT: memref.alloc
func.func @run(%call: !llvm.ptr) -> i32 {
  %x = memref.alloc() : memref<100xf32>
  %y = memref.alloc() : memref<100xf32>
  %z = memref.alloc() : memref<100xf32>
  linalg.exp ins(%x : memref<100xf32>) outs(%y : memref<100xf32>)
  linalg.exp ins(%y : memref<100xf32>) outs(%z : memref<100xf32>)
  linalg.exp ins(%z : memref<100xf32>) outs(%z : memref<100xf32>)
  %ok = arith.constant 0 : i32
  return %ok : i32
}

// -----

// A view keeps its buffer alive: %y must not lie where %x lies.
// CHECK: module attributes {cpu.arena_size = 128 : i64}
// CHECK-LABEL: func.func @run(
func.func @run(%call: !llvm.ptr) -> i32 {
  %x = memref.alloc() : memref<4x4xf32>
  %view = memref.collapse_shape %x [[0, 1]] : memref<4x4xf32> into memref<16xf32>
  %y = memref.alloc() : memref<16xf32>
  linalg.exp ins(%y : memref<16xf32>) outs(%y : memref<16xf32>)
  linalg.exp ins(%view : memref<16xf32>) outs(%y : memref<16xf32>)
  linalg.exp ins(%y : memref<16xf32>) outs(%view : memref<16xf32>)
  %ok = arith.constant 0 : i32
  return %ok : i32
}

// -----

// Sizes known at entry are asked for there, at once. A product beyond 64 bits asks for what no machine has; no memory
// fails the run and names the node of the largest buffer.
// CHECK: module attributes {cpu.arena_size = 0 : i64}
// CHECK-LABEL: func.func @run(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr, %[[N:.*]]: index)
// CHECK: %[[COUNT:.*]] = arith.index_cast %[[N]] : index to i64
// CHECK: %[[LOW:.*]], %[[HIGH:.*]] = arith.mului_extended %{{.*}}, %[[COUNT]]
// CHECK: arith.cmpi ult, %[[LOW]]
// CHECK: arith.cmpi eq, %[[HIGH]]
// CHECK: arith.select
// CHECK: %[[FIELD:.*]] = llvm.getelementptr %[[CALL]][40]
// CHECK: %[[RESERVE:.*]] = llvm.load %[[FIELD]]
// CHECK: %[[ARENA:.*]] = llvm.call %[[RESERVE]](%[[CALL]], %{{.*}})
// CHECK: %[[NONE:.*]] = llvm.icmp "eq" %[[ARENA]],
// CHECK: scf.if %[[NONE]] {
// CHECK: %[[WHERE:.*]] = llvm.select
// CHECK: %[[FAIL:.*]] = llvm.load
// CHECK: llvm.call %[[FAIL]](%[[CALL]], %[[WHERE]],
// CHECK: cf.assert %{{.*}}, "out of memory"
// CHECK-NOT: memref.alloc
func.func @run(%call: !llvm.ptr, %n: index) -> i32 {
  %x = memref.alloc(%n) : memref<?xf32>
  linalg.exp ins(%x : memref<?xf32>) outs(%x : memref<?xf32>)
  %ok = arith.constant 0 : i32
  return %ok : i32
}

// -----

// A size that is read from a buffer asks the runtime where it is known.
// CHECK-LABEL: func.func @run(
// CHECK: %[[SIZE:.*]] = memref.load
// CHECK: %[[FIELD:.*]] = llvm.getelementptr %arg0[48]
// CHECK: %[[ALLOCATE:.*]] = llvm.load %[[FIELD]]
// CHECK: llvm.call %[[ALLOCATE]](%arg0, %{{.*}})
// CHECK: cf.assert %{{.*}}, "out of memory"
func.func @run(%call: !llvm.ptr, %sizes: memref<1xindex>) -> i32 {
  %zero = arith.constant 0 : index
  %n = memref.load %sizes[%zero] : memref<1xindex>
  %x = memref.alloc(%n) : memref<?xf32>
  linalg.exp ins(%x : memref<?xf32>) outs(%x : memref<?xf32>)
  %ok = arith.constant 0 : i32
  return %ok : i32
}
