// From kernels on buffers to an artifact for GPUs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CUDA_EMIT_H
#define BRISK_TARGETS_CUDA_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "targets/Target.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace brisk::cuda {

/// A generation of GPUs.
struct Chip {
  llvm::StringRef name;     // as in --march
  llvm::StringRef features; // the least PTX version that knows it
  uint32_t number;          // 10 * major + minor of its compute capability
};
/// --march: chips by commas; "native" is the oldest, whose PTX newer ones take too. "emu" is none: this processor instead.
llvm::Expected<llvm::SmallVector<const Chip *>> chipsOf(llvm::StringRef march);

/// Passes from linalg on tensors to @main on buffers and its kernels.
void addTensorPasses(mlir::OpPassManager &passes, bool plain);
/// Passes from there to the LLVM dialect: kernels, and @main.
void addKernelPasses(mlir::OpPassManager &passes);
void addHostPasses(mlir::OpPassManager &passes);

/// The kernels as LLVM IR for GPUs, chip aside.
llvm::Expected<std::unique_ptr<llvm::Module>> buildKernels(mlir::ModuleOp module, llvm::LLVMContext &context);
/// device/math.c as LLVM bitcode.
llvm::StringRef mathCode();
/// PTX text of the kernels.
llvm::Expected<std::string> emitPtx(const llvm::Module &kernels, const Chip &chip);
/// What `ptxas` makes of it.
llvm::Expected<std::string> assemble(llvm::StringRef ptx, const Chip &chip);
/// A shared object that does on this processor what the kernels do on a GPU, thread by thread (emulator/).
llvm::Expected<std::string> emitTwin(const llvm::Module &kernels);

/// The functions that @main became, as an object for this machine: they launch kernels (device/plan.h).
llvm::Expected<llvm::SmallVector<char, 0>> emitHost(mlir::ModuleOp module, llvm::StringRef symbol);

} // namespace brisk::cuda
#endif
