// In: @main with allocations and constants that only launches use. Out: places in the arena and in the block of weights.
// Why here: kernels are functions now, so that every use of a buffer is a launch.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/StaticModel.h"
#include "targets/cuda/Passes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_CUDAPLANMEMORY
#include "targets/cuda/Passes.h.inc"
} // namespace brisk

namespace {

/// What vector loads and bulk copies ask for.
constexpr int64_t kAlignment = 256;

struct CudaPlanMemory : brisk::impl::CudaPlanMemoryBase<CudaPlanMemory> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    Block &block = main.getBody().front();
    SmallVector<Place> places = placesOf(main, kAlignment);
    int64_t arenaBytes = placeLargestFirst(llvm::map_to_vector(places, [](Place &place) { return &place; }));
    OpBuilder b(&block, block.begin());
    int64_t weightBytes = placeWeights();
    auto addBlock = [&](int64_t bytes) {
      return block.addArgument(MemRefType::get({std::max(bytes, kAlignment)}, b.getI8Type()), main.getLoc());
    };
    Value arena = addBlock(arenaBytes), weights = addBlock(weightBytes);
    for (Place &place : places)
      replace(place.op, arena, place.offset);
    main.walk([&](memref::GetGlobalOp get) { replace(get, weights, offsetOf.lookup(get.getNameAttr().getAttr())); });
    main.walk([](memref::DeallocOp op) { op.erase(); });
    main.setFunctionType(b.getFunctionType(block.getArgumentTypes(), {}));
    getOperation()->setAttr("cuda.arena_size", b.getI64IntegerAttr(arenaBytes));
  }

  template <typename Op> void replace(Op op, Value block, int64_t at) {
    OpBuilder b(op);
    Value offset = arith::ConstantIndexOp::create(b, op.getLoc(), at);
    op->replaceAllUsesWith(memref::ViewOp::create(b, op.getLoc(), op.getType(), block, offset, ValueRange()));
    op->erase();
  }

  /// Gives every constant its offset, equal ones the same; returns how many bytes they take.
  int64_t placeWeights() {
    OpBuilder b(&getContext());
    DenseMap<Attribute, int64_t> placed;
    SmallVector<Attribute> values;
    SmallVector<int64_t> offsets;
    int64_t size = 0;
    for (auto global : llvm::make_early_inc_range(getOperation().getOps<memref::GlobalOp>())) {
      auto [at, isNew] = placed.try_emplace(global.getInitialValueAttr(), llvm::alignTo(size, kAlignment));
      if (isNew) {
        values.push_back(global.getInitialValueAttr());
        offsets.push_back(at->second);
        MemRefType type = global.getType();
        size = at->second + type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
      }
      offsetOf[global.getSymNameAttr()] = at->second;
      global.erase();
    }
    getOperation()->setAttr("cuda.weights", b.getArrayAttr(values));
    getOperation()->setAttr("cuda.weight_offsets", b.getDenseI64ArrayAttr(offsets));
    return size;
  }

  DenseMap<StringAttr, int64_t> offsetOf;
};

} // namespace
