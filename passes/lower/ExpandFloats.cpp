// In: arith and math ops on any float types, scalars or vectors.
// Out: the same with arithmetic in f32 and f64 only, and conversions of narrow floats in integer arithmetic.
// Why here: LLVM lowers neither 8-bit floats nor, without AVX512-BF16, bf16; every op may use them all the same.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/lower/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_EXPANDFLOATS
#include "passes/lower/Passes.h.inc"
} // namespace brisk

namespace {

/// How a float type writes numbers down: sign, exponent, mantissa from the highest bit.
struct Format {
  explicit Format(FloatType type) {
    const llvm::fltSemantics &semantics = type.getFloatSemantics();
    width = type.getWidth();
    mantissa = APFloat::semanticsPrecision(semantics) - 1;
    exponent = width - 1 - mantissa;
    // The exponent field of the least normal number is 1.
    bias = 1 - APFloat::semanticsMinExponent(semantics);
    isUnsignedZero = isa<Float8E4M3FNUZType, Float8E5M2FNUZType>(type);
    hasNan = !isa<Float4E2M1FNType, Float6E2M3FNType, Float6E3M2FNType>(type);
    hasInfinity = isa<Float8E5M2Type, BFloat16Type, Float16Type, Float32Type, Float64Type>(type);
  }
  /// Codes of magnitude: all but the sign.
  uint64_t magnitudeMask() const { return (uint64_t(1) << (exponent + mantissa)) - 1; }
  uint64_t signBit() const { return uint64_t(1) << (width - 1); }
  uint64_t infinity() const { return ((uint64_t(1) << exponent) - 1) << mantissa; }
  /// The code that takes the place of whatever is too large.
  uint64_t overflow() const {
    if (hasInfinity)
      return infinity();
    if (isUnsignedZero)
      return signBit();
    return magnitudeMask();
  }
  uint64_t nan() const {
    if (hasInfinity)
      return infinity() | (uint64_t(1) << (mantissa - 1));
    return isUnsignedZero || !hasNan ? signBit() : magnitudeMask();
  }
  /// The largest code of a finite number.
  uint64_t largest() const {
    if (hasInfinity)
      return infinity() - 1;
    return isUnsignedZero || !hasNan ? magnitudeMask() : magnitudeMask() - 1;
  }

  unsigned width, mantissa, exponent;
  int bias;
  bool isUnsignedZero, hasNan, hasInfinity;
};

bool isPower(FloatType type) { return isa<Float8E8M0FNUType>(type); }

Type withElement(Type shape, Type element) {
  auto vector = dyn_cast<VectorType>(shape);
  return vector ? Type(vector.clone(element)) : element;
}

/// Integer arithmetic on scalars or vectors of one width.
class Bits {
public:
  Bits(OpBuilder &b, Location loc, Type shape, unsigned width)
      : b(b), loc(loc), shape(shape), type(withElement(shape, b.getIntegerType(width))), width(width) {}

  Value constant(uint64_t value) const {
    APInt bits = APInt(64, value).zextOrTrunc(width);
    TypedAttr attr = b.getIntegerAttr(b.getIntegerType(width), bits);
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(vector, bits);
    return arith::ConstantOp::create(b, loc, attr);
  }
  Value number(FloatType element, double value) const {
    APFloat number(value);
    bool lost;
    number.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    TypedAttr attr = b.getFloatAttr(element, number);
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(cast<VectorType>(vector.clone(element)), number);
    return arith::ConstantOp::create(b, loc, attr);
  }
  Value add(Value x, Value y) const { return arith::AddIOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) const { return arith::SubIOp::create(b, loc, x, y); }
  Value both(Value x, Value y) const { return arith::AndIOp::create(b, loc, x, y); }
  Value either(Value x, Value y) const { return arith::OrIOp::create(b, loc, x, y); }
  Value left(Value x, unsigned by) const { return by ? arith::ShLIOp::create(b, loc, x, constant(by)) : x; }
  Value right(Value x, unsigned by) const { return by ? arith::ShRUIOp::create(b, loc, x, constant(by)) : x; }
  Value is(arith::CmpIPredicate how, Value x, uint64_t y) const {
    return arith::CmpIOp::create(b, loc, how, x, constant(y));
  }
  Value select(Value condition, Value x, Value y) const { return arith::SelectOp::create(b, loc, condition, x, y); }
  /// The bits of a float, zero-extended to this width.
  Value of(Value x) const {
    unsigned from = getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth();
    Value bits = arith::BitcastOp::create(b, loc, withElement(shape, b.getIntegerType(from)), x);
    return from < width ? arith::ExtUIOp::create(b, loc, type, bits).getResult() : bits;
  }
  /// The float of these bits.
  Value as(FloatType element, Value bits) const {
    Type exact = withElement(shape, b.getIntegerType(element.getWidth()));
    if (exact != type)
      bits = arith::TruncIOp::create(b, loc, exact, bits);
    return arith::BitcastOp::create(b, loc, withElement(shape, element), bits);
  }

