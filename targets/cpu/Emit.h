// From outlined kernels to objects and artifacts.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_EMIT_H
#define BRISK_TARGETS_CPU_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "targets/Target.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace brisk::cpu {

/// An instruction set level that a variant is compiled for.
struct Isa {
  llvm::StringRef name;      // as in --march
  llvm::StringRef processor; // as LLVM calls it
  llvm::StringRef suffix;    // of symbols
  uint32_t level;            // BRISK_ISA_*
  llvm::StringRef features;  // beyond the processor
  int64_t factorBits;        // worth a variant where contractions have factors of so many bits; 0 always
  bool isPlain() const { return level == 0; } // scalar loops, to compare with
};
/// Variants for --march: "native" gives all; a level gives that level only.
llvm::Expected<llvm::SmallVector<const Isa *>> isasOf(llvm::StringRef march);

/// The processor that runs this: its instruction sets and caches, typical speeds of such (Machine.cpp).
machine::Description describeHost();

/// Passes from linalg on tensors to @run and its kernels.
void addTensorPasses(mlir::OpPassManager &passes, bool plain);
/// Passes from there to the LLVM dialect, for one instruction set.
void addIsaPasses(mlir::OpPassManager &passes, const Isa &isa);

/// An object with the descriptor, the kernel table and the weights (read from `weightsFile` by the assembler).
std::unique_ptr<llvm::Module> buildDescriptor(mlir::ModuleOp module, llvm::LLVMContext &context,
                                              llvm::ArrayRef<const Isa *> isas, const EmitRequest &request,
                                              llvm::StringRef symbol, llvm::StringRef weightsFile);
/// The bytes of the weights block.
llvm::Error writeWeights(mlir::ModuleOp module, llvm::StringRef path);

/// Object files (or assembly) of all variants and the descriptor.
llvm::Expected<std::vector<llvm::SmallVector<char, 0>>> emitObjects(mlir::ModuleOp module,
                                                                    llvm::ArrayRef<const Isa *> isas,
                                                                    const EmitRequest &request, llvm::StringRef symbol,
                                                                    llvm::StringRef weightsFile, bool assembly);

} // namespace brisk::cpu
#endif
