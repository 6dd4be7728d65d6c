// Bodies of linalg ops, run on symbols.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Elaborate.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

FailureOr<Scalar> hls::constantOf(Attribute attribute, Location loc) {
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return Scalar(Linear::number(number.getType().isInteger(1) ? int64_t(number.getValue().getZExtValue())
                                                               : number.getValue().getSExtValue()));
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return Scalar(RealNode::number(float(number.getValueAsDouble())));
  return emitError(loc) << "holds a constant that is no number";
}

LogicalResult BodyRunner::run(Block &body, DenseMap<Value, Scalar> &values, ArrayRef<int64_t> indices) {
  SmallVector<Scalar> in;
  for (Operation &op : body.without_terminator()) {
    in.clear();
    for (Value operand : op.getOperands()) {
      auto found = values.find(operand);
      if (found == values.end()) {
        Attribute constant;
        if (!matchPattern(operand, m_Constant(&constant)))
          return op.emitError() << "reads what no loop and no constant gives it";
        FailureOr<Scalar> scalar = constantOf(constant, op.getLoc());
        if (failed(scalar))
          return failure();
        in.push_back(std::move(*scalar));
      } else if (operand.hasOneUse()) {
        in.push_back(std::move(found->second)); // long sums are not copied
      } else {
        in.push_back(found->second);
      }
    }
    FailureOr<Scalar> result = runOp(op, in, indices);
    if (failed(result))
      return failure();
    values[op.getResult(0)] = std::move(*result);
  }
  return success();
}

static InFlightDiagnostic notInteger(Operation &op) {
  return op.emitError() << "'" << op.getName() << "' has no form in integers here; quantize the tensors around it";
}

FailureOr<Scalar> BodyRunner::runOp(Operation &op, ArrayRef<Scalar> in, ArrayRef<int64_t> indices) {
  if (op.getNumResults() != 1)
    return notInteger(op);
  if (auto index = dyn_cast<linalg::IndexOp>(op))
    return Scalar(Linear::number(indices[index.getDim()]));
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return constantOf(constant.getValue(), op.getLoc());
  if (isa<arith::SelectOp>(op)) {
    if (const auto *comparison = std::get_if<Comparison>(&in[0]))
      return choose(op, *comparison, in[1], in[2]);
    const auto *condition = std::get_if<Linear>(&in[0]);
    if (condition && condition->isNumber())
      return condition->bias ? in[1] : in[2];
    return notInteger(op);
  }
  if (isa<FloatType>(op.getResult(0).getType()) || isa<arith::CmpFOp, arith::FPToSIOp, arith::FPToUIOp>(op))
    return floating(op, in);
  return integer(op, in);
}

static Linear plus(Linear a, const Linear &b, int64_t factor) {
  if (a.terms.size() < b.terms.size() && factor == 1) {
    Linear sum = b;
    sum.terms.insert(sum.terms.end(), a.terms.begin(), a.terms.end());
    sum.bias += a.bias;
    return sum;
  }
  for (auto [signal, weight] : b.terms)
    a.terms.push_back({signal, weight * factor});
  a.bias += b.bias * factor;
  return a;
}

static Linear times(Linear a, int64_t factor) {
  if (factor == 0)
    return Linear::number(0);
  for (auto &term : a.terms)
    term.second *= factor;
  a.bias *= factor;
  return a;
}

/// The number that its lower `width` bits make.
static int64_t wrapped(int64_t value, unsigned width, bool isSigned) {
  if (width >= 64)
    return value;
  uint64_t bits = uint64_t(value) & ((uint64_t(1) << width) - 1);
  return isSigned && (bits >> (width - 1)) ? int64_t(bits) - (int64_t(1) << width) : int64_t(bits);
}

FailureOr<Linear> BodyRunner::widened(Operation &op, Linear value, unsigned from, bool isSigned) {
  if (value.isNumber())
    return Linear::number(wrapped(value.bias, from, isSigned));
  Interval held = builder.range(value);
  Interval all = isSigned ? Interval{-(int64_t(1) << (from - 1)), (int64_t(1) << (from - 1)) - 1}
                       : Interval{0, (int64_t(1) << from) - 1};
  if (!all.holds(held))
    return op.emitError() << "expects integers within [" << all.low << ", " << all.high << "], but they reach ["
                          << held.low << ", " << held.high << "]";
  return value;
}

