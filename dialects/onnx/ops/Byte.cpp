// Sums of products of bytes as they are.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Byte.h"

#include "dialects/onnx/ops/Conv.h"
#include "dialects/onnx/ops/Contraction.h"
#include "dialects/onnx/ops/MatMul.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Byte.cpp.inc"

namespace brisk::onnx {
void addByteOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Byte.cpp.inc"
      >();
}
} // namespace brisk::onnx

bool onnx::isByte(Type element) {
  auto integer = dyn_cast<IntegerType>(element);
  return integer && integer.getWidth() == 8;
}

static LogicalResult checkBytes(Operation *op, ShapeContext &shapes) {
  for (Value operand : op->getOperands())
    if (isPresent(operand) && !isByte(shapes.elementType(operand)))
      return op->emitOpError("expects elements of 8 bits, but got ") << shapes.elementType(operand);
  return success();
}

//===--- ByteConv -----------------------------------------------------------===//

LogicalResult ByteConvOp::inferShapes(ShapeContext &context) {
  if (failed(checkBytes(*this, context)))
    return failure();
  if (isPresent(getPadding()) &&
      (context.rank(getPadding()) != 0 || context.elementType(getPadding()) != context.elementType(getX())))
    return emitOpError("expects padding to be a scalar of X's type, but got ") << getPadding().getType();
  return inferConv(*this, getGroup(), IntegerType::get(getContext(), 32), context);
}

LogicalResult ByteConvOp::decompose(Decomposer &d) {
  Type i8 = d.b.getI8Type();
  Value padding = d.number(i8, 0);
  if (isPresent(getPadding()))
    padding = d.b.createOrFold<tensor::ExtractOp>(d.loc(), d(getPadding()), ValueRange());
  SumType sum{d.b.getI32Type(), isUnsignedElement(d.shapes.elementType(getX())),
              isUnsignedElement(d.shapes.elementType(getW()))};
  FailureOr<Value> value = convolve(d, *this, getGroup(), padding, sum);
  if (failed(value))
    return failure();
  d.setResult(getY(), *value);
  return success();
}

//===--- ByteMatMul ---------------------------------------------------------===//

LogicalResult ByteMatMulOp::inferShapes(ShapeContext &context) {
  return failed(checkBytes(*this, context)) ? failure()
                                            : inferMatMul(*this, IntegerType::get(getContext(), 32), context);
}

LogicalResult ByteMatMulOp::decompose(Decomposer &d) {
  SumType sum{d.b.getI32Type(), isUnsignedElement(d.shapes.elementType(getA())),
              isUnsignedElement(d.shapes.elementType(getB()))};
  FailureOr<Value> value = multiplyMatrices(d, *this, sum);
  if (failed(value))
    return failure();
  d.setResult(getY(), *value);
  return success();
}

//===--- BlockMatMul --------------------------------------------------------===//

LogicalResult BlockMatMulOp::inferShapes(ShapeContext &context) {
  Dims a = context.dims(getA()), b = context.dims(getB()), scale = context.dims(getScale());
  auto type = dyn_cast<IntegerType>(context.elementType(getB()));
  if (!context.elementType(getA()).isF32() || !context.elementType(getScale()).isF32() || !type ||
      (type.getWidth() != 4 && type.getWidth() != 8))
    return emitOpError("expects f32, a matrix of 4 or 8 bits and scales of f32, but got ")
           << context.elementType(getA()) << ", " << context.elementType(getB()) << " and "
           << context.elementType(getScale());
  bool fits = !a.empty() && b.size() == 2 && scale.size() == 2 && b[0].isConstant() && b[1].isConstant() &&
              scale[0].isConstant() && scale[0].value() > 0 && b[0].value() % scale[0].value() == 0 &&
              !differ(scale[1], b[1]) && !differ(a.back(), b[0]);
  if (fits && isPresent(getZeroPoint()))
    fits = context.elementType(getZeroPoint()) == type && context.dims(getZeroPoint()) == scale;
  if (!fits)
    return emitOpError("expects blocks of one length and shapes that multiply, but got ")
           << toString(a) << ", " << toString(b) << " and scales of " << toString(scale);
  a.back() = b[1];
  context.setType(getY(), context.elementType(getA()), a);
  return success();
}

LogicalResult BlockMatMulOp::decompose(Decomposer &d) {
  auto matrix = cast<RankedTensorType>(getB().getType()), parts = cast<RankedTensorType>(getScale().getType());
  int64_t blocks = parts.getDimSize(0), length = matrix.getDimSize(0) / blocks, columns = matrix.getDimSize(1);
  SmallVector<OpFoldResult> split{d.b.getIndexAttr(blocks), d.b.getIndexAttr(length)};
  Value a = d(getA());
  int64_t rank = cast<RankedTensorType>(a.getType()).getRank();
  if (rank > 2)
    a = mergeAxes(d, a, 0, rank - 1);
  bool hasRows = rank > 1;
  a = splitAxis(d, a, hasRows ? 1 : 0, split);
  // Loops: rows if there are any, columns, blocks, what is in a block.
  unsigned loops = hasRows ? 4 : 3, n = hasRows ? 1 : 0, block = n + 1, inner = n + 2;
  auto map = [&](ArrayRef<unsigned> read, bool rows) {
    SmallVector<AffineExpr> exprs;
    if (rows && hasRows)
      exprs.push_back(d.b.getAffineDimExpr(0));
    for (unsigned loop : read)
      exprs.push_back(d.b.getAffineDimExpr(loop));
    return AffineMap::get(loops, 0, exprs, d.b.getContext());
  };
  SmallVector<Value> inputs{a, splitAxis(d, d(getB()), 0, split), d(getScale())};
  SmallVector<AffineMap> maps{map({block, inner}, true), map({block, inner, n}, false), map({block, n}, false)};
  if (isPresent(getZeroPoint())) {
    inputs.push_back(d(getZeroPoint()));
    maps.push_back(maps.back());
  }
  maps.push_back(map({n}, true));
  SmallVector<OpFoldResult> sizes{d.b.getIndexAttr(columns)};
  if (hasRows)
    sizes.insert(sizes.begin(), d.sizeOf(a, 0));
  SmallVector<utils::IteratorType> iterators(n + 1, utils::IteratorType::parallel);
  iterators.append(2, utils::IteratorType::reduction);
  Type f32 = d.b.getF32Type();
  bool isUnsigned = isUnsignedElement(matrix.getElementType());
  Value init = d.fill(d.number(f32, 0), d.empty(f32, sizes));
  Value sums = d.generic(inputs, init, maps, iterators, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    auto real = [&](Value integer) -> Value {
      if (isUnsigned)
        return arith::UIToFPOp::create(b, loc, f32, integer);
      return arith::SIToFPOp::create(b, loc, f32, integer);
    };
    Value weight = real(args[1]);
    if (args.size() == 5)
      weight = arith::SubFOp::create(b, loc, weight, real(args[3]));
    weight = arith::MulFOp::create(b, loc, weight, args[2]);
    Value product = arith::MulFOp::create(b, loc, args[0], weight);
    return arith::AddFOp::create(b, loc, args.back(), product);
  });
  if (rank > 2) {
    SmallVector<OpFoldResult> whole;
    for (const Dim &dim : d.shapes.dims(getY()))
      whole.push_back(d.size(dim));
    whole.pop_back();
    sums = splitAxis(d, sums, 0, whole);
  }
  d.setResult(getY(), sums);
  return success();
}
