// Tensors of a model file as attributes.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_IMPORT_WEIGHTS_H
#define BRISK_COMPILER_IMPORT_WEIGHTS_H

#include "onnx/onnx_pb.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace brisk {

/// Converts tensors. Whatever takes more than `kSmall` bytes, is not one value repeated and has
/// elements of whole bytes is a resource over the bytes of the message or of the external file;
/// the rest is dense.
class Weights {
public:
  static constexpr size_t kSmall = 64;

  Weights(mlir::MLIRContext *context, std::string folder) : context(context), folder(std::move(folder)) {}

  /// `owner` keeps the message alive.
  llvm::Expected<mlir::ElementsAttr> convert(const ::onnx::TensorProto &tensor, std::shared_ptr<const void> owner);
  llvm::Expected<mlir::ElementsAttr> convert(const ::onnx::SparseTensorProto &tensor, std::shared_ptr<const void> owner);

private:
  struct File;

  llvm::Expected<mlir::RankedTensorType> typeOf(const ::onnx::TensorProto &tensor);
  llvm::Expected<mlir::ElementsAttr> build(mlir::RankedTensorType type, llvm::StringRef name, llvm::ArrayRef<char> bytes,
                                           std::shared_ptr<const void> owner);
  llvm::Expected<std::shared_ptr<File>> open(llvm::StringRef location);
  llvm::Expected<llvm::ArrayRef<char>> external(const ::onnx::TensorProto &tensor, uint64_t needed,
                                                std::shared_ptr<const void> &owner);

  mlir::MLIRContext *context;
  std::string folder;
  llvm::StringMap<std::shared_ptr<File>> files;
};

/// The product of dims; fails on negative ones, on overflow and on ranks over the limit.
llvm::Expected<int64_t> elementCount(llvm::ArrayRef<int64_t> dims);

} // namespace brisk
#endif
