// Matrix products: MatMul, Gemm. Einsum is in Einsum.cpp.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/MatMul.h"

#include "dialects/onnx/ops/Contraction.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/MatMul.cpp.inc"

namespace brisk::onnx {
void addMatMulOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/MatMul.cpp.inc"
      >();
}
} // namespace brisk::onnx

//===--- MatMul -------------------------------------------------------------===//

namespace {

/// The axes of a MatMul: batch axes of both operands broadcast together, rows, columns, depth.
struct MatMulAxes {
  Dims batch;
  bool hasRows, hasColumns;
  Dim depthA, depthB;
};

} // namespace

static FailureOr<MatMulAxes> matMulAxes(Operation *op, ArrayRef<Dim> a, ArrayRef<Dim> b) {
  if (a.empty() || b.empty())
    return op->emitOpError("expects operands of rank 1 or more, but got ranks ") << a.size() << " and " << b.size();
  MatMulAxes axes;
  axes.hasRows = a.size() > 1;
  axes.hasColumns = b.size() > 1;
  axes.depthA = a.back();
  axes.depthB = axes.hasColumns ? b[b.size() - 2] : b[0];
  std::optional<Dims> batch = broadcastShapes(a.drop_back(axes.hasRows ? 2 : 1), b.drop_back(axes.hasColumns ? 2 : 1));
  if (!batch || differ(axes.depthA, axes.depthB))
    return op->emitOpError("expects shapes that multiply, but got ") << toString(a) << " and " << toString(b);
  axes.batch = *batch;
  return axes;
}

LogicalResult onnx::inferMatMul(Operation *op, Type element, ShapeContext &context) {
  Dims a = context.dims(op->getOperand(0)), b = context.dims(op->getOperand(1));
  FailureOr<MatMulAxes> axes = matMulAxes(op, a, b);
  if (failed(axes))
    return failure();
  Dims dims = axes->batch;
  if (axes->hasRows)
    dims.push_back(a[a.size() - 2]);
  if (axes->hasColumns)
    dims.push_back(b.back());
  context.setType(op->getResult(0), element, dims);
  return success();
}

LogicalResult MatMulOp::inferShapes(ShapeContext &context) {
  return inferMatMul(*this, context.elementType(getA()), context);
}

/// Brings the batch axes of a lowered operand to `batch` where broadcasting is only known at run time.
static Value broadcastBatch(Decomposer &d, Value lowered, ArrayRef<Dim> dims, ArrayRef<Dim> batch,
                            unsigned matrixRank) {
  Dims target(batch);
  llvm::append_range(target, dims.take_back(matrixRank));
  SmallVector<Value> values{lowered};
  d.broadcast(values, {Dims(dims)}, target);
  return values[0];
}

FailureOr<Value> onnx::multiplyMatrices(Decomposer &d, Operation *op, SumType sum) {
  Dims a = d.shapes.dims(op->getOperand(0)), b = d.shapes.dims(op->getOperand(1));
  FailureOr<MatMulAxes> axes = matMulAxes(op, a, b);
  if (failed(axes))
    return failure();
  checkEqual(d, axes->depthA, axes->depthB, "depths of a matrix product differ");
  Value lhs = broadcastBatch(d, d(op->getOperand(0)), a, axes->batch, axes->hasRows ? 2 : 1);
  Value rhs = broadcastBatch(d, d(op->getOperand(1)), b, axes->batch, axes->hasColumns ? 2 : 1);
  // Labels: batch axes by position, then rows, columns and depth.
  int64_t batch = axes->batch.size(), rows = batch, columns = batch + 1, depth = batch + 2;
  SmallVector<int64_t> as, bs, out;
  for (int64_t i = 0; i < batch; ++i)
    out.push_back(i);
  auto batchOf = [&](ArrayRef<Dim> dims, bool matrix) {
    return llvm::to_vector(ArrayRef(out).take_back(dims.size() - (matrix ? 2 : 1)));
  };
  as = batchOf(a, axes->hasRows);
  bs = batchOf(b, axes->hasColumns);
  if (axes->hasRows) {
    as.push_back(rows);
    out.push_back(rows);
  }
  as.push_back(depth);
  bs.push_back(depth);
  if (axes->hasColumns) {
    bs.push_back(columns);
    out.push_back(columns);
  }
  return contract(d, lhs, as, rhs, bs, out, sum);
}

LogicalResult MatMulOp::decompose(Decomposer &d) {
  FailureOr<Value> product = multiplyMatrices(d, *this, {});
  if (failed(product))
    return failure();
  d.setResult(getY(), narrow(d, *product, storageType(d.shapes.elementType(getY()))));
  return success();
}

