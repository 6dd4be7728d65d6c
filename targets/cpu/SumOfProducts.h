// Recognizing contractions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_SUMOFPRODUCTS_H
#define BRISK_TARGETS_CPU_SUMOFPRODUCTS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace brisk::cpu {

/// True when the body of `op` is acc + x * y of floats, nothing else.
inline bool isSumOfProducts(mlir::linalg::LinalgOp op) {
  using namespace mlir;
  Block *body = op.getBlock();
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || body->getNumArguments() != 3 ||
      std::distance(body->begin(), body->end()) != 3)
    return false;
  auto sum = body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  Value acc = body->getArgument(2), x = body->getArgument(0), y = body->getArgument(1);
  Value other = sum.getLhs() == acc ? sum.getRhs() : sum.getRhs() == acc ? sum.getLhs() : Value();
  auto product = other ? other.getDefiningOp<arith::MulFOp>() : nullptr;
  return product &&
         ((product.getLhs() == x && product.getRhs() == y) || (product.getLhs() == y && product.getRhs() == x));
}

} // namespace brisk::cpu
#endif
