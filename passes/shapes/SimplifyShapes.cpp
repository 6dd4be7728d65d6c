// In: functions on the onnx dialect, all types inferred.
// Out: integer tensors whose elements shape inference knows are constants; identities and dead ops are gone.
// Why here: what computed shapes at run time is dead once they are known, and must not cost anything.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/shapes/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_SIMPLIFYSHAPES
#include "passes/shapes/Passes.h.inc"
} // namespace brisk

namespace {

/// The constant that `value` always is, or null.
ElementsAttr knownContent(Value value, ShapeContext &context) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape() || type.getRank() > 1 || matchPattern(value, m_Constant()))
    return {};
  auto element = dyn_cast<IntegerType>(type.getElementType());
  std::optional<SmallVector<int64_t>> content = element ? context.constantContent(value) : std::nullopt;
  if (!content || static_cast<int64_t>(content->size()) != type.getNumElements())
    return {};
  SmallVector<APInt> elements;
  for (int64_t number : *content)
    elements.emplace_back(element.getWidth(), number, element.isSigned(), /*implicitTrunc=*/true);
  return DenseElementsAttr::get(type, elements);
}

struct SimplifyShapes : brisk::impl::SimplifyShapesBase<SimplifyShapes> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      ShapeContext context;
      function.walk([&](InferShapesInterface op) {
        for (Value result : op->getResults()) {
          if (result.use_empty())
            continue;
          ElementsAttr attr = knownContent(result, context);
          if (!attr)
            continue;
          OpBuilder builder(op);
          Operation *constant =
              op->getDialect()->materializeConstant(builder, attr, result.getType(), op->getLoc());
          if (constant)
            result.replaceAllUsesWith(constant->getResult(0));
        }
      });
      RewritePatternSet patterns(&getContext());
      for (Dialect *dialect : getContext().getLoadedDialects())
        if (dialect->getNamespace() == "onnx")
          dialect->getCanonicalizationPatterns(patterns);
      for (RegisteredOperationName name : getContext().getRegisteredOperations())
        if (name.getDialectNamespace() == "onnx")
          name.getCanonicalizationPatterns(patterns, &getContext());
      if (failed(applyPatternsGreedily(function, std::move(patterns))))
        return signalPassFailure();
    }
  }
};

} // namespace
