// In: @main on memrefs with allocations of static size. Out: places in one arena, given as the last argument.
// Why here: lifetimes are those of buffers; kernels are still visible one by one.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/StaticModel.h"
#include "targets/npu/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_NPUPLANMEMORY
#include "targets/npu/Passes.h.inc"
} // namespace brisk

namespace {

constexpr int64_t kAlignment = 128;

/// Where each allocation goes: near memory for those of most uses a byte, as far as it reaches; for the others far memory,
/// larger ones first.
std::pair<int64_t, int64_t> assignOffsets(SmallVectorImpl<Place> &places, int64_t vtcm) {
  SmallVector<Place *> order;
  for (Place &place : places)
    order.push_back(&place);
  // A use reads or writes the whole buffer, so that uses a byte go by uses; short lives block less.
  llvm::stable_sort(order, [](Place *a, Place *b) {
    return std::tuple(-a->uses, a->last - a->first, a->first) < std::tuple(-b->uses, b->last - b->first, b->first);
  });
  int64_t near = 0;
  SmallVector<Place *> done;
  for (Place *place : order) {
    int64_t at = lowestOffset(*place, done);
    if (at + place->bytes > vtcm)
      continue;
    place->isNear = true;
    place->offset = at;
    near = std::max(near, at + place->bytes);
    done.push_back(place);
  }
  llvm::erase_if(order, [](Place *place) { return place->isNear; });
  return {near, placeLargestFirst(order)};
}

struct NpuPlanMemory : brisk::impl::NpuPlanMemoryBase<NpuPlanMemory> {
  using NpuPlanMemoryBase::NpuPlanMemoryBase;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    Block &block = main.getBody().front();
    SmallVector<Place> places = placesOf(main, kAlignment);
    auto [near, far] = assignOffsets(places, vtcm);
    OpBuilder b(&block, block.begin());
    auto arenaType = MemRefType::get({std::max<int64_t>(near + far, kAlignment)}, b.getI8Type());
    Value arena = block.addArgument(arenaType, main.getLoc());
    for (Place &place : places) {
      b.setInsertionPoint(place.op);
      Value offset = arith::ConstantIndexOp::create(b, place.op.getLoc(), (place.isNear ? 0 : near) + place.offset);
      Value view = memref::ViewOp::create(b, place.op.getLoc(), place.op.getType(), arena, offset, ValueRange());
      place.op.getResult().replaceAllUsesWith(view);
      place.op.erase();
    }
    main.walk([](memref::DeallocOp op) { op.erase(); });
    main.setFunctionType(b.getFunctionType(block.getArgumentTypes(), {}));
    getOperation()->setAttr("npu.vtcm_size", b.getI64IntegerAttr(near));
    getOperation()->setAttr("npu.arena_size", b.getI64IntegerAttr(far));
  }
};

} // namespace
