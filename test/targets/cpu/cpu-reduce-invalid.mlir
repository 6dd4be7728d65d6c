// RUN: brisk-opt --split-input-file --verify-diagnostics %s

#x = affine_map<(c, k) -> (k, c)>
#r = affine_map<(c, k) -> (c)>
func.func @body(%x: memref<7x4xf32>, %r: memref<4xf32>) {
  // expected-error @+1 {{expects a body of 1 elements and a value of 'f32'}}
  cpu.reduce {indexing_maps = [#x, #r], iterator_types = ["parallel", "reduction"], num_factors = 1 : i64, initial = 0.0 : f32}
      ins(%x : memref<7x4xf32>) outs(%r : memref<4xf32>) {
  ^bb0(%e: f32):
    cpu.yield %e : f32
  } {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }
  return
}

// -----

#x = affine_map<(c, k) -> (k, c)>
#r = affine_map<(c, k) -> (c)>
func.func @yields(%x: memref<7x4xf32>, %r: memref<4xf32>) {
  // expected-error @+1 {{expects a body that yields 'i32'}}
  cpu.reduce {indexing_maps = [#x, #r], iterator_types = ["parallel", "reduction"], num_factors = 1 : i64, initial = 0 : i32}
      ins(%x : memref<7x4xf32>) outs(%r : memref<4xf32>) {
  ^bb0(%e: f32, %s: i32):
    cpu.yield %e : f32
  } {
  ^bb0(%s: i32):
    %f = arith.sitofp %s : i32 to f32
    cpu.yield %f : f32
  }
  return
}

// -----

#x = affine_map<(c, k) -> (k, c)>
#r = affine_map<(c, k) -> (c)>
func.func @epilogue(%x: memref<7x4xf32>, %r: memref<4xf32>) {
  // expected-error @+1 {{expects an epilogue of a value of 'f32', but got 'i32'}}
  cpu.reduce {indexing_maps = [#x, #r], iterator_types = ["parallel", "reduction"], num_factors = 1 : i64, initial = 0.0 : f32}
      ins(%x : memref<7x4xf32>) outs(%r : memref<4xf32>) {
  ^bb0(%e: f32, %s: f32):
    cpu.yield %e : f32
  } {
  ^bb0(%s: i32):
    %f = arith.sitofp %s : i32 to f32
    cpu.yield %f : f32
  }
  return
}
