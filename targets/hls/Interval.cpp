// What integers can occur, and what operators of the dialect compute.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Interval.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

unsigned hls::widthOf(Interval range) {
  unsigned width = 1;
  if (range.low >= 0) {
    while (width < 63 && range.high >> width)
      ++width;
    return width;
  }
  while (width < 63 && (range.low < -(int64_t(1) << (width - 1)) || range.high >= (int64_t(1) << (width - 1))))
    ++width;
  return width;
}

IntegerType hls::typeOf(MLIRContext *context, Interval range) {
  return IntegerType::get(context, widthOf(range), range.low < 0 ? IntegerType::Signed : IntegerType::Unsigned);
}

Interval hls::rangeOf(Type type) {
  auto integer = cast<IntegerType>(type);
  unsigned width = integer.getWidth();
  if (integer.isUnsigned())
    return {0, int64_t((uint64_t(1) << width) - 1)};
  return {-(int64_t(1) << (width - 1)), (int64_t(1) << (width - 1)) - 1};
}

static int64_t saturated(__int128 value) {
  return int64_t(std::clamp<__int128>(value, -__int128(kLargest), __int128(kLargest)));
}

Interval hls::multiplyAdd(Interval a, int64_t factor, Interval b) {
  __int128 x = __int128(a.low) * factor, y = __int128(a.high) * factor;
  return {saturated(std::min(x, y) + b.low), saturated(std::max(x, y) + b.high)};
}

int64_t hls::roundShift(int64_t value, unsigned shift, bool even) {
  int64_t down = value >> shift;
  return even && value == down << shift ? down & ~int64_t(1) : down;
}

Interval hls::inferRange(Operation *op, ArrayRef<Interval> in) {
  auto power = [](int64_t shift) { return int64_t(1) << shift; };
  return TypeSwitch<Operation *, Interval>(op)
      .Case([&](ConstantOp constant) {
        return Interval{int64_t(constant.getValue()), int64_t(constant.getValue())};
      })
      .Case([&](SumOp sum) {
        Interval range{int64_t(sum.getBias()), int64_t(sum.getBias())};
        for (auto [term, factor] : llvm::zip_equal(in, sum.getFactors()))
          range = multiplyAdd(term, factor, range);
        return range;
      })
      .Case([&](AddOp add) {
        Interval lhs = multiplyAdd(in[0], add.getNegateLhs() ? -1 : 1, {0, 0});
        return multiplyAdd(in[1], add.getNegateRhs() ? -power(add.getShift()) : power(add.getShift()), lhs);
      })
      .Case([&](ScaleOp scale) {
        return multiplyAdd(in[0], scale.getNegate() ? -power(scale.getShift()) : power(scale.getShift()), {0, 0});
      })
      .Case([&](RoundOp round) {
        return Interval{roundShift(in[0].low, round.getShift(), round.getEven()),
                     roundShift(in[0].high, round.getShift(), round.getEven())};
      })
      .Case([&](ClampOp clamp) {
        int64_t low = clamp.getLow(), high = clamp.getHigh();
        return Interval{std::clamp(in[0].low, low, high), std::clamp(in[0].high, low, high)};
      })
      .Case([&](TableOp table) {
        return Interval{*llvm::min_element(table.getEntries()), *llvm::max_element(table.getEntries())};
      })
      .Case([&](MaxOp) { return Interval{std::max(in[0].low, in[1].low), std::max(in[0].high, in[1].high)}; })
      .Case([&](MinOp) { return Interval{std::min(in[0].low, in[1].low), std::min(in[0].high, in[1].high)}; })
      .Case([&](MulOp) {
        Interval a = multiplyAdd(in[0], in[1].low, {0, 0}), b = multiplyAdd(in[0], in[1].high, {0, 0});
        return Interval{std::min(a.low, b.low), std::max(a.high, b.high)};
      })
      .Case<LessOp, EqualOp>([&](Operation *) { return Interval{0, 1}; })
      .Case([&](SelectOp) { return Interval{std::min(in[1].low, in[2].low), std::max(in[1].high, in[2].high)}; })
      .Default([](Operation *op) { return rangeOf(op->getResult(0).getType()); });
}

void RangeAnalysis::addInput(Value value, Interval range) {
  ranges[value] = range;
  forms[value] = {{{uint32_t(atoms.size()), 1}}, 0};
  atoms.push_back(range);
}

