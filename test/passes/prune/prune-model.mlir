// RUN: brisk-opt %s --split-input-file "--prune-model=ratio=0.5 multiple=1" 2>/dev/null | FileCheck %s
// RUN: brisk-opt %s --split-input-file --mlir-print-op-on-diagnostic=false "--prune-model=ratio=0.5 multiple=1" 2>&1 >/dev/null | FileCheck %s --check-prefix=SAYS
// RUN: brisk-opt %s --split-input-file --mlir-print-op-on-diagnostic=false "--prune-model=ratio=0.5 multiple=4" 2>&1 >/dev/null | FileCheck %s --check-prefix=WIDE
// RUN: brisk-opt %s --split-input-file "--prune-model=ratio=0" 2>&1 >/dev/null | count 0

// Two layers in a row: the hidden units whose columns are heaviest stay, and the bias loses the same ones. Narrower than
// what the machine repays, the layer stays whole.
// SAYS: remark: 'hidden': 4 units of width 1, summed by 1 products; 2 stay
// CHECK-LABEL: func @main(%arg0: tensor<3x2xf32>)
// CHECK: onnx.Constant dense<{{\[\[}}1.000000e+00, 4.000000e+00], [5.000000e+00, 8.000000e+00]]>
// CHECK: onnx.Constant dense<[1.000000e+00, 4.000000e+00]>
// CHECK: onnx.Constant dense<{{\[\[}}9.000000e+00, 0.000000e+00], [0.000000e+00, 9.000000e+00]]>
// CHECK: onnx.Relu %{{.*}} -> tensor<3x2xf32>
// WIDE: remark: 'hidden': {{.*}} 4 stay
module {
  func.func @main(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
    %w = onnx.Constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32> : tensor<2x4xf32>
    %b = onnx.Constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> : tensor<4xf32>
    %v = onnx.Constant dense<[[9.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 9.0]]> : tensor<4x2xf32> : tensor<4x2xf32>
    %0 = onnx.MatMul %x, %w : (tensor<3x2xf32>, tensor<2x4xf32>) -> tensor<3x4xf32> loc("hidden")
    %1 = onnx.Add %0, %b : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
    %2 = onnx.Relu %1 : (tensor<3x4xf32>) -> tensor<3x4xf32>
    %3 = onnx.MatMul %2, %v : (tensor<3x4xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
    return %3 : tensor<3x2xf32>
  }
}

// -----

// Channels of two convolutions that are added, and of the depthwise one between them, only go together; its groups follow.
// SAYS: remark: 'a': 4 units of width 1, summed by 1 products; 2 stay
// CHECK-LABEL: func @main(%arg0: tensor<1x2x8x8xf32>)
// CHECK: %[[D:.*]] = onnx.Conv {{.*}} {group = 2 : i64{{.*}} -> tensor<1x2x8x8xf32>
// CHECK: onnx.Add
// CHECK: onnx.GlobalAveragePool %{{.*}} -> tensor<1x2x1x1xf32>
// CHECK: onnx.Flatten %{{.*}} -> tensor<1x2xf32>
// CHECK: onnx.Gemm %{{.*}} : (tensor<1x2xf32>, tensor<3x2xf32>, none) -> tensor<1x3xf32>
module {
  func.func @main(%x: tensor<1x2x8x8xf32>) -> tensor<1x3xf32> {
    %none = onnx.None
    %w = onnx.Constant dense<1.0> : tensor<4x2x1x1xf32> : tensor<4x2x1x1xf32>
    %d = onnx.Constant dense<1.0> : tensor<4x1x3x3xf32> : tensor<4x1x3x3xf32>
    %v = onnx.Constant dense<1.0> : tensor<3x4xf32> : tensor<3x4xf32>
    %0 = onnx.Conv %x, %w, %none : (tensor<1x2x8x8xf32>, tensor<4x2x1x1xf32>, none) -> tensor<1x4x8x8xf32> loc("a")
    %1 = onnx.Conv %0, %d, %none {group = 4 : i64, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x8x8xf32>, tensor<4x1x3x3xf32>, none) -> tensor<1x4x8x8xf32>
    %2 = onnx.Add %0, %1 : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
    %3 = onnx.GlobalAveragePool %2 : (tensor<1x4x8x8xf32>) -> tensor<1x4x1x1xf32>
    %4 = onnx.Flatten %3 : (tensor<1x4x1x1xf32>) -> tensor<1x4xf32>
    %5 = onnx.Gemm %4, %v, %none {transB = 1 : i64} : (tensor<1x4xf32>, tensor<3x4xf32>, none) -> tensor<1x3xf32>
    return %5 : tensor<1x3xf32>
  }
}

// -----

// Heads: the outermost axis that the columns of a product are split into. The shape that is asked for follows, and what
// is multiplied with an axis that is whole (positions within a head) stays.
// SAYS: remark: 'q': 2 units of width 3, summed by 1 products; 1 stay
// CHECK-LABEL: func @main(%arg0: tensor<5x4xf32>)
// CHECK: onnx.Constant dense<[5, 1, 3]> : tensor<3xi64>
// CHECK: onnx.Reshape %{{.*}} -> tensor<5x1x3xf32>
// CHECK: onnx.Transpose %{{.*}} -> tensor<1x5x3xf32>
// CHECK: onnx.Softmax %{{.*}} -> tensor<1x5x5xf32>
// CHECK: onnx.Reshape %{{.*}} -> tensor<5x3xf32>
// CHECK: onnx.MatMul %{{.*}} : (tensor<5x3xf32>, tensor<3x4xf32>) -> tensor<5x4xf32>
module {
  func.func @main(%x: tensor<5x4xf32>) -> tensor<5x4xf32> {
    %w = onnx.Constant dense<1.0> : tensor<4x6xf32> : tensor<4x6xf32>
    %o = onnx.Constant dense<1.0> : tensor<6x4xf32> : tensor<6x4xf32>
    %split = onnx.Constant dense<[5, 2, 3]> : tensor<3xi64> : tensor<3xi64>
    %merge = onnx.Constant dense<[5, -1]> : tensor<2xi64> : tensor<2xi64>
    %0 = onnx.MatMul %x, %w : (tensor<5x4xf32>, tensor<4x6xf32>) -> tensor<5x6xf32> loc("q")
    %1 = onnx.Reshape %0, %split : (tensor<5x6xf32>, tensor<3xi64>) -> tensor<5x2x3xf32>
    %2 = onnx.Transpose %1 {perm = array<i64: 1, 0, 2>} : (tensor<5x2x3xf32>) -> tensor<2x5x3xf32>
    %3 = onnx.Transpose %1 {perm = array<i64: 1, 2, 0>} : (tensor<5x2x3xf32>) -> tensor<2x3x5xf32>
    %4 = onnx.MatMul %2, %3 : (tensor<2x5x3xf32>, tensor<2x3x5xf32>) -> tensor<2x5x5xf32>
    %5 = onnx.Softmax %4 : (tensor<2x5x5xf32>) -> tensor<2x5x5xf32>
    %6 = onnx.MatMul %5, %2 : (tensor<2x5x5xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
    %7 = onnx.Transpose %6 {perm = array<i64: 1, 0, 2>} : (tensor<2x5x3xf32>) -> tensor<5x2x3xf32>
    %8 = onnx.Reshape %7, %merge : (tensor<5x2x3xf32>, tensor<2xi64>) -> tensor<5x6xf32>
    %9 = onnx.MatMul %8, %o : (tensor<5x6xf32>, tensor<6x4xf32>) -> tensor<5x4xf32>
    return %9 : tensor<5x4xf32>
  }
}

// -----

// Joined tensors lose slices each on its own; what is cut out of one is found again behind.
// SAYS: remark: 'left': 2 units of width 1, summed by 1 products; 1 stay
// SAYS: remark: 'right': 4 units of width 1, summed by 1 products; 2 stay
// CHECK-LABEL: func @main(%arg0: tensor<3x2xf32>)
// CHECK: onnx.Concat %{{.*}} : (tensor<3x1xf32>, tensor<3x2xf32>) -> tensor<3x3xf32>
// CHECK: onnx.Split %{{.*}} -> (tensor<3x1xf32>, tensor<3x2xf32>)
module {
  func.func @main(%x: tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
    %w = onnx.Constant dense<1.0> : tensor<2x2xf32> : tensor<2x2xf32>
    %v = onnx.Constant dense<1.0> : tensor<2x4xf32> : tensor<2x4xf32>
    %sizes = onnx.Constant dense<[2, 4]> : tensor<2xi64> : tensor<2xi64>
    %a = onnx.Constant dense<1.0> : tensor<2x2xf32> : tensor<2x2xf32>
    %b = onnx.Constant dense<1.0> : tensor<4x2xf32> : tensor<4x2xf32>
    %0 = onnx.MatMul %x, %w : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32> loc("left")
    %1 = onnx.MatMul %x, %v : (tensor<3x2xf32>, tensor<2x4xf32>) -> tensor<3x4xf32> loc("right")
    %2 = onnx.Concat %0, %1 {axis = 1 : i64} : (tensor<3x2xf32>, tensor<3x4xf32>) -> tensor<3x6xf32>
    %3:2 = onnx.Split %2, %sizes {axis = 1 : i64} : (tensor<3x6xf32>, tensor<2xi64>) -> (tensor<3x2xf32>, tensor<3x4xf32>)
    %4 = onnx.MatMul %3#0, %a : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
    %5 = onnx.MatMul %3#1, %b : (tensor<3x4xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
    return %4, %5 : tensor<3x2xf32>, tensor<3x2xf32>
  }
}

// -----

// What is returned, normalized over, or read by an op that says nothing of slices stays whole.
// SAYS: warning: nothing is pruned: no slices of the model's tensors could go
module {
  func.func @main(%x: tensor<3x2xf32>) -> (tensor<3x4xf32>, tensor<3x2xf32>, tensor<3x2xf32>) {
    %w = onnx.Constant dense<1.0> : tensor<2x4xf32> : tensor<2x4xf32>
    %v = onnx.Constant dense<1.0> : tensor<4x2xf32> : tensor<4x2xf32>
    %axis = onnx.Constant dense<1> : tensor<i64> : tensor<i64>
    %0 = onnx.MatMul %x, %w : (tensor<3x2xf32>, tensor<2x4xf32>) -> tensor<3x4xf32> loc("returned")
    %1 = onnx.MatMul %0, %v : (tensor<3x4xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
    %2 = onnx.MatMul %x, %w : (tensor<3x2xf32>, tensor<2x4xf32>) -> tensor<3x4xf32> loc("normalized")
    %3 = onnx.Softmax %2 : (tensor<3x4xf32>) -> tensor<3x4xf32>
    %4 = onnx.MatMul %3, %v : (tensor<3x4xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
    %5 = onnx.MatMul %x, %w : (tensor<3x2xf32>, tensor<2x4xf32>) -> tensor<3x4xf32> loc("unknown")
    %6 = onnx.CumSum %5, %axis : (tensor<3x4xf32>, tensor<i64>) -> tensor<3x4xf32>
    %7 = onnx.MatMul %6, %v : (tensor<3x4xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
    %8 = onnx.Add %4, %7 : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
    return %0, %1, %8 : tensor<3x4xf32>, tensor<3x2xf32>, tensor<3x2xf32>
  }
}
