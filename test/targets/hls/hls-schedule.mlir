// RUN: brisk-opt %s --hls-schedule=clock-ns=2 | FileCheck %s
// RUN: brisk-opt %s --hls-schedule=clock-ns=20 | FileCheck %s --check-prefix=SLOW

// An adder takes 0.55 ns and 0.012 ns a bit that its carry runs: two fit the 1.46 ns that 2 ns leave to logic; outputs
// leave through a register. Bits that only repeat signs share a LUT. Registers: %3 and %y cross a cycle, the result leaves.
// CHECK: hls.design @model attributes {
// CHECK-SAME: adder_bits = 27 : i64, adders = 3 : i64, clock_ns = 2.000000e+00 : f64, dsps = 0 : i64, ffs = 30 : i64, ii = 1 : i64
// CHECK-SAME: latency = 2 : i64, luts = 27 : i64
// CHECK: hls.node "chain"{{.*}}latency = 1 : i64, luts = 27 : i64, start = 0 : i64
// CHECK: hls.add {{.*}} {cycle = 0 : i64}
// CHECK: hls.add {{.*}} {cycle = 0 : i64}
// CHECK: hls.add {{.*}} {cycle = 1 : i64}
// SLOW: latency = 1 : i64
// SLOW-COUNT-3: cycle = 0 : i64
hls.design @model attributes {inputs = [], outputs = []} {
^bb0(%a: si8, %b: si8):
  %0 = hls.node "chain" (%a, %b) : (si8, si8) -> si12 {
  ^bb0(%x: si8, %y: si8):
    %1 = hls.add %x, %y shl 0 : (si8, si8) -> si9
    %2 = hls.add %1, %y shl 0 : (si9, si8) -> si10
    %3 = hls.add %2, %x shl 0 : (si10, si8) -> si12
    hls.yield %3 : si12
  }
  hls.yield %0 : si12
}
