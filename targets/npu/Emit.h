// From kernels on buffers to a program for Hexagon.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_NPU_EMIT_H
#define BRISK_TARGETS_NPU_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "targets/Target.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace brisk::npu {

/// A version of the machine.
struct Version {
  llvm::StringRef name;     // as in --march
  llvm::StringRef features; // as LLVM calls them
};
/// --march: "native" is v67, the newest that qemu 7.2 knows.
llvm::Expected<const Version *> versionOf(llvm::StringRef march);

/// What the user decides.
struct Settings {
  bool failOnScalar = false; // --npu-fallback=error
  bool isExact = false;      // --npu-rounding=exact
  int64_t vtcm = 2 << 20;    // --npu-vtcm, bytes
};

/// Passes from linalg on tensors to @main on buffers and its kernels.
void addTensorPasses(mlir::OpPassManager &passes, bool plain, const Settings &settings);
/// "hvx", "move" or "scalar" for a kernel's name.
llvm::StringRef classOf(llvm::StringRef kernel);
/// Share of the predicted packets of a planned module that is not on vectors.
double scalarShare(mlir::ModuleOp module);
/// The table of a compilation.
std::string reportOf(mlir::ModuleOp module);
/// Passes from there to the LLVM dialect.
void addLlvmPasses(mlir::OpPassManager &passes);

/// The model as LLVM IR with all of device/ that it uses.
llvm::Expected<std::unique_ptr<llvm::Module>> buildModule(mlir::ModuleOp module, const EmitRequest &request,
                                                          llvm::LLVMContext &context, llvm::TargetMachine &machine,
                                                          const Version &version);
/// device/ as LLVM bitcode (GuestCode.cpp).
llvm::StringRef guestCode();

} // namespace brisk::npu
#endif
