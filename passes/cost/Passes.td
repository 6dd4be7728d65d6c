// Passes that predict.
#ifndef BRISK_PASSES_COST_PASSES_TD
#define BRISK_PASSES_COST_PASSES_TD

include "mlir/Pass/PassBase.td"

def PredictLatency : Pass<"predict-latency", "::mlir::ModuleOp"> {
  let summary = "Say how long each kernel takes on the module's machine";
  let description = [{
    A remark on each kernel (its class, flops, bytes, predicted time) and one on
    the module (the sum), for the machine of the attribute `machine.desc`, or a
    middling processor where there is none. Changes nothing.
  }];
  let options = [Option<"isa", "isa", "std::string", "\"\"", "instruction set of the machine; the highest if not given">];
  let dependentDialects = ["::brisk::machine::MachineDialect"];
}

#endif
