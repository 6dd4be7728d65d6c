// In: functions on memrefs.
// Out: no memref.expand_shape; each is a memref.reinterpret_cast with computed sizes and strides.
// Why here: upstream's expansion of strided metadata crashes on groups with two open dims (B*S to B x S).
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "passes/lower/Passes.h"

using namespace mlir;

namespace brisk {
#define GEN_PASS_DEF_RESOLVEEXPANDSHAPE
#include "passes/lower/Passes.h.inc"
} // namespace brisk

namespace {

/// A static number as it stands in the type, else the value.
OpFoldResult typed(OpBuilder &b, int64_t fromType, OpFoldResult value) {
  return ShapedType::isDynamic(fromType) ? value : OpFoldResult(b.getIndexAttr(fromType));
}

void resolve(memref::ExpandShapeOp op) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, op.getSrc());
  MemRefType type = op.getResultType();
  auto [typeStrides, typeOffset] = type.getStridesAndOffset();
  auto [sourceStrides, sourceOffset] = op.getSrcType().getStridesAndOffset();
  SmallVector<OpFoldResult> sizes = op.getMixedOutputShape(), strides(type.getRank());
  for (auto [group, axes] : llvm::enumerate(op.getReassociationIndices())) {
    OpFoldResult stride = typed(b, sourceStrides[group], metadata.getStrides()[group]);
    for (int64_t axis : llvm::reverse(axes)) {
      strides[axis] = typed(b, typeStrides[axis], stride);
      Value next = b.createOrFold<arith::MulIOp>(loc, getValueOrCreateConstantIndexOp(b, loc, stride),
                                                 getValueOrCreateConstantIndexOp(b, loc, sizes[axis]));
      stride = getAsOpFoldResult(next);
    }
  }
  // A scalar expands to axes of size 1, which are never stepped along.
  for (auto [axis, stride] : llvm::enumerate(strides))
    if (!stride)
      stride = typed(b, typeStrides[axis], b.getIndexAttr(1));
  for (auto [axis, size] : llvm::enumerate(sizes))
    size = typed(b, type.getDimSize(axis), size);
  auto cast = memref::ReinterpretCastOp::create(b, loc, type, metadata.getBaseBuffer(),
                                                typed(b, typeOffset, metadata.getOffset()), sizes, strides);
  op.replaceAllUsesWith(cast.getResult());
  op.erase();
}

struct ResolveExpandShape : brisk::impl::ResolveExpandShapeBase<ResolveExpandShape> {
  void runOnOperation() override {
    getOperation()->walk([](memref::ExpandShapeOp op) { resolve(op); });
  }
};

} // namespace
