// In: @main with structured ops and scalar code on memrefs. Out: @main launches kernels and touches no memory.
// Why here: before places are given, so that a scalar kept for later has its place like everything else.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "targets/common/Outline.h"
#include "targets/cuda/Emit.h"
#include "targets/cuda/Passes.h"
#include "targets/cuda/Points.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cuda;

namespace brisk {
#define GEN_PASS_DEF_CUDAOUTLINEKERNELS
#include "targets/cuda/Passes.h.inc"
} // namespace brisk

namespace {

/// Ops that a kernel holds at most.
constexpr size_t kMostJoined = 16;

bool isStructured(Operation *op) { return isa<linalg::LinalgOp>(op); }

/// Writes without reading.
bool isFill(linalg::LinalgOp op) {
  return op.getNumReductionLoops() == 0 && op.getNumDpsInits() == 1 && !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) &&
         llvm::none_of(op.getDpsInputs(), [](Value value) { return isa<MemRefType>(value.getType()); }) &&
         !op->walk([](memref::LoadOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

bool touchesMemory(Operation *op) {
  return isStructured(op) || isa<memref::LoadOp, memref::StoreOp, cf::AssertOp>(op);
}

template <typename Predicate> bool contains(Operation *op, Predicate predicate) {
  return op->walk([&](Operation *inner) { return predicate(inner) ? WalkResult::interrupt() : WalkResult::advance(); })
      .wasInterrupted();
}

/// Where a buffer begins: what kernels are given. Views of it are made inside.
bool isBase(Value buffer) {
  Operation *def = buffer.getDefiningOp();
  return !def || isa<memref::AllocOp, memref::GetGlobalOp>(def) || !isa<ViewLikeOpInterface>(def);
}

/// A buffer without elements, which nobody reads: it has no address.
bool isEmpty(Value value) {
  auto type = dyn_cast<MemRefType>(value.getType());
  return type && type.hasStaticShape() && type.getNumElements() == 0;
}

struct CudaOutlineKernels : brisk::impl::CudaOutlineKernelsBase<CudaOutlineKernels> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    main.walk([](linalg::CopyOp copy) {
      if (copy.getInputs()[0] == copy.getOutputs()[0])
        copy.erase();
    });
    if (failed(outlineBlock(main.getBody().front())))
      return signalPassFailure();
    // What only kernels read is no work of @main.
    SmallVector<Operation *> rest;
    main.walk([&](Operation *op) { rest.push_back(op); });
    for (Operation *op : llvm::reverse(rest))
      if (isOpTriviallyDead(op))
        op->erase();
    for (BlockArgument argument : main.getArguments())
      if (isEmpty(argument))
        argument.setType(MemRefType::get({1}, IntegerType::get(&getContext(), 8)));
    main.setFunctionType(FunctionType::get(&getContext(), main.getBody().front().getArgumentTypes(), {}));
    getOperation()->setAttr("cuda.kernels", ArrayAttr::get(&getContext(), table));
  }

  /// The op of `block` that uses what `fill` fills first.
  static Operation *firstUser(Block &block, linalg::LinalgOp fill) {
    SmallVector<Value> work = {wholeOf(fill.getDpsInits()[0])};
    Operation *first = nullptr;
    while (!work.empty())
      for (Operation *user : work.pop_back_val().getUsers()) {
        if (isa<ViewLikeOpInterface>(user)) {
          work.push_back(user->getResult(0));
          continue;
        }
        Operation *here = block.findAncestorOpInBlock(*user);
        if (here && fill->isBeforeInBlock(here) && (!first || here->isBeforeInBlock(first)))
          first = here;
      }
    return first;
  }

  /// Moves values to just before the first use of what they fill, start values of sums last: they become part of the sum.
  static void sinkFills(Block &block) {
    for (bool starts : {false, true})
      for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
        auto fill = dyn_cast<linalg::LinalgOp>(op);
        Operation *first = fill && isFill(fill) ? firstUser(block, fill) : nullptr;
        auto sum = dyn_cast_if_present<linalg::LinalgOp>(first);
        bool isStart = sum && sum.getNumReductionLoops() > 0 && wholeOf(sum.getDpsInits()[0]) == wholeOf(fill.getDpsInits()[0]);
        if (first && starts == isStart)
          op.moveBefore(first);
      }
  }

