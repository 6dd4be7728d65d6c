// In: kernel functions on memrefs. Out: what one thread does, with the machine's own thread numbers.
// Why here: the last place where an op's loops are known whole.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/IR/IRMapping.h"
#include "targets/cuda/Emit.h"
#include "targets/cuda/Passes.h"
#include "targets/cuda/Points.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cuda;

namespace brisk {
#define GEN_PASS_DEF_CUDAEMITKERNELS
#include "targets/cuda/Passes.h.inc"
} // namespace brisk

namespace {

/// A structured op as nested loops: one point of the parallel ones is a thread's work. `known` holds what the thread has
/// computed of its own element of buffers; those that are no arguments of the kernel exist nowhere else.
class PointEmitter {
public:
  PointEmitter(OpBuilder &b, linalg::LinalgOp op, DenseMap<Value, Value> &known)
      : b(b), op(op), known(known), loc(op.getLoc()), ranges(op.getStaticLoopRanges()), indices(ranges.size()),
        isInMemory(isRunning(op)) {
    for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray()))
      if (iterator == utils::IteratorType::reduction)
        sums.push_back(loop);
  }

  /// `number`: i32, which of the points.
  void emit(Value number) {
    SmallVector<unsigned> order = parallelLoops(op);
    for (unsigned loop : llvm::reverse(order)) {
      Value size = arith::ConstantIntOp::create(b, loc, ranges[loop], 32);
      bool isLast = loop == order.front();
      Value index = isLast ? number : arith::RemUIOp::create(b, loc, number, size).getResult();
      indices[loop] = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), index);
      if (!isLast)
        number = arith::DivUIOp::create(b, loc, number, size);
    }
    SmallVector<Value> values;
    if (!isInMemory)
      for (OpOperand &init : op.getDpsInitsMutable())
        values.push_back(load(init));
    values = sum(0, values);
    if (!isInMemory)
      for (auto [init, value] : llvm::zip(op.getDpsInitsMutable(), values))
        store(init, value);
  }

private:
  SmallVector<Value> at(OpOperand &operand) {
    SmallVector<Value> result;
    for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults())
      result.push_back(affine::expandAffineExpr(b, loc, expr, indices, {}));
    return result;
  }

  Value load(OpOperand &operand) {
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

  void store(OpOperand &operand, Value value) {
    if (isOwn(op, operand))
      known[wholeOf(operand.get())] = value;
    if (!wholeOf(operand.get()).getDefiningOp<ub::PoisonOp>())
      memref::StoreOp::create(b, loc, value, operand.get(), at(operand));
  }

  /// The loops of sums from the `depth`th inwards.
  SmallVector<Value> sum(unsigned depth, ArrayRef<Value> values) {
    if (depth == sums.size())
      return body(values);
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

  /// The op's body on the elements of one point.
  SmallVector<Value> body(ArrayRef<Value> values) {
    IRMapping mapping;
    Block *block = op.getBlock();
    for (OpOperand &operand : op->getOpOperands()) {
      BlockArgument argument = op.getMatchingBlockArgument(&operand);
      if (argument.use_empty())
        continue;
      bool isSum = op.isDpsInit(&operand) && !isInMemory;
      mapping.map(argument, isSum ? values[operand.getOperandNumber() - op.getNumDpsInputs()] : load(operand));
    }
    for (Operation &inner : block->without_terminator()) {
      if (auto index = dyn_cast<linalg::IndexOp>(inner))
        mapping.map(index.getResult(), indices[index.getDim()]);
      else
        b.clone(inner, mapping);
    }
    SmallVector<Value> results;
    for (Value value : block->getTerminator()->getOperands())
      results.push_back(mapping.lookupOrDefault(value));
    if (isInMemory) {
      for (auto [init, value] : llvm::zip(op.getDpsInitsMutable(), results))
        store(init, value);
      results.clear();
    }
    return results;
  }

  OpBuilder &b;
  linalg::LinalgOp op;
  DenseMap<Value, Value> &known;
  Location loc;
  SmallVector<int64_t> ranges;
  SmallVector<Value> indices;
  SmallVector<unsigned> sums; // loops over which is summed
  bool isInMemory;
};

struct CudaEmitKernels : brisk::impl::CudaEmitKernelsBase<CudaEmitKernels> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    auto units = kernel->getAttrOfType<IntegerAttr>("cuda.units");
    if (!units)
      return;
    Block &block = kernel.getBody().front();
    Location loc = kernel.getLoc();
    OpBuilder b(&block, block.begin());
    Type i32 = b.getI32Type();
    Value thread = NVVM::ThreadIdXOp::create(b, loc, i32);
    Value blockNumber = NVVM::BlockIdXOp::create(b, loc, i32);
    Value size = arith::ConstantIntOp::create(b, loc, cuda::threadsOf(units.getInt()), 32);
    Value number = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, blockNumber, size), thread);
    Value count = arith::ConstantIntOp::create(b, loc, units.getInt(), 32);
    Value isWork = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, number, count);
    auto guard = scf::IfOp::create(b, loc, isWork, /*withElseRegion=*/false);
    // Everything that was there is what a thread with work does.
    Block *inner = guard.thenBlock();
    Operation *end = inner->getTerminator();
    for (Operation &op : llvm::make_early_inc_range(llvm::make_range(std::next(guard->getIterator()), block.getTerminator()->getIterator())))
      op.moveBefore(end);
    SmallVector<linalg::LinalgOp> ops;
    inner->walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    DenseMap<Value, Value> known;
    for (linalg::LinalgOp op : ops) {
      b.setInsertionPoint(op);
      PointEmitter(b, op, known).emit(number);
      op->erase();
    }
  }
};

} // namespace
