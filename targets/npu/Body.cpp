// What the body of an elementwise op computes.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Body.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include <cmath>

using namespace mlir;
using namespace brisk;
using namespace brisk::npu;

//===--- constants ----------------------------------------------------------===//

std::optional<Numbers> npu::constantNumbers(Value value, bool isUnsigned) {
  // Reshapes keep the order of elements.
  while (Operation *def = value.getDefiningOp()) {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(def))
      break;
    value = def->getOperand(0);
  }
  Attribute attr;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !matchPattern(value, m_Constant(&attr)))
    return std::nullopt;
  Type element = type.getElementType();
  Numbers numbers;
  auto fromBytes = [&](ArrayRef<char> data, size_t width) {
    for (size_t at = 0; at + width <= data.size(); at += width) {
      const char *p = data.data() + at;
      if (element.isF32()) {
        float number;
        std::memcpy(&number, p, 4);
        numbers.push_back(number);
      } else if (width == 1) {
        numbers.push_back(isUnsigned ? static_cast<uint8_t>(*p) : static_cast<int8_t>(*p));
      } else {
        int32_t number;
        std::memcpy(&number, p, 4);
        numbers.push_back(number);
      }
    }
  };
  if (!element.isF32() && !element.isInteger(8) && !element.isInteger(32))
    return std::nullopt;
  size_t width = element.getIntOrFloatBitWidth() / 8;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return std::nullopt;
    fromBytes(blob->getData(), width);
  } else if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    fromBytes(dense.getRawData(), width);
    if (dense.isSplat())
      numbers.assign(type.getNumElements(), numbers.front());
  } else {
    return std::nullopt;
  }
  if (static_cast<int64_t>(numbers.size()) != type.getNumElements())
    return std::nullopt;
  return numbers;
}

/// A constant operand that varies along the channels only.
std::optional<Numbers> BodyReader::constantOperand(BlockArgument argument) {
  OpOperand *operand = op.getMatchingOpOperand(argument);
  if (!op.isDpsInput(operand))
    return std::nullopt;
  auto numbers = constantNumbers(operand->get());
  if (!numbers)
    return std::nullopt;
  if (numbers->size() == 1)
    return numbers;
  AffineMap map = op.getMatchingIndexingMap(operand);
  auto type = cast<RankedTensorType>(operand->get().getType());
  for (auto [expr, size] : llvm::zip(map.getResults(), type.getShape()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr); size != 1 && (!dim || dim.getPosition() != channel))
      return std::nullopt;
  return static_cast<int64_t>(numbers->size()) == channels ? numbers : std::nullopt;
}

//===--- affine functions ---------------------------------------------------===//

/// Element by element; one number goes with all channels.
static Numbers combine(const Numbers &a, const Numbers &b, function_ref<double(double, double)> function) {
  Numbers result(std::max(a.size(), b.size()));
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = function(a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]);
  return result;
}

static std::optional<double> scalarOf(const std::optional<Affine> &affine) {
  if (affine && affine->terms.empty() && affine->constant.size() == 1)
    return affine->constant[0];
  return std::nullopt;
}

