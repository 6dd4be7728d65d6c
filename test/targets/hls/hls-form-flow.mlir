// RUN: brisk-opt %s --hls-form-flow=steps=0 --split-input-file | FileCheck %s
// RUN: brisk-opt %s --hls-form-flow --split-input-file | FileCheck %s --check-prefix=SPACE

#image = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#window = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 + d4, d2 + d5, d3)>
#weights = affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5)>
#pixel = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>

// A window of 3x3 over an image with zeros around it, then the sum with the image.
// CHECK: hls.flow @model
// CHECK: ^bb0(%[[X:.*]]: tensor<1x4x4x2xi8>)
// CHECK: %[[Y:.*]] = hls.stage @stage0(%[[X]]) kernel [3, 3] stride [1, 1] before [1, 1] from [4, 4] to [4, 4] {{.*}}fill = 0
// CHECK: hls.stage @stage1(%[[X]], %[[Y]]) kernel [1, 1] {{.*}} from [4, 4] to [4, 4]
// CHECK: func.func @stage0(%{{.*}}: tensor<1x3x3x2xi8>) -> tensor<1x1x1x2xi32>
// CHECK: func.func @stage1(%{{.*}}: tensor<1x1x1x2xi8>, %{{.*}}: tensor<1x1x1x2xi32>) -> tensor<1x1x1x2xi32>
// SPACE-NOT: hls.flow
func.func @main(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi32> {
  %zero = arith.constant 0 : i8
  %none = arith.constant 0 : i32
  %w = arith.constant dense<[[1, 2, 1], [2, 3, 2], [1, 2, 1]]> : tensor<3x3xi8>
  %0 = tensor.empty() : tensor<1x6x6x2xi8>
  %1 = linalg.generic {indexing_maps = [#image], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    outs(%0 : tensor<1x6x6x2xi8>) {
  ^bb0(%out: i8):
    linalg.yield %zero : i8
  } -> tensor<1x6x6x2xi8>
  %2 = tensor.insert_slice %x into %1[0, 1, 1, 0] [1, 4, 4, 2] [1, 1, 1, 1] : tensor<1x4x4x2xi8> into tensor<1x6x6x2xi8>
  %3 = tensor.empty() : tensor<1x4x4x2xi32>
  %4 = linalg.generic {indexing_maps = [#image], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    outs(%3 : tensor<1x4x4x2xi32>) {
  ^bb0(%out: i32):
    linalg.yield %none : i32
  } -> tensor<1x4x4x2xi32>
  %5 = linalg.generic {indexing_maps = [#window, #weights, #pixel],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
    ins(%2, %w : tensor<1x6x6x2xi8>, tensor<3x3xi8>) outs(%4 : tensor<1x4x4x2xi32>) {
  ^bb0(%a: i8, %b: i8, %out: i32):
    %6 = arith.extsi %a : i8 to i32
    %7 = arith.extsi %b : i8 to i32
    %8 = arith.muli %6, %7 : i32
    %9 = arith.addi %out, %8 : i32
    linalg.yield %9 : i32
  } -> tensor<1x4x4x2xi32>
  %y = linalg.generic {indexing_maps = [#image, #image, #image], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%x, %5 : tensor<1x4x4x2xi8>, tensor<1x4x4x2xi32>) outs(%3 : tensor<1x4x4x2xi32>) {
  ^bb0(%a: i8, %b: i32, %out: i32):
    %6 = arith.extsi %a : i8 to i32
    %7 = arith.addi %6, %b : i32
    linalg.yield %7 : i32
  } -> tensor<1x4x4x2xi32>
  return %y : tensor<1x4x4x2xi32>
}

// -----

#line = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// What depends on where a pixel is differs from pixel to pixel: this stays as it is.
// CHECK: func.func @main
// CHECK-NOT: hls.flow
func.func @main(%x: tensor<1x8x2xi8>) -> tensor<1x8x2xi32> {
  %0 = tensor.empty() : tensor<1x8x2xi32>
  %y = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%x : tensor<1x8x2xi8>) outs(%0 : tensor<1x8x2xi32>) {
  ^bb0(%a: i8, %out: i32):
    %1 = linalg.index 1 : index
    %2 = arith.index_cast %1 : index to i32
    %3 = arith.extsi %a : i8 to i32
    %4 = arith.addi %2, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<1x8x2xi32>
  return %y : tensor<1x8x2xi32>
}
