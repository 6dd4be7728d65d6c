// Emitting the body of a structured op for many points at once.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/VectorizeBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

static bool isIntegerDivision(Operation &op) {
  return isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp, arith::CeilDivSIOp,
             arith::CeilDivUIOp>(op);
}

BodyTraits cpu::traitsOf(Block &body) {
  BodyTraits traits;
  body.walk([&](Operation *op) {
    if (isa<linalg::IndexOp>(op))
      traits.usesIndex = true;
  });
  for (Operation &op : body.without_terminator()) {
    if (isa<arith::ConstantOp, linalg::IndexOp>(op))
      continue;
    if (isa<memref::LoadOp>(op)) {
      traits.partial = false;
      traits.cost += 4;
      continue;
    }
    if (op.getNumRegions() || !OpTrait::hasElementwiseMappableTraits(&op) ||
        llvm::any_of(op.getResultTypes(), [](Type type) { return !type.isIntOrIndexOrFloat(); })) {
      traits.vectorizable = false;
      return traits;
    }
    if (isIntegerDivision(op))
      traits.partial = false;
    bool isMath = isa<math::MathDialect>(op.getDialect());
    traits.cost += isMath ? 16 : isa<arith::DivFOp>(op) ? 4 : 1;
    // Wide integers are indices, alike in all lanes more often than not.
    for (Type type : op.getResultTypes())
      if (isa<FloatType>(type) || type.isInteger(32))
        traits.widest = std::max<int64_t>(traits.widest, type.getIntOrFloatBitWidth());
  }
  return traits;
}

Value cpu::splat(OpBuilder &b, Location loc, Value value, int64_t lanes) {
  if (isa<VectorType>(value.getType()) || lanes == 1)
    return value;
  return vector::BroadcastOp::create(b, loc, VectorType::get({lanes}, value.getType()), value);
}

namespace {

/// One emission of a body. Values are scalars (all lanes alike), vectors, or "steps": scalars whose lane i is i more.
class BodyEmitter {
public:
  BodyEmitter(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> index, unsigned along, int64_t lanes)
      : b(b), loc(loc), index(index), along(along), lanes(lanes) {}

  void bind(Value inside, Value outside) { mapping.map(inside, outside); }
  /// The vector or scalar form of a value of the body.
  Value get(Value inside) {
    Value value = mapping.lookupOrDefault(inside);
    return steps.contains(inside) ? spread(value) : value;
  }
  void emit(Operation &op);

private:
  Value spread(Value first) {
    Value all = splat(b, loc, first, lanes);
    auto type = cast<VectorType>(all.getType());
    Value step;
    if (isa<IndexType>(type.getElementType())) {
      step = vector::StepOp::create(b, loc, type);
    } else {
      SmallVector<Attribute> values;
      for (int64_t i = 0; i < lanes; ++i)
        values.push_back(b.getIntegerAttr(type.getElementType(), i));
      step = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, values));
    }
    return arith::AddIOp::create(b, loc, all, step);
  }
  bool isVector(Value inside) { return isa<VectorType>(mapping.lookupOrDefault(inside).getType()); }
  void load(memref::LoadOp op);

  OpBuilder &b;
  Location loc;
  ArrayRef<OpFoldResult> index;
  unsigned along;
  int64_t lanes;
  IRMapping mapping;
  llvm::SmallPtrSet<Value, 8> steps;
};

