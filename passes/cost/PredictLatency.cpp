// In: a module whose kernels are known. Out: the same, and a remark per kernel that says how long it takes.
// Why here: tests of the cost model see its numbers without a compiler around it.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/cost/Passes.h"
#include "passes/cost/Predict.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_PREDICTLATENCY
#include "passes/cost/Passes.h.inc"
} // namespace brisk

namespace {

std::string number(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.3f", value);
  return text;
}

struct PredictLatency : brisk::impl::PredictLatencyBase<PredictLatency> {
  using PredictLatencyBase::PredictLatencyBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    machine::Description machine;
    if (auto attribute = module->getAttrOfType<machine::DescAttr>(machine::kAttribute)) {
      auto read = machine::Description::fromAttribute(attribute);
      if (!read) {
        module.emitError(llvm::toString(read.takeError()));
        return signalPassFailure();
      }
      machine = std::move(*read);
    }
    const machine::Isa *chosen = machine.isa(isa);
    if (!chosen) {
      module.emitError("the machine has no isa '") << isa << "'";
      return signalPassFailure();
    }
    cost::Prediction prediction = cost::predict(cost::factsOf(module), machine, chosen);
    for (const cost::KernelPrediction &kernel : prediction.kernels)
      module.emitRemark("kernel '") << kernel.nodes << "': " << kernel.kind << ", " << number(kernel.calls) << " calls, "
                                    << number(kernel.flops) << " flops, " << number(kernel.bytes) << " bytes, "
                                    << number(kernel.us) << " us";
    for (const std::string &what : prediction.open)
      module.emitWarning("not known: ") << what;
    module.emitRemark("total: ") << number(prediction.totalUs) << " us";
  }
};

} // namespace
