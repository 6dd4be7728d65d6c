// RUN: brisk-opt --cpu-form-contractions --cpu-fuse-epilogue --canonicalize %s | FileCheck %s

// Bytes lie in groups of four along the sum, and what turns sums into bytes again is done before they are stored.
// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2) -> (d1 floordiv 32, d2 floordiv 4, d1 mod 32, d2 mod 4)>
// CHECK-DAG: #[[N:.*]] = affine_map<(d0, d1, d2) -> (d1)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[WINDOW:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0 + d3, d1 + d4, d2)>
// CHECK-DAG: #[[TAPS:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d4, d3 floordiv 4, d2, d3 mod 4)>
// CHECK-LABEL: func.func @bytes(
// CHECK: dense_resource<packed{{.*}}> : tensor<2x2x32x4xi8>
// CHECK-NOT: linalg
// CHECK: cpu.contract {indexing_maps = [#[[A]], #[[B]], #[[N]], #[[C]]]
// CHECK-SAME: unsigned_a}
// CHECK-SAME: outs(%{{.*}} : tensor<5x40xi8>)
// CHECK: ^bb0(%[[SUM:.*]]: i32, %[[BIAS:.*]]: i32):
// CHECK: arith.addi %[[SUM]], %[[BIAS]]
// CHECK: arith.sitofp
// CHECK: math.roundeven
// CHECK: arith.fptosi %{{.*}} : f32 to i8
// CHECK-NOT: linalg
// CHECK: return
func.func @bytes(%a: tensor<5x6xi8>, %bias: tensor<40xi32>) -> tensor<5x40xi8> {
  %b = arith.constant dense<-2> : tensor<6x40xi8>
  %zero = arith.constant 0 : i32
  %scale = arith.constant 0.25 : f32
  %empty = tensor.empty() : tensor<5x40xi32>
  %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<5x40xi32>) -> tensor<5x40xi32>
  %0 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                        affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<5x6xi8>, tensor<6x40xi8>) outs(%init : tensor<5x40xi32>) {
  ^bb0(%x: i8, %y: i8, %s: i32):
    %p = arith.extui %x : i8 to i32
    %q = arith.extsi %y : i8 to i32
    %1 = arith.muli %p, %q : i32
    %2 = arith.addi %s, %1 : i32
    linalg.yield %2 : i32
  } -> tensor<5x40xi32>
  %out = tensor.empty() : tensor<5x40xi8>
  %3 = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>, affine_map<(m, n) -> (m, n)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%0, %bias : tensor<5x40xi32>, tensor<40xi32>) outs(%out : tensor<5x40xi8>) {
  ^bb0(%s: i32, %x: i32, %o: i8):
    %4 = arith.addi %s, %x : i32
    %5 = arith.sitofp %4 : i32 to f32
    %6 = arith.mulf %5, %scale : f32
    %7 = math.roundeven %6 : f32
    %8 = arith.fptosi %7 : f32 to i8
    linalg.yield %8 : i8
  } -> tensor<5x40xi8>
  return %3 : tensor<5x40xi8>
}

// Two factors of one signedness: machines may have to shift one by 128, so the sums of columns are known.
// CHECK-LABEL: func.func @alike(
// CHECK: dense<-12> : tensor<40xi32>
// CHECK: cpu.contract {column_sums, indexing_maps = [#[[A]], #[[B]], #[[N]], #[[C]]]
func.func @alike(%a: tensor<5x6xi8>) -> tensor<5x40xi32> {
  %b = arith.constant dense<-2> : tensor<6x40xi8>
  %zero = arith.constant 0 : i32
  %empty = tensor.empty() : tensor<5x40xi32>
  %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<5x40xi32>) -> tensor<5x40xi32>
  %0 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                        affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<5x6xi8>, tensor<6x40xi8>) outs(%init : tensor<5x40xi32>) {
  ^bb0(%x: i8, %y: i8, %s: i32):
    %p = arith.extsi %x : i8 to i32
    %q = arith.extsi %y : i8 to i32
    %1 = arith.muli %p, %q : i32
    %2 = arith.addi %s, %1 : i32
    linalg.yield %2 : i32
  } -> tensor<5x40xi32>
  return %0 : tensor<5x40xi32>
}

