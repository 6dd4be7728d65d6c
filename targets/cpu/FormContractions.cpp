// In: linalg generics on tensors. Out: sums of products from zero as cpu.contract, constant factors packed in panels.
// Why here: weights can still be rewritten, and consumers have not become separate kernels.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "targets/cpu/Passes.h"
#include "targets/cpu/SumOfProducts.h"
#include "targets/cpu/ir/Cpu.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace brisk {
#define GEN_PASS_DEF_CPUFORMCONTRACTIONS
#include "targets/cpu/Passes.h.inc"
} // namespace brisk

namespace {

bool isZero(Value value) { return matchPattern(value, m_AnyZeroFloat()); }

/// The tensor that `value` is, were it not filled with zeros; null if it is not.
Value zeroFilled(Value value) {
  auto op = value.getDefiningOp<linalg::LinalgOp>();
  if (!op || op.getNumDpsInits() != 1 || op.getNumParallelLoops() != op.getNumLoops())
    return Value();
  Value yielded = op.getBlock()->getTerminator()->getOperand(0);
  if (auto argument = dyn_cast<BlockArgument>(yielded); argument && argument.getOwner() == op.getBlock()) {
    if (argument.getArgNumber() >= op.getNumDpsInputs())
      return Value();
    yielded = op->getOperand(argument.getArgNumber());
  }
  return isZero(yielded) ? op.getDpsInits()[0] : Value();
}

/// The raw f32 data of a constant tensor; empty for a splat or anything else.
ArrayRef<float> dataOf(Value value, DenseElementsAttr &splat) {
  ElementsAttr attr;
  if (!matchPattern(value, m_Constant(&attr)) || !attr.getElementType().isF32())
    return {};
  ArrayRef<char> raw;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      raw = blob->getData();
  } else if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    if (dense.isSplat()) {
      splat = dense;
      return {};
    }
    raw = dense.getRawData();
  }
  return ArrayRef(reinterpret_cast<const float *>(raw.data()), raw.size() / sizeof(float));
}

bool isConstant(Value value) {
  DenseElementsAttr splat;
  return !dataOf(value, splat).empty() || splat;
}

/// The loops that the results of `map` are, in order; empty if some result is anything else.
SmallVector<unsigned> plainLoops(AffineMap map) {
  SmallVector<unsigned> loops;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      return {};
    loops.push_back(dim.getPosition());
  }
  return loops;
}

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

struct Choice {
  unsigned column, a, b; // the columns' loop and which input plays which factor
  bool pack;
};

std::optional<Choice> choose(linalg::GenericOp op) {
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
      bool pack = isConstant(factor) && !plainLoops(maps[b]).empty();
      if (!pack && (sizes[d] == 1 || !runsAlong(maps[b], d)))
        continue;
      // Panels of weights are full and read in order; the sums are turned in registers where they must be.
      bool full = pack && sizes[d] >= 16 && sumLength >= 32;
      // Short sums do not pay for stores that are scattered.
      bool last = position + 1 == result.size();
      int score = (last ? 8 : 0) + (full ? 16 : !pack ? 4 : last ? 6 : 2) - (sizes[d] > 0 && sizes[d] < 8 ? 12 : 0);
      if (score > bestScore) {
        bestScore = score;
        best = Choice{d, 1 - b, b, pack};
      }
    }
  return best;
}

