// RUN: brisk-opt %s --hls-schedule=clock-ns=1.5 --split-input-file --verify-diagnostics

hls.design @narrow attributes {inputs = [], outputs = []} {
^bb0(%a: si8):
  %0 = hls.node "n" (%a) : (si8) -> si8 {
  ^bb0(%x: si8):
    // expected-error @+1 {{computes [-256, 254], which 'si8' does not hold}}
    %1 = hls.add %x, %x shl 0 : (si8, si8) -> si8
    hls.yield %1 : si8
  }
  hls.yield %0 : si8
}

// -----

hls.design @sum attributes {inputs = [], outputs = []} {
^bb0(%a: si8):
  %0 = hls.node "n" (%a) : (si8) -> si10 {
  ^bb0(%x: si8):
    // expected-error @+1 {{is still a sum; form adders first}}
    %1 = hls.sum(%x) times [3] plus 0 : (si8) -> si10
    hls.yield %1 : si10
  }
  hls.yield %0 : si10
}

// -----

hls.design @large attributes {inputs = [], outputs = []} {
^bb0(%a: si62):
  %0 = hls.node "n" (%a) : (si62) -> si62 {
  ^bb0(%x: si62):
    // expected-error @+1 {{computes numbers of more than 61 bits}}
    %1 = hls.scale %x shl 4 : (si62) -> si62
    hls.yield %1 : si62
  }
  hls.yield %0 : si62
}

// -----

hls.design @slow attributes {inputs = [], outputs = []} {
^bb0(%a: si50):
  %0 = hls.node "n" (%a) : (si50) -> si51 {
  ^bb0(%x: si50):
    // expected-error @+1 {{takes 1.150000e+00 ns by the model, more than the 1.095000e+00 ns that a clock cycle of 1.500000e+00 ns leaves to logic}}
    %1 = hls.add %x, %x shl 0 : (si50, si50) -> si51
    hls.yield %1 : si51
  }
  hls.yield %0 : si51
}
