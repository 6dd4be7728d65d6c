// In: math ops on scalars and vectors. Out: arithmetic for the common ones, the rest left to libm.
// Why here: libm takes one element at a time; polynomials take a register.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Largest errors over all of f32, in units in the last place (see
// test/targets/cpu/expand-math.py): exp 1.1, expm1 3, log 2, log2 3, log1p 4,
// erf 9, tanh 6, sin and cos 2. Infinities, NaNs, signed zeros and denormals
// come out as from libm. f16 and bf16 are computed as f32.
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/lower/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_EXPANDMATH
#include "passes/lower/Passes.h.inc"
} // namespace brisk

namespace {

/// Arithmetic on values of one shape.
struct Arithmetic {
  OpBuilder &b;
  Location loc;
  Type type; // f32 or a vector of it

  Type withElement(Type element) const {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(vector.clone(element)) : element;
  }
  Type ints() const { return withElement(b.getI32Type()); }
  Value constant(Type t, Attribute element) const {
    if (auto vector = dyn_cast<VectorType>(t))
      return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vector, element));
    return arith::ConstantOp::create(b, loc, cast<TypedAttr>(element));
  }
  Value c(double value) const { return constant(type, b.getF32FloatAttr(value)); }
  Value i(int32_t value) const { return constant(ints(), b.getI32IntegerAttr(value)); }
  Value add(Value x, Value y) const { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) const { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) const { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) const { return arith::DivFOp::create(b, loc, x, y); }
  Value neg(Value x) const { return arith::NegFOp::create(b, loc, x); }
  Value fma(Value x, Value y, Value z) const { return math::FmaOp::create(b, loc, x, y, z); }
  Value addi(Value x, Value y) const { return arith::AddIOp::create(b, loc, x, y); }
  Value subi(Value x, Value y) const { return arith::SubIOp::create(b, loc, x, y); }
  Value shl(Value x, int32_t n) const { return arith::ShLIOp::create(b, loc, x, i(n)); }
  Value sar(Value x, int32_t n) const { return arith::ShRSIOp::create(b, loc, x, i(n)); }
  Value bits(Value x) const { return arith::BitcastOp::create(b, loc, ints(), x); }
  Value floats(Value x) const { return arith::BitcastOp::create(b, loc, type, x); }
  Value cmp(arith::CmpFPredicate p, Value x, Value y) const { return arith::CmpFOp::create(b, loc, p, x, y); }
  Value select(Value condition, Value x, Value y) const { return arith::SelectOp::create(b, loc, condition, x, y); }
  /// Bounds that let NaN through.
  Value atMost(Value x, double high) const { return select(cmp(arith::CmpFPredicate::OGT, x, c(high)), c(high), x); }
  Value atLeast(Value x, double low) const { return select(cmp(arith::CmpFPredicate::OLT, x, c(low)), c(low), x); }
  /// Coefficients from the highest power down.
  Value polynomial(Value x, ArrayRef<double> coefficients) const {
    Value p = c(coefficients.front());
    for (double coefficient : coefficients.drop_front())
      p = fma(p, x, c(coefficient));
    return p;
  }
};

constexpr double kRound = 12582912.0; // 1.5 * 2^23: adding it leaves the nearest integer in the low bits

/// x = n ln 2 + r with |r| <= ln 2 / 2.
struct Reduced {
  Value n; // as i32
  Value r;
};
Reduced reduceExp(const Arithmetic &m, Value x) {
  Value t = m.fma(x, m.c(1.44269504088896341), m.c(kRound));
  Value n = m.sub(t, m.c(kRound));
  Value r = m.fma(n, m.c(-0.693359375), x);
  r = m.fma(n, m.c(2.12194440e-4), r);
  return {m.subi(m.bits(t), m.bits(m.c(kRound))), r};
}

/// (exp(r) - 1 - r) / r^2, minimax on [-ln 2 / 2, ln 2 / 2].
Value expTail(const Arithmetic &m, Value r) {
  return m.polynomial(r, {1.384365342e-03, 8.374155332e-03, 4.166800204e-02, 1.666643126e-01, 4.999999421e-01});
}

