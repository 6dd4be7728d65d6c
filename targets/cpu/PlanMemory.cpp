// In: @run(brisk_call *) with memref.alloc and no deallocation.
// Out: every allocation has a place in the arena, or asks the runtime when its size depends on data.
// Why here: all buffers exist, and nothing after this creates one.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "targets/common/Outline.h"
#include "targets/cpu/Abi.h"
#include "targets/cpu/Passes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace brisk {
#define GEN_PASS_DEF_CPUPLANMEMORY
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

constexpr int64_t kAlignment = 64;
/// More than any machine has and than the runtime tries to get; sums of two still fit.
constexpr int64_t kImpossible = int64_t(1) << 57;

/// Bytes of what is static in `type`, at most kImpossible.
int64_t fixedBytes(MemRefType type) {
  uint64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size))
      bytes = llvm::SaturatingMultiply<uint64_t>(bytes, size);
  return std::min<uint64_t>(bytes, kImpossible);
}

struct Buffer {
  memref::AllocOp alloc;
  unsigned first = 0, last = 0; // ops of the entry block, by position
  int64_t bytes = 0;            // of a static buffer
  int64_t offset = 0;
};

/// Positions of the entry block's ops between which a buffer (or any view of it) is used.
void computeLifetime(Buffer &buffer, Block &block, const BufferViewFlowAnalysis &views,
                     const DenseMap<Operation *, unsigned> &position) {
  buffer.first = position.lookup(block.findAncestorOpInBlock(*buffer.alloc));
  buffer.last = buffer.first;
  bool used = false;
  for (Value alias : views.resolve(buffer.alloc.getResult()))
    for (Operation *user : alias.getUsers())
      if (Operation *ancestor = block.findAncestorOpInBlock(*user)) {
        unsigned at = position.lookup(ancestor);
        // The allocation itself may stand well before its first use.
        buffer.first = used ? std::min(buffer.first, at) : at;
        buffer.last = std::max(buffer.last, at);
        used = true;
      }
}

/// Largest buffers first, each at the lowest offset that is free over its lifetime.
int64_t placeStatic(SmallVectorImpl<Buffer> &buffers) {
  SmallVector<Buffer *> order, placed;
  for (Buffer &buffer : buffers)
    order.push_back(&buffer);
  llvm::stable_sort(order, [](Buffer *a, Buffer *b) { return a->bytes > b->bytes; });
  int64_t total = 0;
  for (Buffer *buffer : order) {
    SmallVector<Buffer *> overlapping;
    for (Buffer *other : placed)
      if (other->first <= buffer->last && buffer->first <= other->last)
        overlapping.push_back(other);
    llvm::sort(overlapping, [](Buffer *a, Buffer *b) { return a->offset < b->offset; });
    int64_t offset = 0;
    for (Buffer *other : overlapping) {
      if (offset + buffer->bytes <= other->offset)
        break;
      offset = std::max(offset, std::min(other->offset + other->bytes, kImpossible));
    }
    buffer->offset = offset;
    total = std::max(total, offset + buffer->bytes);
    placed.push_back(buffer);
  }
  return total;
}

/// Computes sizes right at the entry where they depend on nothing that runs.
class Hoister {
public:
  Hoister(Block &block) : block(block) {
    for (Operation &op : block) {
      bool prefix = isa<LLVM::LLVMDialect, arith::ArithDialect>(op.getDialect()) ||
                    isa<UnrealizedConversionCastOp, memref::DimOp>(op);
      if (!prefix)
        break;
      last = &op;
    }
  }
  /// Moves the computation of `value` ahead; false if it cannot be.
  bool hoist(Value value) {
    if (!canHoist(value, 0))
      return false;
    move(value);
    return true;
  }
  Operation *end() const { return last; }
  void extend(Operation *op) { last = op; }

private:
  bool isAhead(Operation *op) const { return !op || (op->getBlock() == &block && last && !last->isBeforeInBlock(op)); }
  bool canHoist(Value value, unsigned depth) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return cast<BlockArgument>(value).getOwner() == &block;
    if (isAhead(op))
      return true;
    return depth < 256 && isPure(op) && op->getNumRegions() == 0 &&
           llvm::all_of(op->getOperands(), [&](Value operand) { return canHoist(operand, depth + 1); });
  }
  void move(Value value) {
    Operation *op = value.getDefiningOp();
    if (isAhead(op))
      return;
    for (Value operand : op->getOperands())
      move(operand);
    if (last)
      op->moveAfter(last);
    else
      op->moveBefore(&block, block.begin());
    last = op;
  }
  Block &block;
  Operation *last = nullptr;
};

