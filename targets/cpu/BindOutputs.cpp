// In: @main from tensors to tensors.
// Out: @main on memrefs, results materialized into the caller's (or, with open dims, a new) buffer.
// Why here: before bufferization, so that the producers of results write in place.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "targets/cpu/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_CPUBINDOUTPUTS
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

/// tensor.dim of each open dim of `tensor`, expressed by what defines the sizes where that is known.
SmallVector<Value> openSizes(OpBuilder &b, Location loc, Value tensor) {
  SmallVector<Value> sizes;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (type.isDynamicDim(axis))
      sizes.push_back(tensor::DimOp::create(b, loc, tensor, axis));
  return sizes;
}

/// The earliest point in `block` where all of `values` are defined.
void setInsertionAfter(OpBuilder &b, Block &block, ArrayRef<Value> values) {
  Operation *last = nullptr;
  for (Value value : values)
    if (Operation *op = value.getDefiningOp())
      if (op->getBlock() == &block && (!last || last->isBeforeInBlock(op)))
        last = op;
  if (last)
    b.setInsertionPointAfter(last);
  else
    b.setInsertionPointToStart(&block);
}

/// Pure index arithmetic on arguments moves to the front, so that destinations can stand before their producers.
void hoistSizes(Block &block) {
  bool ahead = true;          // nothing but sizes and inputs so far
  Operation *front = nullptr; // last of them
  for (Operation &op : llvm::make_early_inc_range(block)) {
    bool size = isa<bufferization::ToTensorOp, tensor::DimOp>(op) || op.hasTrait<OpTrait::ConstantLike>() ||
                isa<arith::ArithDialect>(op.getDialect());
    bool hoistable = size && op.getNumRegions() == 0 && op.getNumResults() == 1 &&
                     (isa<bufferization::ToTensorOp>(op) || op.getResult(0).getType().isIntOrIndex()) &&
                     llvm::all_of(op.getOperands(), [&](Value value) {
                       Operation *def = value.getDefiningOp();
                       return !def || ahead || (front && !front->isBeforeInBlock(def));
                     });
    if (!hoistable) {
      ahead = false;
      continue;
    }
    if (!ahead) {
      if (front)
        op.moveAfter(front);
      else
        op.moveBefore(&block, block.begin());
    }
    front = &op;
  }
}

struct CpuBindOutputs : brisk::impl::CpuBindOutputsBase<CpuBindOutputs> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    Block &block = main.getBody().front();
    auto ret = cast<func::ReturnOp>(block.getTerminator());
    OpBuilder b(ret);
    SmallVector<SmallVector<Value>> sizes;
    for (Value value : ret.getOperands())
      sizes.push_back(openSizes(b, value.getLoc(), value));

    // Inputs: read-only tensors over the caller's buffers.
    b.setInsertionPointToStart(&block);
    SmallVector<Type> types;
    for (BlockArgument argument : block.getArguments()) {
      auto tensor = cast<RankedTensorType>(argument.getType());
      auto memref = MemRefType::get(tensor.getShape(), tensor.getElementType());
      argument.setType(memref);
      types.push_back(memref);
      auto view = bufferization::ToTensorOp::create(b, argument.getLoc(), tensor, argument, /*restrict=*/true,
                                                    /*writable=*/false);
      argument.replaceAllUsesExcept(view.getResult(), view);
    }

    // Sizes of results: by what computes them, ahead of everything.
    RewritePatternSet patterns(&getContext());
    memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
    memref::populateResolveShapedTypeResultDimsPatterns(patterns);
    tensor::DimOp::getCanonicalizationPatterns(patterns, &getContext());
    SmallVector<Value> flat;
    // Keep the sizes alive and trackable through the rewrite.
    b.setInsertionPoint(ret);
    for (auto &list : sizes)
      flat.append(list.begin(), list.end());
    auto keep = func::CallOp::create(b, ret.getLoc(), "keep", TypeRange(), flat);
    (void)applyPatternsGreedily(main, std::move(patterns));
    hoistSizes(block);

    unsigned next = 0;
    SmallVector<Value> returned;
    SmallVector<int32_t> places; // per result: argument number, or -1 - index of the returned memref
    for (auto [value, list] : llvm::zip(ret.getOperands(), sizes)) {
      auto tensor = cast<RankedTensorType>(value.getType());
      auto memref = MemRefType::get(tensor.getShape(), tensor.getElementType());
      Value destination;
      if (list.empty()) {
        places.push_back(block.getNumArguments());
        destination = block.addArgument(memref, value.getLoc());
        types.push_back(memref);
      } else {
        SmallVector<Value> now(keep.getOperands().slice(next, list.size()));
        next += list.size();
        setInsertionAfter(b, block, now);
        destination = memref::AllocOp::create(b, value.getLoc(), memref, now);
        places.push_back(-1 - static_cast<int32_t>(returned.size()));
        returned.push_back(destination);
      }
      b.setInsertionPoint(ret);
      bufferization::MaterializeInDestinationOp::create(b, value.getLoc(), /*result=*/Type(), value, destination,
                                                        /*restrict=*/true, /*writable=*/true);
    }
    keep.erase();
    b.setInsertionPoint(ret);
    func::ReturnOp::create(b, ret.getLoc(), returned);
    ret.erase();
    main->setAttr("cpu.outputs", b.getDenseI32ArrayAttr(places));
    SmallVector<Attribute> none(types.size(), b.getDictionaryAttr({}));
    main.removeResAttrsAttr();
    main.removeArgAttrsAttr();
    main.setFunctionType(b.getFunctionType(types, ValueRange(returned).getTypes()));
  }
};

} // namespace