Value powerOfTwo(const Arithmetic &m, Value n) { return m.floats(m.shl(m.addi(n, m.i(127)), 23)); }

Value expandExp(const Arithmetic &m, Value x) {
  x = m.atLeast(m.atMost(x, 89.0), -104.5);
  auto [n, r] = reduceExp(m, x);
  Value p = m.fma(expTail(m, r), r, m.c(1.0));
  p = m.fma(p, r, m.c(1.0));
  // 2^n in two factors, so that neither overflows and denormals round once.
  Value half = m.sar(n, 1);
  return m.mul(m.mul(p, powerOfTwo(m, half)), powerOfTwo(m, m.subi(n, half)));
}

Value expandExpM1(const Arithmetic &m, Value x) {
  Value bounded = m.atLeast(m.atMost(x, 89.0), -40.0);
  auto [n, r] = reduceExp(m, bounded);
  Value q = m.fma(m.mul(expTail(m, r), r), r, r);
  Value half = powerOfTwo(m, m.subi(n, m.i(1)));
  Value y = m.fma(half, q, m.sub(half, m.c(0.5)));
  y = m.add(y, y);
  return m.select(m.cmp(arith::CmpFPredicate::OEQ, x, m.c(0.0)), x, y); // keeps -0
}

/// Cephes' logf: log(x) = e ln 2 + f + tail, with x = 2^e (1 + f); special values come last.
Value expandLog(const Arithmetic &m, Value x, bool base2 = false) {
  using P = arith::CmpFPredicate;
  Value tiny = m.cmp(P::OLT, x, m.c(1.17549435e-38));
  Value y = m.select(tiny, m.mul(x, m.c(8388608.0)), x);
  // The exponent such that the mantissa lies in [sqrt(1/2), sqrt(2)).
  Value offset = m.subi(m.bits(y), m.i(0x3f3504f3));
  Value e = m.sar(offset, 23);
  Value mantissa = m.floats(m.subi(m.bits(y), m.shl(e, 23)));
  Value exponent = arith::SIToFPOp::create(m.b, m.loc, m.type, e);
  exponent = m.sub(exponent, m.select(tiny, m.c(23.0), m.c(0.0)));
  Value f = m.sub(mantissa, m.c(1.0));
  Value f2 = m.mul(f, f);
  Value tail = m.polynomial(f, {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
                                -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1});
  tail = m.mul(m.mul(tail, f), f2);
  Value result;
  if (base2) {
    tail = m.fma(f2, m.c(-0.5), tail);
    // log2(e) in two parts.
    Value low = m.fma(tail, m.c(1.44269504088896341), m.mul(f, m.c(0.44269504088896341)));
    result = m.add(m.add(f, low), exponent);
  } else {
    tail = m.fma(exponent, m.c(-2.12194440e-4), tail);
    tail = m.fma(f2, m.c(-0.5), tail);
    result = m.fma(exponent, m.c(0.693359375), m.add(f, tail));
  }
  double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  result = m.select(m.cmp(P::OEQ, x, m.c(inf)), m.c(inf), result);
  result = m.select(m.cmp(P::OEQ, x, m.c(0.0)), m.c(-inf), result);
  return m.select(m.cmp(P::OGE, x, m.c(0.0)), result, m.c(nan));
}

Value expandLog1p(const Arithmetic &m, Value x) {
  using P = arith::CmpFPredicate;
  // log(u) x / (u - 1) cancels the rounding of u = 1 + x (Kahan).
  Value u = m.add(x, m.c(1.0));
  Value y = m.mul(expandLog(m, u), m.div(x, m.sub(u, m.c(1.0))));
  y = m.select(m.cmp(P::OEQ, u, m.c(1.0)), x, y);
  double inf = std::numeric_limits<double>::infinity();
  y = m.select(m.cmp(P::OEQ, x, m.c(inf)), m.c(inf), y);
  return m.select(m.cmp(P::OEQ, x, m.c(-1.0)), m.c(-inf), y);
}

