// What the compiler asks of a machine.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_TARGET_H
#define BRISK_TARGETS_TARGET_H

#include "dialects/machine/Machine.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/LLVM.h"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace brisk {

/// What is to be made of a lowered module.
struct EmitRequest {
  std::string kind;     // so, obj, exe, asm, llvm, mlir; "" is the target's natural artifact
  std::string output;   // path; obj adds .o and .h to it
  std::string name;     // of the model, an identifier
  std::string march;    // as the user wrote it
  std::string manifest; // JSON text kept in the artifact
  bool plain = false;   // as in Target::addPasses
};

class Target {
public:
  virtual ~Target() = default;
  virtual llvm::StringRef name() const = 0;
  /// The kinds of artifact that emit() writes, the one made when --emit does not say first.
  virtual llvm::ArrayRef<llvm::StringRef> artifacts() const = 0;
  /// Checks --march; fails with a message that lists what is known.
  virtual llvm::LogicalResult checkMarch(llvm::StringRef march, std::string &message) const = 0;
  /// Takes `value` of the option `--NAME-KEY`, which the option table has for this target; fails with a message.
  virtual llvm::LogicalResult set(llvm::StringRef key, llvm::StringRef value, std::string &message) { return llvm::success(); }
  /// What the user should know of a module that went through addPasses(), as lines; empty if nothing.
  virtual std::string report(mlir::ModuleOp module) const { return ""; }
  /// The machine at hand if it is one of this kind, else a typical one: what a target can say without measuring.
  virtual machine::Description describe() const = 0;
  /// From linalg on tensors to the form that emit() takes. `plain` asks for the shortest way there, to compare with:
  /// no decision that could be wrong; emit() is then asked the same.
  virtual void addPasses(mlir::OpPassManager &passes, bool plain) const = 0;
  /// Writes the artifact (to a temporary name first, then renames), or reports through the module's diagnostics.
  virtual llvm::LogicalResult emit(mlir::ModuleOp module, const EmitRequest &request) const = 0;
};

using TargetRegistry = std::map<std::string, std::unique_ptr<Target>>;

} // namespace brisk
#endif
