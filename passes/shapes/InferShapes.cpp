// In: functions on the onnx dialect; argument types are right, other types are hints or unranked.
// Out: every value has its type; function types agree with their bodies.
// Why here: everything after import relies on ranks and symbolic dims.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/shapes/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_INFERSHAPES
#include "passes/shapes/Passes.h.inc"
} // namespace brisk

namespace {

struct InferShapes : brisk::impl::InferShapesBase<InferShapes> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      ShapeContext context;
      context.reserveUnknowns(function);
      if (failed(context.inferRegion(function.getBody())))
        return signalPassFailure();
      Block &last = function.getBody().back();
      function.setFunctionType(FunctionType::get(&getContext(), function.getBody().front().getArgumentTypes(),
                                                 last.getTerminator()->getOperandTypes()));
    }
  }
};

} // namespace
