// In: linalg on tensors. Out: the same, constant factors of sums laid out as blocks of threads read them.
// Why here: constants are still tensors, that nothing has given a place.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/Factors.h"
#include "targets/cuda/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_CUDALAYOUTWEIGHTS
#include "targets/cuda/Passes.h.inc"
} // namespace brisk

namespace {

/// The loops of a factor in the order that threads want: those of both factors, sums as the other factor walks them, its own
/// results last, so that neighbours read neighbours.
SmallVector<unsigned> wantedOrder(linalg::GenericOp op, ArrayRef<unsigned> loops, AffineMap other) {
  auto iterators = op.getIteratorTypesArray();
  auto isSum = [&](unsigned loop) { return iterators[loop] == utils::IteratorType::reduction; };
  SetVector<unsigned> order;
  for (unsigned loop : loops)
    if (!isSum(loop) && other.isFunctionOfDim(loop))
      order.insert(loop);
  for (AffineExpr expr : other.getResults())
    for (unsigned loop : loops)
      if (isSum(loop) && expr.isFunctionOfDim(loop))
        order.insert(loop);
  for (bool ofSums : {true, false})
    for (unsigned loop : loops)
      if (isSum(loop) == ofSums)
        order.insert(loop);
  return llvm::to_vector(order);
}

void layOut(linalg::GenericOp op, unsigned input) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<unsigned> loops = plainLoops(maps[input]);
  if (loops.empty() || SetVector<unsigned>(loops.begin(), loops.end()).size() != loops.size())
    return;
  SmallVector<unsigned> order = wantedOrder(op, loops, maps[1 - input]);
  if (order == loops)
    return;
  SmallVector<unsigned> axes;
  SmallVector<AffineExpr> results;
  for (unsigned loop : order) {
    axes.push_back(llvm::find(loops, loop) - loops.begin());
    results.push_back(getAffineDimExpr(loop, op.getContext()));
  }
  OpBuilder b(op);
  Value laidOut = reordered(b, op.getLoc(), op.getDpsInputs()[input], axes);
  if (!laidOut)
    return;
  op->setOperand(input, laidOut);
  maps[input] = AffineMap::get(op.getNumLoops(), 0, results, op.getContext());
  op.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
}

struct CudaLayOutWeights : brisk::impl::CudaLayOutWeightsBase<CudaLayOutWeights> {
  void runOnOperation() override {
    getOperation()->walk([](linalg::GenericOp op) {
      if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() != 2 || !op.hasPureTensorSemantics())
        return;
      layOut(op, 0);
      layOut(op, 1);
    });
  }
};

} // namespace
