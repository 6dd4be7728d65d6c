// RUN: brisk-opt --infer-shapes %s | FileCheck %s
// RUN: brisk-opt --infer-shapes --simplify-shapes --lower-onnx %s | FileCheck %s --check-prefix=LOWER

// Pieces are written into one tensor, where producers can write them directly.
// CHECK-LABEL: func.func @concat(
// CHECK-SAME: -> tensor<2x?xf32, ["", "P + S"]>
// LOWER-LABEL: func.func @concat(
// LOWER: tensor.empty
// LOWER: tensor.insert_slice
// LOWER: tensor.insert_slice
func.func @concat(%a: tensor<2x?xf32, ["", "P"]>, %b: tensor<2x?xf32, ["", "S"]>) -> tensor<*xf32> {
  %0 = onnx.Concat %a, %b {axis = -1 : i64} : (tensor<2x?xf32, ["", "P"]>, tensor<2x?xf32, ["", "S"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Dims off the axis that may differ are compared at run time.
// LOWER-LABEL: func.func @concat_check(
// LOWER: cf.assert {{.*}} "operands differ in size off the axis"
func.func @concat_check(%a: tensor<1x?xf32, ["", "P"]>, %b: tensor<1x?xf32, ["", "S"]>) -> tensor<*xf32> {
  %0 = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<1x?xf32, ["", "P"]>, tensor<1x?xf32, ["", "S"]>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Many operands are one op: the analysis of buffers is cubic in a chain of insertions.
// CHECK-LABEL: func.func @concat_many(
// CHECK-SAME: -> tensor<34xf32>
// LOWER-LABEL: func.func @concat_many(
// LOWER-NOT: tensor.insert_slice
// LOWER: tensor.concat dim(0) {{.*}} -> tensor<34xf32>
func.func @concat_many(%a: tensor<2xf32>) -> tensor<*xf32> {
  %0 = onnx.Concat %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// The last of uneven pieces is smaller; pieces are views.
// CHECK-LABEL: func.func @split(
// CHECK-SAME: -> (tensor<3xf32>, tensor<3xf32>, tensor<1xf32>)
// LOWER-LABEL: func.func @split(
// LOWER: tensor.extract_slice %{{.*}}[0] [3] [1]
// LOWER: tensor.extract_slice %{{.*}}[3] [3] [1]
// LOWER: tensor.extract_slice %{{.*}}[6] [1] [1]
func.func @split(%x: tensor<7xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.None
  %0:3 = onnx.Split %x, %none {num_outputs = 3 : i64} : (tensor<7xf32>, none) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1, %0#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// Open ends, steps, negative steps and INT64 extremes.
// CHECK-LABEL: func.func @slice(
// CHECK-SAME: -> tensor<2x?x3xf32, ["", "max(0, S - 1)", ""]>
// LOWER-LABEL: func.func @slice(
// LOWER-NOT: linalg
// LOWER: tensor.extract_slice %{{.*}}[1, %{{.*}}, 0] [2, %{{.*}}, 3] [1, 1, 2]
func.func @slice(%x: tensor<4x?x6xf32, ["", "S", ""]>) -> tensor<*xf32> {
  %starts = onnx.Constant dense<[1, -9223372036854775808, 1]> : tensor<3xi64> : tensor<3xi64>
  %ends = onnx.Constant dense<[-1, 9223372036854775807, 9223372036854775807]> : tensor<3xi64> : tensor<3xi64>
  %axes = onnx.Constant dense<[0, 2, 1]> : tensor<3xi64> : tensor<3xi64>
  %steps = onnx.Constant dense<[1, 2, 1]> : tensor<3xi64> : tensor<3xi64>
  %0 = onnx.Slice %x, %starts, %ends, %axes, %steps : (tensor<4x?x6xf32, ["", "S", ""]>, tensor<3xi64>, tensor<3xi64>, tensor<3xi64>, tensor<3xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Backwards is a gather.
// CHECK-LABEL: func.func @reverse(
// CHECK: onnx.Slice {{.*}} -> tensor<?xf32, ["S"]>
// LOWER-LABEL: func.func @reverse(
// LOWER: tensor.extract
func.func @reverse(%x: tensor<?xf32, ["S"]>) -> tensor<*xf32> {
  %starts = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %ends = onnx.Constant dense<-9223372036854775808> : tensor<1xi64> : tensor<1xi64>
  %axes = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.Slice %x, %starts, %ends, %axes, %starts : (tensor<?xf32, ["S"]>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// What slices and concatenations do to shapes is known.
// CHECK-LABEL: func.func @content(
// CHECK: onnx.Expand {{.*}} -> tensor<?x8x5xf32, ["S", "", ""]>
func.func @content(%x: tensor<2x8x?xf32, ["", "", "S"]>, %y: tensor<1xf32>) -> tensor<*xf32> {
  %shape = onnx.Shape %x : (tensor<2x8x?xf32, ["", "", "S"]>) -> tensor<*xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %front = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %five = onnx.Constant dense<5> : tensor<1xi64> : tensor<1xi64>
  %none = onnx.None
  %0 = onnx.Slice %shape, %last, %front, %none, %last : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>, none, tensor<1xi64>) -> tensor<*xi64>
  %1 = onnx.Concat %0, %five {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %2 = onnx.Expand %y, %1 : (tensor<1xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}

// Constant padding fills and writes the data into the middle; negative pads cut.
// CHECK-LABEL: func.func @pad(
// CHECK: onnx.Pad {{.*}} -> tensor<?x4xf32, ["H + 3", ""]>
// LOWER-LABEL: func.func @pad(
// LOWER: tensor.extract_slice %{{.*}}[0, 1]
// LOWER: linalg.fill
// LOWER: tensor.insert_slice %{{.*}}[1, 0]
func.func @pad(%x: tensor<?x5xf32, ["H", ""]>) -> tensor<*xf32> {
  %pads = onnx.Constant dense<[1, -1, 2, 0]> : tensor<4xi64> : tensor<4xi64>
  %none = onnx.None
  %0 = onnx.Pad %x, %pads, %none, %none : (tensor<?x5xf32, ["H", ""]>, tensor<4xi64>, none, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @center(
// CHECK: onnx.CenterCropPad {{.*}} -> tensor<3x8xf32>
// LOWER-LABEL: func.func @center(
// LOWER: tensor.extract_slice %{{.*}}[1, 0] [3, 5] [1, 1]
// LOWER: tensor.insert_slice %{{.*}}[0, 1] [3, 5] [1, 1]
func.func @center(%x: tensor<5x5xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant dense<[3, 8]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.CenterCropPad %x, %shape : (tensor<5x5xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
