// RUN: brisk-opt --predict-latency --split-input-file %s -o /dev/null 2>&1 | FileCheck %s
// RUN: brisk-opt --predict-latency=isa=narrow --split-input-file %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=NARROW

// Elementwise work out of the nearest cache: 16 whole vectors, for each two reads, a sum and a write.
// 16 * (3 / 4 + 1 / 2) = 20 ns, and 10 for the call; 40 more for the run. Half as wide vectors: twice the instructions.
// CHECK-LABEL: kernel 'sum': memory, 1.000 calls, 256.000 flops, 3072.000 bytes, 0.030 us
// CHECK: total: 0.070 us
// NARROW-LABEL: kernel 'sum': memory, 1.000 calls, 256.000 flops, 3072.000 bytes, 0.050 us
module attributes {machine.desc = #machine.desc<{
    isas = [{name = "narrow", vector_bits = 256 : i64}, {name = "wide", vector_bits = 512 : i64}],
    memory = [{name = "near", bytes = 65536, gb_per_s = 100}, {name = "far", gb_per_s = 10.0}],
    rates = {access = 4, simple = 2}, overheads = {kernel = 10, entry = 0, run = 40}}>} {
  func.func @main(%x: memref<256xf32>, %y: memref<256xf32>, %z: memref<256xf32>) {
    linalg.add ins(%x, %y : memref<256xf32>, memref<256xf32>) outs(%z : memref<256xf32>) loc("sum")
    return
  }
}

// -----

// Data from beyond the cache, ten times: the bytes take longer than the instructions, written ones twice.
// CHECK-LABEL: kernel 'copy': recurrence, 10.000 calls, 0.000 flops, 20971520.000 bytes, 3166.047 us
module attributes {machine.desc = #machine.desc<{
    isas = [{name = "narrow", vector_bits = 256 : i64}],
    memory = [{name = "near", bytes = 65536, gb_per_s = 100}, {name = "far", gb_per_s = 10.0}],
    overheads = {kernel = 10, entry = 0, run = 0}, rates = {access = 12}}>} {
  func.func @main(%x: memref<262144xf32>, %y: memref<262144xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c10 = arith.constant 10 : index
    scf.for %i = %c0 to %c10 step %c1 {
      linalg.copy ins(%x : memref<262144xf32>) outs(%y : memref<262144xf32>) loc("copy")
    }
    return
  }
}

// -----

// A function called twice is two kernels with the names of their callers; a contraction is as fast as its data type,
// but for idle places: 128 rows are 11 blocks of at most 12.
// CHECK-LABEL: kernel 'one': contraction, 1.000 calls, 4194304.000 flops
// CHECK-SAME: 43.424 us
// CHECK: kernel 'two': contraction, 1.000 calls, 4194304.000 flops
module attributes {machine.desc = #machine.desc<{
    isas = [{name = "narrow", vector_bits = 256 : i64, compute = {f32 = 100.0}}],
    memory = [{name = "all", gb_per_s = 1000}], overheads = {kernel = 0, tile = 0, entry = 0, run = 0},
    rates = {access = 12}}>} {
  func.func @main(%a: memref<128x128xf32>, %b: memref<4x128x32xf32>, %c: memref<128x128xf32>) {
    func.call @kernel(%a, %b, %c) : (memref<128x128xf32>, memref<4x128x32xf32>, memref<128x128xf32>) -> () loc("one")
    func.call @kernel(%a, %b, %c) : (memref<128x128xf32>, memref<4x128x32xf32>, memref<128x128xf32>) -> () loc("two")
    return
  }
  func.func private @kernel(%a: memref<128x128xf32>, %b: memref<4x128x32xf32>, %c: memref<128x128xf32>) {
    cpu.contract {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n floordiv 32, k, n mod 32)>,
                                   affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%a, %b : memref<128x128xf32>, memref<4x128x32xf32>) outs(%c : memref<128x128xf32>) {
    ^bb0(%sum: f32):
      cpu.yield %sum : f32
    }
    return
  }
}

// -----

// What is not known is said: sizes, and how often loops run.
// CHECK-LABEL: kernel 'open': memory
// CHECK: warning: not known: how often the loop of node 'loop' runs
// CHECK: warning: not known: the sizes of node 'open'
module attributes {machine.desc = #machine.desc<{isas = [{name = "narrow", vector_bits = 256 : i64}]}>} {
  func.func @main(%x: memref<?xf32>, %n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %n step %c1 {
      linalg.copy ins(%x : memref<?xf32>) outs(%x : memref<?xf32>) loc("open")
    } loc("loop")
    return
  }
}

// -----

// An epilogue is done once for each result: 16 * 4 additions of vectors, 4 a ns, and 4 divisions, 10 ns each.
// CHECK-LABEL: kernel 'mean': reduction, 1.000 calls, 1024.000 flops, 4352.000 bytes, 0.056 us
module attributes {machine.desc = #machine.desc<{isas = [{name = "narrow", vector_bits = 512 : i64}],
    rates = {simple = 4, divide = 0.1, access = 10000}, overheads = {kernel = 0, entry = 0, horizontal = 0}}>} {
  func.func @main(%x: memref<16x64xf32>, %y: memref<64xf32>) {
    %n = arith.constant 16.0 : f32
    cpu.reduce {indexing_maps = [affine_map<(c, k) -> (k, c)>, affine_map<(c, k) -> (c)>],
                iterator_types = ["parallel", "reduction"], num_factors = 1 : i64, initial = 0.0 : f32}
      ins(%x : memref<16x64xf32>) outs(%y : memref<64xf32>) {
    ^bb0(%e: f32, %sum: f32):
      %0 = arith.addf %sum, %e : f32
      cpu.yield %0 : f32
    } {
    ^bb0(%sum: f32):
      %1 = arith.divf %sum, %n : f32
      cpu.yield %1 : f32
    } loc("mean")
    return
  }
}

// -----

// Channel by channel: no loop of the second factor alone makes columns, so sums run along the result: 2 vectors, 9 steps.
// CHECK-LABEL: kernel 'channels': depthwise, 1.000 calls, 576.000 flops
// CHECK-SAME: 0.018 us
module attributes {machine.desc = #machine.desc<{
    isas = [{name = "narrow", vector_bits = 512 : i64, compute = {f32 = 32.0}}],
    rates = {access = 10000}, overheads = {kernel = 0, entry = 0}}>} {
  func.func @main(%a: memref<9x32xf32>, %b: memref<9x32xf32>, %c: memref<32xf32>) {
    cpu.contract {indexing_maps = [affine_map<(c, k) -> (k, c)>, affine_map<(c, k) -> (k, c)>, affine_map<(c, k) -> (c)>],
                  iterator_types = ["parallel", "reduction"]}
        ins(%a, %b : memref<9x32xf32>, memref<9x32xf32>) outs(%c : memref<32xf32>) {
    ^bb0(%sum: f32):
      cpu.yield %sum : f32
    } loc("channels")
    return
  }
}
