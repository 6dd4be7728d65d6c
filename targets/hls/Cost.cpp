// What operators take: time and area, by the model.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Cost.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

static int64_t widthOf(Value value) { return cast<IntegerType>(value.getType()).getWidth(); }

/// A level of LUTs with the nets inside it.
static constexpr double kLutNs = 0.3;

/// A carry chain: a LUT a bit.
static Cost chain(int64_t width) { return {kChainNs + kCarryNs * double(width), width}; }

int64_t hls::lowestAdded(AddOp add) { return add.getNegateLhs() ? 0 : add.getShift(); }

/// LUTs of an adder: one for each bit where both sides have one, or where the only one is inverted; elsewhere the bit
/// enters the carry chain as it is. A bit where both only repeat their signs shares the LUT of the one below.
static int64_t adderLuts(AddOp add) {
  int64_t width = widthOf(add.getResult()), shift = add.getShift(), luts = 0;
  // What a bit of an operand is: 0 or 1 if known.
  auto bitOf = [](Value value, int64_t bit) -> std::optional<bool> {
    if (bit < 0)
      return false;
    if (auto constant = value.getDefiningOp<ConstantOp>())
      return (int64_t(constant.getValue()) >> std::min<int64_t>(bit, 63)) & 1;
    if (bit >= widthOf(value) && cast<IntegerType>(value.getType()).isUnsigned())
      return false;
    return std::nullopt;
  };
  int64_t from = lowestAdded(add);
  for (int64_t bit = from; bit < width; ++bit) {
    if (bit > from && bit >= widthOf(add.getLhs()) && bit >= widthOf(add.getRhs()) + shift)
      continue;
    auto a = bitOf(add.getLhs(), bit), b = bitOf(add.getRhs(), bit - shift);
    if (!a && !b)
      ++luts;
    else if (!a || !b)
      luts += (a ? *a : *b) != (add.getNegateLhs() || add.getNegateRhs());
  }
  return luts;
}

Cost hls::costOf(Operation *op) {
  return TypeSwitch<Operation *, Cost>(op)
      .Case([](AddOp add) {
        Cost cost{kChainNs + kCarryNs * double(widthOf(add.getResult())), adderLuts(add)};
        cost.adders = 1;
        cost.adderBits = cost.luts;
        return cost;
      })
      .Case([](ScaleOp scale) { return scale.getNegate() ? chain(widthOf(scale.getResult())) : Cost(); })
      .Case([](RoundOp round) {
        // Whether there is a rest decides on one bit.
        return round.getEven() ? Cost{kLutNs, 1 + int64_t(round.getShift()) / 6} : Cost();
      })
      .Case([](ClampOp clamp) {
        // Bounds of whole powers of two: the upper bits tell.
        int64_t low = clamp.getLow(), high = clamp.getHigh(), width = widthOf(clamp.getResult());
        if (high > 0 && llvm::isPowerOf2_64(high + 1) && (low == 0 || low == -high - 1))
          return Cost{2 * kLutNs, width + std::max<int64_t>(widthOf(clamp.getInput()) - width, 0) / 5};
        return Cost{0.9 + 0.012 * double(widthOf(clamp.getInput())), 2 * width};
      })
      .Case([](TableOp table) {
        int64_t entries = table.getEntries().size();
        return Cost{entries > 64 ? 1.4 : 0.6, std::max<int64_t>(1, entries / 64) * widthOf(table.getResult())};
      })
      .Case<MaxOp, MinOp>([](Operation *op) {
        int64_t width = std::max(widthOf(op->getOperand(0)), widthOf(op->getOperand(1)));
        return Cost{0.9 + 0.012 * double(width), width + (width + 1) / 2};
      })
      .Case([](LessOp less) {
        int64_t width = std::max(widthOf(less.getLhs()), widthOf(less.getRhs()));
        return Cost{0.5 + 0.012 * double(width), (width + 1) / 2};
      })
      .Case([](EqualOp equal) { return Cost{0.6, (widthOf(equal.getInput()) + 4) / 5}; })
      .Case([](SelectOp select) { return Cost{0.4, widthOf(select.getResult())}; })
      .Case([](MulOp mul) {
        int64_t a = widthOf(mul.getLhs()), b = widthOf(mul.getRhs());
        Cost cost{1.0 + 0.03 * double(a + b), a * b};
        if (a > 10 && b > 10) {
          cost.luts = 0;
          cost.dsps = ((a + 26) / 27) * ((b + 17) / 18);
        }
        return cost;
      })
      .Default([](Operation *) { return Cost(); });
}

/// Beyond its width a number repeats its sign, or is zero.
static float bitOf(const Arrivals &value, int64_t bit, bool isSigned) {
  if (bit < 0 || value.empty() || (!isSigned && bit >= int64_t(value.size())))
    return 0;
  return value[std::min<int64_t>(bit, value.size() - 1)];
}

Arrivals hls::arrivalsOf(Operation *op, ArrayRef<Arrivals> operands) {
  Arrivals result(widthOf(op->getResult(0)), 0.0f);
  auto isSigned = [&](unsigned operand) { return cast<IntegerType>(op->getOperand(operand).getType()).isSigned(); };
  if (auto add = dyn_cast<AddOp>(op)) {
    int64_t from = lowestAdded(add), shift = add.getShift();
    float carry = 0;
    for (int64_t bit = 0; bit < int64_t(result.size()); ++bit) {
      float a = bitOf(operands[0], bit, isSigned(0)), b = bitOf(operands[1], bit - shift, isSigned(1));
      carry = bit < from ? 0 : std::max(carry + float(kCarryNs), std::max(a, b) + float(kChainNs));
      result[bit] = bit < from ? a : carry;
    }
    return result;
  }
  if (auto scale = dyn_cast<ScaleOp>(op); scale && !scale.getNegate()) {
    for (auto [bit, ready] : llvm::enumerate(result))
      ready = bitOf(operands[0], int64_t(bit) - int64_t(scale.getShift()), isSigned(0));
    return result;
  }
  float last = 0;
  for (const Arrivals &operand : operands)
    for (float bit : operand)
      last = std::max(last, bit);
  float ns = float(costOf(op).ns);
  if (auto round = dyn_cast<RoundOp>(op)) {
    for (auto [bit, ready] : llvm::enumerate(result))
      ready = bitOf(operands[0], int64_t(bit) + int64_t(round.getShift()), isSigned(0));
    if (round.getEven())
      for (uint64_t bit = 0; bit <= round.getShift(); ++bit)
        result[0] = std::max(result[0], bitOf(operands[0], bit, isSigned(0)) + ns);
    return result;
  }
  result.assign(result.size(), operands.empty() ? 0 : last + ns);
  return result;
}