  LogicalResult outlineBlock(Block &block) {
    sinkFills(block);
    SmallVector<Operation *> group;
    auto flush = [&] {
      if (!group.empty())
        outline(group);
      group.clear();
    };
    for (Operation &op : llvm::make_early_inc_range(block)) {
      auto structured = dyn_cast<linalg::LinalgOp>(op);
      if (structured && unitsOf(structured) == 0) {
        op.erase();
        continue;
      }
      if (structured) {
        if (!canJoin(group, structured))
          flush();
        group.push_back(&op);
        continue;
      }
      if (touchesMemory(&op) || (op.getNumRegions() > 0 && contains(&op, touchesMemory)))
        flush();
      if (auto load = dyn_cast<memref::LoadOp>(op)) {
        keep(load);
      } else if (isa<memref::StoreOp, cf::AssertOp>(op)) {
        outline(&op);
      } else if (op.getNumRegions() > 0 && contains(&op, touchesMemory)) {
        auto loop = dyn_cast<scf::ForOp>(op);
        if (loop && contains(&op, isStructured)) {
          if (failed(checkHost(loop.getLowerBound(), &op)) || failed(checkHost(loop.getUpperBound(), &op)) ||
              failed(checkHost(loop.getStep(), &op)) || failed(outlineBlock(*loop.getBody())))
            return failure();
        } else if (op.getNumResults() == 0 && !contains(&op, isStructured)) {
          outline(&op);
        } else {
          return op.emitError("the cuda target cannot run control flow that depends on values of tensors");
        }
      }
    }
    flush();
    return success();
  }

  /// An element that a structured op touches.
  struct Access {
    Value whole;
    bool isWrite, isOwn;
  };

  static SmallVector<Access> accessesOf(linalg::LinalgOp op) {
    SmallVector<Access> accesses;
    for (OpOperand &operand : op->getOpOperands())
      if (isa<MemRefType>(operand.get().getType()))
        accesses.push_back({wholeOf(operand.get()), op.isDpsInit(&operand), isOwn(op, operand)});
    SetVector<Value> above;
    getUsedValuesDefinedAbove(op->getRegions(), above);
    for (Value value : above)
      if (isa<MemRefType>(value.getType()))
        accesses.push_back({wholeOf(value), /*isWrite=*/contains(op, [](Operation *inner) { return isa<memref::StoreOp>(inner); }), false});
    return accesses;
  }

  /// Whether the threads of a kernel may do `op` after `group` without waiting for each other: what one of them wrote, no
  /// other touches. One sum a kernel.
  static bool canJoin(ArrayRef<Operation *> group, linalg::LinalgOp op) {
    if (group.empty())
      return true;
    // What comes before a start value has nothing to do with the sum after it.
    if (isFill(op) && !llvm::all_of(group, [](Operation *member) { return isFill(cast<linalg::LinalgOp>(member)); }))
      return false;
    if (group.size() >= kMostJoined || isRunning(op) || unitsOf(op) != unitsOf(cast<linalg::LinalgOp>(group.front())))
      return false;
    SmallVector<Access> next = accessesOf(op);
    bool hasSum = op.getNumReductionLoops() > 0;
    for (Operation *member : group) {
      auto earlier = cast<linalg::LinalgOp>(member);
      if (isRunning(earlier) || (hasSum && earlier.getNumReductionLoops() > 0))
        return false;
      for (const Access &a : accessesOf(earlier))
        for (const Access &b : next)
          if (a.whole == b.whole && (a.isWrite || b.isWrite) && !(a.isOwn && b.isOwn))
            return false;
    }
    return true;
  }

  /// Whether nobody but `group` uses the buffer, and each thread its own element only: it can stay in registers.
  static bool isLocal(Value whole, ArrayRef<Operation *> group) {
    if (!whole.getDefiningOp<memref::AllocOp>())
      return false;
    SmallVector<Value> work = {whole};
    while (!work.empty())
      for (OpOperand &use : work.pop_back_val().getUses()) {
        auto op = dyn_cast<linalg::LinalgOp>(use.getOwner());
        if (op ? !llvm::is_contained(group, op) || !isOwn(op, use) : !isa<ViewLikeOpInterface>(use.getOwner()))
          return false;
        if (!op)
          work.push_back(use.getOwner()->getResult(0));
      }
    return true;
  }

  /// Whether @main itself can tell `value`.
  LogicalResult checkHost(Value value, Operation *user) {
    SmallVector<Value> work = {value};
    while (!work.empty()) {
      Operation *def = work.pop_back_val().getDefiningOp();
      if (!def)
        continue;
      if (kept.contains(def) || isa<memref::LoadOp>(def))
        return user->emitError("the cuda target cannot run control flow that depends on values of tensors");
      work.append(def->operand_begin(), def->operand_end());
    }
    return success();
  }

