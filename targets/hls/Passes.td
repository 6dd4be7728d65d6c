// Passes of the HLS target.
#ifndef BRISK_TARGETS_HLS_PASSES_TD
#define BRISK_TARGETS_HLS_PASSES_TD

include "mlir/Pass/PassBase.td"

def HlsFormDesign : Pass<"hls-form-design", "::mlir::ModuleOp"> {
  let summary = "Lay @main out in space: an hls.design with a node per layer, every width derived";
  let description = [{
    Runs the linalg ops of @main on symbols, element by element. Sums of products
    become `hls.sum`; what is computed in fp32 between two integers becomes integer
    arithmetic that equals it for every number that can occur, which is proven on the
    way; float inputs and outputs become integers, with the scales that the
    design's `inputs` and `outputs` tell.
  }];
  let dependentDialects = ["::brisk::hls::HlsDialect"];
}

def HlsFormFlow : Pass<"hls-form-flow", "::mlir::ModuleOp"> {
  let summary = "Cut @main into stages that make a pixel at a time, where it is too large for space";
  let description = [{
    A stage is what makes one pixel of a tensor of rows and columns from a window of
    another. It becomes a function of its own, a design later. What cannot be cut is
    left as it is.
  }];
  let dependentDialects = ["::brisk::hls::HlsDialect"];
  let options = [Option<"steps", "steps", "int64_t", "1 << 14", "steps of loops that are laid out in space all the same">];
}

def HlsFormAdders : Pass<"hls-form-adders", "::mlir::ModuleOp"> {
  let summary = "Turn sums into adders: factors in signed digits, what several sums share added once";
  let dependentDialects = ["::brisk::hls::HlsDialect"];
  let options = [
    Option<"share", "share", "bool", "true", "add common parts of sums once">,
    Option<"slack", "slack", "int", "0", "adders one after the other beyond those that the longest sum needs">
  ];
}

def HlsSchedule : Pass<"hls-schedule", "::mlir::ModuleOp"> {
  let summary = "Give every operator its clock cycle, nodes and design their latency and area by the model";
  let description = [{
    Also checks that every type holds what can occur. A design takes new inputs
    in every cycle (ii = 1).
  }];
  let dependentDialects = ["::brisk::hls::HlsDialect"];
  let options = [Option<"clockNs", "clock-ns", "double", "5.0", "length of a clock cycle">];
}

def HlsSizeFlow : Pass<"hls-size-flow", "::mlir::ModuleOp"> {
  let summary = "Run the control of a flow, cycle by cycle, over several frames: what its queues hold, and its cycles";
  let dependentDialects = ["::brisk::hls::HlsDialect"];
}

#endif