/// Bytes of an allocation (i64), rounded up to the alignment; kImpossible where they are as many or more, which
/// includes sizes below zero. Sizes come from inputs and data: their product may be any number.
Value bytesOf(OpBuilder &b, memref::AllocOp alloc) {
  Location loc = alloc.getLoc();
  int64_t fixed = fixedBytes(alloc.getType());
  Value limit = i64(b, loc, kImpossible);
  if (fixed == kImpossible)
    return limit;
  Value bytes = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(fixed)), beyond;
  for (Value size : alloc.getDynamicSizes()) {
    auto product = arith::MulUIExtendedOp::create(b, loc, bytes, toI64(b, loc, size));
    bytes = product.getLow();
    beyond = beyond ? arith::OrIOp::create(b, loc, beyond, product.getHigh()).getResult() : product.getHigh();
  }
  Value up = arith::AndIOp::create(b, loc, arith::AddIOp::create(b, loc, bytes, i64(b, loc, kAlignment - 1)),
                                   i64(b, loc, -kAlignment));
  // Tested before rounding up, which may wrap.
  Value fits = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, bytes, limit);
  if (beyond) {
    Value exact = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, beyond, i64(b, loc, 0));
    fits = arith::AndIOp::create(b, loc, fits, exact);
  }
  return arith::SelectOp::create(b, loc, fits, up, limit);
}

Value compareNull(OpBuilder &b, Location loc, LLVM::ICmpPredicate predicate, Value pointer) {
  return LLVM::ICmpOp::create(b, loc, predicate, pointer, LLVM::ZeroOp::create(b, loc, pointer.getType()));
}

constexpr StringLiteral kNoMemory = "out of memory";

/// Fails the run where the runtime has no memory left.
void checkMemory(OpBuilder &b, Location loc, Value pointer) {
  cf::AssertOp::create(b, loc, compareNull(b, loc, LLVM::ICmpPredicate::ne, pointer), kNoMemory);
}

void replace(OpBuilder &b, memref::AllocOp alloc, Value pointer) {
  // The allocation is erased later: the builder may stand at it.
  alloc.replaceAllUsesWith(memrefOver(b, alloc.getLoc(), pointer, alloc.getType(), alloc.getDynamicSizes()));
}

struct CpuPlanMemory : brisk::impl::CpuPlanMemoryBase<CpuPlanMemory> {
  void runOnOperation() override {
    auto run = getOperation().lookupSymbol<func::FuncOp>("run");
    if (!run)
      return;
    Block &block = run.getBody().front();
    Value call = block.getArgument(0);
    OpBuilder b(&getContext());
    Location loc = run.getLoc();

    // Sort the allocations: static, sized at entry, sized by data.
    Hoister hoister(block);
    SmallVector<memref::AllocOp> allocs;
    run.walk([&](memref::AllocOp alloc) { allocs.push_back(alloc); });
    SmallVector<Buffer> fixed, sized;
    SmallVector<memref::AllocOp> late;
    for (memref::AllocOp alloc : allocs) {
      bool top = alloc->getBlock() == &block;
      if (top && alloc.getType().hasStaticShape())
        fixed.push_back({alloc});
      else if (top && llvm::all_of(alloc.getDynamicSizes(), [&](Value size) { return hoister.hoist(size); }))
        sized.push_back({alloc});
      else
        late.push_back(alloc);
    }
    DenseMap<Operation *, unsigned> position;
    for (auto [at, op] : llvm::enumerate(block))
      position[&op] = at;
    BufferViewFlowAnalysis views(run);
    for (Buffer &buffer : fixed) {
      computeLifetime(buffer, block, views, position);
      buffer.bytes = llvm::alignTo(fixedBytes(buffer.alloc.getType()), kAlignment);
      if (buffer.bytes >= kImpossible) {
        buffer.alloc.emitError("needs a buffer of more bytes than any machine has: ") << buffer.alloc.getType();
        return signalPassFailure();
      }
    }
    for (Buffer &buffer : sized)
      computeLifetime(buffer, block, views, position);
    int64_t total = placeStatic(fixed);
    if (total >= kImpossible) {
      run.emitError("needs more memory than any machine has");
      return signalPassFailure();
    }

    if (hoister.end())
      b.setInsertionPointAfter(hoister.end());
    else
      b.setInsertionPointToStart(&block);
    Value arena;
    if (sized.empty()) {
      arena = loadCallField(b, loc, call, CallField::Arena);
    } else {
      arena = reserveSized(b, loc, call, sized, total);
      total = 0;
    }
    getOperation()->setAttr("cpu.arena_size", b.getI64IntegerAttr(total));
    for (Buffer &buffer : fixed) {
      b.setInsertionPoint(buffer.alloc);
      // The place must dominate every use, which the allocation does.
      if (!arena.getDefiningOp()->isBeforeInBlock(buffer.alloc))
        b.setInsertionPointAfterValue(arena);
      replace(b, buffer.alloc, offsetPointer(b, buffer.alloc.getLoc(), arena, i64(b, buffer.alloc.getLoc(), buffer.offset)));
    }
    for (memref::AllocOp alloc : late) {
      b.setInsertionPoint(alloc);
      Value bytes = bytesOf(b, alloc);
      Value pointer = callField(b, alloc.getLoc(), call, CallField::Allocate,
                                LLVM::LLVMPointerType::get(&getContext()), {call, bytes});
      checkMemory(b, alloc.getLoc(), pointer);
      replace(b, alloc, pointer);
    }
    for (memref::AllocOp alloc : allocs)
      alloc.erase();
  }

