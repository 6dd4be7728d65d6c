// RUN: brisk-opt %s --cuda-emit-kernels | FileCheck %s

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

// Tiles of both factors go through shared memory, between barriers; what lies outside a matrix is zero, and not stored.
// CHECK: memref.global "private" @product_a : memref<16x36xf32, 3> = uninitialized
// CHECK: memref.global "private" @product_b : memref<16x36xf32, 3> = uninitialized
// CHECK-LABEL: func.func @product(
// CHECK: scf.for {{.*}} iter_args(
// CHECK: scf.if %{{.*}} -> (f32)
// CHECK: memref.load %arg0[
// CHECK: memref.store %{{.*}} : memref<16x36xf32, 3>
// CHECK: memref.load %arg1[
// CHECK: nvvm.barrier0
// CHECK: memref.load %{{.*}} : memref<16x36xf32, 3>
// CHECK: arith.mulf
// CHECK: nvvm.barrier0
// CHECK-NEXT: scf.yield
// CHECK: scf.if
// CHECK: memref.store %{{.*}}, %arg2[
// CHECK: math.exp
// CHECK: memref.store %{{.*}}, %arg3[
func.func @product(%x: memref<100x40xf32>, %w: memref<40x70xf32>, %y: memref<100x70xf32>, %z: memref<100x70xf32>)
    attributes {cuda.units = 7000 : i64, cuda.tile = array<i64: 32, 32, 16, 4, 2>} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<100x70xf32>)
  linalg.matmul ins(%x, %w : memref<100x40xf32>, memref<40x70xf32>) outs(%y : memref<100x70xf32>)
  linalg.exp ins(%y : memref<100x70xf32>) outs(%z : memref<100x70xf32>)
  return
}

// Lanes take every fourth element, halves meet in shared memory, the first lane stores.
// CHECK: memref.global "private" @maxima_lanes : memref<4xf32, 3> = uninitialized
// CHECK-LABEL: func.func @maxima(
// CHECK: %[[LOWEST:.*]] = arith.constant 0xFF800000 : f32
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[LOWEST]])
// CHECK: arith.maximumf
// CHECK-COUNT-3: nvvm.barrier0
// CHECK: arith.cmpi eq
// CHECK: scf.if
// CHECK: arith.maximumf
// CHECK: memref.store %{{.*}}, %arg1[
func.func @maxima(%x: memref<5x100xf32>, %y: memref<5xf32>) attributes {cuda.units = 5 : i64, cuda.lanes = 4 : i64} {
  linalg.reduce { arith.maximumf } ins(%x : memref<5x100xf32>) outs(%y : memref<5xf32>) dimensions = [1]
  return
}
