// Structured pruning of float models.
#ifndef BRISK_PASSES_PRUNE_PASSES_TD
#define BRISK_PASSES_PRUNE_PASSES_TD

include "mlir/Pass/PassBase.td"

def PruneModel : Pass<"prune-model", "::mlir::ModuleOp"> {
  let summary = "Take channels, heads and widths out of a float model, and repair what sums over them";
  let description = [{
    Finds the slices of tensors that only go together (ops state how they couple them), removes the least important
    ones, as many as the machine repays, and gives the products that summed over them the weights that come nearest to
    the old sums on the user's samples. What was lost and gained is measured on code compiled in full, and what
    does not pay is undone. Without a runner (in brisk-opt) importance is that of weights alone and nothing is repaired.
  }];
  let options = [
    Option<"ratio", "ratio", "double", "0", "share of each family's units that goes">,
    Option<"multiple", "multiple", "int64_t", "16", "widths that stay are multiples of this">,
  ];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

#endif
