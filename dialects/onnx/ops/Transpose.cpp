// Transposes that the layout pass makes and takes away.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Constant.h"
#include "dialects/onnx/ops/Shape.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

static bool isIdentity(ArrayRef<int64_t> permutation) {
  return llvm::all_of(llvm::enumerate(permutation),
                      [](auto entry) { return entry.value() == static_cast<int64_t>(entry.index()); });
}

/// The permutation of `second` after `first`.
static SmallVector<int64_t> compose(ArrayRef<int64_t> first, ArrayRef<int64_t> second) {
  return llvm::map_to_vector(second, [&](int64_t axis) { return first[axis]; });
}

Value onnx::createTranspose(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> all(permutation);
  while (auto inner = value.getDefiningOp<TransposeOp>()) {
    all = compose(inner.permutation(), all);
    value = inner.getData();
  }
  if (isIdentity(all))
    return value;
  Dims dims = dimsOf(value.getType()), moved;
  for (int64_t axis : all)
    moved.push_back(dims[axis]);
  return TransposeOp::create(builder, loc, makeTensorType(getElementTypeOrSelf(value.getType()), moved), value,
                             builder.getDenseI64ArrayAttr(all));
}

void onnx::permuteElementwise(Operation *op, OpBuilder &builder, ArrayRef<int64_t> permutation) {
  auto rank = static_cast<int64_t>(permutation.size());
  unsigned count = cast<ElementwiseInterface>(op).numBroadcastOperands();
  for (OpOperand &operand : op->getOpOperands().take_front(count)) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type || type.getRank() == rank || type.getRank() == 0)
      continue;
    SmallVector<int64_t> axes;
    for (int64_t axis = 0; axis < rank - type.getRank(); ++axis)
      axes.push_back(axis);
    auto axesType = RankedTensorType::get({static_cast<int64_t>(axes.size())}, builder.getI64Type());
    Value axesValue =
        ConstantOp::create(builder, op->getLoc(), DenseElementsAttr::get(axesType, ArrayRef<int64_t>(axes)));
    Dims dims(axes.size(), Dim(1));
    llvm::append_range(dims, dimsOf(type));
    Value full = UnsqueezeOp::create(builder, op->getLoc(), makeTensorType(type.getElementType(), dims), operand.get(),
                                     axesValue);
    operand.set(createTranspose(builder, op->getLoc(), full, permutation));
  }
}

namespace {

/// Makes one transpose, or none, of two.
struct ComposeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    if (!op.getData().getDefiningOp<TransposeOp>())
      return failure();
    Value result = createTranspose(rewriter, op.getLoc(), op.getData(), op.permutation());
    // Users may rely on the type, whose symbolic dims can be written differently.
    if (result.getType() != op.getTransposed().getType())
      return failure();
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ComposeTransposes>(context);
}
