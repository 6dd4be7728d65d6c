// In: @main from tensors to tensors, shapes static. Out: @main on memrefs, results written into the last arguments.
// Why here: every decision on values is taken, everything that follows places memory.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "targets/common/Buffers.h"
#include "targets/npu/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_NPUBUFFERIZE
#include "targets/npu/Passes.h.inc"
} // namespace brisk

namespace {

/// Whether every shape is known; says which is not.
LogicalResult checkStatic(func::FuncOp main) {
  auto check = [&](Operation *op, Type type) -> LogicalResult {
    auto shaped = dyn_cast<ShapedType>(type);
    if (!shaped || shaped.hasStaticShape())
      return success();
    return op->emitError("the npu target needs known shapes, but got ") << type << ": fix the inputs with --shape";
  };
  for (Type type : main.getArgumentTypes())
    if (failed(check(main, type)))
      return failure();
  WalkResult result = main.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (failed(check(op, type)))
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// Arguments become memrefs; a result is materialized into a new last argument.
void bindArguments(func::FuncOp main) {
  Block &block = main.getBody().front();
  auto ret = cast<func::ReturnOp>(block.getTerminator());
  OpBuilder b(&block, block.begin());
  SmallVector<Type> types;
  auto bufferOf = [&](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    return MemRefType::get(tensor.getShape(), tensor.getElementType());
  };
  for (BlockArgument argument : block.getArguments()) {
    Type tensor = argument.getType();
    argument.setType(bufferOf(tensor));
    types.push_back(argument.getType());
    auto view = bufferization::ToTensorOp::create(b, argument.getLoc(), tensor, argument, /*restrict=*/true,
                                                  /*writable=*/false);
    argument.replaceAllUsesExcept(view.getResult(), view);
  }
  b.setInsertionPoint(ret);
  for (Value value : ret.getOperands()) {
    Value destination = block.addArgument(bufferOf(value.getType()), value.getLoc());
    types.push_back(destination.getType());
    bufferization::MaterializeInDestinationOp::create(b, value.getLoc(), /*result=*/Type(), value, destination,
                                                      /*restrict=*/true, /*writable=*/true);
  }
  main->setAttr("npu.results", b.getI32IntegerAttr(ret.getNumOperands()));
  func::ReturnOp::create(b, ret.getLoc());
  ret.erase();
  main.removeResAttrsAttr();
  main.removeArgAttrsAttr();
  main.setFunctionType(b.getFunctionType(types, {}));
}

/// Every use gets its own tensor.empty, and its own copy of a tensor filled with one value: shared ones would be copied.
void separate(func::FuncOp main) {
  SmallVector<Operation *> ops;
  main.walk([&](linalg::LinalgOp op) {
    if (op.hasPureTensorSemantics() && op->getNumResults() == 1 && op.getNumParallelLoops() == op.getNumLoops() &&
        op.getDpsInputs().empty() && op.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>())
      ops.push_back(op);
  });
  for (int round = 0; round < 2; ++round) {
    for (Operation *op : ops) {
      OpBuilder b(op);
      for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(op->getUses())))
        use.set(b.clone(*op)->getResult(0));
    }
    ops.clear();
    main.walk([&](tensor::EmptyOp op) { ops.push_back(op); });
  }
}

struct NpuBufferize : brisk::impl::NpuBufferizeBase<NpuBufferize> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    if (failed(checkStatic(main)))
      return signalPassFailure();
    bindArguments(main);
    separate(main);
    bufferization::OneShotBufferizationOptions options = bufferizationOptions(128);
    IRRewriter rewriter(&getContext());
    bufferization::BufferizationState state;
    if (failed(bufferization::eliminateEmptyTensors(rewriter, main)) ||
        failed(bufferization::runOneShotBufferize(main, options, state)))
      return signalPassFailure();
  }
};

} // namespace
