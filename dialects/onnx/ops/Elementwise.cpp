// Elementwise arithmetic: unary functions, binary and n-ary operators.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Elementwise.h"

#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

/// The operands may differ in type, but all must be numbers.
LogicalResult checkMixedNumbers(Operation *op) {
  for (Value operand : op->getOperands())
    if (Type element = getElementTypeOrSelf(operand.getType()); !isOfKind(element, ElementKind::Number))
      return op->emitOpError("expects number elements, but got ") << element;
  return success();
}

LogicalResult checkNary(Operation *op, ElementKind kind) {
  if (op->getNumOperands() == 0)
    return op->emitOpError("expects at least one operand");
  return checkElements(op, kind);
}

LogicalResult checkClip(ClipOp op) {
  for (Value bound : {op.getMin(), op.getMax()}) {
    auto type = dyn_cast<RankedTensorType>(bound.getType());
    // One-element tensors of rank 1 are common in files, though ONNX asks for rank 0.
    if (type && type.getRank() != 0 && !(type.getRank() == 1 && type.getDimSize(0) == 1))
      return op.emitOpError("expects scalar bounds, but got ") << type;
  }
  return checkElements(op, ElementKind::Number);
}

Scalar reduceArgs(ArrayRef<Scalar> args, Scalar (*f)(const Scalar &, const Scalar &)) {
  Scalar result = args.front();
  for (const Scalar &arg : args.drop_front())
    result = f(result, arg);
  return result;
}

Dim foldDims(ArrayRef<Dim> dims, Dim (*f)(const Dim &, const Dim &)) {
  Dim result = dims.front();
  for (const Dim &dim : dims.drop_front())
    result = f(result, dim);
  return result;
}

/// The value that all elements of a constant tensor of numbers have.
std::optional<double> splatNumber(Value value) {
  DenseElementsAttr attr;
  if (!matchPattern(value, m_Constant(&attr)) || !attr.isSplat())
    return std::nullopt;
  if (isa<FloatType>(attr.getElementType()))
    return attr.getSplatValue<APFloat>().convertToDouble();
  return isUnsignedElement(attr.getElementType()) ? attr.getSplatValue<APInt>().roundToDouble(false)
                                                  : attr.getSplatValue<APInt>().roundToDouble(true);
}

/// Powers that models use as squares, cubes and roots need no pow.
Scalar emitPower(PowOp op, const Scalar &x, const Scalar &y) {
  std::optional<double> exponent = splatNumber(op.getY());
  if (exponent == 1.0)
    return x;
  if (exponent == 2.0)
    return x * x;
  if (exponent == 3.0)
    return x * x * x;
  if (!x.isFloat())
    return pow(x, y);
  if (exponent == 0.0)
    return x.constant(1);
  if (exponent == -1.0)
    return 1 / x;
  // Unlike sqrt, pow(-inf, 0.5) is inf and pow(-0.0, 0.5) is 0.0.
  double inf = std::numeric_limits<double>::infinity();
  if (exponent == 0.5)
    return select(equal(x, -inf), inf, sqrt(x) + 0.0);
  return pow(x, y);
}

} // namespace

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Elementwise.cpp.inc"

namespace brisk::onnx {
void addElementwiseOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Elementwise.cpp.inc"
      >();
}
} // namespace brisk::onnx

LogicalResult ClipOp::upgrade(ImportedNode &node) {
  if (node.opset >= 11)
    return success();
  // Opset 6: float attributes, whatever the type of the input.
  auto type = dyn_cast<ShapedType>(node.operands.empty() ? Type() : node.operands[0].getType());
  for (auto [index, name] : llvm::enumerate(ArrayRef<StringRef>{"min", "max"})) {
    auto bound = dyn_cast_if_present<FloatAttr>(node.attributes.erase(name));
    if (!bound)
      continue;
    auto element = type ? dyn_cast<FloatType>(type.getElementType()) : FloatType();
    if (!element)
      return node.error() << "expects an input of known float type to bound";
    APFloat value = bound.getValue();
    bool lost;
    value.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    // The default bounds are f32's extremes; beyond a narrower type they bound nothing.
    if (value.isInfinity())
      continue;
    node.setOperand(index + 1, node.makeConstant(DenseElementsAttr::get(RankedTensorType::get({}, element), value)));
  }
  return success();
}

//===--- nothing at all -----------------------------------------------------===//

