// What keeps a model from being compiled, all at once.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_IMPORT_CHECK_H
#define BRISK_COMPILER_IMPORT_CHECK_H

#include "compiler/import/Import.h"

namespace brisk {

/// Lowers every op of `module` on a copy and appends one problem for each that cannot be. The module
/// must have its shapes inferred and constants folded: some ops lower only with constant operands.
void checkLowering(mlir::ModuleOp module, std::vector<ImportProblem> &problems);

/// `text` fit for a terminal: control characters and broken UTF-8 replaced, cut after `limit` bytes.
std::string printable(llvm::StringRef text, size_t limit = 160);

/// One line for a message: "NODE: OP: REASON".
std::string lineOf(const ImportProblem &problem);
/// A table with a line per problem (the first thousand) under a line that counts them; ends in a newline.
std::string tableOf(llvm::StringRef model, llvm::ArrayRef<ImportProblem> problems);
/// {"model": ..., "supported": true|false, "problems": [{"node", "op", "domain", "opset", "dtype", "kind",
/// "reason", "alternative"}]}; ends in a newline.
std::string jsonOf(llvm::StringRef model, llvm::ArrayRef<ImportProblem> problems);

} // namespace brisk
#endif
