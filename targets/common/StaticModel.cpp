// Models of known shapes: every buffer has a place before the first run.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/StaticModel.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "targets/common/Buffers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace brisk;

namespace {

/// Whether every shape is known; says which is not.
LogicalResult checkStatic(func::FuncOp main, StringRef target) {
  auto check = [&](Operation *op, Type type) -> LogicalResult {
    auto shaped = dyn_cast<ShapedType>(type);
    if (!shaped || shaped.hasStaticShape())
      return success();
    return op->emitError("the ") << target << " target needs known shapes, but got " << type << ": fix the inputs with --shape";
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

} // namespace

LogicalResult brisk::bufferizeStatic(func::FuncOp main, StringRef target, int64_t alignment) {
  if (failed(checkStatic(main, target)))
    return failure();
  bindArguments(main);
  separate(main);
  bufferization::OneShotBufferizationOptions options = bufferizationOptions(alignment);
  IRRewriter rewriter(main.getContext());
  bufferization::BufferizationState state;
  if (failed(bufferization::eliminateEmptyTensors(rewriter, main)))
    return failure();
  return bufferization::runOneShotBufferize(main, options, state);
}

SmallVector<Place> brisk::placesOf(func::FuncOp main, int64_t alignment) {
  Block &block = main.getBody().front();
  DenseMap<Operation *, int64_t> position;
  for (auto [i, op] : llvm::enumerate(block))
    position[&op] = i;
  BufferViewFlowAnalysis views(main);
  SmallVector<Place> places;
  main.walk([&](memref::AllocOp op) {
    MemRefType type = op.getType();
    int64_t bytes = type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    Place place{op, std::max<int64_t>(llvm::alignTo(bytes, alignment), alignment), INT64_MAX, -1, 0};
    auto note = [&](Operation *user) {
      int64_t at = position.lookup(block.findAncestorOpInBlock(*user));
      place.first = std::min(place.first, at);
      place.last = std::max(place.last, at);
      ++place.uses;
    };
    note(op);
    for (Value alias : views.resolve(op.getResult()))
      for (Operation *user : alias.getUsers())
        note(user);
    places.push_back(place);
  });
  return places;
}

/// The lowest offset at which `place` fits beside those of `done` that live when it does.
int64_t brisk::lowestOffset(const Place &place, ArrayRef<Place *> done) {
  SmallVector<Place *> others;
  for (Place *other : done)
    if (other->first <= place.last && place.first <= other->last)
      others.push_back(other);
  llvm::stable_sort(others, [](Place *a, Place *b) { return a->offset < b->offset; });
  int64_t at = 0;
  for (Place *other : others) {
    if (at + place.bytes <= other->offset)
      break;
    at = std::max(at, other->offset + other->bytes);
  }
  return at;
}

int64_t brisk::placeLargestFirst(SmallVector<Place *> places) {
  llvm::stable_sort(places, [](Place *a, Place *b) { return a->bytes > b->bytes; });
  SmallVector<Place *> done;
  int64_t bytes = 0;
  for (Place *place : places) {
    place->offset = lowestOffset(*place, done);
    bytes = std::max(bytes, place->offset + place->bytes);
    done.push_back(place);
  }
  return bytes;
}
