// In: linalg generics on tensors. Out: sums of products from zero as cpu.contract, constant factors packed in panels (bytes and
// bf16: in groups of 32 bits).
// Why here: weights can still be rewritten, and consumers have not become separate kernels.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/Factors.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "targets/cpu/PackFactor.h"
#include "targets/cpu/Passes.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace brisk {
#define GEN_PASS_DEF_CPUFORMCONTRACTIONS
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

/// True when neighbours along loop `d` are neighbours in the last axis that `map` reads.
bool runsAlong(AffineMap map, unsigned d) {
  for (AffineExpr expr : map.getResults().drop_back())
    if (expr.isFunctionOfDim(d))
      return false;
  AffineExpr last = map.getResults().back();
  AffineExpr dim = getAffineDimExpr(d, map.getContext());
  if (last == dim)
    return true;
  auto sum = dyn_cast<AffineBinaryOpExpr>(last);
  return sum && sum.getKind() == AffineExprKind::Add &&
         ((sum.getLHS() == dim && !sum.getRHS().isFunctionOfDim(d)) ||
          (sum.getRHS() == dim && !sum.getLHS().isFunctionOfDim(d)));
}

std::optional<Product> productOf(linalg::GenericOp op) {
  if (auto bytes = sumOfByteProducts(op))
    return Product{4, bytes};
  if (isSumOfBf16Products(op))
    return Product{2};
  if (auto isUnsigned = sumOfWeighted(op))
    return Product{1, std::nullopt, isUnsigned};
  bool isF32 = llvm::all_of(op->getOperandTypes(), [](Type type) { return getElementTypeOrSelf(type).isF32(); });
  if (isF32 && isSumOfProducts(op))
    return Product();
  return std::nullopt;
}

/// The sum along which A's elements, read with `maps[a]`, are neighbours.
std::optional<unsigned> groupedSum(linalg::GenericOp op, unsigned a, unsigned b) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (unsigned d : plainLoops(maps[b]))
    if (op.getIteratorTypesArray()[d] == utils::IteratorType::reduction && runsAlong(maps[a], d))
      return d;
  return std::nullopt;
}

/// Over how many rows each element of factor `b` is used.
int64_t rowsBeside(linalg::GenericOp op, unsigned b) {
  int64_t rows = 1;
  for (auto [d, size] : llvm::enumerate(op.getStaticLoopRanges()))
    if (op.getIteratorTypesArray()[d] == utils::IteratorType::parallel && !op.getIndexingMapsArray()[b].isFunctionOfDim(d))
      rows *= ShapedType::isDynamic(size) ? 64 : size;
  return rows;
}

std::optional<Choice> choose(linalg::GenericOp op, Product product) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  SmallVector<unsigned> result = plainLoops(maps[2]);
  if (result.empty())
    return std::nullopt;
  int64_t sumLength = 1;
  for (auto [size, iterator] : llvm::zip_equal(sizes, op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::reduction)
      sumLength *= std::max<int64_t>(size, 1);
  std::optional<Choice> best;
  int bestScore = 0;
  for (auto [position, d] : llvm::enumerate(result))
    for (unsigned b : {1u, 0u}) {
      if (!maps[b].isFunctionOfDim(d) || maps[1 - b].isFunctionOfDim(d))
        continue;
      Value factor = op.getDpsInputs()[b];
      bool pack = isConstantFactor(factor) && !plainLoops(maps[b]).empty();
      std::optional<unsigned> grouped;
      if (product.unsignedWeights && (b == 0 || !pack))
        continue;
      if (product.group > 1) {
        // Others are packed at run time where enough rows make up for it.
        pack |= !plainLoops(maps[b]).empty() && cast<ShapedType>(factor.getType()).hasStaticShape() && d == result.back() &&
                sizes[d] >= 8 && rowsBeside(op, b) >= 8;
        grouped = pack ? groupedSum(op, 1 - b, b) : std::nullopt;
        if (!grouped)
          continue;
      }
      if (!pack && (sizes[d] == 1 || !runsAlong(maps[b], d)))
        continue;
      // Panels of weights are full and read in order; the sums are turned in registers where they must be.
      bool full = pack && sizes[d] >= 16 && sumLength >= 32;
      // Short sums do not pay for stores that are scattered.
      bool last = position + 1 == result.size();
      int score = (last ? 8 : 0) + (full ? 16 : !pack ? 4 : last ? 6 : 2) - (sizes[d] > 0 && sizes[d] < 8 ? 12 : 0);
      if (score > bestScore) {
        bestScore = score;
        best = Choice{d, 1 - b, b, pack, product, grouped};
      }
    }
  return best;
}

