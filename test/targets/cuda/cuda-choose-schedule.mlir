// RUN: brisk-opt %s --pass-pipeline="builtin.module(func.func(cuda-choose-schedule))" | FileCheck %s
// RUN: brisk-opt %s --pass-pipeline="builtin.module(func.func(cuda-choose-schedule{plain=true}))" | FileCheck %s --check-prefix=PLAIN

// A matrix product is computed in tiles: large ones if there are enough of them.
// CHECK-LABEL: func.func @large(
// CHECK-SAME: cuda.blocks = 256 : i64, cuda.threads = 256 : i64, cuda.tile = array<i64: 128, 128, 8, 8, 8>
// PLAIN-LABEL: func.func @large(
// PLAIN-SAME: cuda.blocks = 16384 : i64, cuda.threads = 256 : i64, cuda.units = 4194304
func.func @large(%x: memref<2048x512xf32>, %w: memref<512x2048xf32>, %y: memref<2048x2048xf32>) attributes {cuda.units = 4194304 : i64} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<2048x2048xf32>)
  linalg.matmul ins(%x, %w : memref<2048x512xf32>, memref<512x2048xf32>) outs(%y : memref<2048x2048xf32>)
  return
}

// CHECK-LABEL: func.func @small(
// CHECK-SAME: cuda.blocks = 12 : i64, cuda.threads = 128 : i64, cuda.tile = array<i64: 32, 32, 16, 4, 2>
func.func @small(%x: memref<100x40xf32>, %w: memref<40x70xf32>, %y: memref<100x70xf32>) attributes {cuda.units = 7000 : i64} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<100x70xf32>)
  linalg.matmul ins(%x, %w : memref<100x40xf32>, memref<40x70xf32>) outs(%y : memref<100x70xf32>)
  return
}

// Long sums of few results are shared by the threads of a block.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: cuda.blocks = 128 : i64, cuda.lanes = 256 : i64, cuda.threads = 256 : i64
func.func @rows(%x: memref<128x768xf32>, %y: memref<128xf32>) attributes {cuda.units = 128 : i64} {
  linalg.reduce { arith.maximumf } ins(%x : memref<128x768xf32>) outs(%y : memref<128xf32>) dimensions = [1]
  return
}

// Short ones, and those that cannot be taken apart, are a thread's.
// CHECK-LABEL: func.func @short(
// CHECK-SAME: cuda.blocks = 2 : i64, cuda.threads = 64 : i64, cuda.units
func.func @short(%x: memref<128x7xf32>, %y: memref<128xf32>) attributes {cuda.units = 128 : i64} {
  linalg.reduce { arith.addf } ins(%x : memref<128x7xf32>) outs(%y : memref<128xf32>) dimensions = [1]
  return
}

// CHECK-LABEL: func.func @differences(
// CHECK-NOT: cuda.lanes
// CHECK: return
func.func @differences(%x: memref<128x768xf32>, %y: memref<128xf32>) attributes {cuda.units = 128 : i64} {
  linalg.reduce { arith.subf } ins(%x : memref<128x768xf32>) outs(%y : memref<128xf32>) dimensions = [1]
  return
}
