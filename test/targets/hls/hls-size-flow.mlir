// RUN: brisk-opt %s --hls-size-flow --split-input-file --verify-diagnostics | FileCheck %s

// A window of 3x3 with a row and a column of zeros around the frame: 16 pixels and the 5 that its last windows wait for.
// The first window is complete with the sixth pixel; until it has gone through its design and both queues, pixels of the
// frame itself wait at the sum. Queues hold 11 pixels of the 48 that three whole frames are.
// CHECK: hls.flow @model attributes {adder_bits = 18 : i64, adders = 2 : i64, clock_ns = 5.000000e+00 : f64, dsps = 0 : i64
// CHECK-SAME: frame_bits = 384 : i64, interval = 21 : i64, latency = 25 : i64
// CHECK-SAME: queue_bits = 88 : i64
// CHECK: hls.stage @window{{.*}}depths = array<i64: 1>
// CHECK: hls.stage @pair{{.*}}depths = array<i64: 9, 1>
hls.flow @model {
^bb0(%x: tensor<1x4x4x1xui8>):
  %y = hls.stage @window(%x) kernel [3, 3] stride [1, 1] before [1, 1] from [4, 4] to [4, 4] {axes = array<i64: 1, 2>, fill = 0 : i64} : (tensor<1x4x4x1xui8>) -> tensor<1x4x4x1xui8>
  %z = hls.stage @pair(%x, %y) kernel [1, 1] stride [1, 1] before [0, 0] from [4, 4] to [4, 4] {axes = array<i64: 1, 2>, fill = 0 : i64} : (tensor<1x4x4x1xui8>, tensor<1x4x4x1xui8>) -> tensor<1x4x4x1xui8>
}
hls.design @window attributes {inputs = [], outputs = [], latency = 2 : i64, clock_ns = 5.0 : f64, adders = 1 : i64, adder_bits = 9 : i64, luts = 9 : i64, ffs = 9 : i64, dsps = 0 : i64} {
^bb0(%a: ui8, %b: ui8):
  hls.yield %a : ui8
}
hls.design @pair attributes {inputs = [], outputs = [], latency = 1 : i64, clock_ns = 5.0 : f64, adders = 1 : i64, adder_bits = 9 : i64, luts = 9 : i64, ffs = 9 : i64, dsps = 0 : i64} {
^bb0(%a: ui8, %b: ui8):
  hls.yield %a : ui8
}

// -----

// A branch that makes fewer pixels than the one it meets.
// expected-error @+1 {{waits for pixels that never come: branches that meet do not make equally many}}
hls.flow @model {
^bb0(%x: tensor<1x4x4x1xui8>):
  %y = hls.stage @window(%x) kernel [2, 2] stride [2, 2] before [0, 0] from [4, 4] to [2, 2] {axes = array<i64: 1, 2>, fill = 0 : i64} : (tensor<1x4x4x1xui8>) -> tensor<1x2x2x1xui8>
  %z = hls.stage @pair(%x, %y) kernel [1, 1] stride [1, 1] before [0, 0] from [4, 4] to [4, 4] {axes = array<i64: 1, 2>, fill = 0 : i64} : (tensor<1x4x4x1xui8>, tensor<1x2x2x1xui8>) -> tensor<1x4x4x1xui8>
}
hls.design @window attributes {inputs = [], outputs = [], latency = 2 : i64, clock_ns = 5.0 : f64, adders = 1 : i64, adder_bits = 9 : i64, luts = 9 : i64, ffs = 9 : i64, dsps = 0 : i64} {
^bb0(%a: ui8, %b: ui8):
  hls.yield %a : ui8
}
hls.design @pair attributes {inputs = [], outputs = [], latency = 1 : i64, clock_ns = 5.0 : f64, adders = 1 : i64, adder_bits = 9 : i64, luts = 9 : i64, ffs = 9 : i64, dsps = 0 : i64} {
^bb0(%a: ui8, %b: ui8):
  hls.yield %a : ui8
}
