// The factor of a contraction that is packed: constants now, others by ops at run time.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/PackFactor.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "targets/common/Factors.h"
#include "targets/cpu/Passes.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

bool cpu::isConstantFactor(Value value) {
  bool isSplat;
  return !dataOf(value, isSplat).empty();
}

namespace {

class Packer {
public:
  Packer(OpBuilder &b, linalg::GenericOp op, const Choice &choice);
  Packed now();
  Packed atRunTime();

private:
  /// A machine multiplies bytes of unlike signedness: one factor may have to be shifted by 128.
  bool wantsColumnSums() const {
    return choice.product.bytes && choice.product.bytes->isUnsigned[0] == choice.product.bytes->isUnsigned[1];
  }
  Value filled(ArrayRef<int64_t> shape, Type element) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
    Value empty = tensor::EmptyOp::create(b, loc, shape, element);
    return linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  }

  OpBuilder &b;
  Location loc;
  const Choice &choice;
  Value factor;
  RankedTensorType type, packedType;
  SmallVector<int64_t> sizes, strides; // of loops: trip counts, and steps in the factor
  SmallVector<unsigned> loops, order;  // of the factor's axes; as packed, but for columns and groups
  unsigned batches = 0;                // of `order`, the parallel ones
  int64_t columns, panel, panels, group, length = 1, lengthStride = 0;
  SmallVector<int64_t> outerShape; // batches, columns
  Packed packed;
};

Packer::Packer(OpBuilder &b, linalg::GenericOp op, const Choice &choice)
    : b(b), loc(op.getLoc()), choice(choice), factor(op.getDpsInputs()[choice.b]), sizes(op.getStaticLoopRanges()) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto iterators = op.getIteratorTypesArray();
  loops = plainLoops(maps[choice.b]);
  auto isNew = [&](unsigned d) { return d != choice.column && d != choice.grouped && !llvm::is_contained(order, d); };
  for (unsigned d : loops)
    if (isNew(d) && iterators[d] == utils::IteratorType::parallel)
      order.push_back(d);
  batches = order.size();
  // Sums in the order in which the other factor walks its memory.
  for (AffineExpr expr : maps[choice.a].getResults())
    for (unsigned d : loops)
      if (iterators[d] == utils::IteratorType::reduction && expr.isFunctionOfDim(d) && isNew(d))
        order.push_back(d);
  for (unsigned d : loops)
    if (isNew(d))
      order.push_back(d);

  type = cast<RankedTensorType>(factor.getType());
  strides.assign(sizes.size(), 0);
  int64_t stride = 1;
  for (int64_t axis = type.getRank() - 1; axis >= 0; --axis) {
    strides[loops[axis]] = stride;
    sizes[loops[axis]] = type.getDimSize(axis);
    stride *= type.getDimSize(axis);
  }
  columns = sizes[choice.column];
  panel = choice.panels ? kPanel : columns;
  panels = llvm::divideCeil(columns, panel);
  group = choice.product.group;
  MLIRContext *context = op.getContext();
  AffineExpr column = getAffineDimExpr(choice.column, context);
  SmallVector<AffineExpr> results, outerResults;
  SmallVector<int64_t> shape;
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
  packedType = RankedTensorType::get(shape, type.getElementType());
  outerResults.push_back(column);
  outerShape.push_back(columns);
  packed.map = AffineMap::get(sizes.size(), 0, results, context);
  packed.columnSumsMap = AffineMap::get(sizes.size(), 0, outerResults, context);
}

Packed Packer::now() {
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
  packed.factor = arith::ConstantOp::create(b, loc, attr);
  if (wantsColumnSums()) {
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
        b, loc,
        DenseElementsAttr::get(RankedTensorType::get(outerShape, b.getI32Type()), ArrayRef<int32_t>(sums)));
  }
  return packed;
}

/// The factor padded with zeros, then its elements in their new order, by ops that bufferization and emission know.
Packed Packer::atRunTime() {
  MLIRContext *context = b.getContext();
  SmallVector<int64_t> padded(type.getShape());
  for (auto [axis, d] : llvm::enumerate(loops))
    padded[axis] = d == choice.column ? panels * panel : d == choice.grouped ? llvm::alignTo(length, group) : padded[axis];
  Value from = factor;
  if (padded != type.getShape()) {
    SmallVector<OpFoldResult> zeros(type.getRank(), b.getIndexAttr(0)), ones(type.getRank(), b.getIndexAttr(1)), shape;
    for (int64_t size : type.getShape())
      shape.push_back(b.getIndexAttr(size));
    from = tensor::InsertSliceOp::create(b, loc, factor, filled(padded, type.getElementType()), zeros, shape, ones);
  }
  // Loops: the axes of the result.
  unsigned rank = packedType.getRank(), panelAt = batches, groupAt = rank - 3;
  SmallVector<AffineExpr> read;
  for (unsigned d : loops) {
    if (d == choice.column) {
      read.push_back(getAffineDimExpr(panelAt, context) * panel + getAffineDimExpr(rank - 2, context));
    } else if (d == choice.grouped) {
      read.push_back(getAffineDimExpr(groupAt, context) * group + getAffineDimExpr(rank - 1, context));
    } else {
      unsigned at = llvm::find(order, d) - order.begin();
      read.push_back(getAffineDimExpr(at < batches ? at : at + 1, context));
    }
  }
  auto yield = [](OpBuilder &nested, Location at, ValueRange args) { linalg::YieldOp::create(nested, at, args[0]); };
  SmallVector<utils::IteratorType> parallel(rank, utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(b, loc, packedType.getShape(), type.getElementType());
  packed.factor = linalg::GenericOp::create(
                      b, loc, TypeRange(packedType), ValueRange(from), ValueRange(empty),
                      {AffineMap::get(rank, 0, read, context), b.getMultiDimIdentityMap(rank)}, parallel, yield)
                      .getResult(0);
  if (!wantsColumnSums())
    return packed;
  // Loops: the axes of the factor.
  SmallVector<AffineExpr> written;
  SmallVector<utils::IteratorType> kinds(loops.size(), utils::IteratorType::reduction);
  auto keep = [&](unsigned d) {
    unsigned axis = llvm::find(loops, d) - loops.begin();
    kinds[axis] = utils::IteratorType::parallel;
    written.push_back(getAffineDimExpr(axis, context));
  };
  for (unsigned d : ArrayRef(order).take_front(batches))
    keep(d);
  keep(choice.column);
  bool isUnsigned = choice.product.bytes->isUnsigned[0];
  auto add = [&](OpBuilder &nested, Location at, ValueRange args) {
    Value wide = isUnsigned ? arith::ExtUIOp::create(nested, at, nested.getI32Type(), args[0]).getResult()
                            : arith::ExtSIOp::create(nested, at, nested.getI32Type(), args[0]).getResult();
    linalg::YieldOp::create(nested, at, arith::AddIOp::create(nested, at, args[1], wide).getResult());
  };
  auto sums = RankedTensorType::get(outerShape, b.getI32Type());
  packed.columnSums =
      linalg::GenericOp::create(
          b, loc, TypeRange(sums), ValueRange(factor), ValueRange(filled(outerShape, b.getI32Type())),
          {b.getMultiDimIdentityMap(loops.size()), AffineMap::get(loops.size(), 0, written, context)}, kinds, add)
          .getResult(0);
  return packed;
}

} // namespace

Packed cpu::packFactor(OpBuilder &b, linalg::GenericOp op, const Choice &choice) {
  Packer packer(b, op, choice);
  return isConstantFactor(op.getDpsInputs()[choice.b]) ? packer.now() : packer.atRunTime();
}
