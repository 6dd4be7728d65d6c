// What the passes that form contractions and reductions ask of their inputs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/Factors.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace brisk;

ArrayRef<char> brisk::dataOf(Value value, bool &isSplat) {
  // Another shape is the same bytes.
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      break;
    value = op->getOperand(0);
  }
  ElementsAttr attr;
  if (!matchPattern(value, m_Constant(&attr)) || !attr.getElementType().isIntOrFloat() ||
      attr.getElementType().getIntOrFloatBitWidth() % 8)
    return {};
  isSplat = false;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      return blob->getData();
  } else if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    isSplat = dense.isSplat();
    return dense.getRawData();
  }
  return {};
}

SmallVector<unsigned> brisk::plainLoops(AffineMap map) {
  SmallVector<unsigned> loops;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      return {};
    loops.push_back(dim.getPosition());
  }
  return loops;
}

std::pair<TypedAttr, Value> brisk::filled(Value value) {
  auto op = value.getDefiningOp<linalg::LinalgOp>();
  if (!op || op.getNumDpsInits() != 1 || op.getNumParallelLoops() != op.getNumLoops())
    return {};
  Value yielded = op.getBlock()->getTerminator()->getOperand(0);
  if (auto argument = dyn_cast<BlockArgument>(yielded); argument && argument.getOwner() == op.getBlock()) {
    if (argument.getArgNumber() >= op.getNumDpsInputs())
      return {};
    yielded = op->getOperand(argument.getArgNumber());
  }
  TypedAttr constant;
  if (!matchPattern(yielded, m_Constant(&constant)) || isa<ShapedType>(constant.getType()))
    return {};
  return {constant, op.getDpsInits()[0]};
}
