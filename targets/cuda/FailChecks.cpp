// In: kernels with control flow as blocks and cf.assert. Out: a thread whose check fails leaves its number and ends.
// Why here: only with blocks can a thread leave from inside loops; a GPU cannot stop the run.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/Outline.h"
#include "targets/cuda/Passes.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_CUDAFAILCHECKS
#include "targets/cuda/Passes.h.inc"
} // namespace brisk

namespace {

struct CudaFailChecks : brisk::impl::CudaFailChecksBase<CudaFailChecks> {
  void runOnOperation() override {
    SmallVector<cf::AssertOp> checks;
    getOperation().walk([&](cf::AssertOp op) { checks.push_back(op); });
    OpBuilder b(&getContext());
    Location loc = getOperation().getLoc();
    b.setInsertionPointToStart(getOperation().getBody());
    auto word = LLVM::GlobalOp::create(b, loc, b.getI32Type(), /*isConstant=*/false, LLVM::Linkage::External,
                                       "brisk_failure", b.getI32IntegerAttr(0));
    SmallVector<Attribute> texts;
    for (cf::AssertOp check : checks) {
      Location at = check.getLoc();
      Block *here = check->getBlock(), *next = here->splitBlock(check);
      Block *fail = b.createBlock(here->getParent(), here->getParent()->end());
      texts.push_back(b.getStringAttr(nodeName(at)));
      texts.push_back(check.getMsgAttr());
      Value number = LLVM::ConstantOp::create(b, at, b.getI32Type(), b.getI32IntegerAttr(texts.size() / 2));
      // Any failure will do: threads that fail together write one of their numbers.
      LLVM::StoreOp::create(b, at, number, LLVM::AddressOfOp::create(b, at, word));
      func::ReturnOp::create(b, at);
      b.setInsertionPointToEnd(here);
      cf::CondBranchOp::create(b, at, check.getArg(), next, fail);
      check.erase();
    }
    getOperation()->setAttr("cuda.checks", b.getArrayAttr(texts));
  }
};

} // namespace