/// Bytes multiplied channel by channel with a small constant window: the channels are the columns, all in a row.
std::optional<Choice> chooseChannels(linalg::GenericOp op, Product product) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  auto iterators = op.getIteratorTypesArray();
  SmallVector<unsigned> result = plainLoops(maps[2]);
  if (!product.bytes || result.empty() || sizes[result.back()] < 16)
    return std::nullopt;
  unsigned column = result.back();
  for (unsigned b : {1u, 0u}) {
    SmallVector<unsigned> loops = plainLoops(maps[b]);
    if (!isConstantFactor(op.getDpsInputs()[b]) || !llvm::is_contained(loops, column) || !runsAlong(maps[1 - b], column))
      continue;
    int64_t window = 1;
    for (unsigned d = 0; d < sizes.size(); ++d) {
      bool isSum = iterators[d] == utils::IteratorType::reduction;
      if (d != column && isSum != llvm::is_contained(loops, d))
        return std::nullopt;
      window *= isSum ? sizes[d] : 1;
    }
    if (window < 2 || window > 64)
      return std::nullopt;
    for (AffineExpr expr : maps[1 - b].getResults())
      for (unsigned d : loops)
        if (d != column && expr.isFunctionOfDim(d))
          return Choice{column, 1 - b, b, true, product, d, false};
  }
  return std::nullopt;
}

void form(linalg::GenericOp op, Value init, Choice choice) {
  OpBuilder b(op);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  Packed packed{op.getDpsInputs()[choice.b], maps[choice.b], Value(), AffineMap(), 1};
  if (choice.pack)
    packed = packFactor(b, op, choice);
  SmallVector<Value> inputs{op.getDpsInputs()[choice.a], packed.factor};
  SmallVector<AffineMap> all{maps[choice.a], packed.map};
  if (packed.columnSums) {
    inputs.push_back(packed.columnSums);
    all.push_back(packed.columnSumsMap);
  }
  all.push_back(maps[2]);
  SmallVector<StringRef> iterators;
  for (auto iterator : op.getIteratorTypesArray())
    iterators.push_back(utils::stringifyIteratorType(iterator));
  auto isUnsigned = [&](unsigned input) {
    return (choice.product.bytes && choice.product.bytes->isUnsigned[input]) ||
           (input == 1 && choice.product.unsignedWeights.value_or(false));
  };
  auto contract = ContractOp::create(b, op.getLoc(), op.getResultTypes(), inputs, init, b.getAffineMapArrayAttr(all),
                                     b.getStrArrayAttr(iterators), isUnsigned(choice.a), isUnsigned(choice.b),
                                     static_cast<bool>(packed.columnSums),
                                     choice.panels ? IntegerAttr() : b.getI64IntegerAttr(packed.length));
  Block &block = contract.getEpilogue().emplaceBlock();
  block.addArgument(contract.getSumType(), op.getLoc());
  b.setInsertionPointToStart(&block);
  YieldOp::create(b, op.getLoc(), block.getArgument(0));
  op.replaceAllUsesWith(contract);
  op.erase();
}

