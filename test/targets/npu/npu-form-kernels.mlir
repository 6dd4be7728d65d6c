// RUN: brisk-opt %s --npu-form-kernels --cse --canonicalize | FileCheck %s

#image = affine_map<(n, h, w, c) -> (n, h, w, c)>
#planes = affine_map<(n, h, w, c) -> (n, c, h, w)>
#window = affine_map<(n, h, w, f, y, x, c) -> (n, h + y, w + x, c)>
#weights = affine_map<(n, h, w, f, y, x, c) -> (f, c, y, x)>
#sums = affine_map<(n, h, w, f, y, x, c) -> (n, h, w, f)>

// A convolution and its quantization are one kernel; what quantizes floats is one; whoever reads the bytes gets them back.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<1x4x6x6xf32>)
// CHECK: %[[Q:.*]] = npu.kernel "quantize" ins(%[[X]] : tensor<1x4x6x6xf32>)
// CHECK: %[[Y:.*]] = npu.kernel "convolve" ins(%[[Q]], %{{.*}}, %{{.*}}, %{{.*}} : {{.*}}, tensor<1xi32>, tensor<32xi8>, tensor<24xi32>){{.*}}npu.products = 1152 : i64
// CHECK: %[[BACK:.*]] = npu.kernel "unblock" ins(%[[Y]] : {{.*}}) outs(%{{.*}} : tensor<1x6x6x8xi8>)
// CHECK: return %[[BACK]]
func.func @main(%x: tensor<1x4x6x6xf32>) -> tensor<1x6x6x8xi8> {
  %zero = arith.constant 0 : i32
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %fine = arith.constant 50.0 : f32
  %coarse = arith.constant 0.01 : f32
  %middle = arith.constant 128.0 : f32
  %w = arith.constant dense<3> : tensor<8x4x1x1xi8>
  %0 = tensor.empty() : tensor<1x6x6x4xi8>
  %q = linalg.generic {indexing_maps = [#planes, #image], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%x : tensor<1x4x6x6xf32>) outs(%0 : tensor<1x6x6x4xi8>) {
  ^bb0(%a: f32, %b: i8):
    %1 = arith.mulf %a, %fine : f32
    %2 = math.roundeven %1 : f32
    %3 = arith.addf %2, %middle : f32
    %4 = arith.maximumf %3, %low : f32
    %5 = arith.minimumf %4, %high : f32
    %6 = arith.fptosi %5 : f32 to i32
    %7 = arith.trunci %6 : i32 to i8
    linalg.yield %7 : i8
  } -> tensor<1x6x6x4xi8>
  %8 = tensor.empty() : tensor<1x6x6x8xi32>
  %9 = linalg.generic {indexing_maps = [#image], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    outs(%8 : tensor<1x6x6x8xi32>) {
  ^bb0(%b: i32):
    linalg.yield %zero : i32
  } -> tensor<1x6x6x8xi32>
  %s = linalg.generic {indexing_maps = [#window, #weights, #sums],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
    ins(%q, %w : tensor<1x6x6x4xi8>, tensor<8x4x1x1xi8>) outs(%9 : tensor<1x6x6x8xi32>) {
  ^bb0(%a: i8, %b: i8, %c: i32):
    %10 = arith.extui %a : i8 to i32
    %11 = arith.extsi %b : i8 to i32
    %12 = arith.muli %10, %11 : i32
    %13 = arith.addi %c, %12 : i32
    linalg.yield %13 : i32
  } -> tensor<1x6x6x8xi32>
  %14 = tensor.empty() : tensor<1x6x6x8xi8>
  %y = linalg.generic {indexing_maps = [#image, #image], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%s : tensor<1x6x6x8xi32>) outs(%14 : tensor<1x6x6x8xi8>) {
  ^bb0(%a: i32, %b: i8):
    %15 = arith.sitofp %a : i32 to f32
    %16 = arith.mulf %15, %coarse : f32
    %17 = math.roundeven %16 : f32
    %18 = arith.maximumf %17, %low : f32
    %19 = arith.minimumf %18, %high : f32
    %20 = arith.fptosi %19 : f32 to i32
    %21 = arith.trunci %20 : i32 to i8
    linalg.yield %21 : i8
  } -> tensor<1x6x6x8xi8>
  return %y : tensor<1x6x6x8xi8>
}
