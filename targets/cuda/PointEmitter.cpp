// What one thread does for one point of a structured op.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cuda/PointEmitter.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/IR/IRMapping.h"
#include "targets/cuda/Passes.h"
#include "targets/cuda/Points.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cuda;

PointEmitter::PointEmitter(OpBuilder &b, linalg::LinalgOp op, DenseMap<Value, Value> &known)
    : b(b), op(op), known(known), loc(op.getLoc()), ranges(op.getStaticLoopRanges()), indices(ranges.size()),
      isInMemory(isRunning(op)) {
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::reduction)
      sums.push_back(loop);
}

void PointEmitter::split(Value number, ArrayRef<unsigned> loops) {
  for (unsigned loop : llvm::reverse(loops)) {
    Value size = arith::ConstantIntOp::create(b, loc, ranges[loop], 32);
    bool isLast = loop == loops.front();
    Value index = isLast ? number : arith::RemUIOp::create(b, loc, number, size).getResult();
    indices[loop] = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), index);
    if (!isLast)
      number = arith::DivUIOp::create(b, loc, number, size);
  }
}

Value PointEmitter::join() {
  Value number = arith::ConstantIntOp::create(b, loc, 0, 32);
  for (unsigned loop : parallelLoops(op)) {
    Value size = arith::ConstantIntOp::create(b, loc, ranges[loop], 32);
    Value index = arith::IndexCastUIOp::create(b, loc, b.getI32Type(), indices[loop]);
    number = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, number, size), index);
  }
  return number;
}

void PointEmitter::emit(Value number) {
  split(number, parallelLoops(op));
  SmallVector<Value> values;
  if (!isInMemory)
    for (OpOperand &init : op.getDpsInitsMutable())
      values.push_back(load(init));
  values = sum(0, values);
  if (!isInMemory)
    for (auto [init, value] : llvm::zip(op.getDpsInitsMutable(), values))
      store(init, value);
}

void PointEmitter::store(Value number, ValueRange values) {
  split(number, parallelLoops(op));
  for (auto [init, value] : llvm::zip(op.getDpsInitsMutable(), values))
    store(init, value);
}

SmallVector<Value> PointEmitter::at(OpOperand &operand) {
  SmallVector<Value> result;
  for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults())
    result.push_back(affine::expandAffineExpr(b, loc, expr, indices, {}));
  return result;
}

Value PointEmitter::load(OpOperand &operand) {
  Value buffer = operand.get();
  auto type = dyn_cast<MemRefType>(buffer.getType());
  if (!type)
    return buffer;
  Value whole = wholeOf(buffer);
  if (isOwn(op, operand))
    if (auto value = known.find(whole); value != known.end())
      return value->second;
  // Nobody has written it: it has no value.
  if (whole.getDefiningOp<ub::PoisonOp>())
    return ub::PoisonOp::create(b, loc, type.getElementType());
  return memref::LoadOp::create(b, loc, buffer, at(operand));
}

void PointEmitter::store(OpOperand &operand, Value value) {
  if (isOwn(op, operand))
    known[wholeOf(operand.get())] = value;
  if (!wholeOf(operand.get()).getDefiningOp<ub::PoisonOp>())
    memref::StoreOp::create(b, loc, value, operand.get(), at(operand));
}

/// The loops of sums from the `depth`th inwards.
SmallVector<Value> PointEmitter::sum(unsigned depth, ArrayRef<Value> values) {
  if (depth == sums.size())
    return step(values);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
  Value end = arith::ConstantIndexOp::create(b, loc, ranges[sums[depth]]);
  auto loop = scf::ForOp::create(b, loc, zero, end, one, values);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  indices[sums[depth]] = loop.getInductionVar();
  SmallVector<Value> next = sum(depth + 1, llvm::to_vector_of<Value>(loop.getRegionIterArgs()));
  if (!values.empty())
    scf::YieldOp::create(b, loc, next);
  return llvm::to_vector_of<Value>(loop.getResults());
}

/// One step of the sums, `values` so far; in memory there are none.
SmallVector<Value> PointEmitter::step(ArrayRef<Value> values) {
  SmallVector<Value> elements;
  for (OpOperand &operand : op->getOpOperands()) {
    if (op.getMatchingBlockArgument(&operand).use_empty())
      elements.push_back(Value());
    else if (op.isDpsInit(&operand) && !isInMemory)
      elements.push_back(values[operand.getOperandNumber() - op.getNumDpsInputs()]);
    else
      elements.push_back(load(operand));
  }
  SmallVector<Value> results = body(elements);
  if (!isInMemory)
    return results;
  for (auto [init, value] : llvm::zip(op.getDpsInitsMutable(), results))
    store(init, value);
  return {};
}

SmallVector<Value> PointEmitter::body(ArrayRef<Value> elements) {
  IRMapping mapping;
  Block *block = op.getBlock();
  for (auto [operand, element] : llvm::zip(op->getOpOperands(), elements))
    if (element)
      mapping.map(op.getMatchingBlockArgument(&operand), element);
  for (Operation &inner : block->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner))
      mapping.map(index.getResult(), indices[index.getDim()]);
    else
      b.clone(inner, mapping);
  }
  SmallVector<Value> results;
  for (Value value : block->getTerminator()->getOperands())
    results.push_back(mapping.lookupOrDefault(value));
  return results;
}