FailureOr<Scalar> BodyRunner::integer(Operation &op, ArrayRef<Scalar> in) {
  SmallVector<const Linear *, 2> x;
  for (const Scalar &scalar : in) {
    const auto *linear = std::get_if<Linear>(&scalar);
    const auto *comparison = std::get_if<Comparison>(&scalar);
    if (comparison && comparison->known && op.getNumOperands() == 1)
      return Scalar(Linear::number(*comparison->known ? (isa<arith::ExtSIOp>(op) ? -1 : 1) : 0));
    if (comparison && isa<arith::ExtUIOp, arith::IndexCastOp>(op))
      return choose(op, *comparison, Scalar(Linear::number(1)), Scalar(Linear::number(0)));
    if (!linear)
      return notInteger(op);
    x.push_back(linear);
  }
  auto isNumber = [&](unsigned operand) { return x[operand]->isNumber(); };
  auto pairOf = [&](auto make, auto fold) -> Scalar {
    if (isNumber(0) && isNumber(1))
      return Linear::number(fold(x[0]->bias, x[1]->bias));
    return Linear::signal(make(builder.materialize(*x[0]), builder.materialize(*x[1])));
  };
  return TypeSwitch<Operation *, FailureOr<Scalar>>(&op)
      .Case([&](arith::AddIOp) { return Scalar(plus(*x[0], *x[1], 1)); })
      .Case([&](arith::SubIOp) { return Scalar(plus(*x[0], *x[1], -1)); })
      .Case([&](arith::MulIOp) -> FailureOr<Scalar> {
        if (isNumber(1))
          return Scalar(times(*x[0], x[1]->bias));
        if (isNumber(0))
          return Scalar(times(*x[1], x[0]->bias));
        return Scalar(Linear::signal(builder.pair<MulOp>(builder.materialize(*x[0]), builder.materialize(*x[1]))));
      })
      .Case<arith::ExtSIOp, arith::ExtUIOp>([&](Operation *) -> FailureOr<Scalar> {
        auto value = widened(op, *x[0], op.getOperand(0).getType().getIntOrFloatBitWidth(), isa<arith::ExtSIOp>(op));
        if (failed(value))
          return failure();
        return Scalar(std::move(*value));
      })
      .Case([&](arith::TruncIOp) -> FailureOr<Scalar> {
        unsigned width = op.getResult(0).getType().getIntOrFloatBitWidth();
        // Whoever widens it again tells the sign.
        Interval held = builder.range(*x[0]);
        if (isNumber(0))
          return Scalar(Linear::number(wrapped(x[0]->bias, width, true)));
        if (held.low < -(int64_t(1) << (width - 1)) || held.high >= (int64_t(1) << width))
          return op.emitError() << "cuts integers within [" << held.low << ", " << held.high << "] down to " << width
                                << " bits";
        return Scalar(*x[0]);
      })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp>([&](Operation *) { return Scalar(*x[0]); })
      .Case([&](arith::MaxSIOp) {
        return pairOf([&](int64_t a, int64_t b) { return builder.pair<MaxOp>(a, b); },
                      [](int64_t a, int64_t b) { return std::max(a, b); });
      })
      .Case([&](arith::MinSIOp) {
        return pairOf([&](int64_t a, int64_t b) { return builder.pair<MinOp>(a, b); },
                      [](int64_t a, int64_t b) { return std::min(a, b); });
      })
      .Case<arith::MaxUIOp, arith::MinUIOp>([&](Operation *) -> FailureOr<Scalar> {
        unsigned width = op.getResult(0).getType().getIntOrFloatBitWidth();
        auto a = widened(op, *x[0], width, false), b = widened(op, *x[1], width, false);
        if (failed(a) || failed(b))
          return failure();
        if (a->isNumber() && b->isNumber())
          return Scalar(Linear::number(isa<arith::MaxUIOp>(op) ? std::max(a->bias, b->bias) : std::min(a->bias, b->bias)));
        int64_t left = builder.materialize(*a), right = builder.materialize(*b);
        return Scalar(Linear::signal(isa<arith::MaxUIOp>(op) ? builder.pair<MaxOp>(left, right)
                                                             : builder.pair<MinOp>(left, right)));
      })
      .Case([&](arith::CmpIOp compare) -> FailureOr<Scalar> {
        using Predicate = arith::CmpIPredicate;
        Predicate predicate = compare.getPredicate();
        bool isUnsigned = predicate >= Predicate::ult;
        SmallVector<Linear, 2> sides;
        for (unsigned side : {0, 1}) {
          Type type = op.getOperand(side).getType();
          auto value = isa<IndexType>(type) || predicate == Predicate::eq || predicate == Predicate::ne
                           ? FailureOr<Linear>(*x[side])
                           : widened(op, *x[side], type.getIntOrFloatBitWidth(), !isUnsigned);
          if (failed(value))
            return failure();
          sides.push_back(std::move(*value));
        }
        Comparison result;
        bool isSwapped = llvm::is_contained({Predicate::sgt, Predicate::sge, Predicate::ugt, Predicate::uge}, predicate);
        result.kind = llvm::is_contained({Predicate::eq, Predicate::ne}, predicate) ? Comparison::Equal
                      : llvm::is_contained({Predicate::slt, Predicate::sgt, Predicate::ult, Predicate::ugt}, predicate)
                          ? Comparison::Less
                          : Comparison::LessOrEqual;
        result.isNegated = predicate == Predicate::ne;
        if (isSwapped)
          std::swap(sides[0], sides[1]);
        if (sides[0].isNumber() && sides[1].isNumber()) {
          int64_t a = sides[0].bias, b = sides[1].bias;
          bool holds = result.kind == Comparison::Equal ? a == b : result.kind == Comparison::Less ? a < b : a <= b;
          result.known = holds != result.isNegated;
        }
        result.sides = std::pair(std::move(sides[0]), std::move(sides[1]));
        return Scalar(std::move(result));
      })
      .Default([&](Operation *) -> FailureOr<Scalar> { return notInteger(op); });
}

