// Quantization of float models.
#ifndef BRISK_PASSES_QUANTIZE_PASSES_TD
#define BRISK_PASSES_QUANTIZE_PASSES_TD

include "mlir/Pass/PassBase.td"

def QuantizeModel : Pass<"quantize-model", "::mlir::ModuleOp"> {
  let summary = "Give the products of a float model the precision that pays";
  let description = [{
    Puts quantization around products on floats (what they are, ops state) in the form in which exporters write
    it, so that models of either kind take one path. Ranges come from runs on the user's samples; what was lost
    and what was gained is measured on code compiled in full, and what does not pay is undone. Without a runner (in brisk-opt) only what needs
    no measurement is done.
  }];
  let options = [
    Option<"mode", "mode", "std::string", "\"none\"", "none, int8, dynamic, int8w, int4w, bf16 or mixed">,
  ];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

#endif
