// RUN: brisk-opt %s --split-input-file --verify-diagnostics

hls.design @factors attributes {inputs = [], outputs = []} {
^bb0(%a: si8):
  %0 = hls.node "n" (%a) : (si8) -> si8 {
  ^bb0(%x: si8):
    // expected-error @+1 {{expects a factor for each of 1 terms, but got 2}}
    %1 = hls.sum(%x) times [1, 2] plus 0 : (si8) -> si8
    hls.yield %1 : si8
  }
  hls.yield %0 : si8
}

// -----

hls.design @signs attributes {inputs = [], outputs = []} {
^bb0(%a: si8):
  %0 = hls.node "n" (%a) : (si8) -> si10 {
  ^bb0(%x: si8):
    // expected-error @+1 {{expects one side at most to be negated}}
    %1 = hls.add %x, %x shl 0 {negate_lhs, negate_rhs} : (si8, si8) -> si10
    hls.yield %1 : si10
  }
  hls.yield %0 : si10
}