  OpBuilder &b;
  Location loc;
  Type shape, type;
  unsigned width;
};

//===--- extension ----------------------------------------------------------===//

/// The f32 of a float of 16 bits and less.
Value extend(OpBuilder &b, Location loc, Value x) {
  auto from = cast<FloatType>(getElementTypeOrSelf(x.getType()));
  Bits i(b, loc, x.getType(), 32);
  using P = arith::CmpIPredicate;
  Value bits = i.of(x);
  if (isa<BFloat16Type>(from))
    return i.as(b.getF32Type(), i.left(bits, 16));
  if (isPower(from)) {
    // 2^-127 is a denormal; the last code is NaN.
    Value result = i.select(i.is(P::eq, bits, 0), i.constant(0x400000), i.left(bits, 23));
    return i.as(b.getF32Type(), i.select(i.is(P::eq, bits, 0xFF), i.constant(0x7FC00000), result));
  }
  Format f(from);
  Value magnitude = i.both(bits, i.constant(f.magnitudeMask()));
  Value sign = i.left(i.both(bits, i.constant(f.signBit())), 32 - f.width);
  Value normal = i.add(i.left(magnitude, 23 - f.mantissa), i.constant(uint64_t(127 - f.bias) << 23));
  // Denormals count the least step of the format.
  Value count = arith::UIToFPOp::create(b, loc, withElement(x.getType(), b.getF32Type()), magnitude);
  Value step = i.number(b.getF32Type(), std::ldexp(1.0, 1 - f.bias - int(f.mantissa)));
  Value denormal = i.of(arith::MulFOp::create(b, loc, count, step));
  Value result = i.select(i.is(P::ult, magnitude, uint64_t(1) << f.mantissa), denormal, normal);
  if (f.hasInfinity)
    result = i.select(i.is(P::uge, magnitude, f.infinity()),
                      i.either(i.constant(0x7F800000), i.left(magnitude, 23 - f.mantissa)), result);
  else if (f.hasNan && !f.isUnsignedZero)
    result = i.select(i.is(P::eq, magnitude, f.nan()), i.constant(0x7FC00000), result);
  result = i.either(result, sign);
  if (f.isUnsignedZero)
    result = i.select(i.is(P::eq, bits, f.nan()), i.constant(0x7FC00000), result);
  return i.as(b.getF32Type(), result);
}

//===--- truncation ---------------------------------------------------------===//

/// The nearest float of type `to`, which is narrower than x's f32 or f64, ties to even.
Value truncate(OpBuilder &b, Location loc, Value x, FloatType to) {
  auto from = cast<FloatType>(getElementTypeOrSelf(x.getType()));
  Format s(from);
  Bits i(b, loc, x.getType(), s.width);
  using P = arith::CmpIPredicate;
  Value bits = i.of(x);
  Value magnitude = i.both(bits, i.constant(s.magnitudeMask()));
  if (isPower(to)) {
    // From f32: to the nearest power of two, ties up; what is no number is the last code.
    Value nearest = i.right(i.add(magnitude, i.constant(uint64_t(1) << (s.mantissa - 1))), s.mantissa);
    Value code = i.sub(nearest, i.constant(s.bias - 127));
    if (s.width == 64) {
      code = i.select(i.is(P::slt, code, 0), i.constant(0), code);
      code = i.select(i.is(P::sgt, code, 0xFF), i.constant(0xFF), code);
    }
    return i.as(to, i.select(i.is(P::uge, magnitude, s.infinity()), i.constant(0xFF), code));
  }
  Format t(to);
  unsigned shift = s.mantissa - t.mantissa;
  // Normal numbers: round the mantissa, a carry goes into the exponent; then change the bias.
  Value odd = i.both(i.right(magnitude, shift), i.constant(1));
  Value half = i.add(i.add(magnitude, i.constant((uint64_t(1) << (shift - 1)) - 1)), odd);
  Value code = i.sub(i.right(half, shift), i.constant(uint64_t(s.bias - t.bias) << t.mantissa));
  if (s.bias != t.bias) {
    // Below them: adding a number whose last place is the format's least step rounds to that step.
    int stepExponent = 1 - t.bias - int(t.mantissa);
    Value magic = i.number(from, std::ldexp(1.0, stepExponent + int(s.mantissa)));
    Value sum = arith::AddFOp::create(b, loc, i.as(from, magnitude), magic);
    Value small = i.sub(i.of(sum), i.of(magic));
    uint64_t leastNormal = uint64_t(s.bias + 1 - t.bias) << s.mantissa;
    code = i.select(i.is(P::ult, magnitude, leastNormal), small, code);
  }
  uint64_t beyond = t.hasNan ? t.overflow() : t.largest();
  code = i.select(i.is(P::ugt, code, t.largest()), i.constant(beyond), code);
  Value sign = i.right(i.both(bits, i.constant(s.signBit())), s.width - t.width);
  Value isNan = i.is(P::ugt, magnitude, s.infinity());
  if (t.isUnsignedZero) {
    // One zero and one NaN, which has the sign's code.
    Value zero = i.is(P::eq, code, 0);
    return i.as(to, i.select(isNan, i.constant(t.nan()), i.select(zero, code, i.either(code, sign))));
  }
  code = i.select(isNan, i.constant(t.nan()), code);
  return i.as(to, i.either(code, sign));
}

//===--- patterns -----------------------------------------------------------===//

bool isNarrow(Type type) {
  auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type));
  return element && element.getWidth() < 32 && isa<FloatType, VectorType>(type);
}

