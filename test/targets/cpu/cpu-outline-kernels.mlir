// RUN: brisk-opt --cpu-outline-kernels %s | FileCheck %s

// Equal ops share a kernel; each call keeps its node name and place in profiles.
// CHECK: module attributes {cpu.kernels = ["one", "exp", "two", "exp"]}
// CHECK-LABEL: func.func @run(
// CHECK: %[[X:.*]] = memref.alloc
// CHECK: %[[Y:.*]] = memref.alloc
// CHECK: call @kernel_0(%[[X]], %[[Y]]) {cpu.index = 0 : i32}
// CHECK: call @kernel_0(%[[Y]], %[[X]]) {cpu.index = 1 : i32}
// CHECK: func.func private @kernel_0(%[[IN:.*]]: memref<4xf32>, %[[OUT:.*]]: memref<4xf32>) attributes {cpu.kernel}
// CHECK-NEXT: linalg.exp ins(%[[IN]] : memref<4xf32>) outs(%[[OUT]] : memref<4xf32>)
// A copy of a buffer onto itself is none.
// CHECK-NOT: @kernel_1
func.func @run(%call: !llvm.ptr) -> i32 {
  %x = memref.alloc() : memref<4xf32>
  %y = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%y : memref<4xf32>) loc("one")
  linalg.exp ins(%y : memref<4xf32>) outs(%x : memref<4xf32>) loc("two")
  linalg.copy ins(%x : memref<4xf32>) outs(%x : memref<4xf32>)
  %ok = arith.constant 0 : i32
  return %ok : i32
}