Value expandErf(const Arithmetic &m, Value x) {
  x = m.atLeast(m.atMost(x, 3.92), -3.92);
  Value u = m.mul(x, x);
  Value p = m.polynomial(u, {3.067632030e-04, 8.606016482e-03, 6.762469916e-02, 3.151555743e-01, 1.128378852e+00});
  Value q = m.polynomial(u, {1.787670831e-05, 2.168589259e-03, 2.481698248e-02, 1.641822840e-01, 6.126240090e-01, 1.0});
  return m.div(m.mul(x, p), q);
}

Value expandTanh(const Arithmetic &m, Value x) {
  x = m.atLeast(m.atMost(x, 9.0), -9.0);
  Value u = m.mul(x, x);
  Value p = m.polynomial(
      u, {-1.224617035e-11, 3.064242783e-08, 2.803127048e-05, 3.869506029e-03, 1.368085489e-01, 9.999999987e-01});
  Value q = m.polynomial(u, {1.289032230e-06, 3.940709888e-04, 2.725014946e-02, 4.701418698e-01, 1.0});
  return m.div(m.mul(x, p), q);
}

/// sin(x + quarter * pi/2). The reduction runs in f64, exact enough up to |x| = 2^50.
Value expandSin(const Arithmetic &m, Value x, int32_t quarter) {
  OpBuilder &b = m.b;
  Type f64 = m.withElement(b.getF64Type()), i64 = m.withElement(b.getI64Type());
  auto c = [&](double value) { return m.constant(f64, b.getF64FloatAttr(value)); };
  Value wide = arith::ExtFOp::create(b, m.loc, f64, x);
  Value t = m.fma(wide, c(0.63661977236758134308), c(6755399441055744.0));
  Value n = m.sub(t, c(6755399441055744.0));
  wide = m.fma(n, c(-1.57079632679489655800), wide);
  wide = m.fma(n, c(-6.12323399573676603587e-17), wide);
  Value r = arith::TruncFOp::create(b, m.loc, m.type, wide);
  Value count = arith::TruncIOp::create(b, m.loc, m.ints(), arith::BitcastOp::create(b, m.loc, i64, t));
  count = m.addi(count, m.i(quarter));
  Value u = m.mul(r, r);
  Value sine = m.polynomial(u, {-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1});
  sine = m.fma(m.mul(sine, u), r, r);
  Value cosine = m.polynomial(u, {2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2});
  cosine = m.fma(m.mul(cosine, u), u, m.fma(u, m.c(-0.5), m.c(1.0)));
  auto bit = [&](int32_t mask) {
    Value masked = arith::AndIOp::create(b, m.loc, count, m.i(mask));
    return arith::CmpIOp::create(b, m.loc, arith::CmpIPredicate::ne, masked, m.i(0));
  };
  Value y = m.select(bit(1), cosine, sine);
  y = m.select(bit(2), m.neg(y), y);
  return quarter ? y : m.select(m.cmp(arith::CmpFPredicate::OEQ, x, m.c(0.0)), x, y);
}

/// The number that `value` holds in every lane, if it is known.
std::optional<double> splatOf(Value value) {
  if (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
    value = broadcast.getSource();
  Attribute attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return std::nullopt;
  if (auto dense = dyn_cast<SplatElementsAttr>(attr))
    attr = dense.getSplatValue<Attribute>();
  auto number = dyn_cast<FloatAttr>(attr);
  return number ? std::optional(number.getValueAsDouble()) : std::nullopt;
}

/// Powers that are products; null for others.
Value expandPow(const Arithmetic &m, Value x, Value y) {
  std::optional<double> power = splatOf(y);
  if (power == 1.0)
    return x;
  if (power == 2.0)
    return m.mul(x, x);
  if (power == 3.0)
    return m.mul(m.mul(x, x), x);
  if (power == -1.0)
    return m.div(m.c(1.0), x);
  return Value();
}

Value expand(const Arithmetic &m, Operation *op, ValueRange x) {
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](math::ExpOp) { return expandExp(m, x[0]); })
      .Case([&](math::ExpM1Op) { return expandExpM1(m, x[0]); })
      .Case([&](math::LogOp) { return expandLog(m, x[0]); })
      .Case([&](math::Log2Op) { return expandLog(m, x[0], true); })
      .Case([&](math::Log1pOp) { return expandLog1p(m, x[0]); })
      .Case([&](math::ErfOp) { return expandErf(m, x[0]); })
      .Case([&](math::TanhOp) { return expandTanh(m, x[0]); })
      .Case([&](math::SinOp) { return expandSin(m, x[0], 0); })
      .Case([&](math::CosOp) { return expandSin(m, x[0], 1); })
      .Case([&](math::RsqrtOp) { return m.div(m.c(1.0), math::SqrtOp::create(m.b, m.loc, x[0])); })
      .Case([&](math::PowFOp) { return expandPow(m, x[0], x[1]); })
      .Default([](Operation *) { return Value(); });
}