FailureOr<Scalar> BodyRunner::choose(Operation &op, const Comparison &comparison, const Scalar &yes, const Scalar &no) {
  if (comparison.known)
    return *comparison.known ? yes : no;
  if (const auto *reals = std::get_if<std::pair<Real, Real>>(&comparison.sides)) {
    // a < b ? a : b and the like; what is equal either way does not matter.
    const auto *x = std::get_if<Real>(&yes), *y = std::get_if<Real>(&no);
    auto isSame = [](const Real &a, const Real &b) {
      return a == b || (a->kind == RealNode::Constant && b->kind == RealNode::Constant && a->constant == b->constant);
    };
    if (x && y && comparison.kind != Comparison::Equal && !comparison.isNegated) {
      if (isSame(*x, reals->first) && isSame(*y, reals->second))
        return Scalar(RealNode::make(RealNode::Min, *x, *y));
      if (isSame(*x, reals->second) && isSame(*y, reals->first))
        return Scalar(RealNode::make(RealNode::Max, *x, *y));
    }
    return notInteger(op);
  }
  const auto *x = std::get_if<Linear>(&yes), *y = std::get_if<Linear>(&no);
  const auto &sides = std::get<std::pair<Linear, Linear>>(comparison.sides);
  if (!x || !y)
    return notInteger(op);
  int64_t a = builder.materialize(sides.first), b = builder.materialize(sides.second);
  int64_t first = builder.materialize(*x), second = builder.materialize(*y);
  if (comparison.isNegated)
    std::swap(first, second);
  if (comparison.kind == Comparison::LessOrEqual)
    return Scalar(Linear::signal(builder.select(builder.pair<LessOp>(b, a), second, first)));
  if (comparison.kind == Comparison::Less)
    return Scalar(Linear::signal(builder.select(builder.pair<LessOp>(a, b), first, second)));
  return notInteger(op);
}

FailureOr<Linear> BodyRunner::toInteger(const Real &real, Location loc) {
  if (real->kind == RealNode::Constant) {
    if (!(std::abs(real->constant) < 1e15f))
      return emitError(loc) << "converts " << std::to_string(real->constant) << " to an integer";
    return Linear::number(int64_t(real->constant));
  }
  if (readsInput(real)) {
    FailureOr<int64_t> signal = quantizeInput(real);
    if (failed(signal))
      return failure();
    return Linear::signal(*signal);
  }
  SmallVector<std::pair<int64_t, Interval>> leaves;
  SmallVector<int64_t> signals;
  for (int64_t leaf : leavesOf(real)) {
    leaves.push_back({leaf, builder.range(leaf)});
    signals.push_back(leaf);
  }
  auto form = integerFormOf(real, leaves);
  if (!form)
    return emitError(loc) << llvm::toString(form.takeError());
  return Linear::signal(builder.apply(*form, signals));
}

