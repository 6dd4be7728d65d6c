// RUN: brisk-opt --pass-pipeline='builtin.module(func.func(cpu-emit-kernels{isa=x86-64-v4},canonicalize,cse))' %s | FileCheck %s
// RUN: brisk-opt --pass-pipeline='builtin.module(func.func(cpu-emit-kernels{isa=x86-64-v3},canonicalize,cse))' %s | FileCheck %s --check-prefix=V3

// Loops that walk all operands alike are merged; four vectors a turn, then the rest in lanes of its size.
// CHECK-LABEL: func.func @relu(
// CHECK: %[[END:.*]] = arith.constant 8960 : index
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[END]]
// CHECK-COUNT-4: vector.load %{{.*}} : memref<8968xf32, strided<[1]>>, vector<16xf32>
// CHECK: vector.load %{{.*}} : memref<8968xf32, strided<[1]>>, vector<8xf32>
// CHECK-NOT: memref.alloc
// V3-LABEL: func.func @relu(
// V3: vector.load {{.*}} vector<8xf32>
func.func @relu(%x: memref<19x472xf32>, %y: memref<19x472xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<19x472xf32>) outs(%y : memref<19x472xf32>) {
  ^bb0(%a: f32, %b: f32):
    %zero = arith.constant 0.0 : f32
    %0 = arith.maximumf %a, %zero : f32
    linalg.yield %0 : f32
  }
  return
}

// A reduction of the contiguous axis: independent sums, then one number a row.
// CHECK-LABEL: func.func @sum_of_rows(
// CHECK: scf.for
// CHECK: %[[SUMS:.*]]:4 = scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK: vector.reduction <add>
// CHECK: memref.store
func.func @sum_of_rows(%x: memref<7x768xf32>, %y: memref<7xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<7x768xf32>) outs(%y : memref<7xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %b, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// A transposition goes through square tiles of registers.
// CHECK-LABEL: func.func @transpose(
// CHECK-COUNT-16: vector.load
// CHECK-COUNT-64: vector.shuffle
// CHECK-COUNT-16: vector.store
func.func @transpose(%x: memref<64x32xf32>, %y: memref<32x64xf32>) {
  linalg.transpose ins(%x : memref<64x32xf32>) outs(%y : memref<32x64xf32>) permutation = [1, 0]
  return
}

// With open sizes, the last vector is masked.
// CHECK-LABEL: func.func @open(
// CHECK: vector.create_mask
// CHECK: vector.maskedload
// CHECK: vector.maskedstore
func.func @open(%x: memref<?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  }
  return
}

// Rows looked up in a table are read as vectors.
// CHECK-LABEL: func.func @gather(
// CHECK: %[[ROW:.*]] = memref.load %{{.*}} : memref<6xi64
// CHECK: vector.load %{{.*}} : memref<100x64xf32>, vector<16xf32>
func.func @gather(%table: memref<100x64xf32>, %rows: memref<6xi64>, %y: memref<6x64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
                  iterator_types = ["parallel", "parallel"]}
      ins(%rows : memref<6xi64>) outs(%y : memref<6x64xf32>) {
  ^bb0(%r: i64, %b: f32):
    %i = arith.index_cast %r : i64 to index
    %j = linalg.index 1 : index
    %0 = memref.load %table[%i, %j] : memref<100x64xf32>
    linalg.yield %0 : f32
  }
  return
}

// Threads compute a share of the outermost loop.
// CHECK-LABEL: func.func @shared(
// CHECK-SAME: %[[BEGIN:[a-z0-9]+]]: index, %[[END:[a-z0-9]+]]: index)
// CHECK: scf.for %{{.*}} = %[[BEGIN]] to
func.func @shared(%x: memref<40x8xf32>, %v: memref<8xf32>, %y: memref<40x8xf32>, %begin: index, %end: index)
    attributes {cpu.split} {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
                                   affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %v : memref<40x8xf32>, memref<8xf32>) outs(%y : memref<40x8xf32>) {
  ^bb0(%a: f32, %c: f32, %b: f32):
    %0 = arith.addf %a, %c : f32
    linalg.yield %0 : f32
  }
  return
}
