// RUN: brisk-opt %s --npu-outline-kernels 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=WARNING < %t
// RUN: brisk-opt %s --npu-outline-kernels=fallback=quiet 2>&1 | FileCheck %s --check-prefix=QUIET
// RUN: not brisk-opt %s --npu-outline-kernels=fallback=error 2>&1 | FileCheck %s --check-prefix=ERROR

// Every op is announced; a structured op becomes a function of its own, a kernel of the table is called where it stands.
// CHECK: module attributes {npu.kernels = ["", "lookup", "", "scalar"], npu.packets = array<f64: {{.*}}>}
// WARNING: warning: {{9[0-9].*}}% of the predicted packets are scalar code: quantize the model, or see the table
// QUIET-NOT: warning
// ERROR: error: no kernel takes this op over, and --npu-fallback=error forbids scalar code
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
