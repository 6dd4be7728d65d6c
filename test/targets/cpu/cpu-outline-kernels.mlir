// RUN: brisk-opt --cpu-outline-kernels %s | FileCheck %s

// Equal ops share a kernel; each call keeps its node name and place in profiles.
// CHECK: module attributes {cpu.kernels = ["one", "exp", "two", "exp", "three", "generic", "four", "generic"]}
// CHECK-LABEL: func.func @run(
// CHECK: %[[X:.*]] = memref.alloc
// CHECK: %[[Y:.*]] = memref.alloc
// CHECK: call @kernel_0(%[[X]], %[[Y]]) {cpu.index = 0 : i32}
// CHECK: call @kernel_0(%[[Y]], %[[X]]) {cpu.index = 1 : i32}
// Kernels of bytes that differ in a scale share one; the scale is an argument.
// CHECK: call @kernel_1(%{{.*}}, %{{.*}}, %[[S:.*]]) {cpu.index = 2 : i32}
// CHECK: call @kernel_1(%{{.*}}, %{{.*}}, %[[T:.*]]) {cpu.index = 3 : i32}
// CHECK: func.func private @kernel_0(%[[IN:.*]]: memref<4xf32>, %[[OUT:.*]]: memref<4xf32>) attributes {cpu.kernel}
// CHECK-NEXT: linalg.exp ins(%[[IN]] : memref<4xf32>) outs(%[[OUT]] : memref<4xf32>)
// A copy of a buffer onto itself is none.
// CHECK: func.func private @kernel_1(%{{.*}}: memref<4xi8>, %{{.*}}: memref<4xf32>, %{{.*}}: f32)
// CHECK-NOT: @kernel_2
func.func @run(%call: !llvm.ptr) -> i32 {
  %x = memref.alloc() : memref<4xf32>
  %y = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%y : memref<4xf32>) loc("one")
  linalg.exp ins(%y : memref<4xf32>) outs(%x : memref<4xf32>) loc("two")
  linalg.copy ins(%x : memref<4xf32>) outs(%x : memref<4xf32>)
  %q = memref.alloc() : memref<4xi8>
  %s = arith.constant 0.3 : f32
  %t = arith.constant 0.7 : f32
  linalg.generic {indexing_maps = [affine_map<(n) -> (n)>, affine_map<(n) -> (n)>], iterator_types = ["parallel"]}
      ins(%q : memref<4xi8>) outs(%y : memref<4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.sitofp %in : i8 to f32
    %1 = arith.mulf %0, %s : f32
    linalg.yield %1 : f32
  } loc("three")
  linalg.generic {indexing_maps = [affine_map<(n) -> (n)>, affine_map<(n) -> (n)>], iterator_types = ["parallel"]}
      ins(%q : memref<4xi8>) outs(%y : memref<4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.sitofp %in : i8 to f32
    %1 = arith.mulf %0, %t : f32
    linalg.yield %1 : f32
  } loc("four")
  %ok = arith.constant 0 : i32
  return %ok : i32
}
