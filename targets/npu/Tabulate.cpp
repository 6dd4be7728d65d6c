// In: linalg on tensors that no kernel takes over. Out: what bodies compute of one byte is read from a table.
// Why here: scalar code computes a float function in dozens of packets; after this pass nothing looks into bodies.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Body.h"
#include "targets/npu/Passes.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::npu;

namespace brisk {
#define GEN_PASS_DEF_NPUTABULATE
#include "targets/npu/Passes.h.inc"
} // namespace brisk

namespace {

/// Instructions from which a table is faster.
constexpr unsigned kFew = 3;

/// The ops of the body between `value` and `leaf`.
unsigned countBehind(Value value, Value leaf, llvm::SmallPtrSetImpl<Operation *> &seen) {
  Operation *def = value.getDefiningOp();
  if (value == leaf || !def || matchPattern(value, m_Constant()) || !seen.insert(def).second)
    return 0;
  // A function of the library counts as many.
  unsigned count = isa<math::MathDialect>(def->getDialect()) ? 10 : 1;
  for (Value operand : def->getOperands())
    count += countBehind(operand, leaf, seen);
  return count;
}

bool tabulate(linalg::GenericOp op) {
  BodyReader reader(op, op.getNumLoops() - 1, 0);
  Block &body = *op.getBody();
  SmallVector<Operation *> ops;
  for (Operation &inner : llvm::reverse(body.without_terminator()))
    ops.push_back(&inner);
  bool changed = false;
  for (Operation *inner : ops) {
    if (isOpTriviallyDead(inner)) {
      inner->erase();
      continue;
    }
    Type type = inner->getNumResults() == 1 ? inner->getResult(0).getType() : Type();
    if (!type || !type.isIntOrFloat() || type.isInteger(1))
      continue;
    Value value = inner->getResult(0);
    auto leaves = reader.bytesBehind(value);
    llvm::SmallPtrSet<Operation *, 16> seen;
    if (!leaves || leaves->size() != 1 || countBehind(value, leaves->front(), seen) <= kFew)
      continue;
    auto table = reader.tabulate(value, leaves->front());
    if (!table)
      continue;
    OpBuilder outer(op), b(inner);
    Location loc = inner->getLoc();
    auto tensorType = RankedTensorType::get({256}, type);
    Value constant = arith::ConstantOp::create(outer, loc, DenseElementsAttr::get(tensorType, *table));
    Value wide = arith::ExtUIOp::create(b, loc, b.getI32Type(), leaves->front());
    Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), wide);
    value.replaceAllUsesWith(tensor::ExtractOp::create(b, loc, constant, index).getResult());
    inner->erase();
    changed = true;
  }
  return changed;
}

struct NpuTabulate : brisk::impl::NpuTabulateBase<NpuTabulate> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) {
      // Where an output is read, its bytes are no constants of the loop.
      if (op.hasPureTensorSemantics())
        ops.push_back(op);
    });
    for (linalg::GenericOp op : ops)
      tabulate(op);
  }
};

} // namespace
