// RUN: brisk-opt %s --npu-outline-kernels | FileCheck %s

// Every op is announced; a structured op becomes a function of its own, a kernel of the table is called where it stands.
// CHECK: module attributes {npu.kernels = ["", "lookup", "", "scalar"]}
// CHECK-LABEL: func.func @main(
// CHECK: call @brisk_npu_enter
// CHECK-NEXT: npu.kernel "lookup"
// CHECK: call @brisk_npu_enter
// CHECK-NEXT: call @scalar_1(%{{.*}}, %{{.*}}) : (memref<256xi8>, memref<256xi8>) -> ()
// CHECK: func.func private @scalar_1(
// CHECK: linalg.generic
func.func @main(%x: memref<256xi8>, %table: memref<256xi8>, %y: memref<256xi8>) {
  npu.kernel "lookup" ins(%x, %table : memref<256xi8>, memref<256xi8>) outs(%y : memref<256xi8>) {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>}
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%x : memref<256xi8>) outs(%y : memref<256xi8>) {
  ^bb0(%a: i8, %b: i8):
    %0 = arith.addi %a, %b : i8
    linalg.yield %0 : i8
  }
  return
}
