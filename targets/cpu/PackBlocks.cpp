// Contractions with weights whose blocks have scales: recognized, and the weights packed as bytes or numbers of 4 bits.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "targets/common/Factors.h"
#include "targets/cpu/PackFactor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace {

/// The input that `value` reads the integers of, in the body of `op`; whether they are unsigned.
std::optional<unsigned> integersRead(linalg::GenericOp op, Value value, bool &isUnsigned) {
  Operation *real = value.getDefiningOp();
  if (!real || !isa<arith::SIToFPOp, arith::UIToFPOp>(real))
    return std::nullopt;
  auto argument = dyn_cast<BlockArgument>(real->getOperand(0));
  if (!argument || argument.getOwner() != op.getBlock() || !argument.getType().isInteger(8))
    return std::nullopt;
  isUnsigned = isa<arith::UIToFPOp>(real);
  return argument.getArgNumber();
}

/// Whether the bytes of B are unsigned, where the body of `op` is acc + x * ((float(q) - float(z)) * s), or without z, for
/// inputs x, q, s and z.
std::optional<bool> sumOfBlocks(linalg::GenericOp op) {
  unsigned inputs = op.getNumDpsInputs();
  Block *body = op.getBlock();
  if ((inputs != 3 && inputs != 4) || op.getNumDpsInits() != 1 || std::distance(body->begin(), body->end()) != 2 * inputs - 1)
    return std::nullopt;
  auto sum = body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  auto product = sum && sum.getLhs() == body->getArgument(inputs) ? sum.getRhs().getDefiningOp<arith::MulFOp>() : nullptr;
  auto weight = product && product.getLhs() == body->getArgument(0) ? product.getRhs().getDefiningOp<arith::MulFOp>() : nullptr;
  if (!weight || weight.getRhs() != body->getArgument(2) || !weight.getType().isF32())
    return std::nullopt;
  bool isUnsigned = false, zeroIsUnsigned = false;
  Value level = weight.getLhs();
  if (inputs == 4) {
    auto difference = level.getDefiningOp<arith::SubFOp>();
    if (!difference || integersRead(op, difference.getRhs(), zeroIsUnsigned) != 3)
      return std::nullopt;
    level = difference.getLhs();
  }
  if (integersRead(op, level, isUnsigned) != 1 || (inputs == 4 && isUnsigned != zeroIsUnsigned))
    return std::nullopt;
  return isUnsigned;
}

/// A constant [rows, columns] in panels: [columns / 32, rows, 32], zero past the last column; null for anything else.
template <typename T> Value inPanels(OpBuilder &b, Location loc, Value value) {
  bool isSplat = false;
  ArrayRef<char> from = dataOf(value, isSplat);
  auto type = cast<RankedTensorType>(value.getType());
  if (from.empty() || type.getRank() != 2)
    return {};
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1), panels = llvm::divideCeil(columns, kPanel);
  auto packed = RankedTensorType::get({panels, rows, kPanel}, type.getElementType());
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(packed.getNumElements() * sizeof(T), 64, /*dataIsMutable=*/true);
  auto *to = reinterpret_cast<T *>(blob.getMutableData().data());
  auto *elements = reinterpret_cast<const T *>(from.data());
  for (int64_t first = 0; first < panels * kPanel; first += kPanel)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t n = first; n < first + kPanel; ++n)
        *to++ = n < columns ? elements[isSplat ? 0 : row * columns + n] : T(0);
  return arith::ConstantOp::create(b, loc, DenseResourceElementsAttr::get(packed, "packed_blocks", std::move(blob)));
}

} // namespace

