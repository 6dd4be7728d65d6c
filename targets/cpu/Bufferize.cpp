// In: functions on tensors with memref boundaries. Out: memrefs only; allocations but no deallocations.
// Why here: everything that reasons on values (fusion, packing) is done, everything that places memory follows.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "targets/common/Buffers.h"
#include "targets/cpu/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_CPUBUFFERIZE
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

/// Gives every user its own copy of a tensor that is filled with one value. Were it shared, all users but one would
/// copy it, and one of them may work in a buffer that is another's destination.
void separateFills(func::FuncOp function) {
  SmallVector<linalg::LinalgOp> fills;
  function.walk([&](linalg::LinalgOp op) {
    if (op.hasPureTensorSemantics() && op->getNumResults() == 1 && op.getNumParallelLoops() == op.getNumLoops() &&
        llvm::none_of(op.getDpsInputs(), [](Value input) { return isa<ShapedType>(input.getType()); }) &&
        op.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>())
      fills.push_back(op);
  });
  for (linalg::LinalgOp op : fills) {
    OpBuilder b(op);
    for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(op->getUses())))
      if (!isa<tensor::DimOp>(use.getOwner()))
        use.set(b.clone(*op.getOperation())->getResult(0));
  }
}

/// Gives every use its own tensor.empty. Equal ones were merged before, but two states of a loop that start
/// from one empty tensor would share a buffer: the analysis takes nothing that is empty for a definition.
void separateEmptyTensors(func::FuncOp function) {
  SmallVector<tensor::EmptyOp> empties;
  function.walk([&](tensor::EmptyOp op) { empties.push_back(op); });
  for (tensor::EmptyOp op : empties) {
    OpBuilder b(op);
    bool isFirst = true;
    for (OpOperand &use : llvm::make_early_inc_range(op->getUses())) {
      if (!isFirst && !isa<tensor::DimOp>(use.getOwner()))
        use.set(b.clone(*op)->getResult(0));
      isFirst = false;
    }
  }
}

/// Gives the result of a tensor.concat its buffer, into which each part is written. The op's own bufferization
/// expresses every offset and size by all operands, which takes cubic time.
void placeConcat(tensor::ConcatOp op) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  RankedTensorType type = op.getResultType();
  int64_t axis = op.getDim();
  auto sizeOf = [&](Value tensor, int64_t i) -> OpFoldResult {
    auto shaped = cast<RankedTensorType>(tensor.getType());
    if (!shaped.isDynamicDim(i))
      return b.getIndexAttr(shaped.getDimSize(i));
    return tensor::DimOp::create(b, loc, tensor, i).getResult();
  };
  SmallVector<OpFoldResult> sizes, offsets(type.getRank(), b.getIndexAttr(0)), ones(type.getRank(), b.getIndexAttr(1)), ends;
  for (int64_t i = 0; i < type.getRank(); ++i)
    sizes.push_back(type.isDynamicDim(i) ? sizeOf(op.getInputs().front(), i) : OpFoldResult(b.getIndexAttr(type.getDimSize(i))));
  OpFoldResult end = b.getIndexAttr(0);
  for (Value part : op.getInputs()) {
    Value sum = b.createOrFold<arith::AddIOp>(loc, getValueOrCreateConstantIndexOp(b, loc, end),
                                              getValueOrCreateConstantIndexOp(b, loc, sizeOf(part, axis)));
    ends.push_back(end = getAsOpFoldResult(sum));
  }
  SmallVector<Value> open;
  if (type.isDynamicDim(axis))
    sizes[axis] = end;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      open.push_back(getValueOrCreateConstantIndexOp(b, loc, sizes[i]));
  Value buffer = memref::AllocOp::create(b, loc, MemRefType::get(type.getShape(), type.getElementType()), open);
  for (auto [part, last] : llvm::zip(op.getInputs(), ends)) {
    sizes[axis] = sizeOf(part, axis);
    Value place = memref::SubViewOp::create(b, loc, buffer, offsets, sizes, ones);
    bufferization::MaterializeInDestinationOp::create(b, loc, /*result=*/Type(), part, place, /*restrict=*/true,
                                                      /*writable=*/true);
    offsets[axis] = last;
  }
  op.replaceAllUsesWith(
      bufferization::ToTensorOp::create(b, loc, type, buffer, /*restrict=*/true, /*writable=*/true).getResult());
  op.erase();
}

struct CpuBufferize : brisk::impl::CpuBufferizeBase<CpuBufferize> {
  void runOnOperation() override {
    bufferization::OneShotBufferizationOptions options = bufferizationOptions(64);
    IRRewriter rewriter(&getContext());
    bufferization::BufferizationState state;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      separateFills(function);
      SmallVector<tensor::ConcatOp> concats;
      function.walk([&](tensor::ConcatOp op) { concats.push_back(op); });
      llvm::for_each(concats, placeConcat);
      separateEmptyTensors(function);
      if (failed(bufferization::eliminateEmptyTensors(rewriter, function)) ||
          failed(bufferization::runOneShotBufferize(function, options, state)))
        return signalPassFailure();
    }
  }
};

} // namespace
