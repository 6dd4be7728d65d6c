// In: memref.global constants. Out: offsets from the external address `brisk_weights_base`.
// Why here: emission writes the block as it is, without passing weights through LLVM IR.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/Abi.h"
#include "targets/cpu/Passes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace brisk {
#define GEN_PASS_DEF_CPUPLACECONSTANTS
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

struct CpuPlaceConstants : brisk::impl::CpuPlaceConstantsBase<CpuPlaceConstants> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    OpBuilder b(&getContext());
    Location loc = module.getLoc();
    DenseMap<Attribute, int64_t> placed;
    SmallVector<Attribute> values;
    SmallVector<int64_t> offsets;
    DenseMap<StringAttr, int64_t> offsetOf;
    int64_t size = 0;
    for (auto global : llvm::make_early_inc_range(module.getOps<memref::GlobalOp>())) {
      Attribute value = global.getInitialValueAttr();
      auto type = global.getType();
      auto [at, isNew] = placed.try_emplace(value, 0);
      if (isNew) {
        // A vector load may read a little past the end of a value, never past the block (emission pads it).
        size = llvm::alignTo(size, 64);
        at->second = size;
        values.push_back(value);
        offsets.push_back(size);
        size += type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
      }
      offsetOf[global.getSymNameAttr()] = at->second;
      global.erase();
    }
    module->setAttr("cpu.weights", b.getArrayAttr(values));
    module->setAttr("cpu.weight_offsets", b.getDenseI64ArrayAttr(offsets));
    b.setInsertionPointToStart(module.getBody());
    auto ptr = LLVM::LLVMPointerType::get(&getContext());
    // The block may lie more than 2 GiB from the code, so its address is data.
    LLVM::GlobalOp::create(b, loc, ptr, /*isConstant=*/true, LLVM::Linkage::External, "brisk_weights_base", Attribute())
        .setVisibility_(LLVM::Visibility::Hidden);
    for (auto function : module.getOps<func::FuncOp>()) {
      Value base;
      function.walk([&](memref::GetGlobalOp get) {
        if (!base) {
          b.setInsertionPointToStart(&function.getBody().front());
          base = LLVM::LoadOp::create(b, loc, ptr, LLVM::AddressOfOp::create(b, loc, ptr, "brisk_weights_base"));
        }
        b.setInsertionPoint(get);
        int64_t offset = offsetOf.lookup(get.getNameAttr().getAttr());
        Value pointer = offsetPointer(b, get.getLoc(), base, i64(b, get.getLoc(), offset));
        get.replaceAllUsesWith(memrefOver(b, get.getLoc(), pointer, get.getType(), {}));
        get.erase();
      });
    }
  }
};

} // namespace
