// RUN: brisk-opt %s --hls-form-adders --hls-schedule=clock-ns=50 | FileCheck %s
// RUN: brisk-opt %s --hls-form-adders=slack=1 --hls-schedule=clock-ns=50 | FileCheck %s --check-prefix=SLACK

hls.design @model attributes {inputs = [], outputs = []} {
^bb0(%a: ui8, %b: ui8, %c: ui8, %d: ui8):
  // Four terms wait for two adders: x + y + z, which both sums share, would make them wait for three.
  // CHECK: hls.node "deep"{{.*}}adders = 5
  // SLACK: hls.node "deep"{{.*}}adders = 4
  %0:2 = hls.node "deep" (%a, %b, %c, %d) : (ui8, ui8, ui8, ui8) -> (si12, si12) {
  ^bb0(%x: ui8, %y: ui8, %z: ui8, %w: ui8):
    %1 = hls.sum(%x, %y, %z, %w) times [1, 1, 1, 1] plus 0 : (ui8, ui8, ui8, ui8) -> si12
    %2 = hls.sum(%x, %y, %z, %w) times [1, 1, 1, -1] plus 0 : (ui8, ui8, ui8, ui8) -> si12
    hls.yield %1, %2 : si12, si12
  }
  // b - 8a - 8c: of b the low bits pass, as it is not what is subtracted.
  // CHECK: hls.node "flipped"
  // CHECK-NOT: negate_lhs
  // CHECK: hls.yield
  %3 = hls.node "flipped" (%a, %b, %c) : (ui8, ui8, ui8) -> si13 {
  ^bb0(%x: ui8, %y: ui8, %z: ui8):
    %1 = hls.sum(%x, %y, %z) times [-8, 1, -8] plus 0 : (ui8, ui8, ui8) -> si13
    hls.yield %1 : si13
  }
  hls.yield %0#0, %0#1, %3 : si12, si12, si13
}