// CHECK-LABEL: func.func @halves(
// CHECK: cpu.contract
// CHECK-SAME: tensor<2x3x32x2xbf16>
func.func @halves(%a: tensor<5x6xbf16>) -> tensor<5x40xf32> {
  %b = arith.constant dense<1.5> : tensor<6x40xbf16>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<5x40xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x40xf32>) -> tensor<5x40xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                        affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<5x6xbf16>, tensor<6x40xbf16>) outs(%init : tensor<5x40xf32>) {
  ^bb0(%x: bf16, %y: bf16, %s: f32):
    %p = arith.extf %x : bf16 to f32
    %q = arith.extf %y : bf16 to f32
    %1 = arith.mulf %p, %q : f32
    %2 = arith.addf %s, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<5x40xf32>
  return %0 : tensor<5x40xf32>
}

// Channels multiplied one by one, the window under another shape: rows of the window in groups, and how many there are.
// CHECK-LABEL: func.func @channels(
// CHECK: dense_resource<packed{{.*}}> : tensor<3x1x24x4xi8>
// CHECK: cpu.contract {group_length = 3 : i64, indexing_maps = [#[[WINDOW]], #[[TAPS]],
func.func @channels(%a: tensor<9x9x24xi8>) -> tensor<7x7x24xi32> {
  %flat = arith.constant dense<3> : tensor<9x24xi8>
  %b = tensor.expand_shape %flat [[0, 1], [2]] output_shape [3, 3, 24] : tensor<9x24xi8> into tensor<3x3x24xi8>
  %zero = arith.constant 0 : i32
  %empty = tensor.empty() : tensor<7x7x24xi32>
  %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<7x7x24xi32>) -> tensor<7x7x24xi32>
  %0 = linalg.generic {indexing_maps = [affine_map<(h, w, n, y, x) -> (h + y, w + x, n)>, affine_map<(h, w, n, y, x) -> (y, x, n)>,
                                        affine_map<(h, w, n, y, x) -> (h, w, n)>],
                       iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b : tensor<9x9x24xi8>, tensor<3x3x24xi8>) outs(%init : tensor<7x7x24xi32>) {
  ^bb0(%x: i8, %y: i8, %s: i32):
    %p = arith.extui %x : i8 to i32
    %q = arith.extsi %y : i8 to i32
    %1 = arith.muli %p, %q : i32
    %2 = arith.addi %s, %1 : i32
    linalg.yield %2 : i32
  } -> tensor<7x7x24xi32>
  return %0 : tensor<7x7x24xi32>
}

// Bytes that only weight floats stay bytes; their scale comes after the sum.
// CHECK-LABEL: func.func @weights(
// CHECK: dense_resource<packed{{.*}}> : tensor<2x6x32xi8>
// CHECK-NOT: linalg
// CHECK: cpu.contract
// CHECK-SAME: tensor<5x6xf32>, tensor<2x6x32xi8>, tensor<40xf32>
// CHECK: ^bb0(%[[SUM:.*]]: f32, %[[SCALE:.*]]: f32):
// CHECK-NEXT: arith.mulf %[[SUM]], %[[SCALE]]
func.func @weights(%a: tensor<5x6xf32>) -> tensor<5x40xf32> {
  %q = arith.constant dense<3> : tensor<6x40xi8>
  %s = arith.constant dense<0.5> : tensor<40xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<6x40xf32>
  %b = linalg.generic {indexing_maps = [affine_map<(k, n) -> (k, n)>, affine_map<(k, n) -> (n)>, affine_map<(k, n) -> (k, n)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%q, %s : tensor<6x40xi8>, tensor<40xf32>) outs(%e : tensor<6x40xf32>) {
  ^bb0(%x: i8, %y: f32, %o: f32):
    %p = arith.sitofp %x : i8 to f32
    %1 = arith.mulf %p, %y : f32
    linalg.yield %1 : f32
  } -> tensor<6x40xf32>
  %empty = tensor.empty() : tensor<5x40xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x40xf32>) -> tensor<5x40xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                        affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<5x6xf32>, tensor<6x40xf32>) outs(%init : tensor<5x40xf32>) {
  ^bb0(%x: f32, %y: f32, %s1: f32):
    %p = arith.mulf %x, %y : f32
    %1 = arith.addf %s1, %p : f32
    linalg.yield %1 : f32
  } -> tensor<5x40xf32>
  return %0 : tensor<5x40xf32>
}
