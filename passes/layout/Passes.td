// The layout stage.
#ifndef BRISK_PASSES_LAYOUT_PASSES_TD
#define BRISK_PASSES_LAYOUT_PASSES_TD

include "mlir/Pass/PassBase.td"

def PropagateLayout : Pass<"propagate-layout", "::mlir::ModuleOp"> {
  let summary = "Let the ops that want it, and those around them, work on permuted tensors";
  let description = [{
    Starts from the ops that prefer a permutation of their input and adopts
    neighbours that can follow it as long as that does not increase the number
    of elements to transpose at the border. Constants are permuted through an op
    that constant folding evaluates. A model without such ops stays as it is.
  }];
}

#endif
