// RUN: brisk-opt --pass-pipeline='builtin.module(func.func(cpu-emit-kernels{isa=x86-64-v4},canonicalize,cse))' %s | FileCheck %s

// No rows and no columns: there is nothing to plan, and nothing is divided by them.
// CHECK-LABEL: @rows
// CHECK-NOT: vector.store
// CHECK-LABEL: @columns
func.func @rows(%a: memref<0x5xf32>, %b: memref<5x32xf32>, %c: memref<0x32xf32>) {
  cpu.contract {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<0x5xf32>, memref<5x32xf32>) outs(%c : memref<0x32xf32>) {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }
  return
}

// CHECK-NOT: vector.store
func.func @columns(%a: memref<3x5xf32>, %b: memref<5x0xf32>, %c: memref<3x0xf32>) {
  cpu.contract {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<3x5xf32>, memref<5x0xf32>) outs(%c : memref<3x0xf32>) {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }
  return
}
