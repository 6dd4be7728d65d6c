// Turning structured ops on memrefs into loops over vectors: what the emitters share.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/EmitStructured.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "targets/cpu/EmitChannels.h"
#include "targets/cpu/EmitContract.h"
#include "targets/cpu/VectorizeBody.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

SmallVector<Value> cpu::emitLoop(Indices ix, OpFoldResult lower, OpFoldResult upper, int64_t step, ValueRange carried,
                                 llvm::function_ref<SmallVector<Value>(OpFoldResult, ValueRange)> body) {
  auto from = known(lower), to = known(upper);
  if (from && to && *from >= *to)
    return llvm::to_vector(carried);
  if (from && to && *to - *from <= step)
    return body(lower, carried);
  auto loop = scf::ForOp::create(ix.b, ix.loc, ix.value(lower), ix.value(upper), ix.value(ix.constant(step)), carried);
  OpBuilder::InsertionGuard guard(ix.b);
  // A loop that carries nothing comes with its terminator.
  if (carried.empty())
    ix.b.setInsertionPoint(loop.getBody()->getTerminator());
  else
    ix.b.setInsertionPointToEnd(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(ix.b, ix.loc, next);
  return SmallVector<Value>(loop.getResults());
}

static Value loadOne(OpBuilder &b, const Nest &nest, unsigned i, const Point &point) {
  Indices ix{b, nest.loc};
  const Operand &operand = nest.operands[i];
  if (!isa<MemRefType>(operand.memref.getType()))
    return operand.memref;
  if (operand.linear)
    return memref::LoadOp::create(b, nest.loc, operand.flat, ValueRange{ix.value(point.place[i])});
  SmallVector<Value> at;
  for (AffineExpr expr : operand.map.getResults())
    at.push_back(ix.value(ix.evaluate(expr, point.index)));
  return memref::LoadOp::create(b, nest.loc, operand.memref, at);
}

Value cpu::loadLanes(OpBuilder &b, const Nest &nest, unsigned i, const Point &point, unsigned d, int64_t lanes,
                     Value mask, OpFoldResult active) {
  Indices ix{b, nest.loc};
  const Operand &operand = nest.operands[i];
  if (lanes == 1 || operand.ignores(d))
    return loadOne(b, nest, i, point);
  auto type = VectorType::get({lanes}, operand.element);
  if (operand.isContiguous(d)) {
    Value at = ix.value(point.place[i]);
    if (!mask)
      return vector::LoadOp::create(b, nest.loc, type, operand.flat, ValueRange{at});
    Value zero = arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(type));
    return vector::MaskedLoadOp::create(b, nest.loc, type, operand.flat, ValueRange{at}, mask, zero);
  }
  if (operand.linear && isKnown(operand.coefficient[d], 2) && !active) {
    // Every other element, out of two loads that end with the last one.
    SmallVector<int64_t> even;
    for (int64_t lane = 0; lane < lanes; ++lane)
      even.push_back(2 * lane < lanes ? 2 * lane : 2 * lane + 1);
    Value first = ix.value(point.place[i]), second = ix.value(ix.add(point.place[i], ix.constant(lanes - 1)));
    return vector::ShuffleOp::create(b, nest.loc,
                                     vector::LoadOp::create(b, nest.loc, type, operand.flat, ValueRange{first}),
                                     vector::LoadOp::create(b, nest.loc, type, operand.flat, ValueRange{second}), even);
  }
  Value result = arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(type));
  for (int64_t lane = 0, end = active ? known(active).value_or(lanes) : lanes; lane < end; ++lane) {
    // A lane that is not in use reads the last one that is.
    OpFoldResult offset = ix.constant(lane);
    if (active && !known(active))
      offset = ix.min(offset, ix.sub(active, ix.constant(1)));
    Value one = loadOne(b, nest, i, lane ? point.moved(nest, ix, d, offset) : point);
    result = vector::InsertOp::create(b, nest.loc, one, result, lane);
  }
  return result;
}

void cpu::storeLanes(OpBuilder &b, const Nest &nest, unsigned i, const Point &point, unsigned d, int64_t lanes,
                     Value mask, OpFoldResult active, Value value) {
  Indices ix{b, nest.loc};
  const Operand &operand = nest.operands[i];
  auto storeOne = [&](const Point &p, Value one) {
    if (operand.linear) {
      memref::StoreOp::create(b, nest.loc, one, operand.flat, ValueRange{ix.value(p.place[i])});
      return;
    }
    SmallVector<Value> at;
    for (AffineExpr expr : operand.map.getResults())
      at.push_back(ix.value(ix.evaluate(expr, p.index)));
    memref::StoreOp::create(b, nest.loc, one, operand.memref, at);
  };
  if (lanes == 1)
    return storeOne(point, value);
  if (operand.isContiguous(d)) {
    Value at = ix.value(point.place[i]);
    if (mask)
      vector::MaskedStoreOp::create(b, nest.loc, operand.flat, ValueRange{at}, mask, value);
    else
      vector::StoreOp::create(b, nest.loc, value, operand.flat, ValueRange{at});
    return;
  }
  for (int64_t lane = 0, end = active ? known(active).value_or(lanes) : lanes; lane < end; ++lane)
    // One turn where the lane is in use, none where not.
    emitLoop(ix, ix.constant(lane), active && !known(active) ? active : ix.constant(lane + 1), lanes, {},
             [&](OpFoldResult, ValueRange) {
               storeOne(lane ? point.moved(nest, ix, d, ix.constant(lane)) : point,
                        vector::ExtractOp::create(b, nest.loc, value, lane));
               return SmallVector<Value>();
             });
}

