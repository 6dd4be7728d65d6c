// RUN: brisk-opt %s --split-input-file --verify-diagnostics

func.func @unknown(%x: memref<256xi8>, %y: memref<256xi8>) {
  // expected-error @+1 {{expects a kernel of Kernels.def, but got "magic"}}
  npu.kernel "magic" ins(%x : memref<256xi8>) outs(%y : memref<256xi8>) {parameters = array<i32>}
  return
}

// -----

func.func @inputs(%x: memref<256xi8>, %y: memref<256xi8>) {
  // expected-error @+1 {{expects 2 inputs, but got 1}}
  npu.kernel "lookup" ins(%x : memref<256xi8>) outs(%y : memref<256xi8>) {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>}
  return
}

// -----

func.func @parameters(%x: memref<256xi8>, %y: memref<256xi8>) {
  // expected-error @+1 {{expects 9 parameters, but got 2}}
  npu.kernel "lookup" ins(%x, %x : memref<256xi8>, memref<256xi8>) outs(%y : memref<256xi8>) {parameters = array<i32: 2, 3>}
  return
}

// -----

func.func @open(%x: memref<?xi8>, %y: memref<256xi8>) {
  // expected-error @+1 {{expects static shapes, but got 'memref<?xi8>'}}
  npu.kernel "lookup" ins(%x, %y : memref<?xi8>, memref<256xi8>) outs(%y : memref<256xi8>) {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>}
  return
}
