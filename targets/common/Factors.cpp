// What the passes that form contractions and reductions ask of their inputs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/Factors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
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

Value brisk::reordered(OpBuilder &b, Location loc, Value constant, ArrayRef<unsigned> order) {
  bool isSplat;
  ArrayRef<char> from = dataOf(constant, isSplat);
  auto type = cast<RankedTensorType>(constant.getType());
  if (from.empty() || isSplat)
    return Value();
  SmallVector<int64_t> shape, strides(type.getRank(), 1), steps;
  for (int64_t axis = type.getRank() - 2; axis >= 0; --axis)
    strides[axis] = strides[axis + 1] * type.getDimSize(axis + 1);
  for (unsigned axis : order) {
    shape.push_back(type.getDimSize(axis));
    steps.push_back(strides[axis]);
  }
  int64_t width = type.getElementTypeBitWidth() / 8, count = type.getNumElements();
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(count * width, 64, /*dataIsMutable=*/true);
  char *to = blob.getMutableData().data();
  SmallVector<int64_t> at(shape.size(), 0);
  for (int64_t i = 0, place = 0; i < count; ++i, to += width) {
    std::copy_n(from.data() + place * width, width, to);
    for (int64_t axis = shape.size() - 1; axis >= 0; --axis) {
      place += steps[axis];
      if (++at[axis] < shape[axis])
        break;
      place -= steps[axis] * shape[axis];
      at[axis] = 0;
    }
  }
  auto made = RankedTensorType::get(shape, type.getElementType());
  return arith::ConstantOp::create(b, loc, DenseResourceElementsAttr::get(made, "reordered", std::move(blob)));
}
