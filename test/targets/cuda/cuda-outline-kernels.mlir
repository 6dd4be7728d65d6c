// RUN: brisk-opt %s --cuda-outline-kernels --split-input-file | FileCheck %s

// Equal ops share a kernel; every launch has its number.
// CHECK: module attributes {cuda.kernels = ["", "exp", "", "tanh", "", "exp"]}
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>, %[[Y:.*]]: memref<8xf32>, %[[Z:.*]]: memref<9xf32>)
// CHECK: call @kernel_0(%[[X]], %[[Y]]) {cuda.launch = 0 : i32}
// CHECK: call @kernel_1(%[[Z]]) {cuda.launch = 1 : i32}
// CHECK: call @kernel_0(%[[Y]], %[[X]]) {cuda.launch = 2 : i32}
// CHECK: func.func private @kernel_0(
// CHECK-SAME: attributes {cuda.units = 8 : i64}
// CHECK: linalg.exp
func.func @main(%x: memref<8xf32>, %y: memref<8xf32>, %z: memref<9xf32>) {
  linalg.exp ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  linalg.tanh ins(%z : memref<9xf32>) outs(%z : memref<9xf32>)
  linalg.exp ins(%y : memref<8xf32>) outs(%x : memref<8xf32>)
  return
}

// -----

// A start value, a sum and what is done to each result are one kernel; the buffer between them exists in registers only.
// CHECK: module attributes {cuda.kernels = ["", "sum"]}
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: memref<4x8xf32>, %[[Y:.*]]: memref<4xf32>)
// CHECK-NOT: memref.alloc
// CHECK: call @kernel_0(%[[X]], %[[Y]])
// CHECK: func.func private @kernel_0(
// CHECK: ub.poison : memref<4xf32>
// CHECK: linalg.fill
// CHECK: linalg.reduce
// CHECK: linalg.exp
func.func @main(%x: memref<4x8xf32>, %y: memref<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %s = memref.alloc() : memref<4xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<4xf32>)
  linalg.reduce { arith.addf } ins(%x : memref<4x8xf32>) outs(%s : memref<4xf32>) dimensions = [1]
  linalg.exp ins(%s : memref<4xf32>) outs(%y : memref<4xf32>)
  return
}

// -----

// A thread that reads what another one wrote needs a kernel of its own.
// CHECK: module attributes {cuda.kernels = ["", "exp", "", "transpose"]}
// CHECK-LABEL: func.func @main(
func.func @main(%x: memref<4x4xf32>, %y: memref<4x4xf32>) {
  %t = memref.alloc() : memref<4x4xf32>
  linalg.exp ins(%x : memref<4x4xf32>) outs(%t : memref<4x4xf32>)
  linalg.transpose ins(%t : memref<4x4xf32>) outs(%y : memref<4x4xf32>) permutation = [1, 0]
  return
}

// -----

// A scalar that @main reads goes into a buffer, what is computed of it into the kernel that needs it; views are made in
// kernels; loops around kernels stay in @main.
// CHECK: module attributes {cuda.kernels = ["", "scalar", "", "fill"]}
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: memref<4xf32>, %[[Y:.*]]: memref<4x8xf32>)
// CHECK-NOT: memref.load
// CHECK: %[[KEPT:.*]] = memref.alloc() : memref<f32>
// CHECK: call @kernel_0(%[[X]], %[[KEPT]])
// CHECK: scf.for %[[I:.*]] =
// CHECK-NEXT: call @kernel_1(
// CHECK: func.func private @kernel_0(
// CHECK-SAME: attributes {cuda.units = 1 : i64}
// CHECK: memref.load
// CHECK: memref.store
// CHECK: func.func private @kernel_1(
// CHECK: %[[VALUE:.*]] = memref.load %{{.*}}[] : memref<f32>
// CHECK: arith.addf %[[VALUE]], %[[VALUE]]
// CHECK: memref.subview
// CHECK: linalg.fill
func.func @main(%x: memref<4xf32>, %y: memref<4x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %v = memref.load %x[%c1] : memref<4xf32>
  %w = arith.addf %v, %v : f32
  scf.for %i = %c0 to %c4 step %c1 {
    %row = memref.subview %y[%i, 0] [1, 8] [1, 1] : memref<4x8xf32> to memref<8xf32, strided<[1], offset: ?>>
    linalg.fill ins(%w : f32) outs(%row : memref<8xf32, strided<[1], offset: ?>>)
  }
  return
}

// -----

// A loop of scalars is one kernel of one thread.
// CHECK: module attributes {cuda.kernels = ["", "scalar"]}
// CHECK: func.func private @kernel_0(
// CHECK-SAME: cuda.units = 1
// CHECK: scf.for
func.func @main(%x: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c1 to %c4 step %c1 {
    %v = memref.load %x[%c0] : memref<4xf32>
    memref.store %v, %x[%i] : memref<4xf32>
  }
  return
}
