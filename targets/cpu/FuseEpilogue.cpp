// In: cpu.contract and elementwise generics on tensors. Out: what is done to each sum happens before it is stored.
// Why here: the sum is in a register then; later it would have to be read back.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/Passes.h"
#include "targets/cpu/VectorizeBody.h"
#include "targets/cpu/ir/Cpu.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace brisk {
#define GEN_PASS_DEF_CPUFUSEEPILOGUE
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

/// Sums shorter than this do not hide stores that are scattered.
constexpr int64_t kLongSum = 64;
/// More operands than this take registers from the sums.
constexpr unsigned kMostOperands = 6;

int64_t lengthOfSum(EpilogueOpInterface op) {
  int64_t length = 1;
  auto iterators = op.iterators();
  for (unsigned d = 0; d < iterators.size(); ++d) {
    if (iterators[d] == utils::IteratorType::parallel)
      continue;
    for (auto [operand, map] : llvm::zip(op->getOperands(), op.maps()))
      if (auto at = map.getResultPosition(getAffineDimExpr(d, op.getContext()))) {
        int64_t size = cast<ShapedType>(operand.getType()).getDimSize(*at);
        length *= ShapedType::isDynamic(size) ? 1 : size;
        break;
      }
  }
  return length;
}

/// Why `consumer` cannot run on the sums of `op`; null if it can.
const char *whyNot(EpilogueOpInterface op, linalg::GenericOp consumer, OpOperand &use) {
  if (!consumer.hasPureTensorSemantics() || consumer.getNumDpsInits() != 1 || consumer.getNumReductionLoops() ||
      !consumer.isDpsInput(&use))
    return "it is not an elementwise op";
  if (llvm::count(consumer->getOperands(), op->getResult(0)) != 1)
    return "it reads the sums twice";
  AffineMap read = consumer.getMatchingIndexingMap(&use);
  AffineMap written = consumer.getIndexingMapsArray().back();
  if (!read.isPermutation() || !written.isPermutation())
    return "it does not read each sum once";
  if (!consumer.getMatchingBlockArgument(consumer.getDpsInitOperand(0)).use_empty())
    return "it reads its destination";
  if (op->getNumOperands() - op.getNumFactors() + consumer.getNumDpsInputs() - 2 > kMostOperands)
    return "it has too many operands";
  for (Operation &inner : consumer.getBody()->without_terminator())
    if (!isa<arith::ConstantOp>(inner) && (inner.getNumRegions() || !OpTrait::hasElementwiseMappableTraits(&inner)))
      return "its body is more than arithmetic";
  // Another order of the result scatters the stores.
  if (read != written && (!isa<ContractOp>(op) || lengthOfSum(op) < kLongSum))
    return "the sums are too short for scattered stores";
  return nullptr;
}

EpilogueOpInterface fuse(EpilogueOpInterface op, linalg::GenericOp consumer, OpOperand &use) {
  OpBuilder b(consumer);
  MLIRContext *context = op.getContext();
  SmallVector<AffineMap> maps = op.maps();
  AffineMap results = maps.pop_back_val(), read = consumer.getMatchingIndexingMap(&use);
  // Loop read(r) of the consumer is loop results(r) of the reduction.
  SmallVector<AffineExpr> loops(consumer.getNumLoops());
  for (auto [theirs, ours] : llvm::zip_equal(read.getResults(), results.getResults()))
    loops[cast<AffineDimExpr>(theirs).getPosition()] = ours;
  AffineMap toOurs = AffineMap::get(results.getNumDims(), 0, loops, context);

  SmallVector<Value> operands(op->getOperands().drop_back());
  Block &old = op.getEpilogue().front();
  Region epilogue;
  Block &block = epilogue.emplaceBlock();
  IRMapping mapping;
  for (BlockArgument argument : old.getArguments())
    mapping.map(argument, block.addArgument(argument.getType(), argument.getLoc()));
  Block &theirs = *consumer.getBody();
  for (OpOperand *operand : consumer.getDpsInputOperands()) {
    BlockArgument argument = theirs.getArgument(operand->getOperandNumber());
    if (operand == &use)
      continue;
    operands.push_back(operand->get());
    maps.push_back(consumer.getMatchingIndexingMap(operand).compose(toOurs));
    mapping.map(argument, block.addArgument(argument.getType(), argument.getLoc()));
  }
  maps.push_back(consumer.getIndexingMapsArray().back().compose(toOurs));
  operands.push_back(consumer.getDpsInits()[0]);

  b.setInsertionPointToStart(&block);
  for (Operation &inner : old.without_terminator())
    b.clone(inner, mapping);
  mapping.map(theirs.getArgument(use.getOperandNumber()),
              mapping.lookupOrDefault(cast<YieldOp>(old.getTerminator()).getValue()));
  for (Operation &inner : theirs.without_terminator())
    b.clone(inner, mapping);
  YieldOp::create(b, consumer.getLoc(), mapping.lookupOrDefault(theirs.getTerminator()->getOperand(0)));

  b.setInsertionPoint(consumer);
  OperationState state(consumer.getLoc(), op->getName(), operands, consumer->getResultTypes(), op->getAttrs());
  for (Region &region : op->getRegions())
    state.addRegion()->takeBody(&region == &op.getEpilogue() ? epilogue : region);
  Operation *fused = b.create(state);
  fused->setAttr("indexing_maps", b.getAffineMapArrayAttr(maps));
  consumer->replaceAllUsesWith(fused);
  consumer.erase();
  op.erase();
  return cast<EpilogueOpInterface>(fused);
}

struct CpuFuseEpilogue : brisk::impl::CpuFuseEpilogueBase<CpuFuseEpilogue> {
  void runOnOperation() override {
    SmallVector<EpilogueOpInterface> ops;
    getOperation()->walk([&](EpilogueOpInterface op) {
      if (op->getNumResults() == 1)
        ops.push_back(op);
    });
    for (EpilogueOpInterface op : ops)
      while (op->hasOneUse()) {
        OpOperand &use = *op->use_begin();
        auto consumer = dyn_cast<linalg::GenericOp>(use.getOwner());
        if (!consumer || consumer->getBlock() != op->getBlock() || whyNot(op, consumer, use))
          break;
        op = fuse(op, consumer, use);
      }
  }
};

} // namespace
