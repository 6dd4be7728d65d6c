// Sums of which there are few and which are long: a block of threads shares one.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cuda/RowSum.h"

#include "targets/cuda/Passes.h"
#include "targets/cuda/PointEmitter.h"
#include "targets/cuda/Points.h"
#include "targets/cuda/Shared.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cuda;

/// So many results keep a GPU busy with a thread each.
static constexpr int64_t kManyResults = 1 << 15;
/// Shorter sums are done before threads have met.
static constexpr int64_t kLeastLength = 64, kMostLanes = 256;

/// What `op` does, if parts of it can be taken in any order.
static std::optional<arith::AtomicRMWKind> kindOf(Operation *op) {
  using Kind = arith::AtomicRMWKind;
  return llvm::TypeSwitch<Operation *, std::optional<Kind>>(op)
      .Case([](arith::AddFOp) { return Kind::addf; })
      .Case([](arith::AddIOp) { return Kind::addi; })
      .Case([](arith::MulFOp) { return Kind::mulf; })
      .Case([](arith::MulIOp) { return Kind::muli; })
      .Case([](arith::MaximumFOp) { return Kind::maximumf; })
      .Case([](arith::MinimumFOp) { return Kind::minimumf; })
      .Case([](arith::MaxSIOp) { return Kind::maxs; })
      .Case([](arith::MinSIOp) { return Kind::mins; })
      .Case([](arith::OrIOp) { return Kind::ori; })
      .Case([](arith::AndIOp) { return Kind::andi; })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<RowSum> cuda::rowSumOf(ArrayRef<linalg::LinalgOp> ops) {
  const auto *found = llvm::find_if(ops, [](linalg::LinalgOp op) { return op.getNumReductionLoops() > 0; });
  if (found == ops.end())
    return std::nullopt;
  RowSum sum;
  sum.op = *found;
  if (sum.op.getNumDpsInits() != 1 || isRunning(sum.op) || unitsOf(sum.op) >= kManyResults)
    return std::nullopt;
  Block *body = sum.op.getBlock();
  BlockArgument soFar = sum.op.getMatchingBlockArgument(sum.op.getDpsInitOperand(0));
  sum.combiner = body->getTerminator()->getOperand(0).getDefiningOp();
  if (!sum.combiner || sum.combiner->getBlock() != body || !soFar.hasOneUse() || *soFar.user_begin() != sum.combiner)
    return std::nullopt;
  auto kind = kindOf(sum.combiner);
  if (!kind)
    return std::nullopt;
  sum.kind = *kind;
  sum.before.assign(ops.begin(), found);
  sum.after.assign(found + 1, ops.end());
  sum.length = 1;
  for (auto [range, iterator] : llvm::zip(sum.op.getStaticLoopRanges(), sum.op.getIteratorTypesArray()))
    sum.length *= iterator == utils::IteratorType::reduction ? range : 1;
  if (sum.length < kLeastLength || sum.length > INT32_MAX)
    return std::nullopt;
  return sum;
}

int64_t cuda::lanesFor(const RowSum &sum) {
  return std::clamp<int64_t>(llvm::PowerOf2Ceil(llvm::divideCeil(sum.length, 4)), 32, kMostLanes);
}

void cuda::emitRowSum(OpBuilder &b, const RowSum &sum, int64_t lanes) {
  linalg::LinalgOp op = sum.op;
  Location loc = op.getLoc();
  Type type = op.getMatchingBlockArgument(op.getDpsInitOperand(0)).getType();
  auto number = [&](int64_t value) { return arith::ConstantIntOp::create(b, loc, value, 32).getResult(); };
  auto index = [&](Value value) { return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), value).getResult(); };
  Value lane = NVVM::ThreadIdXOp::create(b, loc, b.getI32Type());
  Value result = NVVM::BlockIdXOp::create(b, loc, b.getI32Type());
  Value neutral = arith::getIdentityValue(sum.kind, type, b, loc, /*useOnlyFiniteValue=*/false);
  SmallVector<unsigned> sums;
  op.getReductionDims(sums);

  // Each lane its share, neighbours neighbouring elements.
  DenseMap<Value, Value> known;
  PointEmitter point(b, op, known);
  point.split(result, parallelLoops(op));
  auto loop = scf::ForOp::create(b, loc, index(lane), arith::ConstantIndexOp::create(b, loc, sum.length),
                                 arith::ConstantIndexOp::create(b, loc, lanes), ValueRange{neutral});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    point.split(arith::IndexCastUIOp::create(b, loc, b.getI32Type(), loop.getInductionVar()), sums);
    SmallVector<Value> elements;
    for (OpOperand &operand : op->getOpOperands())
      elements.push_back(op.isDpsInit(&operand)                             ? loop.getRegionIterArgs()[0]
                         : op.getMatchingBlockArgument(&operand).use_empty() ? Value()
                                                                             : point.load(operand));
    scf::YieldOp::create(b, loc, point.body(elements));
  }

  // Halves meet until one is left.
  Value shared = sharedMemory(b, loc, "lanes", {lanes}, type);
  memref::StoreOp::create(b, loc, loop.getResult(0), shared, ValueRange{index(lane)});
  NVVM::Barrier0Op::create(b, loc);
  auto combine = [&](Value x, Value y) { return arith::getReductionOp(sum.kind, b, loc, x, y); };
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    Value isMine = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, lane, number(half));
    auto branch = scf::IfOp::create(b, loc, isMine, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      Value mine = memref::LoadOp::create(b, loc, shared, ValueRange{index(lane)});
      Value other = memref::LoadOp::create(b, loc, shared, ValueRange{index(arith::AddIOp::create(b, loc, lane, number(half)))});
      memref::StoreOp::create(b, loc, combine(mine, other), shared, ValueRange{index(lane)});
    }
    NVVM::Barrier0Op::create(b, loc);
  }

  // The first lane has the result, and does what comes after it.
  Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, lane, number(0));
  auto branch = scf::IfOp::create(b, loc, isFirst, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  for (linalg::LinalgOp earlier : sum.before)
    PointEmitter(b, earlier, known).emit(result);
  Value total = memref::LoadOp::create(b, loc, shared, ValueRange{arith::ConstantIndexOp::create(b, loc, 0)});
  PointEmitter last(b, op, known);
  last.split(result, parallelLoops(op));
  Value start = last.load(*op.getDpsInitOperand(0));
  last.store(result, ValueRange{combine(start, total)});
  for (linalg::LinalgOp later : sum.after)
    PointEmitter(b, later, known).emit(result);
}
