// RUN: brisk-opt %s --pass-pipeline="builtin.module(func.func(cuda-emit-kernels))" | FileCheck %s

// A thread has one row; the sum stays in a register and is stored once.
// CHECK-LABEL: func.func @row_sums(
// CHECK-SAME: %[[X:.*]]: memref<40x7xf32>, %[[Y:.*]]: memref<40xf32>)
// CHECK-DAG: %[[THREAD:.*]] = nvvm.read.ptx.sreg.tid.x : i32
// CHECK-DAG: %[[BLOCK:.*]] = nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK: %[[NUMBER:.*]] = arith.addi
// CHECK: %[[HAS:.*]] = arith.cmpi ult, %[[NUMBER]]
// CHECK: scf.if %[[HAS]]
// CHECK: %[[ROW:.*]] = arith.index_castui %[[NUMBER]] : i32 to index
// CHECK: %[[START:.*]] = memref.load %[[Y]][%[[ROW]]]
// CHECK: %[[SUM:.*]] = scf.for %[[K:.*]] = {{.*}} iter_args(%[[SO_FAR:.*]] = %[[START]])
// CHECK: %[[E:.*]] = memref.load %[[X]][%[[ROW]], %[[K]]]
// CHECK: arith.addf %[[E]], %[[SO_FAR]]
// CHECK: scf.yield
// CHECK: memref.store %[[SUM]], %[[Y]][%[[ROW]]]
func.func @row_sums(%x: memref<40x7xf32>, %y: memref<40xf32>) attributes {cuda.units = 40 : i64} {
  linalg.generic {indexing_maps = [affine_map<(i, k) -> (i, k)>, affine_map<(i, k) -> (i)>], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<40x7xf32>) outs(%y : memref<40xf32>) {
  ^bb0(%e: f32, %s: f32):
    %0 = arith.addf %e, %s : f32
    linalg.yield %0 : f32
  }
  return
}

// The result's last axis runs fastest over threads, whatever the order of loops.
// CHECK-LABEL: func.func @transpose(
// CHECK: %[[C8:.*]] = arith.constant 8 : i32
// CHECK: arith.remui %{{.*}}, %[[C8]]
// CHECK: arith.divui %{{.*}}, %[[C8]]
func.func @transpose(%x: memref<8x40xf32>, %y: memref<40x8xf32>) attributes {cuda.units = 320 : i64} {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>], iterator_types = ["parallel", "parallel"]}
    ins(%x : memref<8x40xf32>) outs(%y : memref<40x8xf32>) {
  ^bb0(%e: f32, %s: f32):
    linalg.yield %e : f32
  }
  return
}

// A result that runs along the loop of the sum is kept in memory.
// CHECK-LABEL: func.func @running_sums(
// CHECK: scf.for
// CHECK: %[[BEFORE:.*]] = memref.load
// CHECK: memref.store
// CHECK: }
func.func @running_sums(%x: memref<9xf32>, %total: memref<f32>, %y: memref<9xf32>) attributes {cuda.units = 1 : i64} {
  linalg.generic {indexing_maps = [affine_map<(k) -> (k)>, affine_map<(k) -> (k)>, affine_map<(k) -> ()>], iterator_types = ["reduction"]}
    ins(%x : memref<9xf32>) outs(%y, %total : memref<9xf32>, memref<f32>) {
  ^bb0(%e: f32, %r: f32, %s: f32):
    %0 = arith.addf %e, %s : f32
    linalg.yield %0, %0 : f32, f32
  }
  return
}
