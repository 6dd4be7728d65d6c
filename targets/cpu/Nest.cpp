// A structured op on memrefs, seen as a loop nest over flat buffers.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/Nest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

std::optional<int64_t> cpu::known(OpFoldResult x) { return x ? getConstantIntValue(x) : std::nullopt; }

Value Indices::value(OpFoldResult x) {
  if (auto attr = dyn_cast<Attribute>(x))
    return arith::ConstantIndexOp::create(b, loc, cast<IntegerAttr>(attr).getInt());
  return cast<Value>(x);
}

OpFoldResult Indices::add(OpFoldResult x, OpFoldResult y) {
  auto cx = known(x), cy = known(y);
  if (cx && cy)
    return constant(*cx + *cy);
  if (cx == 0)
    return y;
  if (cy == 0)
    return x;
  return arith::AddIOp::create(b, loc, value(x), value(y)).getResult();
}

OpFoldResult Indices::sub(OpFoldResult x, OpFoldResult y) {
  auto cx = known(x), cy = known(y);
  if (cx && cy)
    return constant(*cx - *cy);
  if (cy == 0)
    return x;
  return arith::SubIOp::create(b, loc, value(x), value(y)).getResult();
}

OpFoldResult Indices::mul(OpFoldResult x, OpFoldResult y) {
  auto cx = known(x), cy = known(y);
  if (cx && cy)
    return constant(*cx * *cy);
  if (cx == 0 || cy == 0)
    return constant(0);
  if (cx == 1)
    return y;
  if (cy == 1)
    return x;
  return arith::MulIOp::create(b, loc, value(x), value(y)).getResult();
}

OpFoldResult Indices::floordiv(OpFoldResult x, int64_t y) {
  if (y == 1)
    return x;
  if (auto cx = known(x))
    return constant(*cx / y);
  return arith::DivUIOp::create(b, loc, value(x), value(constant(y))).getResult();
}

OpFoldResult Indices::ceildiv(OpFoldResult x, int64_t y) { return floordiv(add(x, constant(y - 1)), y); }

OpFoldResult Indices::min(OpFoldResult x, OpFoldResult y) {
  auto cx = known(x), cy = known(y);
  if (cx && cy)
    return constant(std::min(*cx, *cy));
  return arith::MinSIOp::create(b, loc, value(x), value(y)).getResult();
}

OpFoldResult Indices::evaluate(AffineExpr expr, ArrayRef<OpFoldResult> dims) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto number = dyn_cast<AffineConstantExpr>(expr))
    return constant(number.getValue());
  auto binary = cast<AffineBinaryOpExpr>(expr);
  OpFoldResult x = evaluate(binary.getLHS(), dims), y = evaluate(binary.getRHS(), dims);
  auto cx = known(x), cy = known(y);
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return add(x, y);
  case AffineExprKind::Mul:
    return mul(x, y);
  case AffineExprKind::FloorDiv:
    if (cx && cy)
      return constant(llvm::divideFloorSigned(*cx, *cy));
    return arith::FloorDivSIOp::create(b, loc, value(x), value(y)).getResult();
  case AffineExprKind::CeilDiv:
    if (cx && cy)
      return constant(llvm::divideCeilSigned(*cx, *cy));
    return arith::CeilDivSIOp::create(b, loc, value(x), value(y)).getResult();
  default: { // Mod by a positive constant: x - floordiv(x, y) * y
    if (cx && cy)
      return constant(llvm::mod(*cx, *cy));
    Value quotient = arith::FloorDivSIOp::create(b, loc, value(x), value(y));
    return sub(x, mul(quotient, y));
  }
  }
}

//===--- operands ------------------------------------------------------------===//

bool Operand::ignores(unsigned d) const { return linear ? isKnown(coefficient[d], 0) : !map.isFunctionOfDim(d); }

/// Adds `scale` * expr to the linear form of `operand`; false where it is not linear.
static bool addLinear(Indices ix, AffineExpr expr, OpFoldResult scale, Operand &operand) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    OpFoldResult &c = operand.coefficient[dim.getPosition()];
    c = ix.add(c, scale);
    return true;
  }
  if (auto number = dyn_cast<AffineConstantExpr>(expr)) {
    operand.origin = ix.add(operand.origin, ix.mul(scale, ix.constant(number.getValue())));
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (binary.getKind() == AffineExprKind::Add)
    return addLinear(ix, binary.getLHS(), scale, operand) && addLinear(ix, binary.getRHS(), scale, operand);
  if (auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS()); factor && binary.getKind() == AffineExprKind::Mul)
    return addLinear(ix, binary.getLHS(), ix.mul(scale, ix.constant(factor.getValue())), operand);
  return false;
}

static bool isLinear(AffineExpr expr) {
  if (isa<AffineDimExpr, AffineConstantExpr>(expr))
    return true;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (binary.getKind() == AffineExprKind::Add)
    return isLinear(binary.getLHS()) && isLinear(binary.getRHS());
  return binary.getKind() == AffineExprKind::Mul && isa<AffineConstantExpr>(binary.getRHS()) &&
         isLinear(binary.getLHS());
}

