// The search for the least that meets a budget.
#ifndef BRISK_PASSES_SEARCH_PASSES_TD
#define BRISK_PASSES_SEARCH_PASSES_TD

include "mlir/Pass/PassBase.td"

def SearchModel : Pass<"search-model", "::mlir::ModuleOp"> {
  let summary = "Choose what to prune and how to quantize so that a latency budget is met within an accuracy floor";
  let description = [{
    Steps (a part of the model made a level smaller) are sorted into a path by predicted time saved for distance
    added. Points of the path are compiled in full, with each way to finish (floats, 8 bits...), run and judged on the user's samples;
    the first point that meets the budget within the floor is what the module becomes. Without a request (in brisk-opt) it does nothing.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

#endif