std::optional<Affine> BodyReader::affine(Value value) {
  Affine result;
  result.constant = {0};
  if (opaque && value == opaque) {
    result.terms.push_back({value, true, {1}});
    return result;
  }
  Attribute attr;
  if (matchPattern(value, m_Constant(&attr))) {
    if (auto number = dyn_cast<FloatAttr>(attr))
      result.constant = {number.getValueAsDouble()};
    else if (auto number = dyn_cast<IntegerAttr>(attr))
      result.constant = {static_cast<double>(number.getValue().getSExtValue())};
    else
      return std::nullopt;
    return result;
  }
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (argument.getOwner() != op.getBody())
      return std::nullopt;
    if (auto numbers = constantOperand(argument)) {
      result.constant = *numbers;
      return result;
    }
    if (value.getType().isInteger(8))
      return std::nullopt; // how it is read is not known
    result.terms.push_back({value, true, {1}});
    return result;
  }
  Operation *def = value.getDefiningOp();
  if (isa<arith::ExtSIOp, arith::ExtUIOp, arith::SIToFPOp, arith::UIToFPOp>(def)) {
    if (!def->getOperand(0).getType().isInteger(8))
      return affine(def->getOperand(0));
    bool isSigned = isa<arith::ExtSIOp, arith::SIToFPOp>(def);
    if (auto numbers = [&]() -> std::optional<Numbers> {
          auto argument = dyn_cast<BlockArgument>(def->getOperand(0));
          return argument ? constantOperand(argument) : std::nullopt;
        }())
      return std::nullopt;
    result.terms.push_back({def->getOperand(0), isSigned, {1}});
    return result;
  }
  if (def->getNumOperands() == 1 && isa<arith::NegFOp>(def)) {
    auto inner = affine(def->getOperand(0));
    if (!inner)
      return std::nullopt;
    for (auto &term : inner->terms)
      term.factor = combine(term.factor, {-1}, std::multiplies<double>());
    inner->constant = combine(inner->constant, {-1}, std::multiplies<double>());
    return inner;
  }
  if (def->getNumOperands() != 2)
    return std::nullopt;
  bool isSum = isa<arith::AddFOp, arith::AddIOp>(def), isDifference = isa<arith::SubFOp, arith::SubIOp>(def);
  bool isProduct = isa<arith::MulFOp, arith::MulIOp>(def), isQuotient = isa<arith::DivFOp>(def);
  if (!isSum && !isDifference && !isProduct && !isQuotient)
    return std::nullopt;
  auto a = affine(def->getOperand(0)), b = affine(def->getOperand(1));
  if (!a || !b)
    return std::nullopt;
  if (isSum || isDifference) {
    double sign = isSum ? 1 : -1;
    for (auto &term : b->terms) {
      Numbers factor = combine(term.factor, {sign}, std::multiplies<double>());
      auto same = llvm::find_if(a->terms, [&](const Affine::Term &other) { return other.value == term.value; });
      if (same == a->terms.end())
        a->terms.push_back({term.value, term.isSigned, factor});
      else if (same->isSigned == term.isSigned)
        same->factor = combine(same->factor, factor, std::plus<double>());
      else
        return std::nullopt;
    }
    a->constant = combine(a->constant, combine(b->constant, {sign}, std::multiplies<double>()), std::plus<double>());
    return a;
  }
  if (isProduct && !b->terms.empty())
    std::swap(a, b);
  if (!b->terms.empty())
    return std::nullopt;
  auto scale = [&](double x, double y) { return isProduct ? x * y : x / y; };
  for (auto &term : a->terms)
    term.factor = combine(term.factor, b->constant, scale);
  a->constant = combine(a->constant, b->constant, scale);
  return a;
}

//===--- quantized ones -----------------------------------------------------===//

/// max or min of a value and a number, written as one op or as a comparison and a choice.
static bool matchBound(Value value, Value &inner, Value &bound, bool &isLower) {
  Operation *def = value.getDefiningOp();
  if (!def)
    return false;
  if (isa<arith::MaximumFOp, arith::MaxNumFOp, arith::MinimumFOp, arith::MinNumFOp>(def)) {
    isLower = isa<arith::MaximumFOp, arith::MaxNumFOp>(def);
    inner = def->getOperand(0);
    bound = def->getOperand(1);
    return true;
  }
  auto select = dyn_cast<arith::SelectOp>(def);
  auto compare = select ? select.getCondition().getDefiningOp<arith::CmpFOp>() : nullptr;
  if (!compare || compare.getLhs() != select.getTrueValue() || compare.getRhs() != select.getFalseValue())
    return false;
  switch (compare.getPredicate()) {
  case arith::CmpFPredicate::OGT:
  case arith::CmpFPredicate::OGE:
  case arith::CmpFPredicate::UGT:
  case arith::CmpFPredicate::UGE:
    isLower = true;
    break;
  case arith::CmpFPredicate::OLT:
  case arith::CmpFPredicate::OLE:
  case arith::CmpFPredicate::ULT:
  case arith::CmpFPredicate::ULE:
    isLower = false;
    break;
  default:
    return false;
  }
  inner = select.getTrueValue();
  bound = select.getFalseValue();
  return true;
}

