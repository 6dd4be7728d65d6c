// Which element of a buffer the thread of a number touches.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cuda/Points.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace brisk;

static bool isSum(linalg::LinalgOp op, unsigned loop) {
  return op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction;
}

SmallVector<unsigned> cuda::parallelLoops(linalg::LinalgOp op) {
  SetVector<unsigned> last;
  for (AffineExpr expr : llvm::reverse(op.getMatchingIndexingMap(op.getDpsInitOperand(0)).getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && !isSum(op, dim.getPosition()))
      last.insert(dim.getPosition());
  SmallVector<unsigned> order;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    if (!last.contains(loop) && !isSum(op, loop))
      order.push_back(loop);
  SmallVector<unsigned> results = llvm::to_vector(llvm::reverse(last));
  order.append(results);
  return order;
}

int64_t cuda::unitsOf(linalg::LinalgOp op) {
  int64_t units = 1;
  for (auto [loop, range] : llvm::enumerate(op.getStaticLoopRanges()))
    units *= isSum(op, loop) ? 1 : range;
  return units;
}

bool cuda::isRunning(linalg::LinalgOp op) {
  for (OpOperand &init : op.getDpsInitsMutable())
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (isSum(op, loop) && op.getMatchingIndexingMap(&init).isFunctionOfDim(loop))
        return true;
  return false;
}

Value cuda::wholeOf(Value view) {
  while (auto op = view.getDefiningOp<ViewLikeOpInterface>())
    view = op.getViewSource();
  return view;
}

bool cuda::isOwn(linalg::LinalgOp op, OpOperand &operand) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type || !type.getLayout().isIdentity() || type.getNumElements() != unitsOf(op))
    return false;
  // Views that keep the order of all elements.
  Value whole = operand.get();
  while (Operation *def = whole.getDefiningOp()) {
    if (!isa<memref::CollapseShapeOp, memref::ExpandShapeOp, memref::CastOp>(def))
      break;
    whole = def->getOperand(0);
  }
  if (whole != wholeOf(operand.get()))
    return false;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<unsigned> digits, walked;
  for (unsigned loop : parallelLoops(op))
    if (ranges[loop] != 1)
      digits.push_back(loop);
  for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (dim ? ranges[dim.getPosition()] != 1 : !isa<AffineConstantExpr>(expr)) {
      if (!dim)
        return false;
      walked.push_back(dim.getPosition());
    }
  }
  return walked == digits;
}
