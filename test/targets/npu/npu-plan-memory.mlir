// RUN: brisk-opt %s --npu-plan-memory | FileCheck %s
// RUN: brisk-opt %s --npu-plan-memory=vtcm=256 | FileCheck %s --check-prefix=TIGHT
// RUN: brisk-opt %s --npu-plan-memory=vtcm=0 | FileCheck %s --check-prefix=FAR

// The first and the third buffer never live at the same time: they share a place. Offsets are multiples of 128.
// CHECK: module attributes {npu.arena_size = 0 : i64, npu.vtcm_size = 512 : i64}
// Where near memory holds one of them at a time, the other is far, and its place comes after the near ones.
// TIGHT: module attributes {npu.arena_size = 256 : i64, npu.vtcm_size = 256 : i64}
// FAR: module attributes {npu.arena_size = 512 : i64, npu.vtcm_size = 0 : i64}
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[ARENA:[a-z0-9]+]]: memref<512xi8>)
func.func @main(%x: memref<200xi8>, %table: memref<256xi8>, %y: memref<200xi8>) {
  // CHECK: %[[ZERO:.*]] = arith.constant 0
  // CHECK: %[[A:.*]] = memref.view %[[ARENA]][%[[ZERO]]]
  %a = memref.alloc() : memref<200xi8>
  npu.kernel "lookup" ins(%x, %table : memref<200xi8>, memref<256xi8>) outs(%a : memref<200xi8>) {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>}
  // CHECK: %[[SECOND:.*]] = arith.constant 256
  // CHECK: memref.view %[[ARENA]][%[[SECOND]]]
  %b = memref.alloc() : memref<200xi8>
  npu.kernel "lookup" ins(%a, %table : memref<200xi8>, memref<256xi8>) outs(%b : memref<200xi8>) {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>}
  // CHECK: %[[AGAIN:.*]] = arith.constant 0
  // CHECK: memref.view %[[ARENA]][%[[AGAIN]]]
  %c = memref.alloc() : memref<200xi8>
  npu.kernel "lookup" ins(%b, %table : memref<200xi8>, memref<256xi8>) outs(%c : memref<200xi8>) {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>}
  npu.kernel "lookup" ins(%c, %table : memref<200xi8>, memref<256xi8>) outs(%y : memref<200xi8>) {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>}
  return
}
