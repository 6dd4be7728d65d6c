// Models over time as steps.
#ifndef BRISK_PASSES_STREAM_PASSES_TD
#define BRISK_PASSES_STREAM_PASSES_TD

include "mlir/Pass/PassBase.td"

def StreamModel : Pass<"stream-model", "::mlir::ModuleOp"> {
  let summary = "Make a step of a model over time: some frames in, some out, what the next step needs as states";
  let description = [{
    Step k of the result takes the next frames of each input along the axis and returns those of the outputs that have
    become known, as the whole model would have. What ops look back at is kept in states: arguments and results that the
    caller hands from step to step, zeros at first. Ops say what they look at (dialects/interfaces/Frames.h).
  }];
  let options = [
    Option<"along", "along", "std::string", "\"\"", "an axis, the name of an open dim, or INPUT:AXIS, separated by commas; empty: nothing happens">,
    Option<"step", "step", "int64_t", "0", "frames that a step takes; 0: the fewest">,
    Option<"delay", "delay", "int64_t", "0", "frames of the inputs by which outputs may lag">,
  ];
}

#endif
