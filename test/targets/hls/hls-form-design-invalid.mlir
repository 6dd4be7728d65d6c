// RUN: brisk-opt %s --hls-form-design --split-input-file --verify-diagnostics

#line = affine_map<(d0) -> (d0)>

// expected-error @+1 {{input 'x' is read as floating-point numbers; quantize it first}}
func.func @main(%x: tensor<1xf32> {onnx.name = "x"}) -> tensor<1xi8> {
  %0 = tensor.empty() : tensor<1xi8>
  %y = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
    ins(%x : tensor<1xf32>) outs(%0 : tensor<1xi8>) {
  ^bb0(%a: f32, %b: i8):
    %1 = math.exp %a : f32
    %2 = arith.fptosi %1 : f32 to i8
    linalg.yield %2 : i8
  } -> tensor<1xi8>
  return %y : tensor<1xi8>
}

// -----

#line = affine_map<(d0) -> (d0)>

func.func @main(%x: tensor<1xi32>) -> tensor<1xf32> {
  %0 = tensor.empty() : tensor<1xf32>
  %y = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
    ins(%x : tensor<1xi32>) outs(%0 : tensor<1xf32>) {
  ^bb0(%a: i32, %b: f32):
    %1 = arith.sitofp %a : i32 to f32
    %2 = math.exp %1 : f32
    linalg.yield %2 : f32
  } -> tensor<1xf32>
  // expected-error @+1 {{output 'y0' is no scaled integer; quantize it}}
  return %y : tensor<1xf32>
}

// -----

#line = affine_map<(d0) -> (d0)>

func.func @main(%x: tensor<1xi32>) -> tensor<1xi8> {
  %0 = tensor.empty() : tensor<1xi8>
  %y = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
    ins(%x : tensor<1xi32>) outs(%0 : tensor<1xi8>) {
  ^bb0(%a: i32, %b: i8):
    // expected-error @+1 {{cuts integers within [-2147483648, 2147483647] down to 8 bits}}
    %1 = arith.trunci %a : i32 to i8
    linalg.yield %1 : i8
  } -> tensor<1xi8>
  return %y : tensor<1xi8>
}

// -----

// expected-error @+1 {{input 'x0' has type 'tensor<?xi8>'; a circuit has static shapes}}
func.func @main(%x: tensor<?xi8>) -> tensor<?xi8> {
  return %x : tensor<?xi8>
}

// -----

#line = affine_map<(d0) -> (d0)>

func.func @main(%x: tensor<1xi8>) -> tensor<1xi8> {
  %0 = tensor.empty() : tensor<1xi8>
  %y = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
    ins(%x : tensor<1xi8>) outs(%0 : tensor<1xi8>) {
  ^bb0(%a: i8, %b: i8):
    // expected-error @+1 {{'arith.divsi' has no form in integers here; quantize the tensors around it}}
    %1 = arith.divsi %a, %a : i8
    linalg.yield %1 : i8
  } -> tensor<1xi8>
  return %y : tensor<1xi8>
}