//===--- Gemm ---------------------------------------------------------------===//

LogicalResult GemmOp::upgrade(ImportedNode &node) {
  // Below opset 7 broadcasting was asked for; it is the rule now.
  node.attributes.erase("broadcast");
  return success();
}

LogicalResult GemmOp::inferShapes(ShapeContext &context) {
  Dims a = context.dims(getA()), b = context.dims(getB());
  if (a.size() != 2 || b.size() != 2)
    return emitOpError("expects operands of rank 2, but got ranks ") << a.size() << " and " << b.size();
  if (differ(a[getTransA() ? 0 : 1], b[getTransB() ? 1 : 0]))
    return emitOpError("expects shapes that multiply, but got ") << toString(a) << " and " << toString(b);
  Dims dims{a[getTransA() ? 1 : 0], b[getTransB() ? 0 : 1]};
  if (isPresent(getC())) {
    Dims c = context.dims(getC());
    if (std::optional<Dims> both = broadcastShapes(dims, c); !both || both->size() > 2)
      return emitOpError("expects C to broadcast to ") << toString(dims) << ", but got shape " << toString(c);
  }
  context.setType(getY(), context.elementType(getA()), dims);
  return success();
}

LogicalResult GemmOp::decompose(Decomposer &d) {
  Dims a = d.shapes.dims(getA()), b = d.shapes.dims(getB()), dims = d.shapes.dims(getY());
  checkEqual(d, a[getTransA() ? 0 : 1], b[getTransB() ? 1 : 0], "depths of a matrix product differ");
  enum { Row, Column, Depth };
  SmallVector<int64_t> as{Row, Depth}, bs{Depth, Column};
  if (getTransA())
    std::swap(as[0], as[1]);
  if (getTransB())
    std::swap(bs[0], bs[1]);
  Value product = contract(d, d(getA()), as, d(getB()), bs, {Row, Column});
  Type element = storageType(d.shapes.elementType(getY()));
  double alpha = getAlpha().convertToDouble(), beta = getBeta().convertToDouble();
  bool addsC = isPresent(getC()) && beta != 0;
  if (alpha == 1 && !addsC) {
    d.setResult(getY(), narrow(d, product, element));
    return success();
  }
  SmallVector<Value> inputs{product};
  SmallVector<AffineMap> maps{d.b.getMultiDimIdentityMap(2)};
  if (addsC) {
    SmallVector<Value> c{d(getC())};
    maps.append(d.broadcast(c, {d.shapes.dims(getC())}, dims));
    inputs.push_back(c[0]);
  }
  // Integers scale in f64, which holds every 32-bit product of them.
  auto scale = [](OpBuilder &nested, Location loc, Value value, double factor) -> Value {
    if (factor == 1)
      return value;
    Type type = value.getType();
    bool isFloat = isa<FloatType>(type);
    Type wide = isFloat ? type : nested.getF64Type();
    if (!isFloat)
      value = arith::SIToFPOp::create(nested, loc, wide, value);
    Value by = arith::ConstantOp::create(nested, loc, nested.getFloatAttr(wide, factor));
    value = arith::MulFOp::create(nested, loc, value, by);
    return isFloat ? value : arith::FPToSIOp::create(nested, loc, type, value).getResult();
  };
  Value init = d.empty(getY());
  Value result = d.map(inputs, maps, init, [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
    Value sum = scale(nested, loc, args[0], alpha);
    if (!isa<FloatType>(element))
      return addsC ? arith::AddIOp::create(nested, loc, sum, scale(nested, loc, args[1], beta)).getResult() : sum;
    if (addsC)
      sum = arith::AddFOp::create(nested, loc, sum,
                                  scale(nested, loc, toFloat(nested, loc, args[1], sum.getType()), beta));
    return toFloat(nested, loc, sum, element);
  });
  d.setResult(getY(), result);
  return success();
}

//===--- quantized ----------------------------------------------------------===//

QuantizedForm MatMulOp::quantizedForm() {
  QuantizedForm form;
  form.kind = QuantizedForm::Product;
  form.activations = {0};
  form.weight = 1;
  auto type = dyn_cast<RankedTensorType>(getB().getType());
  form.channelAxis = type ? type.getRank() - 1 : 0;
  return form;
}

QuantizedForm GemmOp::quantizedForm() {
  QuantizedForm form;
  form.kind = QuantizedForm::Product;
  form.activations = {0};
  form.weight = 1;
  form.bias = 2;
  form.channelAxis = getTransB() ? 0 : 1;
  return form;
}