/// Packs `factor` as [other parallel loops..., column / 32, sums..., 32] and returns it with its map.
std::pair<Value, AffineMap> pack(OpBuilder &b, linalg::GenericOp op, Choice choice) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  auto iterators = op.getIteratorTypesArray();
  Value factor = op.getDpsInputs()[choice.b];
  SmallVector<unsigned> loops = plainLoops(maps[choice.b]), order;
  for (unsigned d : loops)
    if (d != choice.column && iterators[d] == utils::IteratorType::parallel)
      order.push_back(d);
  unsigned batches = order.size();
  // Sums in the order in which the other factor walks its memory.
  for (AffineExpr expr : maps[choice.a].getResults())
    for (unsigned d : loops)
      if (iterators[d] == utils::IteratorType::reduction && expr.isFunctionOfDim(d) && !llvm::is_contained(order, d))
        order.push_back(d);
  for (unsigned d : loops)
    if (d != choice.column && !llvm::is_contained(order, d))
      order.push_back(d);

  auto type = cast<RankedTensorType>(factor.getType());
  SmallVector<int64_t> strides(sizes.size(), 0);
  int64_t stride = 1;
  for (int64_t axis = type.getRank() - 1; axis >= 0; --axis) {
    strides[loops[axis]] = stride;
    sizes[loops[axis]] = type.getDimSize(axis);
    stride *= type.getDimSize(axis);
  }
  int64_t columns = sizes[choice.column], panels = llvm::divideCeil(columns, kPanel);
  MLIRContext *context = op.getContext();
  AffineExpr column = getAffineDimExpr(choice.column, context);
  SmallVector<AffineExpr> results;
  SmallVector<int64_t> shape;
  int64_t outer = 1, inner = 1;
  for (auto [i, d] : llvm::enumerate(order)) {
    if (i == batches) {
      results.push_back(column.floorDiv(kPanel));
      shape.push_back(panels);
    }
    results.push_back(getAffineDimExpr(d, context));
    shape.push_back(sizes[d]);
    (i < batches ? outer : inner) *= sizes[d];
  }
  if (batches == order.size()) {
    results.push_back(column.floorDiv(kPanel));
    shape.push_back(panels);
  }
  results.push_back(column % kPanel);
  shape.push_back(kPanel);
  auto packedType = RankedTensorType::get(shape, b.getF32Type());
  AffineMap map = AffineMap::get(sizes.size(), 0, results, context);

  DenseElementsAttr splat;
  ArrayRef<float> from = dataOf(factor, splat);
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocate(packedType.getNumElements() * sizeof(float), 64, /*dataIsMutable=*/true);
  float *to = reinterpret_cast<float *>(blob.getMutableData().data());
  // Where the elements at column 0 of each (batches, sums) are, in order.
  auto places = [&](ArrayRef<unsigned> dims) {
    SmallVector<int64_t> result{0};
    for (unsigned d : dims) {
      SmallVector<int64_t> next;
      next.reserve(result.size() * sizes[d]);
      for (int64_t base : result)
        for (int64_t i = 0; i < sizes[d]; ++i)
          next.push_back(base + i * strides[d]);
      result = std::move(next);
    }
    return result;
  };
  SmallVector<int64_t> outerPlaces = places(ArrayRef(order).take_front(batches));
  SmallVector<int64_t> innerPlaces = places(ArrayRef(order).drop_front(batches));
  int64_t step = strides[choice.column];
  float same = splat ? splat.getSplatValue<float>() : 0;
  for (int64_t base : outerPlaces)
    for (int64_t panel = 0; panel < panels; ++panel)
      for (int64_t k : innerPlaces) {
        int64_t first = panel * kPanel, count = std::min(kPanel, columns - first);
        const float *row = splat ? nullptr : from.data() + base + k + first * step;
        for (int64_t i = 0; i < kPanel; ++i)
          *to++ = i >= count ? 0 : splat ? same : row[i * step];
      }
  auto attr = DenseResourceElementsAttr::get(packedType, "packed", std::move(blob));
  return {arith::ConstantOp::create(b, op.getLoc(), attr), map};
}

void form(linalg::GenericOp op, Value init, Choice choice) {
  OpBuilder b(op);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  Value factor = op.getDpsInputs()[choice.b];
  AffineMap factorMap = maps[choice.b];
  if (choice.pack)
    std::tie(factor, factorMap) = pack(b, op, choice);
  SmallVector<StringRef> iterators;
  for (auto iterator : op.getIteratorTypesArray())
    iterators.push_back(utils::stringifyIteratorType(iterator));
  auto contract =
      ContractOp::create(b, op.getLoc(), op.getResultTypes(), ValueRange{op.getDpsInputs()[choice.a], factor}, init,
                         b.getAffineMapArrayAttr({maps[choice.a], factorMap, maps[2]}), b.getStrArrayAttr(iterators));
  Block &block = contract.getEpilogue().emplaceBlock();
  block.addArgument(b.getF32Type(), op.getLoc());
  b.setInsertionPointToStart(&block);
  YieldOp::create(b, op.getLoc(), block.getArgument(0));
  op.replaceAllUsesWith(contract);
  op.erase();
}

struct CpuFormContractions : brisk::impl::CpuFormContractionsBase<CpuFormContractions> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation()->walk([&](linalg::GenericOp op) { ops.push_back(op); });
    for (linalg::GenericOp op : ops) {
      if (!op.hasPureTensorSemantics() || !isSumOfProducts(op) || op.getNumReductionLoops() == 0)
        continue;
      bool isF32 = llvm::all_of(op->getOperandTypes(), [](Type type) { return getElementTypeOrSelf(type).isF32(); });
      Value init = isF32 ? zeroFilled(op.getDpsInits()[0]) : Value();
      if (!init)
        continue;
      if (auto choice = choose(op))
        form(op, init, *choice);
    }
  }
};

} // namespace
