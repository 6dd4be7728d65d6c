// From the LLVM dialect to machine code.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_COMMON_CODEGEN_H
#define BRISK_TARGETS_COMMON_CODEGEN_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"

namespace brisk {

/// A machine by triple, CPU and features; position-independent, -O2.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> makeMachine(llvm::StringRef triple, llvm::StringRef cpu,
                                                                 llvm::StringRef features);
/// Translates a module on the LLVM dialect and gives it the machine's data layout.
llvm::Expected<std::unique_ptr<llvm::Module>> toLlvm(mlir::ModuleOp module, llvm::LLVMContext &context,
                                                     llvm::TargetMachine &machine);
/// LLVM's mid-level pipeline for the machine.
void optimize(llvm::Module &module, llvm::TargetMachine &machine);
/// Success, or the error as a diagnostic on the module.
llvm::LogicalResult diagnosed(mlir::ModuleOp module, llvm::Error error);
/// Object code or assembly text.
llvm::Expected<llvm::SmallVector<char, 0>> generate(llvm::Module &module, llvm::TargetMachine &machine, bool assembly);

} // namespace brisk
#endif
