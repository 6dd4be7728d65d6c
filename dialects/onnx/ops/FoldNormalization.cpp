// Normalization by constants as part of the convolution before it.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Build.h"
#include "dialects/onnx/ops/Constant.h"
#include "dialects/onnx/ops/Conv.h"
#include "dialects/onnx/ops/Elementwise.h"
#include "dialects/onnx/ops/Norm.h"
#include "dialects/onnx/ops/Shape.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

/// (conv(x, w) + b - mean) s + shift, with s = scale / sqrt(var + epsilon), is a convolution with w s: its channels come out
/// in ranges alike, which quantized ones need, and nothing is left to do at run time.
struct FoldIntoConvolution : OpRewritePattern<BatchNormalizationOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BatchNormalizationOp norm, PatternRewriter &b) const override {
    auto conv = norm.getX().getDefiningOp<ConvOp>();
    if (!conv || !conv->hasOneUse() || norm.getTrainingMode() || norm.getChannelsLast() || conv.getChannelsLast())
      return failure();
    auto weight = dyn_cast<RankedTensorType>(conv.getW().getType());
    if (!weight || !weight.getElementType().isF32() || norm.getY().getType() != norm.getX().getType())
      return failure();
    auto constant = [](Value value) {
      return matchPattern(value, m_Constant()) && getElementTypeOrSelf(value.getType()).isF32();
    };
    if (!constant(conv.getW()) || (isPresent(conv.getB()) && !constant(conv.getB())) ||
        !llvm::all_of(norm->getOperands().drop_front(), constant))
      return failure();

    Location loc = conv.getLoc();
    auto epsilon = DenseElementsAttr::get(RankedTensorType::get({}, b.getF32Type()), norm.getEpsilonAttr());
    Value deviation = createOp<SqrtOp>(b, loc, createAdd(b, loc, norm.getInputVar(), createConstant(b, loc, epsilon)));
    Value factor = createOp<DivOp>(b, loc, {norm.getScale(), deviation});
    SmallVector<int64_t> shape(weight.getRank(), 1);
    shape.front() = weight.getDimSize(0);
    Value dims = createConstant(
        b, loc, DenseElementsAttr::get(RankedTensorType::get({weight.getRank()}, b.getI64Type()), ArrayRef(shape)));
    Value wide = createOp<ReshapeOp>(b, loc, {factor, dims});
    Value bias = createOp<SubOp>(b, loc, {norm.getB(), createMul(b, loc, norm.getInputMean(), factor)});
    if (isPresent(conv.getB()))
      bias = createAdd(b, loc, createMul(b, loc, conv.getB(), factor), bias);
    Value scaled = createMul(b, loc, conv.getW(), wide);
    b.modifyOpInPlace(conv, [&] { conv->setOperands({conv.getX(), scaled, bias}); });
    // The convolution must stand behind what was made for it.
    b.moveOpBefore(conv, norm);
    b.replaceAllUsesWith(norm.getY(), conv.getY());
    b.eraseOp(norm);
    return success();
  }
};

} // namespace

void BatchNormalizationOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldIntoConvolution>(context);
}
