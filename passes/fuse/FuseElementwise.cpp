// In: linalg on tensors, one generic per ONNX op. Out: elementwise chains as one generic each.
// Why here: on tensors fusion is a rewrite of maps and regions; after bufferization it would need dependence analysis.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/fuse/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "passes/fuse/Passes.h.inc"
} // namespace brisk

namespace {

/// Inputs of a fused loop beyond this cost more registers and streams than the saved traffic is worth.
constexpr unsigned kMaxInputs = 8;
/// A longer body spills registers and saves no more traffic; it also keeps fusion linear in the length of a chain.
constexpr size_t kMaxOperations = 64;

/// Recomputing an element costs no more than a few simple operations.
bool isCheap(linalg::GenericOp op) {
  unsigned operations = 0;
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (isa<math::MathDialect>(inner.getDialect()) || isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp>(inner) ||
        inner.getNumRegions() != 0 || isa<tensor::ExtractOp>(inner))
      return false;
    ++operations;
  }
  return operations <= 3;
}

bool isElementwise(linalg::GenericOp op) { return op.getNumParallelLoops() == op.getNumLoops(); }

bool shouldFuse(OpOperand *use) {
  auto producer = use->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(use->getOwner());
  if (!producer || !consumer || !isElementwise(producer))
    return false;
  // Inside a reduction, or where the consumer broadcasts, an element would be computed many times.
  AffineMap map = consumer.getMatchingIndexingMap(use);
  bool once = map.isPermutation();
  if (!once && (!isCheap(producer) || consumer.getNumReductionLoops()))
    return false;
  if (consumer.getNumDpsInputs() + producer.getNumDpsInputs() > kMaxInputs)
    return false;
  if (consumer.getBody()->getOperations().size() + producer.getBody()->getOperations().size() > kMaxOperations)
    return false;
  return use->get().hasOneUse() || isCheap(producer);
}

struct FuseElementwise : brisk::impl::FuseElementwiseBase<FuseElementwise> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
    linalg::populateEraseUnnecessaryInputsPatterns(patterns);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    affine::AffineApplyOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    GreedyRewriteConfig config;
    config.setUseTopDownTraversal(true);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      signalPassFailure();
  }
};

} // namespace
