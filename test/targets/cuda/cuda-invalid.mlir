// RUN: brisk-opt %s --cuda-bufferize --cuda-outline-kernels --split-input-file --verify-diagnostics

// expected-error @+1 {{the cuda target needs known shapes, but got 'tensor<?xf32>': fix the inputs with --shape}}
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

func.func @main(%x: tensor<4xf32>, %n: tensor<index>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %end = tensor.extract %n[] : tensor<index>
  // expected-error @+1 {{the cuda target cannot run control flow that depends on values of tensors}}
  %y = scf.for %i = %c0 to %end step %c1 iter_args(%t = %x) -> tensor<4xf32> {
    %e = linalg.exp ins(%t : tensor<4xf32>) outs(%t : tensor<4xf32>) -> tensor<4xf32>
    scf.yield %e : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}
