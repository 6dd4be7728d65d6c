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

/// How the bytes of the two factors are read.
struct ByteProduct {
  bool isUnsigned[2];
};

/// The reading of bytes where the body of `op` is acc + ext(x) * ext(y) in i32 for bytes x and y, nothing else.
inline std::optional<ByteProduct> sumOfByteProducts(mlir::linalg::LinalgOp op) {
  using namespace mlir;
  Block *body = op.getBlock();
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || body->getNumArguments() != 3 ||
      std::distance(body->begin(), body->end()) != 5 || !body->getArgument(2).getType().isInteger(32))
    return std::nullopt;
  auto sum = body->getTerminator()->getOperand(0).getDefiningOp<arith::AddIOp>();
  if (!sum)
    return std::nullopt;
  Value acc = body->getArgument(2);
  Value other = sum.getLhs() == acc ? sum.getRhs() : sum.getRhs() == acc ? sum.getLhs() : Value();
  auto product = other ? other.getDefiningOp<arith::MulIOp>() : nullptr;
  if (!product)
    return std::nullopt;
  ByteProduct result;
  bool seen[2] = {false, false};
  for (Value factor : {product.getLhs(), product.getRhs()}) {
    Operation *ext = factor.getDefiningOp();
    if (!ext || !isa<arith::ExtSIOp, arith::ExtUIOp>(ext))
      return std::nullopt;
    auto from = dyn_cast<BlockArgument>(ext->getOperand(0));
    if (!from || from.getOwner() != body || from.getArgNumber() > 1 || !from.getType().isInteger(8))
      return std::nullopt;
    seen[from.getArgNumber()] = true;
    result.isUnsigned[from.getArgNumber()] = isa<arith::ExtUIOp>(ext);
  }
  return seen[0] && seen[1] ? std::optional(result) : std::nullopt;
}

/// True when the body of `op` is acc + extf(x) * extf(y) in f32 for bf16 x and y, nothing else.
inline bool isSumOfBf16Products(mlir::linalg::LinalgOp op) {
  using namespace mlir;
  Block *body = op.getBlock();
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || body->getNumArguments() != 3 ||
      std::distance(body->begin(), body->end()) != 5 || !body->getArgument(2).getType().isF32())
    return false;
  auto sum = body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  Value acc = body->getArgument(2);
  Value other = !sum ? Value() : sum.getLhs() == acc ? sum.getRhs() : sum.getRhs() == acc ? sum.getLhs() : Value();
  auto product = other ? other.getDefiningOp<arith::MulFOp>() : nullptr;
  if (!product)
    return false;
  auto widened = [&](Value value) {
    auto ext = value.getDefiningOp<arith::ExtFOp>();
    return ext && ext.getIn().getType().isBF16() ? ext.getIn() : Value();
  };
  Value x = widened(product.getLhs()), y = widened(product.getRhs());
  return x && y && x != y && isa<BlockArgument>(x) && isa<BlockArgument>(y) && x != acc && y != acc;
}

/// Whether bytes are unsigned, where the body of `op` is acc + x * float(q) in f32 for bytes q of input 1.
inline std::optional<bool> sumOfWeighted(mlir::linalg::LinalgOp op) {
  using namespace mlir;
  Block *body = op.getBlock();
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || body->getNumArguments() != 3 ||
      std::distance(body->begin(), body->end()) != 4 || !body->getArgument(1).getType().isInteger(8))
    return std::nullopt;
  Value acc = body->getArgument(2);
  auto sum = body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  auto product = sum && sum.getLhs() == acc ? sum.getRhs().getDefiningOp<arith::MulFOp>() : nullptr;
  Operation *weight = product && product.getLhs() == body->getArgument(0) ? product.getRhs().getDefiningOp() : nullptr;
  if (!weight || !isa<arith::SIToFPOp, arith::UIToFPOp>(weight) || weight->getOperand(0) != body->getArgument(1))
    return std::nullopt;
  return isa<arith::UIToFPOp>(weight);
}

} // namespace brisk::cpu
#endif
