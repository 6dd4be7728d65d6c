// In: @run with control flow as blocks and cf.assert. Out: a failed check reports its node and returns.
// Why here: only with blocks can a check leave the function from inside loops.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/abi.h"
#include "targets/common/Outline.h"
#include "targets/cpu/Abi.h"
#include "targets/cpu/Passes.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace brisk {
#define GEN_PASS_DEF_CPUFINISHHOST
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

struct CpuFinishHost : brisk::impl::CpuFinishHostBase<CpuFinishHost> {
  void runOnOperation() override {
    auto run = getOperation().lookupSymbol<func::FuncOp>("run");
    if (!run)
      return;
    SmallVector<cf::AssertOp> checks;
    run.walk([&](cf::AssertOp op) { checks.push_back(op); });
    OpBuilder b(&getContext());
    Value call = run.getBody().front().getArgument(0);
    for (cf::AssertOp check : checks) {
      Location loc = check.getLoc();
      Block *here = check->getBlock();
      Block *next = here->splitBlock(check);
      Block *fail = b.createBlock(&run.getBody(), run.getBody().end());
      Value where = stringConstant(b, loc, getOperation(), nodeName(loc));
      Value message = stringConstant(b, loc, getOperation(), check.getMsg());
      callField(b, loc, call, CallField::Fail, Type(), {call, where, message});
      Value status = LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(BRISK_ABI_FAILED));
      func::ReturnOp::create(b, loc, status);
      b.setInsertionPointToEnd(here);
      cf::CondBranchOp::create(b, loc, check.getArg(), next, fail);
      check.erase();
    }
  }
};

} // namespace
