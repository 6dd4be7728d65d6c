// RUN: brisk-opt %s --hls-form-adders | FileCheck %s
// RUN: brisk-opt %s --hls-form-adders=share=false | FileCheck %s --check-prefix=APART

hls.design @model attributes {inputs = [], outputs = []} {
^bb0(%a: si8, %b: si8):
  // 5a + 5b and 5a + 5b + 3: what both add is added once, 5 = 4 + 1 takes one more.
  // CHECK: hls.node "shared"
  // CHECK-COUNT-3: hls.add
  // CHECK-NOT: hls.add
  // CHECK: hls.yield
  // APART: hls.node "shared"
  // APART-COUNT-7: hls.add
  // APART: hls.yield
  %0:2 = hls.node "shared" (%a, %b) : (si8, si8) -> (si12, si12) {
  ^bb0(%x: si8, %y: si8):
    %1 = hls.sum(%x, %y) times [5, 5] plus 0 : (si8, si8) -> si12
    %2 = hls.sum(%x, %y) times [5, 5] plus 3 : (si8, si8) -> si12
    hls.yield %1, %2 : si12, si12
  }
  // 7 is 8 - 1: one adder, as narrow as seven times a byte; -4 takes none but a negation; 0 none.
  // CHECK: hls.node "digits"
  // CHECK: %[[SEVEN:.*]] = hls.add %{{.*}}, %{{.*}} shl 3 {negate_lhs} : (si8, si8) -> si11
  // CHECK: %[[FOUR:.*]] = hls.scale %{{.*}} shl 2 {negate} : (si8) -> si11
  // CHECK: %[[NONE:.*]] = hls.constant 0 : ui1
  // CHECK: hls.yield %[[SEVEN]], %[[FOUR]], %[[NONE]]
  %3:3 = hls.node "digits" (%a) : (si8) -> (si11, si11, ui1) {
  ^bb0(%x: si8):
    %1 = hls.sum(%x) times [7] plus 0 : (si8) -> si11
    %2 = hls.sum(%x) times [-4] plus 0 : (si8) -> si11
    %4 = hls.sum() times [] plus 0 : () -> ui1
    hls.yield %1, %2, %4 : si11, si11, ui1
  }
  hls.yield %0#0, %0#1, %3#0, %3#1, %3#2 : si12, si12, si11, si11, ui1
}
