// In: @run(brisk_call *) with memref.alloc and no deallocation.
// Out: every allocation has a place in the arena, or asks the runtime when its size depends on data.
// Why here: all buffers exist, and nothing after this creates one.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
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

struct Buffer {
  memref::AllocOp alloc;
  unsigned first = 0, last = 0; // ops of the entry block, by position
  int64_t bytes = 0;            // of a static buffer
  int64_t offset = 0;
};

int64_t elementBytes(MemRefType type) { return llvm::divideCeil(type.getElementTypeBitWidth(), 8); }

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
      offset = std::max(offset, other->offset + other->bytes);
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

/// Bytes of an allocation as an index, rounded up to the alignment.
Value bytesOf(OpBuilder &b, memref::AllocOp alloc) {
  Location loc = alloc.getLoc();
  MemRefType type = alloc.getType();
  int64_t fixed = elementBytes(type);
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size))
      fixed *= size;
  Value bytes = arith::ConstantIndexOp::create(b, loc, fixed);
  for (Value size : alloc.getDynamicSizes())
    bytes = arith::MulIOp::create(b, loc, bytes, size);
  Value up = arith::AddIOp::create(b, loc, bytes, arith::ConstantIndexOp::create(b, loc, kAlignment - 1));
  return arith::AndIOp::create(b, loc, up, arith::ConstantIndexOp::create(b, loc, -kAlignment));
}

/// Fails the run where the runtime has no memory left.
void checkMemory(OpBuilder &b, Location loc, Value pointer) {
  Value null = LLVM::ZeroOp::create(b, loc, pointer.getType());
  Value ok = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, pointer, null);
  cf::AssertOp::create(b, loc, ok, "out of memory");
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
      buffer.bytes = llvm::alignTo(buffer.alloc.getType().getNumElements() * elementBytes(buffer.alloc.getType()),
                                   kAlignment);
    }
    for (Buffer &buffer : sized)
      computeLifetime(buffer, block, views, position);
    int64_t total = placeStatic(fixed);

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
      Value bytes = toI64(b, alloc.getLoc(), bytesOf(b, alloc));
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
  Value reserveSized(OpBuilder &b, Location loc, Value call, SmallVectorImpl<Buffer> &sized, int64_t fixedBytes) {
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
    for (Buffer *buffer : order) {
      Value bytes = bytesOf(b, buffer->alloc);
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
      best->bytes = arith::MaxSIOp::create(b, loc, best->bytes, bytes);
      best->last = buffer->last;
      best->users.push_back(buffer);
    }
    Value end = arith::ConstantIndexOp::create(b, loc, fixedBytes);
    SmallVector<Value> starts;
    for (Slot &slot : slots) {
      starts.push_back(end);
      end = arith::AddIOp::create(b, loc, end, slot.bytes);
    }
    Value arena = callField(b, loc, call, CallField::Reserve, LLVM::LLVMPointerType::get(&getContext()),
                            {call, toI64(b, loc, end)});
    checkMemory(b, loc, arena);
    for (auto [slot, start] : llvm::zip(slots, starts)) {
      Value pointer = offsetPointer(b, loc, arena, toI64(b, loc, start));
      for (Buffer *user : slot.users)
        replace(b, user->alloc, pointer);
    }
    return arena;
  }
};

} // namespace
