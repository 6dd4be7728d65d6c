// RUN: brisk-opt --expand-floats --split-input-file %s | FileCheck %s
// RUN: brisk-opt --expand-floats=keep-bf16-rounding --split-input-file %s | FileCheck %s --check-prefix=KEEP

// bf16 is the upper half of f32.
// KEEP-LABEL: func.func @bf16(
// KEEP: arith.shli
// KEEP: arith.truncf {{.*}} : vector<8xf32> to vector<8xbf16>
// CHECK-LABEL: func.func @bf16(
// CHECK-NOT: arith.extf
// CHECK: %[[W:.*]] = arith.extui %{{.*}} : vector<8xi16> to vector<8xi32>
// CHECK: arith.shli %[[W]]
// CHECK: arith.mulf {{.*}} : vector<8xf32>
// CHECK-NOT: arith.truncf
// CHECK: arith.trunci {{.*}} : vector<8xi32> to vector<8xi16>
func.func @bf16(%x: vector<8xbf16>) -> vector<8xbf16> {
  %0 = arith.mulf %x, %x : vector<8xbf16>
  return %0 : vector<8xbf16>
}

// -----

// f16 computes in f32; its conversions are the machine's.
// CHECK-LABEL: func.func @f16(
// CHECK: arith.extf {{.*}} : f16 to f32
// CHECK: math.exp {{.*}} : f32
// CHECK: arith.truncf {{.*}} : f32 to f16
func.func @f16(%x: f16) -> f16 {
  %0 = math.exp %x : f16
  return %0 : f16
}

// -----

// f64 goes to f16 in one rounding, in 64-bit integers.
// CHECK-LABEL: func.func @once(
// CHECK-NOT: arith.truncf
// CHECK: arith.trunci {{.*}} : i64 to i16
func.func @once(%x: f64) -> f16 {
  %0 = arith.truncf %x : f64 to f16
  return %0 : f16
}

// -----

// 8-bit floats: no conversion is left.
// CHECK-LABEL: func.func @f8(
// CHECK-NOT: arith.extf
// CHECK-NOT: arith.truncf
// CHECK: return
func.func @f8(%x: f8E4M3FN) -> (f8E5M2FNUZ, i1) {
  %w = arith.extf %x : f8E4M3FN to f32
  %0 = arith.truncf %w : f32 to f8E5M2FNUZ
  %1 = arith.cmpf olt, %x, %x : f8E4M3FN
  return %0, %1 : f8E5M2FNUZ, i1
}
