// In: @main with structured ops on memrefs. Out: @main calls one function per structured op, each call announced.
// Why here: LLVM compiles many small functions faster than one large one, and packets are counted per call.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "targets/common/Outline.h"
#include "targets/npu/Cost.h"
#include "targets/npu/Emit.h"
#include "targets/npu/Passes.h"
#include "llvm/Support/FormatVariadic.h"
#include <numeric>

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_NPUOUTLINEKERNELS
#include "targets/npu/Passes.h.inc"
} // namespace brisk

namespace {

/// The share of scalar code that is worth a warning.
constexpr double kMuch = 0.2;

/// The share of one op of scalar code that --npu-fallback=error lets pass: outputs that become floats, say.
constexpr double kSomething = 0.01;

/// Arguments of functions are bare pointers: where their elements lie must be known.
bool hasKnownLayouts(Operation *op) {
  SetVector<Value> used(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), used);
  return llvm::all_of(used, [](Value value) {
    auto type = dyn_cast<MemRefType>(value.getType());
    SmallVector<int64_t> strides;
    int64_t offset;
    return !type || (succeeded(type.getStridesAndOffset(strides, offset)) && !ShapedType::isDynamic(offset) &&
                     !ShapedType::isDynamicShape(strides));
  });
}

struct NpuOutlineKernels : brisk::impl::NpuOutlineKernelsBase<NpuOutlineKernels> {
  using NpuOutlineKernelsBase::NpuOutlineKernelsBase;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    SmallVector<Operation *> ops;
    main.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto copy = dyn_cast<linalg::CopyOp>(op); copy && copy.getInputs()[0] == copy.getOutputs()[0]) {
        copy.erase();
        return WalkResult::skip();
      }
      if (!isa<linalg::LinalgOp, npu::KernelOp>(op))
        return WalkResult::advance();
      ops.push_back(op);
      return WalkResult::skip();
    });
    OpBuilder b(&getContext());
    Location loc = main.getLoc();
    b.setInsertionPointToEnd(getOperation().getBody());
    auto enter = func::FuncOp::create(b, loc, "brisk_npu_enter", b.getFunctionType({b.getI32Type()}, {}));
    enter.setPrivate();
    SmallVector<Attribute> table;
    SmallVector<double> packets;
    for (Operation *op : ops)
      packets.push_back(npu::packetsOf(op));
    double total = std::accumulate(packets.begin(), packets.end(), 0.0);
    for (auto [index, op] : llvm::enumerate(ops)) {
      auto kernel = dyn_cast<npu::KernelOp>(op);
      if (!kernel && fallback == "error" && packets[index] > kSomething * total) {
        op->emitError("no kernel takes this op over, and --npu-fallback=error forbids scalar code");
        return signalPassFailure();
      }
      table.push_back(b.getStringAttr(nodeName(op->getLoc())));
      table.push_back(kernel ? kernel.getNameAttr() : b.getStringAttr("scalar"));
      b.setInsertionPoint(op);
      Value number = arith::ConstantIntOp::create(b, op->getLoc(), index, 32);
      func::CallOp::create(b, op->getLoc(), enter, ValueRange{number});
      if (!kernel && hasKnownLayouts(op))
        outline(b, op, index);
    }
    getOperation()->setAttr("npu.kernels", b.getArrayAttr(table));
    getOperation()->setAttr("npu.packets", b.getDenseF64ArrayAttr(packets));
    double share = npu::scalarShare(getOperation());
    if (share > kMuch && fallback != "quiet")
      main.emitWarning() << llvm::formatv("{0:P0} of the predicted packets are scalar code: quantize the model, or see the table",
                                          share).str();
  }

  void outline(OpBuilder &b, Operation *op, size_t index) {
    SmallVector<Operation *> constants;
    SetVector<Value> captures = capturesOf(op, constants);
    b.setInsertionPointToEnd(getOperation().getBody());
    auto type = b.getFunctionType(ValueRange(captures.getArrayRef()).getTypes(), {});
    auto function = func::FuncOp::create(b, op->getLoc(), "scalar_" + std::to_string(index), type);
    function.setPrivate();
    function->setAttr("no_inline", b.getUnitAttr());
    Block *body = function.addEntryBlock();
    b.setInsertionPointToStart(body);
    IRMapping mapping;
    mapping.map(captures.getArrayRef(), body->getArguments());
    for (Operation *constant : constants)
      b.clone(*constant, mapping);
    b.clone(*op, mapping);
    func::ReturnOp::create(b, op->getLoc());
    b.setInsertionPoint(op);
    func::CallOp::create(b, op->getLoc(), function, captures.getArrayRef());
    op->erase();
  }
};

} // namespace
