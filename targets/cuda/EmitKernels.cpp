// In: kernel functions on memrefs. Out: what one thread does, with the machine's own thread numbers.
// Why here: the last place where an op's loops are known whole.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cuda/Contraction.h"
#include "targets/cuda/Passes.h"
#include "targets/cuda/PointEmitter.h"
#include "targets/cuda/RowSum.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cuda;

namespace brisk {
#define GEN_PASS_DEF_CUDAEMITKERNELS
#include "targets/cuda/Passes.h.inc"
} // namespace brisk

namespace {

struct CudaEmitKernels : brisk::impl::CudaEmitKernelsBase<CudaEmitKernels> {
  void runOnOperation() override {
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      SmallVector<linalg::LinalgOp> ops;
      kernel.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
      if (auto tile = kernel->getAttrOfType<DenseI64ArrayAttr>("cuda.tile"))
        emitTiled(kernel, ops, tile);
      else if (auto lanes = kernel->getAttrOfType<IntegerAttr>("cuda.lanes"))
        emitShared(kernel, ops, lanes.getInt());
      else if (kernel->hasAttr("cuda.units"))
        emitPoints(kernel, ops);
      for (linalg::LinalgOp op : llvm::reverse(ops))
        op->erase();
    }
  }

  void emitTiled(func::FuncOp kernel, ArrayRef<linalg::LinalgOp> ops, ArrayRef<int64_t> sizes) {
    auto contraction = contractionOf(ops);
    if (!contraction || sizes.size() != 5) {
      kernel.emitError("cuda.tile is for contractions, and has five sizes");
      return signalPassFailure();
    }
    OpBuilder b(kernel.getBody().front().getTerminator());
    emitContraction(b, *contraction, {sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]});
  }

  void emitShared(func::FuncOp kernel, ArrayRef<linalg::LinalgOp> ops, int64_t lanes) {
    auto sum = rowSumOf(ops);
    if (!sum) {
      kernel.emitError("cuda.lanes is for sums whose parts can be taken in any order");
      return signalPassFailure();
    }
    OpBuilder b(kernel.getBody().front().getTerminator());
    emitRowSum(b, *sum, lanes);
  }

  /// Every thread computes one point of all ops.
  void emitPoints(func::FuncOp kernel, ArrayRef<linalg::LinalgOp> ops) {
    Block &block = kernel.getBody().front();
    Location loc = kernel.getLoc();
    OpBuilder b(&block, block.begin());
    Type i32 = b.getI32Type();
    int64_t units = kernel->getAttrOfType<IntegerAttr>("cuda.units").getInt();
    Value thread = NVVM::ThreadIdXOp::create(b, loc, i32);
    Value blockNumber = NVVM::BlockIdXOp::create(b, loc, i32);
    Value size = NVVM::BlockDimXOp::create(b, loc, i32);
    Value number = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, blockNumber, size), thread);
    Value count = arith::ConstantIntOp::create(b, loc, units, 32);
    Value isWork = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, number, count);
    auto guard = scf::IfOp::create(b, loc, isWork, /*withElseRegion=*/false);
    // Everything that was there is what a thread with work does.
    Operation *end = guard.thenBlock()->getTerminator();
    for (Operation &op :
         llvm::make_early_inc_range(llvm::make_range(std::next(guard->getIterator()), block.getTerminator()->getIterator())))
      op.moveBefore(end);
    DenseMap<Value, Value> known;
    for (linalg::LinalgOp op : ops) {
      b.setInsertionPoint(op);
      PointEmitter(b, op, known).emit(number);
    }
  }
};

} // namespace
