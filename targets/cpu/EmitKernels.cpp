// In: kernel functions of structured ops on memrefs. Out: loops over vectors of one instruction set.
// Why here: the last place where an op's shape is known whole, and the first where the machine is.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/EmitStructured.h"
#include "targets/cpu/Passes.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace brisk {
#define GEN_PASS_DEF_CPUEMITKERNELS
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

struct CpuEmitKernels : brisk::impl::CpuEmitKernelsBase<CpuEmitKernels> {
  using CpuEmitKernelsBase::CpuEmitKernelsBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    std::optional<VectorUnit> machine = VectorUnit::get(isa);
    if (!machine) {
      function.emitError("expects isa to be an instruction set that --march names, but got ") << isa;
      return signalPassFailure();
    }
    SmallVector<Operation *> ops;
    function.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isStructured(op))
        return WalkResult::advance();
      ops.push_back(op);
      return WalkResult::skip();
    });
    // A kernel that threads share takes its share as two more arguments.
    std::optional<Share> share;
    if (function->hasAttr("cpu.split"))
      share = Share{function.getArgument(function.getNumArguments() - 2),
                    function.getArgument(function.getNumArguments() - 1)};
    for (Operation *op : ops) {
      OpBuilder b(op);
      if (auto units = share ? known(unitsOf(b, op)) : std::nullopt)
        function->setAttr("cpu.units", b.getIndexAttr(*units));
      if (failed(emitStructured(b, op, {}, *machine, share)))
        return signalPassFailure();
      op->erase();
    }
  }
};

} // namespace