/// Takes the scales of constant bytes out of sums of products with them: sum(x * (q * s)) = s * sum(x * q), where s
/// differs from column to column only. The bytes are then read as they are.
void takeOutScale(linalg::GenericOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumReductionLoops() == 0 || !isSumOfProducts(op))
    return;
  auto scaled = op.getDpsInputs()[1].getDefiningOp<linalg::GenericOp>();
  if (!scaled || scaled.getNumReductionLoops() || scaled.getNumDpsInits() != 1 || scaled.getNumDpsInputs() > 2 ||
      !llvm::all_of(scaled.getDpsInputs(), isConstantFactor) || scaled.getNumDpsInputs() < 1)
    return;
  Block *body = scaled.getBody();
  auto product = body->getTerminator()->getOperand(0).getDefiningOp<arith::MulFOp>();
  Operation *real = product ? product.getLhs().getDefiningOp() : nullptr;
  if (!real || std::distance(body->begin(), body->end()) != 3 || !isa<arith::SIToFPOp, arith::UIToFPOp>(real) ||
      real->getOperand(0) != body->getArgument(0) || !body->getArgument(0).getType().isInteger(8) ||
      !product.getType().isF32())
    return;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray(), inner = scaled.getIndexingMapsArray();
  SmallVector<unsigned> result = plainLoops(maps[2]);
  if (!inner.back().isPermutation() || plainLoops(maps[1]).empty() || result.empty())
    return;
  AffineMap toInner = inversePermutation(inner.back()).compose(maps[1]);
  Value scale = product.getRhs();
  AffineMap scaleMap = AffineMap::get(result.size(), 0, {}, op.getContext());
  if (scaled.getNumDpsInputs() == 2) {
    if (scale != body->getArgument(1))
      return;
    scale = scaled.getDpsInputs()[1];
    SmallVector<AffineExpr> columns;
    for (unsigned d : plainLoops(inner[1].compose(toInner))) {
      auto at = llvm::find(result, d);
      if (at == result.end())
        return;
      columns.push_back(getAffineDimExpr(at - result.begin(), op.getContext()));
    }
    if (columns.size() != inner[1].getNumResults())
      return;
    scaleMap = AffineMap::get(result.size(), 0, columns, op.getContext());
  } else if (auto argument = dyn_cast<BlockArgument>(scale); argument && argument.getOwner() == body) {
    return;
  }
  OpBuilder b(op);
  bool isUnsigned = isa<arith::UIToFPOp>(real);
  auto sums = linalg::GenericOp::create(
      b, op.getLoc(), op.getResultTypes(), ValueRange{op.getDpsInputs()[0], scaled.getDpsInputs()[0]}, op.getDpsInits(),
      {maps[0], inner[0].compose(toInner), maps[2]}, op.getIteratorTypesArray(),
      [&](OpBuilder &nested, Location at, ValueRange args) {
        Value weight = isUnsigned ? arith::UIToFPOp::create(nested, at, nested.getF32Type(), args[1]).getResult()
                                  : arith::SIToFPOp::create(nested, at, nested.getF32Type(), args[1]).getResult();
        Value term = arith::MulFOp::create(nested, at, args[0], weight);
        linalg::YieldOp::create(nested, at, arith::AddFOp::create(nested, at, args[2], term).getResult());
      });
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, op.getLoc(), sums.getResult(0));
  Value empty = tensor::EmptyOp::create(b, op.getLoc(), sizes, type.getElementType());
  SmallVector<utils::IteratorType> parallel(result.size(), utils::IteratorType::parallel);
  SmallVector<Value> inputs{sums.getResult(0)};
  AffineMap identity = b.getMultiDimIdentityMap(result.size());
  SmallVector<AffineMap> wholeMaps{identity, identity};
  if (isa<RankedTensorType>(scale.getType())) {
    inputs.push_back(scale);
    wholeMaps.insert(wholeMaps.begin() + 1, scaleMap);
  }
  auto whole = linalg::GenericOp::create(b, op.getLoc(), TypeRange(type), inputs, ValueRange(empty), wholeMaps, parallel,
                                         [&](OpBuilder &nested, Location at, ValueRange args) {
                                           Value by = args.size() > 2 ? args[1] : scale;
                                           Value value = arith::MulFOp::create(nested, at, args[0], by);
                                           linalg::YieldOp::create(nested, at, value);
                                         });
  op->replaceAllUsesWith(whole->getResults());
  op.erase();
}

struct CpuFormContractions : brisk::impl::CpuFormContractionsBase<CpuFormContractions> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    auto collect = [&] {
      ops.clear();
      getOperation()->walk([&](linalg::GenericOp op) { ops.push_back(op); });
    };
    collect();
    llvm::for_each(ops, takeOutScale);
    collect();
    for (linalg::GenericOp op : ops) {
      if (!op.hasPureTensorSemantics() || op.getNumReductionLoops() == 0)
        continue;
      auto [constant, init] = brisk::filled(op.getDpsInits()[0]);
      if (init && matchPattern(constant, m_AnyZeroFloat()) && formBlockContraction(op, init))
        continue;
      std::optional<Product> product = productOf(op);
      if (!product || !init || !(matchPattern(constant, m_AnyZeroFloat()) || matchPattern(constant, m_Zero())))
        continue;
      auto choice = choose(op, *product);
      if (!choice)
        choice = chooseChannels(op, *product);
      if (choice)
        form(op, init, *choice);
    }
  }
};

} // namespace
