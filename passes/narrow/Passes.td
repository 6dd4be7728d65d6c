// The narrow stage.
#ifndef BRISK_PASSES_NARROW_PASSES_TD
#define BRISK_PASSES_NARROW_PASSES_TD

include "mlir/Pass/PassBase.td"

def FormIntegers : Pass<"form-integers", "::mlir::ModuleOp"> {
  let summary = "Compute on quantized tensors in integers";
  let description = [{
    Writes composite quantized ops out, moves dequantization below ops that only
    move elements and quantization above them, drops pairs that undo each other
    and bounds that quantization implies, and gives products of dequantized
    tensors their integer form: sums of bytes, corrected for zero points and
    scaled once. Elementwise ops between stay in floats, which fuse into the
    kernels around them.
  }];
}

#endif
