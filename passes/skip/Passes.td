// Leaving out residual branches.
#ifndef BRISK_PASSES_SKIP_PASSES_TD
#define BRISK_PASSES_SKIP_PASSES_TD

include "mlir/Pass/PassBase.td"

def SkipModel : Pass<"skip-model", "::mlir::ModuleOp"> {
  let summary = "Leave out residual branches that a model does as well without";
  let description = [{
    A branch is what is added to one of the values that it is computed from. Without it the sum is that value or,
    where that is nearer to what the sum was on the user's samples, a multiple of it and a shift for each channel. Which branches go is
    decided by how far the model's outputs move; the result is judged on code compiled in full. Without a runner (in
    brisk-opt) the branches named go, and nothing takes their place.
  }];
  let options = [
    Option<"which", "which", "std::string", "\"\"", "a number of branches, auto, or names of the nodes that add, separated by commas">,
  ];
}

#endif
