// In: linalg on tensors. Out: the same, constant factors of sums laid out as blocks of threads read them.
// Why here: constants are still tensors, that nothing has given a place.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
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

/// The constant `value` with its axes in another order: axis i of the result is axis permutation[i].
Value permuted(OpBuilder &b, Location loc, Value value, ArrayRef<char> from, ArrayRef<int64_t> permutation) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape, strides(type.getRank(), 1), steps;
  for (int64_t axis = type.getRank() - 2; axis >= 0; --axis)
    strides[axis] = strides[axis + 1] * type.getDimSize(axis + 1);
  for (int64_t axis : permutation) {
    shape.push_back(type.getDimSize(axis));
    steps.push_back(strides[axis]);
  }
  auto result = RankedTensorType::get(shape, type.getElementType());
  size_t width = type.getElementTypeBitWidth() / 8;
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(from.size(), 64, /*dataIsMutable=*/true);
  char *to = blob.getMutableData().data();
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t at = 0;
  for (int64_t i = 0, end = type.getNumElements(); i < end; ++i) {
    memcpy(to + i * width, from.data() + at * width, width);
    for (int64_t axis = static_cast<int64_t>(shape.size()) - 1; axis >= 0; --axis) {
      at += steps[axis];
      if (++index[axis] < shape[axis])
        break;
      at -= steps[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return arith::ConstantOp::create(b, loc, DenseResourceElementsAttr::get(result, "laid_out", std::move(blob)));
}

void layOut(linalg::GenericOp op, unsigned input) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<unsigned> loops = plainLoops(maps[input]);
  bool isSplat = false;
  Value value = op.getDpsInputs()[input];
  ArrayRef<char> data = dataOf(value, isSplat);
  if (loops.empty() || data.empty() || isSplat || SetVector<unsigned>(loops.begin(), loops.end()).size() != loops.size())
    return;
  SmallVector<unsigned> order = wantedOrder(op, loops, maps[1 - input]);
  if (order == loops)
    return;
  SmallVector<int64_t> permutation;
  SmallVector<AffineExpr> results;
  for (unsigned loop : order) {
    permutation.push_back(llvm::find(loops, loop) - loops.begin());
    results.push_back(getAffineDimExpr(loop, op.getContext()));
  }
  OpBuilder b(op);
  op->setOperand(input, permuted(b, op.getLoc(), value, data, permutation));
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