/// The view of `memref` from its first element on, without bounds.
static Value flatten(OpBuilder &b, Location loc, Value memref, SmallVectorImpl<OpFoldResult> &strides) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> staticStrides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(staticStrides, offset)))
    return Value();
  bool isStatic = !ShapedType::isDynamic(offset) && llvm::none_of(staticStrides, ShapedType::isDynamic);
  Value base = memref;
  OpFoldResult start = b.getIndexAttr(offset);
  if (isStatic) {
    for (int64_t stride : staticStrides)
      strides.push_back(b.getIndexAttr(stride));
  } else {
    auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, memref);
    base = metadata.getBaseBuffer();
    start = metadata.getConstifiedMixedOffset();
    strides = metadata.getConstifiedMixedStrides();
  }
  auto layout = StridedLayoutAttr::get(b.getContext(), known(start).value_or(ShapedType::kDynamic), {1});
  // The size is only a bound that nothing checks.
  int64_t size = 1;
  for (auto [dim, stride] : llvm::zip_equal(type.getShape(), staticStrides))
    size = isStatic && !ShapedType::isDynamic(dim) ? size + std::max<int64_t>(dim - 1, 0) * stride : int64_t(1) << 40;
  auto flat = MemRefType::get({size}, type.getElementType(), layout, type.getMemorySpace());
  return memref::ReinterpretCastOp::create(b, loc, flat, base, start, ArrayRef<OpFoldResult>{b.getIndexAttr(size)},
                                           ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
}

Nest Nest::get(OpBuilder &b, Location loc, ValueRange memrefs, ArrayRef<AffineMap> maps, unsigned inputs,
               ArrayRef<OpFoldResult> sizes, ArrayRef<utils::IteratorType> iterators) {
  Nest nest(loc);
  nest.inputs = inputs;
  nest.sizes = llvm::to_vector(sizes);
  nest.iterators = llvm::to_vector(iterators);
  Indices ix{b, loc};
  for (OpFoldResult size : sizes)
    nest.dropped.push_back(isKnown(size, 1));
  for (auto [i, memref, map] : llvm::enumerate(memrefs, maps)) {
    Operand operand;
    operand.memref = memref;
    operand.map = map;
    operand.isOutput = i >= inputs;
    operand.element = memref.getType();
    operand.coefficient.assign(sizes.size(), b.getIndexAttr(0));
    operand.origin = b.getIndexAttr(0);
    // A scalar operand is its own element, the same everywhere.
    if (auto type = dyn_cast<MemRefType>(memref.getType())) {
      operand.element = type.getElementType();
      operand.linear = llvm::all_of(map.getResults(), isLinear);
      SmallVector<OpFoldResult> strides;
      if (operand.linear)
        operand.flat = flatten(b, loc, memref, strides);
      operand.linear = static_cast<bool>(operand.flat);
      if (operand.linear)
        for (auto [expr, stride] : llvm::zip_equal(map.getResults(), strides))
          addLinear(ix, expr, stride, operand);
    }
    nest.operands.push_back(operand);
  }
  return nest;
}

/// True when loops `i` and `j` walk `operand` as one loop of sizes[i] * sizes[j] would. Loop `head` is the
/// outermost of those that `j` has taken in.
static bool mergesIn(const Operand &operand, const Nest &nest, unsigned i, unsigned j, unsigned head) {
  if (operand.ignores(i) && operand.ignores(j))
    return true;
  if (!operand.linear)
    return false;
  auto outer = known(operand.coefficient[i]), inner = known(operand.coefficient[j]), size = known(nest.sizes[j]);
  if (outer && inner && size)
    return *outer == *inner * *size;
  // Open sizes: both are plain neighbouring dims of a dense buffer.
  auto type = cast<MemRefType>(operand.memref.getType());
  if (!type.getLayout().isIdentity())
    return false;
  auto only = [&](unsigned d) -> std::optional<unsigned> {
    std::optional<unsigned> at;
    for (auto [p, expr] : llvm::enumerate(operand.map.getResults()))
      if (expr == getAffineDimExpr(d, expr.getContext()) && !at)
        at = p;
      else if (expr.isFunctionOfDim(d))
        return std::nullopt;
    return at;
  };
  auto outerAt = only(i), innerAt = only(head);
  if (!outerAt || !innerAt || !only(j))
    return false;
  unsigned p = *outerAt + 1;
  while (p < type.getRank() && type.getDimSize(p) == 1)
    ++p;
  return p == *innerAt;
}

void Nest::collapse(OpBuilder &b) {
  Indices ix{b, loc};
  for (int64_t j = static_cast<int64_t>(loops()) - 1; j > 0; --j) {
    if (dropped[j])
      continue;
    unsigned head = j;
    for (int64_t i = j - 1; i >= 0; --i) {
      if (dropped[i])
        continue;
      if (iterators[i] != iterators[j] ||
          !llvm::all_of(operands, [&](const Operand &operand) { return mergesIn(operand, *this, i, j, head); }))
        break;
      sizes[j] = ix.mul(sizes[i], sizes[j]);
      dropped[i] = true;
      head = i;
    }
  }
}

Point Point::origin(const Nest &nest, OpBuilder &b) {
  Point point;
  point.index.assign(nest.loops(), b.getIndexAttr(0));
  for (const Operand &operand : nest.operands)
    point.place.push_back(operand.origin);
  return point;
}

Point Point::moved(const Nest &nest, Indices ix, unsigned d, OpFoldResult offset) const {
  Point point = *this;
  point.index[d] = ix.add(index[d], offset);
  for (auto [place, operand] : llvm::zip_equal(point.place, nest.operands))
    if (operand.linear)
      place = ix.add(place, ix.mul(operand.coefficient[d], offset));
  return point;
}
