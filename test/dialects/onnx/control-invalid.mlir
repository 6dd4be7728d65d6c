// RUN: brisk-opt --infer-shapes --lower-onnx --split-input-file --verify-diagnostics %s

func.func @condition(%c: tensor<2xi1>, %a: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects one boolean as condition, but got 'tensor<2xi1>'}}
  %0 = onnx.If %c : (tensor<2xi1>) -> tensor<*xf32> then {
    onnx.Yield %a : tensor<2xf32>
  } else {
    onnx.Yield %a : tensor<2xf32>
  }
  return %0 : tensor<*xf32>
}

// -----

func.func @types(%c: tensor<i1>, %a: tensor<2xf32>, %b: tensor<2xi32>) -> tensor<*xf32> {
  // expected-error @below {{expects branches of equal element type, but got 'tensor<2xf32>' and 'tensor<2xi32>'}}
  %0 = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    onnx.Yield %a : tensor<2xf32>
  } else {
    onnx.Yield %b : tensor<2xi32>
  }
  return %0 : tensor<*xf32>
}

// -----

func.func @outputs(%c: tensor<i1>, %a: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects a body of 1 outputs, but got 2}}
  %0 = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    onnx.Yield %a, %a : tensor<2xf32>, tensor<2xf32>
  } else {
    onnx.Yield %a : tensor<2xf32>
  }
  return %0 : tensor<*xf32>
}

// -----

func.func @inputs(%m: tensor<i64>, %a: tensor<2xf32>) -> tensor<*xf32> {
  %n = onnx.None
  // expected-error @below {{expects a body of 3 inputs, but got 2}}
  %0 = onnx.Loop %m, %n, %a : (tensor<i64>, none, tensor<2xf32>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    onnx.Yield %c, %a : tensor<i1>, tensor<2xf32>
  }
  return %0 : tensor<*xf32>
}

// -----

func.func @results(%m: tensor<i64>, %a: tensor<2xf32>) {
  %n = onnx.None
  // expected-error @below {{expects at least 1 results, but got 0}}
  onnx.Loop %m, %n, %a : (tensor<i64>, none, tensor<2xf32>) -> () {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %s: tensor<2xf32>):
    onnx.Yield %c : tensor<i1>
  }
  return
}

// -----

func.func @carried(%m: tensor<i64>, %a: tensor<2xf32>, %b: tensor<f32>) -> tensor<*xf32> {
  %n = onnx.None
  // expected-error @below {{expects carried values that keep type and rank, but got 'tensor<2xf32>' and then 'tensor<f32>'}}
  %0 = onnx.Loop %m, %n, %a : (tensor<i64>, none, tensor<2xf32>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %s: tensor<2xf32>):
    onnx.Yield %c, %b : tensor<i1>, tensor<f32>
  }
  return %0 : tensor<*xf32>
}

// -----

func.func @scan_count(%x: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects 1 to 1 scan inputs, but got 2}}
  %0 = onnx.Scan %x {num_scan_inputs = 2 : i64} : (tensor<2xf32>) -> tensor<*xf32> {
  ^bb0(%a: tensor<f32>):
    onnx.Yield %a : tensor<f32>
  }
  return %0 : tensor<*xf32>
}

// -----

func.func @scan_axis(%x: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects scan axes of rank 1, but got 1}}
  %0 = onnx.Scan %x {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 1>} : (tensor<2xf32>) -> tensor<*xf32> {
  ^bb0(%a: tensor<f32>):
    onnx.Yield %a : tensor<f32>
  }
  return %0 : tensor<*xf32>
}

// -----

func.func @scan_length(%x: tensor<2xf32>, %y: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @below {{expects scan inputs of equal length, but got 2 and 3}}
  %0 = onnx.Scan %x, %y {num_scan_inputs = 2 : i64} : (tensor<2xf32>, tensor<3xf32>) -> tensor<*xf32> {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    onnx.Yield %a : tensor<f32>
  }
  return %0 : tensor<*xf32>
}
