// Modules of the onnx dialect as ONNX files.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_EXPORT_EXPORT_H
#define BRISK_COMPILER_EXPORT_EXPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace brisk {

struct ExportOptions {
  /// Who wrote the file.
  std::string producer = "brisk", producerVersion;
  /// Weights of more bytes than this, all together, go to a file beside the model's (a protobuf
  /// message cannot be larger than 2 GiB).
  uint64_t maxInternalBytes = uint64_t(1900) << 20;
};

/// Writes @main of `module` (onnx dialect, types inferred, no layouts of our own) to `path`, and to
/// `path`.data what does not fit. The opset is the lowest from 21 on in which every op has the form
/// that it has here. Says on the op what has no form in ONNX. Same module, same bytes.
llvm::LogicalResult exportModel(mlir::ModuleOp module, llvm::StringRef path, const ExportOptions &options);

} // namespace brisk
#endif
