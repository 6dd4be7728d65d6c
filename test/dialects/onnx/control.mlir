// RUN: brisk-opt --infer-shapes %s | FileCheck %s --check-prefix=TYPE
// RUN: brisk-opt --infer-shapes --simplify-shapes %s | FileCheck %s --check-prefix=SIMPLE
// RUN: brisk-opt --infer-shapes --lower-onnx %s | FileCheck %s

// A dim on which the branches differ is open in the result; branches use outer values directly.
// TYPE-LABEL: @branches
// TYPE: onnx.If {{.*}} -> tensor<?x3xf32, ["?0", ""]>
// CHECK-LABEL: func.func @branches(
// CHECK: %[[C:.*]] = arith.cmpi ne
// CHECK: scf.if %[[C]] -> (tensor<?x3xf32>)
// CHECK: tensor.cast {{.*}} : tensor<2x3xf32> to tensor<?x3xf32>
// CHECK: else
// CHECK: tensor.cast %arg2 : tensor<4x3xf32> to tensor<?x3xf32>
func.func @branches(%c: tensor<i1>, %a: tensor<2x3xf32>, %b: tensor<4x3xf32>) -> tensor<*xf32> {
  %0 = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    %1 = onnx.Relu %a : (tensor<2x3xf32>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  } else {
    onnx.Yield %b : tensor<4x3xf32>
  }
  return %0 : tensor<*xf32>
}

// A condition on shapes that are known: the result is that of the branch taken.
// TYPE-LABEL: @known
// TYPE: onnx.If {{.*}} -> tensor<f32>
// CHECK-LABEL: func.func @known(
// CHECK-NOT: scf.if
// CHECK: return %arg1 : tensor<f32>
func.func @known(%a: tensor<2x3xf32>, %b: tensor<f32>) -> tensor<*xf32> {
  %m = onnx.Constant dense<2> : tensor<i64> : tensor<i64>
  %n = onnx.Constant dense<3> : tensor<i64> : tensor<i64>
  %c = onnx.Equal %m, %n : (tensor<i64>, tensor<i64>) -> tensor<*xi1>
  %0 = onnx.If %c : (tensor<*xi1>) -> tensor<*xf32> then {
    onnx.Yield %a : tensor<2x3xf32>
  } else {
    onnx.Yield %b : tensor<f32>
  }
  return %0 : tensor<*xf32>
}

// Branches of different ranks: only the first is compiled, the other fails the run.
// TYPE-LABEL: @ranks
// TYPE: onnx.If {{.*}} -> tensor<2xf32>
// CHECK-LABEL: func.func @ranks(
// CHECK: cf.assert {{.*}}, "takes the branch whose results have another rank"
// CHECK-NOT: scf.if
// CHECK: return %arg1 : tensor<2xf32>
func.func @ranks(%c: tensor<i1>, %a: tensor<2xf32>, %b: tensor<f32>) -> tensor<*xf32> {
  %0 = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    onnx.Yield %a : tensor<2xf32>
  } else {
    onnx.Yield %b : tensor<f32>
  }
  return %0 : tensor<*xf32>
}

// A constant condition leaves only its branch.
// SIMPLE-LABEL: @constant
// SIMPLE-NOT: onnx.If
// SIMPLE: %[[R:.*]] = onnx.Relu
// SIMPLE: return %[[R]]
func.func @constant(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  %c = onnx.Constant dense<true> : tensor<i1> : tensor<i1>
  %0 = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    %1 = onnx.Relu %a : (tensor<2x3xf32>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  } else {
    onnx.Yield %a : tensor<2x3xf32>
  }
  return %0 : tensor<*xf32>
}

// A known count without a condition is a counted loop; its scan output is allocated at once.
// TYPE-LABEL: @counted
// TYPE: onnx.Loop {{.*}} -> (tensor<2xf32>, tensor<5x2xf32>)
// CHECK-LABEL: func.func @counted(
// CHECK: tensor.empty() : tensor<5x2xf32>
// CHECK: scf.for
// CHECK: tensor.insert_slice
func.func @counted(%x: tensor<2xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %m = onnx.Constant dense<5> : tensor<i64> : tensor<i64>
  %n = onnx.None
  %0, %1 = onnx.Loop %m, %n, %x : (tensor<i64>, none, tensor<2xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %s: tensor<*xf32>):
    %2 = onnx.Add %s, %x : (tensor<*xf32>, tensor<2xf32>) -> tensor<*xf32>
    onnx.Yield %c, %2, %2 : tensor<i1>, tensor<*xf32>, tensor<*xf32>
  }
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// A condition makes it a while loop, whose scan output grows; a dim that the body changes is open.
// TYPE-LABEL: @conditional
// TYPE: onnx.Loop {{.*}} -> (tensor<?xf32, ["?loop{{.*}}"]>, tensor<?x2xf32, [{{.*}}, ""]>)
// TYPE: onnx.Concat {{.*}} -> tensor<?xf32, ["?loop{{.*}} + 2"]>
// CHECK-LABEL: func.func @conditional(
// CHECK: scf.while
// CHECK: scf.condition
// CHECK: tensor.insert_slice
func.func @conditional(%x: tensor<2xf32>, %c: tensor<i1>) -> (tensor<*xf32>, tensor<*xf32>) {
  %n = onnx.None
  %0, %1 = onnx.Loop %n, %c, %x : (none, tensor<i1>, tensor<2xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %k: tensor<i1>, %s: tensor<*xf32>):
    %2 = onnx.Concat %s, %x {axis = 0 : i64} : (tensor<*xf32>, tensor<2xf32>) -> tensor<*xf32>
    onnx.Yield %k, %2, %x : tensor<i1>, tensor<*xf32>, tensor<2xf32>
  }
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// Slices of the second operand along its axis 1, from the end; results along axis 1 of the output.
// TYPE-LABEL: @scan
// TYPE: onnx.Scan {{.*}} -> (tensor<2xf32>, tensor<2x?xf32, ["", "T"]>)
// CHECK-LABEL: func.func @scan(
// CHECK: scf.for
// CHECK: tensor.extract_slice %arg1[0, %{{.*}}] [2, 1] [1, 1] : tensor<2x?xf32> to tensor<2xf32>
// CHECK: tensor.insert_slice
func.func @scan(%s: tensor<2xf32>, %x: tensor<2x?xf32, ["", "T"]>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0, %1 = onnx.Scan %s, %x {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 1>, scan_input_directions = array<i64: 1>, scan_output_axes = array<i64: -1>} : (tensor<2xf32>, tensor<2x?xf32, ["", "T"]>) -> (tensor<*xf32>, tensor<*xf32>) {
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %2 = onnx.Add %a, %b : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2, %2 : tensor<*xf32>, tensor<*xf32>
  }
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}