struct ExpandExtension : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    auto from = cast<FloatType>(getElementTypeOrSelf(op.getIn().getType()));
    auto to = cast<FloatType>(getElementTypeOrSelf(op.getType()));
    if (!isNarrow(op.getIn().getType()) || (from.isF16() && to.isF32()))
      return failure();
    Type f32 = withElement(op.getType(), rewriter.getF32Type());
    Value wide = from.isF16() ? arith::ExtFOp::create(rewriter, op.getLoc(), f32, op.getIn()).getResult()
                              : extend(rewriter, op.getLoc(), op.getIn());
    if (to.getWidth() < 32)
      rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), wide);
    else if (to.isF32())
      rewriter.replaceOp(op, wide);
    else
      rewriter.replaceOpWithNewOp<arith::ExtFOp>(op, op.getType(), wide);
    return success();
  }
};

struct ExpandTruncation : OpRewritePattern<arith::TruncFOp> {
  ExpandTruncation(MLIRContext *context, bool keepBf16) : OpRewritePattern(context), keepBf16(keepBf16) {}
  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    auto from = cast<FloatType>(getElementTypeOrSelf(op.getIn().getType()));
    auto to = cast<FloatType>(getElementTypeOrSelf(op.getType()));
    if (!isNarrow(op.getType()) || (from.isF32() && (to.isF16() || (to.isBF16() && keepBf16))))
      return failure();
    Value in = op.getIn();
    if (from.getWidth() < 32) {
      in = arith::ExtFOp::create(rewriter, op.getLoc(), withElement(op.getType(), rewriter.getF32Type()), in);
      if (to.isF16() || (to.isBF16() && keepBf16)) {
        rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), in);
        return success();
      }
    }
    rewriter.replaceOp(op, truncate(rewriter, op.getLoc(), in, to));
    return success();
  }

  bool keepBf16;
};

/// Ops that only move bits or name types.
bool keepsBits(Operation *op) {
  return isa<arith::ConstantOp, arith::BitcastOp, arith::SelectOp, arith::ExtFOp, arith::TruncFOp>(op);
}

bool touchesNarrow(Operation *op) {
  return llvm::any_of(op->getOperandTypes(), isNarrow) || llvm::any_of(op->getResultTypes(), isNarrow);
}

/// Arithmetic on narrow floats goes through f32.
struct Widen : RewritePattern {
  explicit Widen(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!op->getDialect() || !isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) || keepsBits(op) ||
        !touchesNarrow(op))
      return failure();
    auto wide = [&](Type type) { return isNarrow(type) ? withElement(type, rewriter.getF32Type()) : type; };
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(isNarrow(operand.getType())
                             ? arith::ExtFOp::create(rewriter, op->getLoc(), wide(operand.getType()), operand)
                             : operand);
    OperationState state(op->getLoc(), op->getName(), operands, llvm::map_to_vector(op->getResultTypes(), wide),
                         op->getAttrs());
    Operation *replacement = rewriter.create(state);
    SmallVector<Value> results;
    for (auto [result, old] : llvm::zip(replacement->getResults(), op->getResultTypes()))
      results.push_back(isNarrow(old) ? arith::TruncFOp::create(rewriter, op->getLoc(), old, result).getResult()
                                      : result);
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct ExpandFloats : brisk::impl::ExpandFloatsBase<ExpandFloats> {
  using ExpandFloatsBase::ExpandFloatsBase;
  void runOnOperation() override {
    // Most models have no narrow float at all.
    auto found = getOperation()->walk(
        [](Operation *op) { return touchesNarrow(op) ? WalkResult::interrupt() : WalkResult::advance(); });
    if (!found.wasInterrupted())
      return;
    RewritePatternSet patterns(&getContext());
    arith::BitcastOp::getCanonicalizationPatterns(patterns, &getContext());
    patterns.add<ExpandExtension, Widen>(&getContext());
    patterns.add<ExpandTruncation>(&getContext(), keepBf16Rounding);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
