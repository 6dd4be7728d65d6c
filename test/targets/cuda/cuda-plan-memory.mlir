// RUN: brisk-opt %s --cuda-plan-memory | FileCheck %s

// The first and the third buffer never live at the same time: they share a place. Equal constants do, too.
// CHECK: module attributes {cuda.arena_size = 512 : i64, cuda.weight_offsets = array<i64: 0>, cuda.weights = [dense<1.0{{.*}}>]}
memref.global constant @one : memref<8xf32> = dense<1.0>
memref.global constant @same : memref<8xf32> = dense<1.0>
func.func private @kernel_0(memref<8xf32>, memref<8xf32>)
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<8xf32>, %[[ARENA:[a-z0-9]+]]: memref<512xi8>, %[[WEIGHTS:[a-z0-9]+]]: memref<256xi8>)
func.func @main(%x: memref<8xf32>) {
  // CHECK: %[[C0:.*]] = arith.constant 0 : index
  // CHECK: memref.view %[[WEIGHTS]][%[[C0]]]
  %one = memref.get_global @one : memref<8xf32>
  // CHECK: %[[C0:.*]] = arith.constant 0 : index
  // CHECK: memref.view %[[WEIGHTS]][%[[C0]]]
  %same = memref.get_global @same : memref<8xf32>
  // CHECK: %[[C0:.*]] = arith.constant 0 : index
  // CHECK: memref.view %[[ARENA]][%[[C0]]]
  %a = memref.alloc() : memref<8xf32>
  call @kernel_0(%one, %a) : (memref<8xf32>, memref<8xf32>) -> ()
  // CHECK: %[[C256:.*]] = arith.constant 256 : index
  // CHECK: memref.view %[[ARENA]][%[[C256]]]
  %b = memref.alloc() : memref<8xf32>
  call @kernel_0(%a, %b) : (memref<8xf32>, memref<8xf32>) -> ()
  // CHECK: %[[C0:.*]] = arith.constant 0 : index
  // CHECK: memref.view %[[ARENA]][%[[C0]]]
  %c = memref.alloc() : memref<8xf32>
  call @kernel_0(%b, %c) : (memref<8xf32>, memref<8xf32>) -> ()
  call @kernel_0(%c, %x) : (memref<8xf32>, memref<8xf32>) -> ()
  call @kernel_0(%same, %x) : (memref<8xf32>, memref<8xf32>) -> ()
  return
}
