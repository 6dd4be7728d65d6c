// RUN: brisk-opt --expand-math %s | FileCheck %s

// CHECK-LABEL: func.func @exp(
// CHECK-NOT: math.exp
// CHECK: math.fma {{.*}} : vector<16xf32>
func.func @exp(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.exp %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// A square is a product; other powers are left.
// CHECK-LABEL: func.func @power(
// CHECK: arith.mulf %[[X:.*]], %[[X]]
// CHECK: math.powf
func.func @power(%x: f32) -> (f32, f32) {
  %two = arith.constant 2.0 : f32
  %odd = arith.constant 2.5 : f32
  %0 = math.powf %x, %two : f32
  %1 = math.powf %x, %odd : f32
  return %0, %1 : f32, f32
}

// Narrow floats are computed as f32; f64 is left to libm.
// CHECK-LABEL: func.func @widths(
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: arith.truncf %{{.*}} : f32 to f16
// CHECK: math.tanh %{{.*}} : f64
func.func @widths(%x: f16, %y: f64) -> (f16, f64) {
  %0 = math.tanh %x : f16
  %1 = math.tanh %y : f64
  return %0, %1 : f16, f64
}

// NaN of either side comes through the larger of two.
// CHECK-LABEL: func.func @larger(
// CHECK-SAME: %[[X:.*]]: vector<16xf32>, %[[Y:.*]]: vector<16xf32>
// CHECK: %[[WINS:.*]] = arith.cmpf ogt, %[[X]], %[[Y]]
// CHECK: %[[BIG:.*]] = arith.select %[[WINS]], %[[X]], %[[Y]]
// CHECK: %[[NAN:.*]] = arith.cmpf uno, %[[X]], %[[X]]
// CHECK: arith.select %[[NAN]], %[[X]], %[[BIG]]
func.func @larger(%x: vector<16xf32>, %y: vector<16xf32>) -> vector<16xf32> {
  %0 = arith.maximumf %x, %y : vector<16xf32>
  return %0 : vector<16xf32>
}

// CHECK-LABEL: func.func @least(
// CHECK: vector.reduction <minnumf>, %{{.*}} fastmath<nnan,nsz>
// CHECK: vector.reduction <or>
func.func @least(%x: vector<16xf32>) -> f32 {
  %0 = vector.reduction <minimumf>, %x : vector<16xf32> into f32
  return %0 : f32
}
