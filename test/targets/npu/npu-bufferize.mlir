// RUN: brisk-opt %s --npu-bufferize --split-input-file --verify-diagnostics | FileCheck %s

// A result is written into the caller's buffer, the last argument; a kernel's output is it.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: memref<256xi8>, %[[TABLE:.*]]: memref<256xi8>, %[[Y:.*]]: memref<256xi8>)
// CHECK-NOT: alloc
// CHECK: npu.kernel "lookup" ins(%[[X]], %[[TABLE]] : {{.*}}) outs(%[[Y]] : memref<256xi8>)
func.func @main(%x: tensor<256xi8>, %table: tensor<256xi8>) -> tensor<256xi8> {
  %0 = tensor.empty() : tensor<256xi8>
  %1 = npu.kernel "lookup" ins(%x, %table : tensor<256xi8>, tensor<256xi8>) outs(%0 : tensor<256xi8>) {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>} -> tensor<256xi8>
  return %1 : tensor<256xi8>
}

// -----

// A kernel writes a buffer of its own where its result is a part of another tensor, which is then copied.
// CHECK-LABEL: func.func @main(
// CHECK: %[[PART:.*]] = memref.subview
// CHECK: %[[WHOLE:.*]] = memref.alloc() {alignment = 128 : i64} : memref<256xi8>
// CHECK: npu.kernel "lookup" ins({{.*}}) outs(%[[WHOLE]] : memref<256xi8>)
// CHECK: linalg.copy ins(%[[WHOLE]] : memref<256xi8>) outs(%[[PART]] : memref<256xi8, strided
func.func @main(%x: tensor<256xi8>, %table: tensor<256xi8>) -> tensor<512xi8> {
  %other = tensor.empty() : tensor<512xi8>
  %0 = tensor.empty() : tensor<256xi8>
  %1 = npu.kernel "lookup" ins(%x, %table : tensor<256xi8>, tensor<256xi8>) outs(%0 : tensor<256xi8>) {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>} -> tensor<256xi8>
  %2 = tensor.insert_slice %1 into %other[3] [256] [1] : tensor<256xi8> into tensor<512xi8>
  return %2 : tensor<512xi8>
}

// -----

// expected-error @+1 {{the npu target needs known shapes, but got 'tensor<?xi8>': fix the inputs with --shape}}
func.func @main(%x: tensor<?xi8>) -> tensor<?xi8> {
  return %x : tensor<?xi8>
}
