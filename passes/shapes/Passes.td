// Shape inference and constant folding.
#ifndef BRISK_PASSES_SHAPES_PASSES_TD
#define BRISK_PASSES_SHAPES_PASSES_TD

include "mlir/Pass/PassBase.td"

def InferShapes : Pass<"infer-shapes", "::mlir::ModuleOp"> {
  let summary = "Give every value its element type, rank and symbolic dims";
  let description = [{
    Asks each op in order for the types of its results; ops with regions ask on
    for what is inside. Function types follow. Run again after argument types
    changed or ops were inserted.
  }];
}

def SimplifyShapes : Pass<"simplify-shapes", "::mlir::ModuleOp"> {
  let summary = "Replace integer tensors known through shape inference by constants, drop identities and dead ops";
}

#endif
