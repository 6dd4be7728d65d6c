// What operators take: time and area, by the model.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Cost.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

static int64_t widthOf(Value value) { return cast<IntegerType>(value.getType()).getWidth(); }

/// A carry chain: a LUT a bit.
static Cost chain(int64_t width) { return {0.55 + 0.012 * double(width), width}; }

Cost hls::costOf(Operation *op) {
  return TypeSwitch<Operation *, Cost>(op)
      .Case([](AddOp add) {
        // The low bits of lhs pass below a shifted rhs, unless they borrow.
        int64_t bits = widthOf(add.getResult()) - (add.getNegateLhs() ? 0 : int64_t(add.getShift()));
        Cost cost = chain(std::max<int64_t>(bits, 1));
        cost.adders = 1;
        cost.adderBits = cost.luts;
        return cost;
      })
      .Case([](ScaleOp scale) { return scale.getNegate() ? chain(widthOf(scale.getResult())) : Cost(); })
      .Case([](RoundOp round) { return round.getEven() ? chain(widthOf(round.getResult()) + 1) : Cost(); })
      .Case([](ClampOp clamp) {
        // Bounds of a whole power of two need no chain of their own: the upper bits tell.
        return Cost{0.9 + 0.012 * double(widthOf(clamp.getInput())), widthOf(clamp.getResult()) + 2};
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
