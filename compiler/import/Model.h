// An ONNX file read, counted and checked, before anything is made of it.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_IMPORT_MODEL_H
#define BRISK_COMPILER_IMPORT_MODEL_H

#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"
#include <memory>
#include <string>

namespace brisk {

struct Model {
  /// Shared by the weights that alias its bytes.
  std::shared_ptr<const ::onnx::ModelProto> proto;
  /// Where external data lies; empty: nowhere.
  std::string folder;
};

/// Caps on what a model may hold. Far above any real model, low enough that no walk over one hangs.
struct Limits {
  static constexpr uint64_t nodes = 1'000'000; // with every function expanded
  static constexpr int functionDepth = 64;
  static constexpr int rank = 64;
  static constexpr int attributes = 1024; // of one node
  static constexpr int values = 65536;    // inputs or outputs of one node
  static constexpr uint64_t initializers = 1'000'000;
  static constexpr uint64_t denseElements = uint64_t(1) << 30; // of a sparse tensor written out
};

/// Parses `bytes`; the error says what is wrong with them.
llvm::Expected<Model> parseModel(llvm::StringRef bytes, llvm::StringRef folder);
llvm::Expected<Model> readModel(llvm::StringRef path);

/// Limits, on the raw message: nesting, counts, and nodes after expansion of functions.
llvm::Error checkLimits(const ::onnx::ModelProto &model);
/// libonnx's checker, lenient about ops that it does not know.
llvm::Error checkModel(const Model &model);

/// "ai.onnx" is spelled "" as well.
inline llvm::StringRef canonicalDomain(llvm::StringRef domain) { return domain == "ai.onnx" ? "" : domain; }
/// Identifies a model-local function and the nodes that call it.
std::string functionKey(llvm::StringRef domain, llvm::StringRef name, llvm::StringRef overload);

/// An error of one line.
template <typename... Ts> llvm::Error modelError(const char *format, Ts &&...values) {
  return llvm::createStringError(llvm::formatv(false, format, std::forward<Ts>(values)...).str());
}

} // namespace brisk
#endif
