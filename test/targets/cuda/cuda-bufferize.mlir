// RUN: brisk-opt %s --cuda-bufferize | FileCheck %s

// An input and a result are memrefs; what lies between is allocated at multiples of 256 bytes.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>, %[[Y:.*]]: memref<8xf32>)
// CHECK: %[[T:.*]] = memref.alloc() {alignment = 256 : i64} : memref<8xf32>
// CHECK: linalg.exp ins(%[[X]] : memref<8xf32>) outs(%[[T]] : memref<8xf32>)
// CHECK: linalg.tanh ins(%[[T]] : memref<8xf32>) outs(%[[Y]] : memref<8xf32>)
func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %t = linalg.exp ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %y = linalg.tanh ins(%t : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
