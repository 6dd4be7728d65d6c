// RUN: brisk-opt --pass-pipeline='builtin.module(func.func(cpu-emit-kernels{isa=x86-64-v4},canonicalize,cse))' %s | FileCheck %s

#x = affine_map<(c, k) -> (k, c)>
#c = affine_map<(c, k) -> (c)>

// Sums start in registers, and what is stored is what the epilogue makes of them.
// CHECK-LABEL: @mean
// CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK-DAG: %[[BIAS:.*]] = memref.reinterpret_cast %arg1
// CHECK-DAG: %[[OUT:.*]] = memref.reinterpret_cast %arg2
// CHECK: %[[SUM:.*]] = scf.for {{.*}} iter_args(%[[ACC:.*]] = %[[ZERO]])
// CHECK: vector.load
// CHECK: arith.addf %[[ACC]]
// CHECK: %[[B:.*]] = vector.load %[[BIAS]]
// CHECK: %[[Y:.*]] = arith.mulf %[[SUM]], %[[B]]
// CHECK: vector.store %[[Y]], %[[OUT]]
func.func @mean(%x: memref<7x16xf32>, %b: memref<16xf32>, %y: memref<16xf32>) {
  cpu.reduce {indexing_maps = [#x, #c, #c], iterator_types = ["parallel", "reduction"], num_factors = 1 : i64, initial = 0.0 : f32}
      ins(%x, %b : memref<7x16xf32>, memref<16xf32>) outs(%y : memref<16xf32>) {
  ^bb0(%e: f32, %s: f32):
    %0 = arith.addf %s, %e : f32
    cpu.yield %0 : f32
  } {
  ^bb0(%s: f32, %f: f32):
    %0 = arith.mulf %s, %f : f32
    cpu.yield %0 : f32
  }
  return
}

#r = affine_map<(c, k) -> (c, k)>

// Along the vector: the lanes are joined with the initial value, then the epilogue runs on the one number.
// CHECK-LABEL: @row
// CHECK: %[[START:.*]] = arith.constant 3.000000e+00 : f32
// CHECK: %[[LANES:.*]] = vector.reduction <add>
// CHECK: %[[ALL:.*]] = arith.addf %[[LANES]], %[[START]]
// CHECK: %[[Y:.*]] = arith.negf %[[ALL]]
// CHECK: memref.store %[[Y]]
func.func @row(%x: memref<5x64xf32>, %y: memref<5xf32>) {
  cpu.reduce {indexing_maps = [#r, #c], iterator_types = ["parallel", "reduction"], num_factors = 1 : i64, initial = 3.0 : f32}
      ins(%x : memref<5x64xf32>) outs(%y : memref<5xf32>) {
  ^bb0(%e: f32, %s: f32):
    %0 = arith.addf %s, %e : f32
    cpu.yield %0 : f32
  } {
  ^bb0(%s: f32):
    %0 = arith.negf %s : f32
    cpu.yield %0 : f32
  }
  return
}

// A window of one element is no loop at all, but still starts at the constant.
// CHECK-LABEL: @unit
// CHECK: %[[OUT:.*]] = memref.reinterpret_cast %arg1
// CHECK-NOT: vector.load %[[OUT]]
// CHECK: arith.maximumf
// CHECK: vector.store %{{.*}}, %[[OUT]]
func.func @unit(%x: memref<1x16xf32>, %y: memref<16xf32>) {
  cpu.reduce {indexing_maps = [#x, #c], iterator_types = ["parallel", "reduction"], num_factors = 1 : i64, initial = 3.0 : f32}
      ins(%x : memref<1x16xf32>) outs(%y : memref<16xf32>) {
  ^bb0(%e: f32, %s: f32):
    %0 = arith.maximumf %s, %e : f32
    cpu.yield %0 : f32
  } {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }
  return
}

// A long sum of floats is a sum of sums, each from zero; a long maximum is one loop.
// CHECK-LABEL: @long
// CHECK: scf.for {{.*}} step %c64 iter_args(%[[ALL:.*]] = %{{.*}}) -> (vector<16xf32>)
// CHECK: %[[PART:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}) -> (vector<16xf32>)
// CHECK: arith.addf %[[ALL]], %[[PART]] : vector<16xf32>
// CHECK: scf.for {{.*}} step %c1 iter_args
// CHECK: arith.maximumf
// CHECK-NOT: scf.for
func.func @long(%x: memref<1000x16xf32>, %y: memref<16xf32>, %z: memref<16xf32>) {
  cpu.reduce {indexing_maps = [#x, #c], iterator_types = ["parallel", "reduction"], num_factors = 1 : i64, initial = 0.0 : f32}
      ins(%x : memref<1000x16xf32>) outs(%y : memref<16xf32>) {
  ^bb0(%e: f32, %s: f32):
    %0 = arith.addf %s, %e : f32
    cpu.yield %0 : f32
  } {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }
  cpu.reduce {indexing_maps = [#x, #c], iterator_types = ["parallel", "reduction"], num_factors = 1 : i64, initial = 0.0 : f32}
      ins(%x : memref<1000x16xf32>) outs(%z : memref<16xf32>) {
  ^bb0(%e: f32, %s: f32):
    %0 = arith.maximumf %s, %e : f32
    cpu.yield %0 : f32
  } {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }
  return
}
