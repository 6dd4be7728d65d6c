// RUN: brisk-opt %s --cuda-emit-kernels --split-input-file --verify-diagnostics

// expected-error @+1 {{cuda.tile is for contractions, and has five sizes}}
func.func @kernel(%x: memref<8xf32>) attributes {cuda.units = 8 : i64, cuda.tile = array<i64: 32, 32, 16, 4, 2>} {
  linalg.exp ins(%x : memref<8xf32>) outs(%x : memref<8xf32>)
  return
}

// -----

// expected-error @+1 {{cuda.lanes is for sums whose parts can be taken in any order}}
func.func @kernel(%x: memref<8xf32>) attributes {cuda.units = 8 : i64, cuda.lanes = 32 : i64} {
  linalg.exp ins(%x : memref<8xf32>) outs(%x : memref<8xf32>)
  return
}
