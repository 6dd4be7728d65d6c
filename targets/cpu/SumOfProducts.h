// Recognizing contractions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_SUMOFPRODUCTS_H
#define BRISK_TARGETS_CPU_SUMOFPRODUCTS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace brisk::cpu {

/// What a body of `length` ops over two inputs adds to its accumulator, by an op of type `Add`, as the result of a
/// `Product`; null where it does something else.
template <typename Add, typename Product> Product productAdded(mlir::linalg::LinalgOp op, int64_t length) {
  using namespace mlir;
  Block *body = op.getBlock();
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || body->getNumArguments() != 3 ||
      std::distance(body->begin(), body->end()) != length)
    return nullptr;
  auto sum = body->getTerminator()->getOperand(0).getDefiningOp<Add>();
  Value acc = body->getArgument(2);
  Value other = !sum ? Value() : sum.getLhs() == acc ? sum.getRhs() : sum.getRhs() == acc ? sum.getLhs() : Value();
  return other ? other.getDefiningOp<Product>() : nullptr;
}

/// True when the body of `op` is acc + x * y of floats, nothing else.
inline bool isSumOfProducts(mlir::linalg::LinalgOp op) {
  using namespace mlir;
  auto product = productAdded<arith::AddFOp, arith::MulFOp>(op, 3);
  if (!product)
    return false;
  Value x = op.getBlock()->getArgument(0), y = op.getBlock()->getArgument(1);
  return (product.getLhs() == x && product.getRhs() == y) || (product.getLhs() == y && product.getRhs() == x);
}

/// How the bytes of the two factors are read.
struct ByteProduct {
  bool isUnsigned[2];
};

/// The reading of bytes where the body of `op` is acc + ext(x) * ext(y) in i32 for bytes x and y, nothing else.
inline std::optional<ByteProduct> sumOfByteProducts(mlir::linalg::LinalgOp op) {
  using namespace mlir;
  Block *body = op.getBlock();
  auto product = productAdded<arith::AddIOp, arith::MulIOp>(op, 5);
  if (!product || !product.getType().isInteger(32))
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
  Value acc = op.getBlock()->getArguments().back();
  auto product = productAdded<arith::AddFOp, arith::MulFOp>(op, 5);
  if (!product || !product.getType().isF32())
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
