// RUN: brisk-opt %s --npu-bufferize --split-input-file --verify-diagnostics | FileCheck %s

// A result is written into the caller's buffer, the last argument; a kernel's output is it.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: memref<256xi8>, %[[TABLE:.*]]: memref<256xi8>, %[[Y:.*]]: memref<256xi8>) attributes {npu.results = 1 : i32}
// CHECK-NOT: alloc
// CHECK: npu.kernel "lookup" ins(%[[X]], %[[TABLE]] : {{.*}}) outs(%[[Y]] : memref<256xi8>)
func.func @main(%x: tensor<256xi8>, %table: tensor<256xi8>) -> tensor<256xi8> {
  %0 = tensor.empty() : tensor<256xi8>
  %1 = npu.kernel "lookup" ins(%x, %table : tensor<256xi8>, tensor<256xi8>) outs(%0 : tensor<256xi8>) {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>} -> tensor<256xi8>
  return %1 : tensor<256xi8>
}

// -----

// expected-error @+1 {{the npu target needs known shapes, but got 'tensor<?xi8>': fix the inputs with --shape}}
func.func @main(%x: tensor<?xi8>) -> tensor<?xi8> {
  return %x : tensor<?xi8>
}