  /// The scalar that `load` reads now goes into a buffer of its own.
  void keep(memref::LoadOp load) {
    OpBuilder b(load);
    auto type = MemRefType::get({}, load.getType());
    Value place = memref::AllocOp::create(b, load.getLoc(), type);
    auto copy = memref::LoadOp::create(b, load.getLoc(), load.getMemref(), load.getIndices());
    auto store = memref::StoreOp::create(b, load.getLoc(), copy, place);
    outline(store.getOperation());
    copy.erase();
    kept[load] = place;
  }

  /// What `value`, used inside a kernel, is made of: values that the kernel is given, and ops it repeats, in order.
  void trace(Value value, SetVector<Value> &given, SetVector<Operation *> &repeated) {
    Operation *def = value.getDefiningOp();
    if (isEmpty(value))
      absent.insert(value);
    if (absent.contains(value))
      return;
    if (isa<BaseMemRefType>(value.getType()) ? isBase(value) : !def) {
      given.insert(value);
      return;
    }
    if (auto at = kept.find(def); at != kept.end()) {
      given.insert(at->second);
      return;
    }
    // Scalars of loops of @main; everything else is made again.
    if (isa<LoopLikeOpInterface>(def)) {
      given.insert(value);
      return;
    }
    SetVector<Value> used(def->operand_begin(), def->operand_end());
    for (Value operand : used)
      trace(operand, given, repeated);
    repeated.insert(def);
  }

  /// Moves ops that follow each other into a kernel.
  void outline(ArrayRef<Operation *> group) {
    Operation *op = group.back();
    OpBuilder b(op);
    auto structured = dyn_cast<linalg::LinalgOp>(op);
    SmallVector<Operation *> constants;
    SetVector<Value> captures, given;
    absent.clear();
    for (Operation *member : group) {
      for (Value capture : capturesOf(member, constants))
        captures.insert(capture);
      for (Value operand : member->getOperands())
        if (structured && isLocal(wholeOf(operand), group))
          absent.insert(wholeOf(operand));
    }
    SetVector<Operation *> repeated(constants.begin(), constants.end());
    for (Value capture : captures)
      trace(capture, given, repeated);
    b.setInsertionPointToEnd(getOperation().getBody());
    auto kernel = func::FuncOp::create(b, op->getLoc(), "kernel",
                                       b.getFunctionType(ValueRange(given.getArrayRef()).getTypes(), {}));
    kernel.setPrivate();
    Block *body = kernel.addEntryBlock();
    b.setInsertionPointToStart(body);
    IRMapping mapping;
    mapping.map(given.getArrayRef(), body->getArguments());
    for (Value value : absent)
      mapping.map(value, ub::PoisonOp::create(b, value.getLoc(), value.getType()).getResult());
    for (auto &[load, place] : kept)
      if (Value buffer = mapping.lookupOrNull(place))
        mapping.map(load->getResult(0), memref::LoadOp::create(b, load->getLoc(), buffer).getResult());
    for (Operation *part : repeated)
      b.clone(*part, mapping);
    SmallVector<Location> locations;
    for (Operation *member : group) {
      b.clone(*member, mapping);
      locations.push_back(member->getLoc());
    }
    func::ReturnOp::create(b, op->getLoc());
    int64_t units = structured ? unitsOf(structured) : 1;
    kernel->setAttr("cuda.units", b.getI64IntegerAttr(units));

    // Equal text without locations is an equal kernel.
    std::string text;
    llvm::raw_string_ostream stream(text);
    kernel->print(stream, OpPrintingFlags().printGenericOpForm().useLocalScope());
    auto [at, isNew] = known.try_emplace(text, kernel);
    if (isNew)
      kernel.setName("kernel_" + std::to_string(known.size() - 1));
    else
      kernel.erase();
    b.setInsertionPoint(op);
    auto call = func::CallOp::create(b, op->getLoc(), at->second, given.getArrayRef());
    call->setAttr("cuda.launch", b.getI32IntegerAttr(table.size() / 2));
    table.push_back(b.getStringAttr(nodeName(b.getFusedLoc(locations))));
    table.push_back(b.getStringAttr(kindOf(group)));
    for (Operation *member : llvm::reverse(group))
      member->erase();
  }

  static StringRef kindOf(ArrayRef<Operation *> group) {
    if (!isStructured(group.back()))
      return "scalar";
    for (Operation *member : group)
      if (cast<linalg::LinalgOp>(member).getNumReductionLoops() > 0)
        return "sum";
    return group.size() > 1 ? "points" : group.back()->getName().stripDialect();
  }

  llvm::StringMap<func::FuncOp> known;
  SetVector<Value> absent; // buffers that the kernel at hand names, but is not given: empty, or kept in registers
  SmallVector<Attribute> table;
  llvm::MapVector<Operation *, Value> kept; // loads of @main, and where their values are
};

} // namespace
