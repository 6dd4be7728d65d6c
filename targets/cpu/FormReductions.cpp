// In: linalg generics on tensors. Out: reductions from a constant as cpu.reduce, constant factors in the order of the result.
// Why here: after contractions, which have a form of their own; consumers have not become separate kernels.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "targets/common/Factors.h"
#include "targets/cpu/Passes.h"
#include "targets/cpu/SumOfProducts.h"
#include "targets/cpu/ir/Cpu.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace brisk {
#define GEN_PASS_DEF_CPUFORMREDUCTIONS
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

/// True when each factor has a loop of the result that the other lacks: a matrix product, which blocks of registers suit.
bool isMatrixProduct(linalg::GenericOp op) {
  if (!isSumOfProducts(op))
    return false;
  auto iterators = op.getIteratorTypesArray();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto hasOwnLoop = [&](AffineMap mine, AffineMap other) {
    for (unsigned d = 0; d < iterators.size(); ++d)
      if (iterators[d] == utils::IteratorType::parallel && mine.isFunctionOfDim(d) && !other.isFunctionOfDim(d))
        return true;
    return false;
  };
  return hasOwnLoop(maps[0], maps[1]) && hasOwnLoop(maps[1], maps[0]);
}

/// Why `op` is not a reduction to form; null if it is.
const char *whyNot(linalg::GenericOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0)
    return "it is no reduction to one tensor";
  if (isMatrixProduct(op))
    return "it is a matrix product";
  for (Operation &inner : op.getBody()->without_terminator())
    if (!isa<arith::ConstantOp>(inner) && (inner.getNumRegions() || !OpTrait::hasElementwiseMappableTraits(&inner)))
      return "its body is more than arithmetic";
  for (unsigned d = 0; d < op.getNumLoops(); ++d)
    if (llvm::none_of(op.getIndexingMapsArray(), [&](AffineMap map) {
          return map.getResultPosition(getAffineDimExpr(d, op.getContext())).has_value();
        }))
      return "no operand tells the size of a loop";
  return nullptr;
}

/// The order of a constant's axes in which the loops of the result run last, in their order, so that vectors along them
/// are read as they lie; empty if it has that order.
SmallVector<unsigned> betterOrder(linalg::GenericOp op, AffineMap map) {
  SmallVector<unsigned> loops = plainLoops(map), order, result = plainLoops(op.getIndexingMapsArray().back());
  if (loops.empty() || result.empty() || !llvm::is_contained(loops, result.back()) || loops.back() == result.back())
    return {};
  auto take = [&](bool parallel) {
    auto axes = llvm::to_vector(llvm::seq<unsigned>(0, loops.size()));
    llvm::stable_sort(axes, [&](unsigned x, unsigned y) {
      return llvm::find(result, loops[x]) - result.begin() < llvm::find(result, loops[y]) - result.begin();
    });
    for (unsigned axis : axes)
      if ((op.getIteratorTypesArray()[loops[axis]] == utils::IteratorType::parallel) == parallel)
        order.push_back(axis);
  };
  take(false);
  take(true);
  return order;
}

void form(linalg::GenericOp op, TypedAttr initial, Value init) {
  OpBuilder b(op);
  SmallVector<Value> inputs(op.getDpsInputs());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (auto [input, map] : llvm::zip(inputs, maps))
    if (SmallVector<unsigned> order = betterOrder(op, map); !order.empty())
      if (Value constant = reordered(b, op.getLoc(), input, order)) {
        SmallVector<AffineExpr> results;
        for (unsigned axis : order)
          results.push_back(map.getResult(axis));
        input = constant;
        map = AffineMap::get(map.getNumDims(), 0, results, op.getContext());
      }
  SmallVector<StringRef> iterators;
  for (auto iterator : op.getIteratorTypesArray())
    iterators.push_back(utils::stringifyIteratorType(iterator));
  auto reduce = ReduceOp::create(b, op.getLoc(), op.getResultTypes(), inputs, init, b.getAffineMapArrayAttr(maps),
                                 b.getStrArrayAttr(iterators), inputs.size(), initial);
  reduce.getBody().takeBody(op.getRegion());
  Operation *last = reduce.getBody().front().getTerminator();
  b.setInsertionPoint(last);
  YieldOp::create(b, op.getLoc(), last->getOperand(0));
  last->erase();
  Block &epilogue = reduce.getEpilogue().emplaceBlock();
  epilogue.addArgument(initial.getType(), op.getLoc());
  b.setInsertionPointToStart(&epilogue);
  YieldOp::create(b, op.getLoc(), epilogue.getArgument(0));
  op.replaceAllUsesWith(reduce);
  op.erase();
}

struct CpuFormReductions : brisk::impl::CpuFormReductionsBase<CpuFormReductions> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation()->walk([&](linalg::GenericOp op) {
      if (!whyNot(op))
        ops.push_back(op);
    });
    for (linalg::GenericOp op : ops)
      if (auto [constant, init] = filled(op.getDpsInits()[0]); constant)
        form(op, constant, init);
  }
};

} // namespace