//===--- the larger and the smaller of two -----------------------------------------===//

// A machine's instruction gives its second operand where either is NaN; one comparison and one choice more let NaN
// through from both sides. LLVM's own expansion also orders the two zeros, which takes twice as many.

void expandExtreme(Operation *op) {
  OpBuilder b(op);
  Value x = op->getOperand(0), y = op->getOperand(1);
  auto wins = isa<arith::MaximumFOp>(op) ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
  Value first = arith::CmpFOp::create(b, op->getLoc(), wins, x, y);
  Value extreme = arith::SelectOp::create(b, op->getLoc(), first, x, y); // y's NaN comes through
  Value nan = arith::CmpFOp::create(b, op->getLoc(), arith::CmpFPredicate::UNO, x, x);
  op->getResult(0).replaceAllUsesWith(arith::SelectOp::create(b, op->getLoc(), nan, x, extreme));
  op->erase();
}

/// A vector's extreme: without regard to NaN, unless there is one.
void expandExtreme(vector::ReductionOp op) {
  bool isMax = op.getKind() == vector::CombiningKind::MAXIMUMF;
  if (op.getAcc() || (!isMax && op.getKind() != vector::CombiningKind::MINIMUMF))
    return;
  OpBuilder b(op);
  Location loc = op.getLoc();
  Value x = op.getVector();
  auto kind = isMax ? vector::CombiningKind::MAXNUMF : vector::CombiningKind::MINNUMF;
  Value extreme = vector::ReductionOp::create(b, loc, kind, x, arith::FastMathFlags::nnan | arith::FastMathFlags::nsz);
  Value nan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  Value any = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, nan);
  auto type = cast<FloatType>(op.getType());
  Value result = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, APFloat::getNaN(type.getFloatSemantics())));
  op.replaceAllUsesWith(arith::SelectOp::create(b, loc, any, result, extreme).getResult());
  op.erase();
}

struct ExpandMath : brisk::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      if (isa<arith::MaximumFOp, arith::MinimumFOp>(op))
        expandExtreme(op);
      else if (auto reduction = dyn_cast<vector::ReductionOp>(op))
        expandExtreme(reduction);
    });
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa_and_nonnull<math::MathDialect>(op->getDialect()) && op->getNumResults() == 1)
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      OpBuilder b(op);
      Type type = op->getResult(0).getType();
      Type element = getElementTypeOrSelf(type);
      bool narrow = element.isF16() || element.isBF16();
      if (!narrow && !element.isF32())
        continue;
      Arithmetic m{b, op->getLoc(), type};
      m.type = m.withElement(b.getF32Type());
      SmallVector<Value> operands(op->getOperands());
      if (narrow)
        for (Value &operand : operands)
          if (getElementTypeOrSelf(operand.getType()) == element)
            operand = arith::ExtFOp::create(b, m.loc, m.type, operand);
      Value result = expand(m, op, operands);
      if (!result)
        continue; // unused extensions are dead
      if (narrow)
        result = arith::TruncFOp::create(b, m.loc, type, result);
      op->getResult(0).replaceAllUsesWith(result);
      op->erase();
    }
  }
};

} // namespace
