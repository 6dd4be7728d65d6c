// In: kernel functions. Out: how many blocks of how many threads each is launched with, and what a block computes.
// Why here: kernels are whole; what follows writes code for exactly this.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cuda/Contraction.h"
#include "targets/cuda/Passes.h"
#include "targets/cuda/RowSum.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cuda;

namespace brisk {
#define GEN_PASS_DEF_CUDACHOOSESCHEDULE
#include "targets/cuda/Passes.h.inc"
} // namespace brisk

namespace {

/// Threads of a block for so many work items: few items in small blocks, so that they spread.
int64_t threadsFor(int64_t units) { return units < 32 ? 32 : units < 1 << 15 ? 64 : 256; }

struct CudaChooseSchedule : brisk::impl::CudaChooseScheduleBase<CudaChooseSchedule> {
  using CudaChooseScheduleBase::CudaChooseScheduleBase;

  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    auto units = kernel->getAttrOfType<IntegerAttr>("cuda.units");
    if (!units)
      return;
    if (units.getInt() > INT32_MAX) {
      kernel.emitError("the cuda target numbers results of a kernel with 31 bits, but this one has ") << units.getInt();
      return signalPassFailure();
    }
    Builder b(&getContext());
    SmallVector<linalg::LinalgOp> ops;
    kernel.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    int64_t threads = threadsFor(units.getInt()), blocks = llvm::divideCeil(units.getInt(), threads);
    if (auto contraction = plain ? std::nullopt : contractionOf(ops)) {
      Tile tile = tileFor(*contraction);
      threads = tile.threads();
      blocks = blocksOf(*contraction, tile);
      kernel->setAttr("cuda.tile", b.getDenseI64ArrayAttr({tile.rows, tile.columns, tile.depth, tile.threadRows, tile.threadColumns}));
    } else if (auto sum = plain ? std::nullopt : rowSumOf(ops)) {
      threads = lanesFor(*sum);
      blocks = units.getInt();
      kernel->setAttr("cuda.lanes", b.getI64IntegerAttr(threads));
    }
    kernel->setAttr("cuda.threads", b.getI64IntegerAttr(threads));
    kernel->setAttr("cuda.blocks", b.getI64IntegerAttr(blocks));
  }
};

} // namespace
