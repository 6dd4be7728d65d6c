// RUN: brisk-opt %s --npu-tabulate | FileCheck %s

// What is a function of the byte alone becomes a table; the product with another tensor stays.
// CHECK-LABEL: func.func @main(
// CHECK: %[[TABLE:.*]] = arith.constant dense<{{.*}}> : tensor<256xf32>
// CHECK: linalg.generic
// CHECK: ^bb0(%[[A:.*]]: i8, %[[B:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: %[[WIDE:.*]] = arith.extui %[[A]]
// CHECK-NEXT: %[[INDEX:.*]] = arith.index_cast %[[WIDE]]
// CHECK-NEXT: %[[F:.*]] = tensor.extract %[[TABLE]][%[[INDEX]]]
// CHECK-NEXT: arith.mulf %[[F]], %[[B]]
func.func @main(%x: tensor<8xi8>, %y: tensor<8xf32>) -> tensor<8xf32> {
  %half = arith.constant 0.5 : f32
  %0 = tensor.empty() : tensor<8xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
                       iterator_types = ["parallel"]} ins(%x, %y : tensor<8xi8>, tensor<8xf32>) outs(%0 : tensor<8xf32>) {
  ^bb0(%a: i8, %b: f32, %c: f32):
    %2 = arith.extui %a : i8 to i32
    %3 = arith.sitofp %2 : i32 to f32
    %4 = arith.mulf %3, %half : f32
    %5 = math.exp %4 : f32
    %6 = arith.mulf %5, %b : f32
    linalg.yield %6 : f32
  } -> tensor<8xf32>
  return %1 : tensor<8xf32>
}