std::optional<Quantized> BodyReader::clamped(Value value, bool &isRounded) {
  Value inner, bound;
  bool isLower;
  if (matchBound(value, inner, bound, isLower)) {
    auto limit = scalarOf(affine(bound));
    if (!limit) {
      std::swap(inner, bound);
      limit = scalarOf(affine(bound));
    }
    auto result = limit ? clamped(inner, isRounded) : std::nullopt;
    if (!result)
      return std::nullopt;
    result->low = isLower ? std::max(result->low, *limit) : std::min(result->low, *limit);
    result->high = isLower ? std::max(result->high, *limit) : std::min(result->high, *limit);
    return result;
  }
  Operation *def = value.getDefiningOp();
  if (def && isa<math::RoundEvenOp>(def)) {
    auto result = clamped(def->getOperand(0), isRounded);
    if (!result || isRounded)
      return std::nullopt;
    isRounded = true;
    result->low = std::nearbyint(result->low);
    result->high = std::nearbyint(result->high);
    return result;
  }
  if (auto whole = affine(value)) {
    isRounded = false;
    return Quantized{*whole, 0, -INFINITY, INFINITY};
  }
  // A number added to, or multiplied with, what is bounded or rounded.
  if (!def || def->getNumOperands() != 2 || !isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(def))
    return std::nullopt;
  Value left = def->getOperand(0), right = def->getOperand(1);
  auto number = scalarOf(affine(right));
  if (!number && isa<arith::AddFOp, arith::MulFOp>(def)) {
    std::swap(left, right);
    number = scalarOf(affine(right));
  }
  auto result = number ? clamped(left, isRounded) : std::nullopt;
  if (!result)
    return std::nullopt;
  if (isa<arith::AddFOp, arith::SubFOp>(def)) {
    double shift = isa<arith::AddFOp>(def) ? *number : -*number;
    result->low += shift;
    result->high += shift;
    if (isRounded)
      result->offset += shift;
    else
      result->real.constant = combine(result->real.constant, {shift}, std::plus<double>());
    return result;
  }
  double factor = isa<arith::MulFOp>(def) ? *number : 1 / *number;
  if (isRounded || factor <= 0)
    return std::nullopt;
  result->low *= factor;
  result->high *= factor;
  for (auto &term : result->real.terms)
    term.factor = combine(term.factor, {factor}, std::multiplies<double>());
  result->real.constant = combine(result->real.constant, {factor}, std::multiplies<double>());
  return result;
}

std::optional<Quantized> BodyReader::quantized(Value byte) {
  auto narrow = byte.getDefiningOp<arith::TruncIOp>();
  Value wide = narrow ? narrow.getIn() : byte;
  Operation *convert = wide.getDefiningOp();
  if (!convert || !isa<arith::FPToSIOp, arith::FPToUIOp>(convert))
    return std::nullopt;
  bool isRounded = false;
  auto result = clamped(convert->getOperand(0), isRounded);
  if (!result || !isRounded || std::isinf(result->low) || std::isinf(result->high) || result->real.terms.empty())
    return std::nullopt;
  return result;
}

//===--- functions of one byte ----------------------------------------------===//

std::optional<SmallVector<Value>> BodyReader::bytesBehind(Value value) {
  SmallVector<Value> leaves, work{value};
  llvm::SmallPtrSet<Operation *, 16> seen;
  while (!work.empty()) {
    Value at = work.pop_back_val();
    if (at != value && at.getType().isInteger(8)) {
      if (!matchPattern(at, m_Constant()) && !llvm::is_contained(leaves, at))
        leaves.push_back(at);
      continue;
    }
    Operation *def = at.getDefiningOp();
    if (!def) {
      // A constant that is the same for all channels is not folded into bodies by everyone.
      return std::nullopt;
    }
    if (matchPattern(at, m_Constant()) || !seen.insert(def).second)
      continue;
    if (def->getBlock() != op.getBody() || def->getNumRegions())
      return std::nullopt;
    work.append(def->operand_begin(), def->operand_end());
  }
  return leaves;
}

std::optional<std::vector<Attribute>> BodyReader::tabulate(Value value, Value leaf) {
  std::vector<Attribute> table;
  auto i8 = IntegerType::get(op.getContext(), 8);
  for (int byte = 0; byte < 256; ++byte) {
    DenseMap<Value, Attribute> known;
    known[leaf] = IntegerAttr::get(i8, static_cast<int8_t>(byte));
    for (Operation &inner : op.getBody()->without_terminator()) {
      SmallVector<Attribute> operands;
      for (Value operand : inner.getOperands()) {
        Attribute attr = known.lookup(operand);
        if (!attr)
          matchPattern(operand, m_Constant(&attr));
        operands.push_back(attr);
      }
      SmallVector<OpFoldResult> folded;
      if (inner.getNumResults() != 1 || known.count(inner.getResult(0)) || !llvm::all_of(operands, [](Attribute a) { return !!a; }))
        continue;
      if (failed(inner.fold(operands, folded)) || folded.size() != 1)
        continue;
      if (auto attr = dyn_cast<Attribute>(folded[0]))
        known[inner.getResult(0)] = attr;
      else if (Attribute attr = known.lookup(cast<Value>(folded[0])))
        known[inner.getResult(0)] = attr;
      else if (Attribute constant; matchPattern(cast<Value>(folded[0]), m_Constant(&constant)))
        known[inner.getResult(0)] = constant;
    }
    Attribute result = known.lookup(value);
    if (!result)
      return std::nullopt;
    table.push_back(result);
  }
  return table;
}
