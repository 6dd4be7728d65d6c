// In: linalg generics on tensors. Out: sums of products from zero as cpu.contract, constant factors packed in panels (bytes and
// bf16: in groups of 32 bits).
// Why here: weights can still be rewritten, and consumers have not become separate kernels.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Tensor/IR/Tensor.h"
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

bool isZero(Value value) { return matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_Zero()); }

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

/// The bytes of a constant tensor, or of its one element if all are the same; empty for anything else.
ArrayRef<char> dataOf(Value value, bool &isSplat) {
  // Another shape is the same bytes.
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      break;
    value = op->getOperand(0);
  }
  ElementsAttr attr;
  if (!matchPattern(value, m_Constant(&attr)) || !attr.getElementType().isIntOrFloat() ||
      attr.getElementType().getIntOrFloatBitWidth() % 8)
    return {};
  isSplat = false;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      return blob->getData();
  } else if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    isSplat = dense.isSplat();
    return dense.getRawData();
  }
  return {};
}

bool isConstant(Value value) {
  bool isSplat;
  return !dataOf(value, isSplat).empty();
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

/// What is multiplied and added.
struct Product {
  int64_t group = 1;              // factors that lie together for one lane
  std::optional<ByteProduct> bytes = {};
};

std::optional<Product> productOf(linalg::GenericOp op) {
  if (auto bytes = sumOfByteProducts(op))
    return Product{4, bytes};
  if (isSumOfBf16Products(op))
    return Product{2};
  bool isF32 = llvm::all_of(op->getOperandTypes(), [](Type type) { return getElementTypeOrSelf(type).isF32(); });
  if (isF32 && isSumOfProducts(op))
    return Product();
  return std::nullopt;
}

struct Choice {
  unsigned column, a, b; // the columns' loop and which input plays which factor
  bool pack;
  Product product;
  std::optional<unsigned> grouped = {}; // the sum whose factors lie together
  bool panels = true;                   // packed in panels of columns, not with all of them in a row
};

/// The sum along which A's elements, read with `maps[a]`, are neighbours.
std::optional<unsigned> groupedSum(linalg::GenericOp op, unsigned a, unsigned b) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (unsigned d : plainLoops(maps[b]))
    if (op.getIteratorTypesArray()[d] == utils::IteratorType::reduction && runsAlong(maps[a], d))
      return d;
  return std::nullopt;
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
      bool pack = isConstant(factor) && !plainLoops(maps[b]).empty();
      std::optional<unsigned> grouped;
      if (product.group > 1) {
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
    if (!isConstant(op.getDpsInputs()[b]) || !llvm::is_contained(loops, column) || !runsAlong(maps[1 - b], column))
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

/// The constant factor in panels, with its map.
struct Packed {
  Value factor;
  AffineMap map;
  Value columnSums; // of bytes, where they were asked for
  AffineMap columnSumsMap;
  int64_t length; // of the grouped sum
};

/// Packs the constant factor as [other parallel loops..., column / 32, sums..., 32], or with groups of g
/// [..., sums..., last sum / g, 32, g], zero past the last column and the last of a group. Without panels:
/// [..., sums..., last sum / g, column, g].
Packed pack(OpBuilder &b, linalg::GenericOp op, Choice choice) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  auto iterators = op.getIteratorTypesArray();
  Value factor = op.getDpsInputs()[choice.b];
  SmallVector<unsigned> loops = plainLoops(maps[choice.b]), order;
  auto isNew = [&](unsigned d) { return d != choice.column && d != choice.grouped && !llvm::is_contained(order, d); };
  for (unsigned d : loops)
    if (isNew(d) && iterators[d] == utils::IteratorType::parallel)
      order.push_back(d);
  unsigned batches = order.size();
  // Sums in the order in which the other factor walks its memory.
  for (AffineExpr expr : maps[choice.a].getResults())
    for (unsigned d : loops)
      if (iterators[d] == utils::IteratorType::reduction && expr.isFunctionOfDim(d) && isNew(d))
        order.push_back(d);
  for (unsigned d : loops)
    if (isNew(d))
      order.push_back(d);

  auto type = cast<RankedTensorType>(factor.getType());
  SmallVector<int64_t> strides(sizes.size(), 0);
  int64_t stride = 1;
  for (int64_t axis = type.getRank() - 1; axis >= 0; --axis) {
    strides[loops[axis]] = stride;
    sizes[loops[axis]] = type.getDimSize(axis);
    stride *= type.getDimSize(axis);
  }
  int64_t columns = sizes[choice.column], panel = choice.panels ? kPanel : columns;
  int64_t panels = llvm::divideCeil(columns, panel), group = choice.product.group;
  MLIRContext *context = op.getContext();
  AffineExpr column = getAffineDimExpr(choice.column, context);
  SmallVector<AffineExpr> results, outerResults;
  SmallVector<int64_t> shape, outerShape;
  for (unsigned d : ArrayRef(order).take_front(batches)) {
    results.push_back(getAffineDimExpr(d, context));
    shape.push_back(sizes[d]);
  }
  outerResults = results, outerShape = shape;
  if (choice.panels) {
    results.push_back(column.floorDiv(panel));
    shape.push_back(panels);
  }
  for (unsigned d : ArrayRef(order).drop_front(batches)) {
    results.push_back(getAffineDimExpr(d, context));
    shape.push_back(sizes[d]);
  }
  Packed packed;
  int64_t length = 1, lengthStride = 0;
  if (choice.grouped) {
    length = sizes[*choice.grouped], lengthStride = strides[*choice.grouped];
    results.push_back(getAffineDimExpr(*choice.grouped, context).floorDiv(group));
    shape.push_back(llvm::divideCeil(length, group));
  }
  results.push_back(choice.panels ? column % panel : column);
  shape.push_back(panel);
  if (choice.grouped) {
    results.push_back(getAffineDimExpr(*choice.grouped, context) % group);
    shape.push_back(group);
  }
  packed.length = length;
  auto packedType = RankedTensorType::get(shape, type.getElementType());
  outerResults.push_back(column);
  outerShape.push_back(columns);
  packed.map = AffineMap::get(sizes.size(), 0, results, context);
  packed.columnSumsMap = AffineMap::get(sizes.size(), 0, outerResults, context);

  bool isSplat;
  ArrayRef<char> from = dataOf(factor, isSplat);
  int64_t width = type.getElementTypeBitWidth() / 8;
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocate(packedType.getNumElements() * width, 64, /*dataIsMutable=*/true);
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
  auto fill = [&](auto *to) {
    auto *elements = reinterpret_cast<decltype(to)>(const_cast<char *>(from.data()));
    for (int64_t base : outerPlaces)
      for (int64_t start = 0; start < panels * panel; start += panel)
        for (int64_t k : innerPlaces)
          for (int64_t first = 0; first < length; first += group)
            for (int64_t n = start, end = n + panel; n < end; ++n)
              for (int64_t i = first; i < first + group; ++i)
                *to++ = n >= columns || i >= length ? 0 : elements[isSplat ? 0 : base + k + n * step + i * lengthStride];
  };
  char *to = blob.getMutableData().data();
  if (width == 1)
    fill(reinterpret_cast<uint8_t *>(to));
  else if (width == 2)
    fill(reinterpret_cast<uint16_t *>(to));
  else
    fill(reinterpret_cast<uint32_t *>(to));
  auto attr = DenseResourceElementsAttr::get(packedType, "packed", std::move(blob));
  packed.factor = arith::ConstantOp::create(b, op.getLoc(), attr);
  // A machine multiplies bytes of unlike signedness: one factor may have to be shifted by 128.
  if (choice.product.bytes && choice.product.bytes->isUnsigned[0] == choice.product.bytes->isUnsigned[1]) {
    SmallVector<int32_t> sums;
    for (int64_t base : outerPlaces)
      for (int64_t n = 0; n < columns; ++n) {
        int32_t sum = 0;
        for (int64_t k : innerPlaces)
          for (int64_t i = 0; i < length; ++i) {
            char byte = from[isSplat ? 0 : base + k + n * step + i * lengthStride];
            sum += choice.product.bytes->isUnsigned[0] ? uint8_t(byte) : int8_t(byte);
          }
        sums.push_back(sum);
      }
    packed.columnSums = arith::ConstantOp::create(
        b, op.getLoc(),
        DenseElementsAttr::get(RankedTensorType::get(outerShape, b.getI32Type()), ArrayRef<int32_t>(sums)));
  }
  return packed;
}

void form(linalg::GenericOp op, Value init, Choice choice) {
  OpBuilder b(op);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  Packed packed{op.getDpsInputs()[choice.b], maps[choice.b], Value(), AffineMap(), 1};
  if (choice.pack)
    packed = pack(b, op, choice);
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
  auto isUnsigned = [&](unsigned input) { return choice.product.bytes && choice.product.bytes->isUnsigned[input]; };
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

struct CpuFormContractions : brisk::impl::CpuFormContractionsBase<CpuFormContractions> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation()->walk([&](linalg::GenericOp op) { ops.push_back(op); });
    for (linalg::GenericOp op : ops) {
      if (!op.hasPureTensorSemantics() || op.getNumReductionLoops() == 0)
        continue;
      std::optional<Product> product = productOf(op);
      Value init = product ? zeroFilled(op.getDpsInits()[0]) : Value();
      if (!init)
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
