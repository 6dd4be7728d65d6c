// In: functions on the onnx dialect, every type inferred.
// Out: the same functions on linalg, tensor, arith, math and scf, with storage types.
// Why here: passes up to this point reason about ONNX ops, those after it about loops.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/lower/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_LOWERONNX
#include "passes/lower/Passes.h.inc"
} // namespace brisk

namespace {

/// Rebuilds the body of `function` in a new block, then drops the old one.
LogicalResult lowerFunction(func::FuncOp function) {
  Block &old = function.getBody().front();
  SmallVector<Type> inputs = llvm::map_to_vector(old.getArgumentTypes(), [](Type t) -> Type { return storageTensorType(t); });
  auto *block = new Block();
  function.getBody().push_back(block);
  OpBuilder builder = OpBuilder::atBlockEnd(block);
  Decomposer decomposer(builder);
  for (BlockArgument argument : old.getArguments())
    decomposer.bind(argument, block->addArgument(inputs[argument.getArgNumber()], argument.getLoc()));
  for (Operation &op : old.without_terminator())
    if (failed(decomposer.lower(&op)))
      return failure();
  SmallVector<Value> results;
  for (Value value : old.getTerminator()->getOperands())
    results.push_back(decomposer(value));
  func::ReturnOp::create(builder, old.getTerminator()->getLoc(), results);
  old.dropAllDefinedValueUses();
  old.dropAllReferences();
  old.erase();
  function.setFunctionType(builder.getFunctionType(inputs, ValueRange(results).getTypes()));
  return success();
}

struct LowerOnnx : brisk::impl::LowerOnnxBase<LowerOnnx> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && failed(lowerFunction(function)))
        return signalPassFailure();
  }
};

} // namespace