  /// Buffers whose sizes are computed at entry share slots by lifetime; a slot is as large as its largest
  /// user. Returns the arena, grown to hold the static part and all slots.
  Value reserveSized(OpBuilder &b, Location loc, Value call, SmallVectorImpl<Buffer> &sized, int64_t staticBytes) {
    struct Slot {
      Value bytes;
      unsigned last;
      SmallVector<Buffer *> users;
    };
    SmallVector<Slot> slots;
    SmallVector<Buffer *> order;
    for (Buffer &buffer : sized)
      order.push_back(&buffer);
    llvm::stable_sort(order, [](Buffer *x, Buffer *y) { return x->first < y->first; });
    SmallVector<Value> wanted;
    for (Buffer *buffer : order) {
      Value bytes = wanted.emplace_back(bytesOf(b, buffer->alloc));
      Slot *best = nullptr;
      for (Slot &slot : slots)
        if (slot.last < buffer->first &&
            (!best || (slot.users.front()->alloc.getDynamicSizes() == buffer->alloc.getDynamicSizes() &&
                       slot.users.front()->alloc.getType() == buffer->alloc.getType())))
          best = &slot;
      if (!best) {
        slots.push_back({bytes, buffer->last, {buffer}});
        continue;
      }
      best->bytes = arith::MaxUIOp::create(b, loc, best->bytes, bytes);
      best->last = buffer->last;
      best->users.push_back(buffer);
    }
    Value end = i64(b, loc, staticBytes), limit = i64(b, loc, kImpossible);
    SmallVector<Value> starts;
    for (Slot &slot : slots) {
      starts.push_back(end);
      end = arith::MinUIOp::create(b, loc, arith::AddIOp::create(b, loc, end, slot.bytes), limit);
    }
    Value arena = callField(b, loc, call, CallField::Reserve, LLVM::LLVMPointerType::get(&getContext()), {call, end});
    blameLargest(b, loc, call, arena, order, wanted);
    checkMemory(b, loc, arena);
    for (auto [slot, start] : llvm::zip(slots, starts)) {
      Value pointer = offsetPointer(b, loc, arena, start);
      for (Buffer *user : slot.users)
        replace(b, user->alloc, pointer);
    }
    return arena;
  }

  /// Without an arena, the failure names the node of the largest buffer.
  void blameLargest(OpBuilder &b, Location loc, Value call, Value arena, ArrayRef<Buffer *> buffers,
                    ArrayRef<Value> bytes) {
    OpBuilder::InsertionGuard guard(b);
    Value absent = compareNull(b, loc, LLVM::ICmpPredicate::eq, arena);
    auto branch = scf::IfOp::create(b, loc, absent, /*withElseRegion=*/false);
    b.setInsertionPointToStart(branch.thenBlock());
    Value largest = i64(b, loc, -1), where = stringConstant(b, loc, getOperation(), "");
    for (auto [buffer, size] : llvm::zip(buffers, bytes)) {
      Value more = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, size, largest);
      Value name = stringConstant(b, loc, getOperation(), nodeName(buffer->alloc.getLoc()));
      largest = arith::SelectOp::create(b, loc, more, size, largest);
      where = LLVM::SelectOp::create(b, loc, more, name, where);
    }
    callField(b, loc, call, CallField::Fail, Type(), {call, where, stringConstant(b, loc, getOperation(), kNoMemory)});
  }
};

} // namespace