bool cpu::formBlockContraction(linalg::GenericOp op, Value init) {
  std::optional<bool> isUnsigned = sumOfBlocks(op);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  bool isSplat = false;
  ArrayRef<char> from = isUnsigned ? dataOf(op.getDpsInputs()[1], isSplat) : ArrayRef<char>();
  if (from.empty())
    return false;
  // B is [blocks, length, columns], its scales are [blocks, columns].
  auto type = cast<RankedTensorType>(op.getDpsInputs()[1].getType());
  SmallVector<unsigned> matrix = plainLoops(maps[1]), scale = plainLoops(maps[2]), rows = plainLoops(maps[0]);
  auto iterators = op.getIteratorTypesArray();
  auto isSum = [&](unsigned d) { return iterators[d] == utils::IteratorType::reduction; };
  if (matrix.size() != 3 || !isSum(matrix[0]) || !isSum(matrix[1]) || isSum(matrix[2]) ||
      scale != SmallVector<unsigned>{matrix[0], matrix[2]} || (maps.size() == 5 && maps[3] != maps[2]) || rows.empty() ||
      rows.back() != matrix[1] || maps[0].isFunctionOfDim(matrix[2]))
    return false;
  int64_t blocks = type.getDimSize(0), length = type.getDimSize(1), columns = type.getDimSize(2);
  auto byte = [&](int64_t at) { return static_cast<uint8_t>(from[isSplat ? 0 : at]); };
  bool isNibble = *isUnsigned && length % kNibbles == 0 &&
                  llvm::all_of(from, [](char value) { return static_cast<uint8_t>(value) < 16; });
  OpBuilder b(op);
  Value scales = inPanels<float>(b, op.getLoc(), op.getDpsInputs()[2]), zeros;
  if (op.getNumDpsInputs() == 4)
    zeros = inPanels<uint8_t>(b, op.getLoc(), op.getDpsInputs()[3]);
  if (!scales || (op.getNumDpsInputs() == 4 && !zeros))
    return false;
  MLIRContext *context = op.getContext();
  int64_t panels = llvm::divideCeil(columns, kPanel), group = isNibble ? kNibbles : 1;
  auto packedType = RankedTensorType::get({panels, blocks, length / group, kPanel}, isNibble ? b.getI32Type() : b.getI8Type());
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(packedType.getNumElements() * (isNibble ? 4 : 1), 64,
                                                       /*dataIsMutable=*/true);
  char *to = blob.getMutableData().data();
  for (int64_t first = 0; first < panels * kPanel; first += kPanel)
    for (int64_t k = 0; k < blocks * length; k += group)
      for (int64_t n = first; n < first + kPanel; ++n) {
        uint32_t lane = 0;
        for (int64_t i = 0; i < group; ++i)
          lane |= static_cast<uint32_t>(n < columns ? byte((k + i) * columns + n) : 0) << (4 * i);
        memcpy(to, &lane, isNibble ? 4 : 1);
        to += isNibble ? 4 : 1;
      }
  Value packed = arith::ConstantOp::create(b, op.getLoc(), DenseResourceElementsAttr::get(packedType, "packed", std::move(blob)));
  AffineExpr n = b.getAffineDimExpr(matrix[2]), k = b.getAffineDimExpr(matrix[1]);
  maps[1] = AffineMap::get(iterators.size(), 0,
                           {n.floorDiv(kPanel), b.getAffineDimExpr(matrix[0]), isNibble ? k.floorDiv(kNibbles) : k, n % kPanel},
                           context);
  SmallVector<Value> inputs = op.getDpsInputs();
  inputs[1] = packed;
  inputs[2] = scales;
  if (zeros)
    inputs[3] = zeros;
  for (unsigned i = 2; i < inputs.size(); ++i)
    maps[i] = AffineMap::get(iterators.size(), 0, {n.floorDiv(kPanel), b.getAffineDimExpr(matrix[0]), n % kPanel}, context);
  SmallVector<StringRef> kinds;
  for (auto iterator : iterators)
    kinds.push_back(utils::stringifyIteratorType(iterator));
  auto contract = ContractOp::create(b, op.getLoc(), op.getResultTypes(), inputs, init, b.getAffineMapArrayAttr(maps),
                                     b.getStrArrayAttr(kinds), /*unsigned_a=*/false, *isUnsigned, /*column_sums=*/false,
                                     IntegerAttr(), static_cast<int64_t>(inputs.size()) - 2);
  Block &block = contract.getEpilogue().emplaceBlock();
  block.addArgument(contract.getSumType(), op.getLoc());
  b.setInsertionPointToStart(&block);
  YieldOp::create(b, op.getLoc(), block.getArgument(0));
  op->replaceAllUsesWith(contract);
  op.erase();
  return true;
}
