// In: @run with structured ops on memrefs. Out: @run calls one kernel function per op; equal kernels are shared.
// Why here: a kernel is what gets emitted per instruction set, split over threads, and named in profiles.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/IR/OperationSupport.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "targets/common/Outline.h"
#include "targets/cpu/Abi.h"
#include "targets/cpu/EmitStructured.h"
#include "targets/cpu/Passes.h"
#include "targets/cpu/ir/Cpu.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace brisk {
#define GEN_PASS_DEF_CPUOUTLINEKERNELS
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

/// Structured ops that became loops over buffers.
bool isKernel(Operation *op) { return isa<DestinationStyleOpInterface>(op) && op->getNumResults() == 0; }

/// A number that kernels of one shape differ in: a scale or zero point of bytes. Bounds of ranges and the like are not.
bool isParameter(Operation *op, Operation *constant) {
  auto isByte = [](Type type) { return isa<MemRefType>(type) && getElementTypeOrSelf(type).isInteger(8); };
  if (!isStructured(op) || llvm::none_of(op->getOperandTypes(), isByte))
    return false;
  Attribute attr;
  matchPattern(constant, m_Constant(&attr));
  double value;
  if (auto number = dyn_cast<FloatAttr>(attr); number && number.getType().isF32())
    value = number.getValueAsDouble();
  else if (auto number = dyn_cast<IntegerAttr>(attr); number && number.getType().isInteger(32))
    value = number.getInt();
  else
    return false;
  return !llvm::is_contained({-128.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0, 127.0, 128.0, 255.0}, value);
}

/// Loop iterations from which a kernel takes some ten microseconds and is worth sharing among threads;
/// a contraction's iteration is one lane of a multiply-add, others do more.
constexpr uint64_t kShareIterations = uint64_t(1) << 17;
constexpr uint64_t kShareProducts = uint64_t(1) << 20;

