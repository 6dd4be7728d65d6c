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

def FoldConstants : Pass<"fold-constants", "::mlir::ModuleOp"> {
  let summary = "Compute at compile time what depends on constants only";
  let description = [{
    Collects the maximal subgraphs that depend on constants only, has the
    compiler's evaluator compile and run them, and puts the values in their place. Values
    that would grow the artifact out of proportion stay as they are. Without an evaluator (in
    brisk-opt) nothing happens.
  }];
  let options = [Option<"outlineOnly", "outline-only", "bool", "false",
                        "add the function that would be run to the module as @fold, and run nothing">,
                 Option<"keepQuantized", "keep-quantized", "bool", "false",
                        "leave constants that are dequantized to the stages that compute with them as they are">];
}

#endif
