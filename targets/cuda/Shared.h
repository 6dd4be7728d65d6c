// Memory that the threads of a block share.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CUDA_SHARED_H
#define BRISK_TARGETS_CUDA_SHARED_H

#include "mlir/IR/Builders.h"

namespace brisk::cuda {

/// Its address space, of MLIR and of LLVM.
constexpr unsigned kSharedMemory = 3;

/// A buffer of the kernel at hand, which names it KERNEL_`name`; its contents are undefined.
mlir::Value sharedMemory(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef name, llvm::ArrayRef<int64_t> shape,
                         mlir::Type element);

} // namespace brisk::cuda
#endif