/// The extent of each loop, read off the operand axes that it walks one by one; 1 where none tells.
SmallVector<int64_t> loopRanges(Operation *op) {
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return structured.getStaticLoopRanges();
  auto loops = dyn_cast<EpilogueOpInterface>(op);
  if (!loops)
    return {};
  SmallVector<int64_t> ranges(loops.iterators().size(), 1);
  for (auto [map, operand] : llvm::zip(loops.maps(), op->getOperands()))
    for (auto [expr, size] : llvm::zip(map.getResults(), cast<ShapedType>(operand.getType()).getShape()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        ranges[dim.getPosition()] = size;
  return ranges;
}

/// Whether threads share `op`. Where sizes are open the answer must hold for large ones.
bool isShared(Operation *op) {
  if (!isStructured(op))
    return false;
  uint64_t iterations = 1;
  for (int64_t range : loopRanges(op)) {
    if (ShapedType::isDynamic(range))
      return true;
    iterations = llvm::SaturatingMultiply<uint64_t>(iterations, range);
  }
  return iterations >= (isa<ContractOp>(op) ? kShareProducts : kShareIterations);
}

/// What a kernel is, for profiles: the kind its maker gave it, or the op's name.
StringRef kindOf(Operation *op) {
  auto kind = op->getAttrOfType<StringAttr>("cpu.kind");
  return kind ? kind.getValue() : op->getName().stripDialect();
}

struct CpuOutlineKernels : brisk::impl::CpuOutlineKernelsBase<CpuOutlineKernels> {
  using CpuOutlineKernelsBase::CpuOutlineKernelsBase;

  void runOnOperation() override {
    auto run = getOperation().lookupSymbol<func::FuncOp>("run");
    if (!run)
      return;
    // What was written in place needs no copy.
    run.walk([](linalg::CopyOp op) {
      if (op->getNumResults() == 0 && op.getInputs()[0] == op.getOutputs()[0])
        op.erase();
    });
    SmallVector<Operation *> kernels;
    run.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isKernel(op))
        return WalkResult::advance();
      kernels.push_back(op);
      return WalkResult::skip();
    });
    OpBuilder b(&getContext());
    llvm::StringMap<func::FuncOp> known;
    SmallVector<Attribute> table;
    for (Operation *op : kernels) {
      SmallVector<Operation *> constants;
      SetVector<Value> captures = capturesOf(op, constants, [&](Operation *constant) { return isParameter(op, constant); });
      SmallVector<Value> arguments(captures.begin(), captures.end());
      bool shared = share && isShared(op);
      if (shared) {
        // The share of the work: here all of it, for a thread a part.
        b.setInsertionPoint(op);
        arguments.push_back(arith::ConstantIndexOp::create(b, op->getLoc(), 0));
        arguments.push_back(getValueOrCreateConstantIndexOp(b, op->getLoc(), unitsOf(b, op)));
      }
      b.setInsertionPointToEnd(getOperation().getBody());
      auto type = b.getFunctionType(ValueRange(arguments).getTypes(), {});
      auto kernel = func::FuncOp::create(b, op->getLoc(), "kernel", type);
      kernel.setPrivate();
      if (shared)
        kernel->setAttr("cpu.split", b.getUnitAttr());
      Block *body = kernel.addEntryBlock();
      b.setInsertionPointToStart(body);
      IRMapping mapping;
      mapping.map(captures.getArrayRef(), body->getArguments().take_front(captures.size()));
      for (Operation *constant : constants)
        b.clone(*constant, mapping);
      b.clone(*op, mapping);
      func::ReturnOp::create(b, op->getLoc());

      // Equal text without locations is an equal kernel.
      std::string text;
      llvm::raw_string_ostream stream(text);
      kernel->print(stream, OpPrintingFlags().printGenericOpForm().useLocalScope());
      auto [at, isNew] = known.try_emplace(text, kernel);
      if (isNew) {
        kernel.setName("kernel_" + std::to_string(known.size() - 1));
        kernel->setAttr("cpu.kernel", b.getUnitAttr());
      } else {
        kernel.erase();
      }
      b.setInsertionPoint(op);
      auto call = func::CallOp::create(b, op->getLoc(), at->second, arguments);
      call->setAttr("cpu.index", b.getI32IntegerAttr(table.size() / 2));
      table.push_back(b.getStringAttr(nodeName(op->getLoc())));
      table.push_back(b.getStringAttr(kindOf(op)));
      op->erase();
    }
    getOperation()->setAttr("cpu.kernels", b.getArrayAttr(table));
    addProfileHooks(run);
  }

  /// Calls enter and leave around each kernel while the runtime asks for it.
  void addProfileHooks(func::FuncOp run) {
    SmallVector<func::CallOp> calls;
    run.walk([&](func::CallOp call) {
      if (call->hasAttr("cpu.index"))
        calls.push_back(call);
    });
    OpBuilder b(&getContext());
    Block &block = run.getBody().front();
    b.setInsertionPointToStart(&block);
    Location loc = run.getLoc();
    Value argument = block.getArgument(0);
    Value enter = loadCallField(b, loc, argument, CallField::Enter);
    Value profiling = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, enter,
                                           LLVM::ZeroOp::create(b, loc, enter.getType()));
    for (func::CallOp call : calls) {
      auto hook = [&](CallField field) {
        auto branch = scf::IfOp::create(b, call.getLoc(), profiling, /*withElseRegion=*/false);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(branch.thenBlock());
        Value index = LLVM::ConstantOp::create(b, call.getLoc(), b.getI32Type(),
                                               call->getAttrOfType<IntegerAttr>("cpu.index"));
        callField(b, call.getLoc(), argument, field, Type(), {argument, index});
      };
      b.setInsertionPoint(call);
      hook(CallField::Enter);
      b.setInsertionPointAfter(call);
      hook(CallField::Leave);
    }
  }
};

} // namespace