//===--- ops -------------------------------------------------------------------===//

bool cpu::isStructured(Operation *op) {
  if (isa<EpilogueOpInterface>(op))
    return op->getNumResults() == 0;
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  return linalgOp && linalgOp.hasPureBufferSemantics();
}

SmallVector<OpFoldResult> cpu::tripCounts(OpBuilder &b, EpilogueOpInterface op) {
  SmallVector<OpFoldResult> sizes;
  for (unsigned d = 0; d < op.iterators().size(); ++d) {
    // The size of a dim that the loop indexes alone.
    OpFoldResult size;
    for (auto [operand, map] : llvm::zip_equal(op->getOperands(), op.maps()))
      if (auto at = map.getResultPosition(getAffineDimExpr(d, op.getContext())); at && !known(size))
        size = memref::getMixedSize(b, op.getLoc(), operand, *at);
    sizes.push_back(size);
  }
  return sizes;
}

FailureOr<Nest> cpu::nestOf(OpBuilder &b, Operation *op) {
  if (auto reduce = dyn_cast<ReduceOp>(op)) {
    SmallVector<OpFoldResult> sizes = tripCounts(b, reduce);
    if (llvm::is_contained(sizes, OpFoldResult()))
      return op->emitError("expects loops that some operand tells the size of");
    Nest nest = Nest::get(b, op->getLoc(), reduce->getOperands(), reduce.maps(), reduce.getInputs().size(), sizes,
                          reduce.iterators());
    nest.factors = reduce.getNumFactors();
    nest.body = &reduce.getBody().front();
    nest.epilogue = &reduce.getEpilogue().front();
    nest.initial = reduce.getInitial();
    return nest;
  }
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp || !linalgOp.hasPureBufferSemantics())
    return op->emitError("expects a structured op on memrefs");
  SmallVector<OpFoldResult> sizes;
  for (Range range : linalgOp.createLoopRanges(b, op->getLoc()))
    sizes.push_back(range.size);
  SmallVector<Value> memrefs = linalgOp.getDpsInputs();
  unsigned inputs = memrefs.size();
  llvm::append_range(memrefs, linalgOp.getDpsInits());
  Nest nest = Nest::get(b, op->getLoc(), memrefs, linalgOp.getIndexingMapsArray(), inputs, sizes,
                        linalgOp.getIteratorTypesArray());
  nest.factors = inputs;
  nest.body = linalgOp.getBlock();
  return nest;
}

OpFoldResult cpu::unitsOf(OpBuilder &b, Operation *op) {
  if (auto product = channelProductOf(b, op))
    return unitsOfChannels(b, *product);
  if (auto contraction = contractionOf(b, op))
    return unitsOfContraction(b, *contraction);
  FailureOr<Nest> nest = nestOf(b, op);
  return failed(nest) ? OpFoldResult(b.getIndexAttr(1)) : unitsOfLoops(b, *nest);
}

LogicalResult cpu::emitStructured(OpBuilder &b, Operation *op, ArrayRef<Value> leading, const VectorUnit &unit,
                                  std::optional<Share> share) {
  Indices ix{b, op->getLoc()};
  if (auto product = leading.empty() ? channelProductOf(b, op) : std::nullopt) {
    emitChannels(b, *product, unit, Point::origin(product->nest, b), share);
    return success();
  }
  if (auto contraction = contractionOf(b, op, leading.size())) {
    Point start = Point::origin(contraction->nest, b);
    for (auto [d, index] : llvm::enumerate(leading))
      start = start.moved(contraction->nest, ix, d, index);
    emitContraction(b, *contraction, unit, start, share);
    return success();
  }
  FailureOr<Nest> nest = nestOf(b, op);
  if (failed(nest))
    return failure();
  Point start = Point::origin(*nest, b);
  for (auto [d, index] : llvm::enumerate(leading)) {
    start = start.moved(*nest, ix, d, index);
    nest->dropped[d] = true;
  }
  emitLoops(b, std::move(*nest), unit, start, share);
  return success();
}
