// RUN: brisk-opt --split-input-file --verify-diagnostics --allow-unregistered-dialect %s

#m = affine_map<(m, n, k) -> (m, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @one_input(%a: memref<5x7xf32>, %c: memref<5x4xf32>) {
  // expected-error @+1 {{expects at least 2 inputs, but got 1}}
  cpu.contract {indexing_maps = [#m, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a : memref<5x7xf32>) outs(%c : memref<5x4xf32>) {
  ^bb0:
    %0 = arith.constant 0.0 : f32
    cpu.yield %0 : f32
  }
  return
}

// -----

#m = affine_map<(m, n, k) -> (m, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @maps(%a: memref<5x7xf32>, %b: memref<7x4xf32>, %c: memref<5x4xf32>) {
  // expected-error @+1 {{expects one indexing map per operand, but got 2 for 3 operands}}
  cpu.contract {indexing_maps = [#m, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<5x7xf32>, memref<7x4xf32>) outs(%c : memref<5x4xf32>) {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }
  return
}

// -----

#m = affine_map<(m, n) -> (m, n)>
func.func @loops(%a: memref<5x7xf32>, %b: memref<5x7xf32>, %c: memref<5x7xf32>) {
  // expected-error @+1 {{expects indexing maps over 3 loops, but got affine_map<(d0, d1) -> (d0, d1)>}}
  cpu.contract {indexing_maps = [#m, #m, #m], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<5x7xf32>, memref<5x7xf32>) outs(%c : memref<5x7xf32>) {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }
  return
}

// -----

#m = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @rank(%a: memref<5x7xf32>, %b: memref<7x4xf32>, %c: memref<5x4xf32>) {
  // expected-error @+1 {{expects operands of the rank of their maps, but got 'memref<7x4xf32>' for affine_map<(d0, d1, d2) -> (d2)>}}
  cpu.contract {indexing_maps = [#m, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<5x7xf32>, memref<7x4xf32>) outs(%c : memref<5x4xf32>) {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }
  return
}

// -----

#m = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @factors(%a: memref<5x7xf32>, %b: memref<7x4xi8>, %c: memref<5x4xf32>) {
  // expected-error @+1 {{expects two factors of f32, bf16 or i8, or f32 and packed i8, but got 'f32' and 'i8'}}
  cpu.contract {indexing_maps = [#m, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<5x7xf32>, memref<7x4xi8>) outs(%c : memref<5x4xf32>) {
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }
  return
}

// -----

#m = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @groups(%a: memref<5x7xi8>, %b: memref<7x4xi8>, %c: memref<5x4xi32>) {
  // expected-error @+1 {{expects narrow factors, and no others, in groups of 32 bits}}
  cpu.contract {indexing_maps = [#m, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<5x7xi8>, memref<7x4xi8>) outs(%c : memref<5x4xi32>) {
  ^bb0(%s: i32):
    cpu.yield %s : i32
  }
  return
}

// -----

#m = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @arguments(%a: memref<5x7xf32>, %b: memref<7x4xf32>, %c: memref<5x4xf32>) {
  // expected-error @+1 {{expects an epilogue of 1 arguments, but got 2}}
  cpu.contract {indexing_maps = [#m, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<5x7xf32>, memref<7x4xf32>) outs(%c : memref<5x4xf32>) {
  ^bb0(%s: f32, %x: f32):
    cpu.yield %s : f32
  }
  return
}

// -----

#m = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @terminator(%a: memref<5x7xf32>, %b: memref<7x4xf32>, %c: memref<5x4xf32>) {
  // expected-error @+1 {{expects an epilogue that ends in cpu.yield}}
  cpu.contract {indexing_maps = [#m, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<5x7xf32>, memref<7x4xf32>) outs(%c : memref<5x4xf32>) {
  ^bb0(%s: f32):
    "test.end"(%s) : (f32) -> ()
  }
  return
}

// -----

#m = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#s = affine_map<(m, n, k) -> (n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @blocks(%a: memref<5x7xf32>, %b: memref<7x4xf32>, %s: memref<4xf32>, %c: memref<5x4xf32>) {
  // expected-error @+1 {{expects scales of f32, and bytes that are subtracted, of packed weights}}
  cpu.contract {indexing_maps = [#m, #b, #s, #c], iterator_types = ["parallel", "parallel", "reduction"], block_parameters = 1 : i64}
      ins(%a, %b, %s : memref<5x7xf32>, memref<7x4xf32>, memref<4xf32>) outs(%c : memref<5x4xf32>) {
  ^bb0(%sum: f32):
    cpu.yield %sum : f32
  }
  return
}