void BodyEmitter::load(memref::LoadOp op) {
  SmallVector<Value> at;
  bool uniform = true, contiguous = false;
  for (auto [i, inside] : llvm::enumerate(op.getIndices())) {
    at.push_back(mapping.lookupOrDefault(inside));
    if (steps.contains(inside) && i + 1 == op.getIndices().size()) {
      SmallVector<int64_t> strides;
      int64_t offset;
      contiguous = succeeded(op.getMemRefType().getStridesAndOffset(strides, offset)) && strides.back() == 1;
      uniform &= contiguous;
    } else {
      uniform &= !steps.contains(inside) && !isVector(inside);
    }
  }
  Value memref = mapping.lookupOrDefault(op.getMemref());
  Type element = op.getType();
  if (uniform && contiguous) {
    bind(op, vector::LoadOp::create(b, loc, VectorType::get({lanes}, element), memref, at));
    return;
  }
  if (uniform) {
    bind(op, memref::LoadOp::create(b, loc, memref, at));
    return;
  }
  SmallVector<Value> forms;
  for (Value inside : op.getIndices())
    forms.push_back(get(inside));
  auto type = VectorType::get({lanes}, element);
  Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  for (int64_t lane = 0; lane < lanes; ++lane) {
    SmallVector<Value> place;
    for (Value form : forms)
      place.push_back(isa<VectorType>(form.getType()) ? vector::ExtractOp::create(b, loc, form, lane).getResult()
                                                      : form);
    Value one = memref::LoadOp::create(b, loc, memref, place);
    result = vector::InsertOp::create(b, loc, one, result, lane);
  }
  bind(op, result);
}

void BodyEmitter::emit(Operation &op) {
  Indices ix{b, loc};
  if (auto indexOp = dyn_cast<linalg::IndexOp>(op)) {
    bind(indexOp, ix.value(index[indexOp.getDim()]));
    if (indexOp.getDim() == along && lanes > 1)
      steps.insert(indexOp);
    return;
  }
  if (lanes == 1 || isa<arith::ConstantOp>(op)) {
    b.clone(op, mapping);
    return;
  }
  if (auto loadOp = dyn_cast<memref::LoadOp>(op))
    return load(loadOp);
  // A step plus or minus something uniform, or cast to another integer, stays a step.
  bool anyStep = llvm::any_of(op.getOperands(), [&](Value v) { return steps.contains(v); });
  if (anyStep) {
    bool keeps = isa<arith::IndexCastOp, arith::TruncIOp>(op);
    if (isa<arith::AddIOp, arith::SubIOp>(op)) {
      Value lhs = op.getOperand(0), rhs = op.getOperand(1);
      keeps = steps.contains(lhs) && !steps.contains(rhs) && !isVector(rhs);
      keeps |= isa<arith::AddIOp>(op) && steps.contains(rhs) && !steps.contains(lhs) && !isVector(lhs);
    }
    if (keeps) {
      b.clone(op, mapping);
      steps.insert(op.getResult(0));
      return;
    }
  }
  if (!anyStep && llvm::none_of(op.getOperands(), [&](Value v) { return isVector(v); })) {
    b.clone(op, mapping);
    return;
  }
  SmallVector<Value> operands;
  for (Value operand : op.getOperands())
    operands.push_back(splat(b, loc, get(operand), lanes));
  Operation *vector = b.insert(op.clone());
  vector->setOperands(operands);
  for (OpResult result : vector->getResults())
    result.setType(VectorType::get({lanes}, result.getType()));
  // A product and a sum may be one instruction that rounds once.
  if (auto product = dyn_cast<arith::MulFOp>(vector))
    product.setFastmath(product.getFastmath() | arith::FastMathFlags::contract);
  if (auto sum = dyn_cast<arith::AddFOp>(vector))
    sum.setFastmath(sum.getFastmath() | arith::FastMathFlags::contract);
  for (auto [inside, outside] : llvm::zip_equal(op.getResults(), vector->getResults()))
    bind(inside, outside);
}

} // namespace

SmallVector<Value> cpu::emitBody(OpBuilder &b, Location loc, Block &body, ValueRange args, ArrayRef<OpFoldResult> index,
                                 unsigned along, int64_t lanes) {
  BodyEmitter emitter(b, loc, index, along, lanes);
  for (auto [inside, outside] : llvm::zip_equal(body.getArguments(), args))
    emitter.bind(inside, outside);
  for (Operation &op : body.without_terminator())
    emitter.emit(op);
  SmallVector<Value> results;
  for (Value result : body.getTerminator()->getOperands())
    results.push_back(emitter.get(result));
  return results;
}