OpFoldResult IdentityOp::fold(FoldAdaptor) {
  return getInput().getType() == getOutput().getType() ? OpFoldResult(getInput()) : OpFoldResult();
}
LogicalResult IdentityOp::inferShapes(ShapeContext &) {
  getOutput().setType(getInput().getType());
  return success();
}
std::optional<Dims> IdentityOp::inferContent(ShapeContext &context, unsigned) { return context.content(getInput()); }
LogicalResult IdentityOp::decompose(Decomposer &d) {
  d.bind(getOutput(), d(getInput()));
  return success();
}
std::optional<SmallVector<unsigned>> IdentityOp::permutableOperands(ArrayRef<int64_t>) {
  return SmallVector<unsigned>{0};
}
void IdentityOp::permute(OpBuilder &, ArrayRef<int64_t>) {}

namespace {
/// Whether `mode` is the constant true (or false), if it is known.
std::optional<bool> constantFlag(Value mode) {
  DenseElementsAttr attr;
  if (!matchPattern(mode, m_Constant(&attr)) || !attr.isSplat() || !attr.getElementType().isInteger(1))
    return std::nullopt;
  return attr.getSplatValue<bool>();
}
} // namespace

LogicalResult DropoutOp::inferShapes(ShapeContext &context) {
  if (isPresent(getTrainingMode()) && !getElementTypeOrSelf(getTrainingMode().getType()).isInteger(1))
    return emitOpError("expects a boolean training_mode, but got ") << getTrainingMode().getType();
  if (isPresent(getRatio()) && !isa<FloatType>(getElementTypeOrSelf(getRatio().getType())))
    return emitOpError("expects a float ratio, but got ") << getRatio().getType();
  context.setType(getOutput(), context.elementType(getData()), context.dims(getData()));
  context.setType(getMask(), IntegerType::get(getContext(), 1), context.dims(getData()));
  return success();
}

LogicalResult DropoutOp::decompose(Decomposer &d) {
  constexpr const char *message = "supports inference only, but training_mode is true and the ratio is not 0";
  if (isPresent(getTrainingMode()) && constantFlag(getTrainingMode()) != false) {
    std::optional<double> ratio = isPresent(getRatio()) ? splatNumber(getRatio()) : 0.5;
    if (ratio != 0.0) {
      if (ratio && constantFlag(getTrainingMode()))
        return emitOpError(message);
      auto scalarOf = [&](Value operand) -> Value {
        Value flat = d.reshape(d(operand), {});
        Value stored = tensor::ExtractOp::create(d.b, d.loc(), flat, ValueRange());
        return d.load(d.b, stored, getElementTypeOrSelf(operand.getType()));
      };
      Scalar allowed = ~Scalar(d.b, d.loc(), scalarOf(getTrainingMode()));
      if (!ratio)
        allowed = allowed | equal(Scalar(d.b, d.loc(), scalarOf(getRatio())), 0);
      d.check(allowed.value(), message);
    }
  }
  d.setResult(getOutput(), d(getData()));
  if (!getMask().use_empty())
    d.setResult(getMask(), d.fill(d.number(d.b.getI8Type(), 1), d.empty(getMask())));
  return success();
}

LogicalResult DropoutOp::upgrade(ImportedNode &node) {
  if (node.opset >= 12)
    return success();
  // Before opset 12 a node was only an inference node; its ratio says nothing.
  node.attributes.erase("ratio");
  if (node.opset < 7) {
    node.attributes.erase("is_test");
    node.attributes.erase("consumed_inputs");
  }
  // The mask was of floats; models name it and do not read it.
  if (node.opset < 10)
    node.numResults = 1;
  return success();
}

std::optional<SmallVector<unsigned>> DropoutOp::permutableOperands(ArrayRef<int64_t>) {
  if (!getMask().use_empty())
    return std::nullopt;
  return SmallVector<unsigned>{0};
}
void DropoutOp::permute(OpBuilder &, ArrayRef<int64_t>) {}

QuantizedForm AddOp::quantizedForm() {
  QuantizedForm form = pointwiseForm(*this);
  if (form.kind == QuantizedForm::Pointwise)
    form.kind = QuantizedForm::Sum;
  return form;
}

QuantizedForm ClipOp::quantizedForm() { return pointwiseForm(*this); }
std::optional<std::pair<double, double>> ClipOp::clampBounds() {
  std::pair bounds(-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity());
  auto read = [](Value operand, double &bound) {
    if (!isPresent(operand))
      return true;
    auto values = floats(operand);
    if (!values || values->size() != 1)
      return false;
    bound = values->front();
    return true;
  };
  if (!read(getMin(), bounds.first) || !read(getMax(), bounds.second))
    return std::nullopt;
  return bounds;
}
