// ONNX files as modules of the onnx dialect.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_IMPORT_IMPORT_H
#define BRISK_COMPILER_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>
#include <vector>

namespace brisk {

struct ImportOptions {
  /// Dims of inputs by name; -1 leaves the model's own dim. A dim that the model names is fixed
  /// wherever the name occurs.
  llvm::StringMap<llvm::SmallVector<int64_t>> shapes;
  /// Graph inputs that have an initializer are inputs all the same (without it they are constants).
  bool initializersAsInputs = false;
};

/// Something that keeps a model from being compiled.
struct ImportProblem {
  /// Unsupported: a correct model that Brisk cannot compile. Invalid: the model or a file is at fault.
  enum class Kind { Unsupported, Invalid };
  Kind kind = Kind::Invalid;
  /// ONNX name of the node ("Conv_3" where the model gives none; "caller/node" within a function); empty for the whole model.
  std::string node;
  std::string op;
  std::string domain;
  int64_t opset = 0;
  /// Element type of the first input, where known.
  std::string dtype;
  std::string reason;
  /// The nearest op that is supported, if any comes near.
  std::string alternative;
};

/// Reads an ONNX model. The result holds one `func.func @main` with an argument per graph input (those
/// without initializer) and a result per graph output, each with its ONNX name as `onnx.name`, and the
/// model's metadata as module attributes. Weights are resources over the file's bytes, kept alive by
/// the context. Every problem is given as one error diagnostic with file and node, or, if `problems`
/// is not null, appended to it instead. Fails if there was any.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importModel(llvm::StringRef path, mlir::MLIRContext *context,
                                                               const ImportOptions &options = {},
                                                               std::vector<ImportProblem> *problems = nullptr);

/// The same for a model in memory. `name` stands for it in messages; external data is searched in `folder`
/// (none is allowed if empty). The bytes are not needed after the call.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importModelBytes(llvm::StringRef bytes, llvm::StringRef name,
                                                                    llvm::StringRef folder, mlir::MLIRContext *context,
                                                                    const ImportOptions &options = {},
                                                                    std::vector<ImportProblem> *problems = nullptr);

} // namespace brisk
#endif