void RangeAnalysis::alias(Value argument, Value value) {
  ranges[argument] = ranges.lookup(value);
  forms[argument] = Form(forms.lookup(value));
}

RangeAnalysis::Form RangeAnalysis::combine(ArrayRef<std::pair<Value, int64_t>> parts, int64_t bias) const {
  Form result;
  result.bias = bias;
  for (auto [value, factor] : parts) {
    const Form &form = forms.find(value)->second;
    result.bias += form.bias * factor;
    for (auto [atom, weight] : form.terms)
      result.terms.push_back({atom, weight * factor});
  }
  llvm::sort(result.terms);
  size_t kept = 0;
  for (size_t i = 0; i < result.terms.size();) {
    auto term = result.terms[i];
    for (++i; i < result.terms.size() && result.terms[i].first == term.first; ++i)
      term.second += result.terms[i].second;
    if (term.second)
      result.terms[kept++] = term;
  }
  result.terms.truncate(kept);
  return result;
}

Interval RangeAnalysis::add(Operation *op) {
  Value value = op->getResult(0);
  SmallVector<Interval> in;
  for (Value operand : op->getOperands())
    in.push_back(ranges.lookup(operand));
  Interval range = inferRange(op, in);
  SmallVector<std::pair<Value, int64_t>> parts;
  int64_t bias = 0;
  auto power = [](bool negate, int64_t shift) { return negate ? -(int64_t(1) << shift) : int64_t(1) << shift; };
  if (auto constant = dyn_cast<ConstantOp>(op)) {
    bias = constant.getValue();
  } else if (auto sum = dyn_cast<SumOp>(op)) {
    for (auto [term, factor] : llvm::zip_equal(sum.getTerms(), sum.getFactors()))
      parts.push_back({term, factor});
    bias = sum.getBias();
  } else if (auto adder = dyn_cast<AddOp>(op)) {
    parts = {{adder.getLhs(), power(adder.getNegateLhs(), 0)}, {adder.getRhs(), power(adder.getNegateRhs(), adder.getShift())}};
  } else if (auto scale = dyn_cast<ScaleOp>(op)) {
    parts = {{scale.getInput(), power(scale.getNegate(), scale.getShift())}};
  } else {
    addInput(value, range);
    return range;
  }
  Form form = combine(parts, bias);
  Interval exact{form.bias, form.bias};
  for (auto [atom, factor] : form.terms)
    exact = multiplyAdd(atoms[atom], factor, exact);
  range = {std::max(range.low, exact.low), std::min(range.high, exact.high)};
  forms[value] = std::move(form);
  ranges[value] = range;
  return range;
}

int64_t hls::evaluate(Operation *op, ArrayRef<int64_t> in) {
  auto sign = [](bool negate) { return negate ? -1 : 1; };
  return TypeSwitch<Operation *, int64_t>(op)
      .Case([&](ConstantOp constant) { return int64_t(constant.getValue()); })
      .Case([&](SumOp sum) {
        int64_t total = sum.getBias();
        for (auto [term, factor] : llvm::zip_equal(in, sum.getFactors()))
          total += term * factor;
        return total;
      })
      .Case([&](AddOp add) {
        return sign(add.getNegateLhs()) * in[0] + sign(add.getNegateRhs()) * in[1] * (int64_t(1) << add.getShift());
      })
      .Case([&](ScaleOp scale) { return sign(scale.getNegate()) * in[0] * (int64_t(1) << scale.getShift()); })
      .Case([&](RoundOp round) { return roundShift(in[0], round.getShift(), round.getEven()); })
      .Case([&](ClampOp clamp) { return std::clamp<int64_t>(in[0], clamp.getLow(), clamp.getHigh()); })
      .Case([&](TableOp table) { return table.getEntries()[in[0] - int64_t(table.getFirst())]; })
      .Case([&](MaxOp) { return std::max(in[0], in[1]); })
      .Case([&](MinOp) { return std::min(in[0], in[1]); })
      .Case([&](MulOp) { return in[0] * in[1]; })
      .Case([&](LessOp) { return int64_t(in[0] < in[1]); })
      .Case([&](EqualOp equal) { return int64_t(in[0] == int64_t(equal.getNumber())); })
      .Case([&](SelectOp) { return in[0] ? in[1] : in[2]; })
      .Default([](Operation *) { return int64_t(0); });
}
