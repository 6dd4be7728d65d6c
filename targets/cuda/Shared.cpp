// Memory that the threads of a block share.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cuda/Shared.h"

#include "targets/cuda/Passes.h"

using namespace mlir;
using namespace brisk;

Value cuda::sharedMemory(OpBuilder &b, Location loc, StringRef name, ArrayRef<int64_t> shape, Type element) {
  auto kernel = b.getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>();
  if (!kernel)
    kernel = cast<func::FuncOp>(b.getInsertionBlock()->getParentOp());
  auto type = MemRefType::get(shape, element, MemRefLayoutAttrInterface(), b.getI64IntegerAttr(kSharedMemory));
  std::string symbol = (kernel.getName() + "_" + name).str();
  OpBuilder outside(kernel);
  memref::GlobalOp::create(outside, loc, symbol, b.getStringAttr("private"), type, b.getUnitAttr(), /*constant=*/false,
                           b.getI64IntegerAttr(16));
  return memref::GetGlobalOp::create(b, loc, type, symbol);
}