FailureOr<Scalar> BodyRunner::floating(Operation &op, ArrayRef<Scalar> in) {
  for (Value value : op.getOperands())
    if (isa<FloatType>(value.getType()) && !value.getType().isF32())
      return op.emitError() << "computes in " << value.getType() << ", which has no form in integers";
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(op)) {
    const auto *linear = std::get_if<Linear>(&in[0]);
    if (!linear)
      return notInteger(op);
    auto value = widened(op, *linear, op.getOperand(0).getType().getIntOrFloatBitWidth(), isa<arith::SIToFPOp>(op));
    if (failed(value))
      return failure();
    if (value->isNumber())
      return Scalar(RealNode::number(float(value->bias)));
    return Scalar(RealNode::signal(RealNode::Leaf, builder.materialize(std::move(*value))));
  }
  SmallVector<Real, 2> x;
  for (const Scalar &scalar : in) {
    const auto *real = std::get_if<Real>(&scalar);
    if (!real)
      return notInteger(op);
    x.push_back(*real);
  }
  if (isa<arith::FPToSIOp, arith::FPToUIOp>(op)) {
    auto value = toInteger(x[0], op.getLoc());
    if (failed(value))
      return failure();
    return Scalar(std::move(*value));
  }
  if (auto compare = dyn_cast<arith::CmpFOp>(op)) {
    using Predicate = arith::CmpFPredicate;
    Predicate predicate = compare.getPredicate();
    bool isGreater = llvm::is_contained({Predicate::OGT, Predicate::OGE, Predicate::UGT, Predicate::UGE}, predicate);
    bool isLess = llvm::is_contained({Predicate::OLT, Predicate::OLE, Predicate::ULT, Predicate::ULE}, predicate);
    // Integers are no NaN.
    if (predicate == Predicate::UNO || predicate == Predicate::ORD) {
      Comparison never;
      never.known = predicate == Predicate::ORD;
      return Scalar(never);
    }
    if (!isGreater && !isLess)
      return notInteger(op);
    if (isGreater)
      std::swap(x[0], x[1]);
    Comparison result;
    bool isStrict = llvm::is_contained({Predicate::OGT, Predicate::UGT, Predicate::OLT, Predicate::ULT}, predicate);
    result.kind = isStrict ? Comparison::Less : Comparison::LessOrEqual;
    if (x[0]->kind == RealNode::Constant && x[1]->kind == RealNode::Constant)
      result.known = isStrict ? x[0]->constant < x[1]->constant : x[0]->constant <= x[1]->constant;
    result.sides = std::pair(x[0], x[1]);
    return Scalar(std::move(result));
  }
  // fp32 adds integers of 24 bits without rounding: means stay sums of integers.
  if (isa<arith::AddFOp>(op) && x[0]->kind == RealNode::Leaf && x[1]->kind == RealNode::Leaf) {
    Linear sum = plus(builder.sumOf(x[0]->leaf), builder.sumOf(x[1]->leaf), 1);
    if (Interval{-(1 << 24), 1 << 24}.holds(builder.range(sum)))
      return Scalar(RealNode::signal(RealNode::Leaf, builder.materialize(std::move(sum))));
  }
  if (isa<arith::AddFOp>(op))
    for (unsigned side : {0, 1})
      if (x[side]->kind == RealNode::Constant && x[side]->constant == 0.0f && x[1 - side]->kind == RealNode::Leaf)
        return Scalar(x[1 - side]); // where such a sum starts
  auto make = [&](RealNode::Kind kind) -> FailureOr<Scalar> {
    return Scalar(RealNode::make(kind, x[0], x.size() > 1 ? x[1] : nullptr));
  };
  return TypeSwitch<Operation *, FailureOr<Scalar>>(&op)
      .Case([&](arith::AddFOp) { return make(RealNode::Add); })
      .Case([&](arith::SubFOp) { return make(RealNode::Subtract); })
      .Case([&](arith::MulFOp) { return make(RealNode::Multiply); })
      .Case([&](arith::DivFOp) { return make(RealNode::Divide); })
      .Case<arith::MaximumFOp, arith::MaxNumFOp>([&](Operation *) { return make(RealNode::Max); })
      .Case<arith::MinimumFOp, arith::MinNumFOp>([&](Operation *) { return make(RealNode::Min); })
      .Case([&](math::RoundEvenOp) { return make(RealNode::Round); })
      .Case([&](math::FloorOp) { return make(RealNode::Floor); })
      .Case([&](math::CeilOp) { return make(RealNode::Ceil); })
      .Case([&](math::ExpOp) { return make(RealNode::Exp); })
      .Case([&](math::TanhOp) { return make(RealNode::Tanh); })
      .Case([&](math::ErfOp) { return make(RealNode::Erf); })
      .Case([&](math::SqrtOp) { return make(RealNode::Sqrt); })
      .Case([&](math::LogOp) { return make(RealNode::Log); })
      .Case([&](arith::NegFOp) -> FailureOr<Scalar> {
        return Scalar(RealNode::make(RealNode::Subtract, RealNode::number(0), x[0]));
      })
      .Default([&](Operation *) -> FailureOr<Scalar> { return notInteger(op); });
}
