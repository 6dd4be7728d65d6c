// Symbolic tensor types and the contents of small integer tensors.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/interfaces/ShapeContext.h"

#include "dialects/interfaces/Interfaces.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace brisk;

RankedTensorType brisk::makeTensorType(Type element, ArrayRef<Dim> dims) {
  SmallVector<int64_t> shape;
  SmallVector<Attribute> symbols;
  bool open = false;
  for (const Dim &dim : dims) {
    bool fixed = dim.isConstant() && !dim.isInvalid() && dim.value() >= 0;
    shape.push_back(fixed ? dim.value() : ShapedType::kDynamic);
    symbols.push_back(StringAttr::get(element.getContext(), fixed ? "" : dim.str()));
    open |= !fixed;
  }
  return RankedTensorType::get(shape, element, open ? ArrayAttr::get(element.getContext(), symbols) : Attribute());
}

Dims brisk::dimsOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  auto symbols = dyn_cast_if_present<ArrayAttr>(tensor.getEncoding());
  Dims dims;
  for (auto [i, size] : llvm::enumerate(tensor.getShape())) {
    if (size != ShapedType::kDynamic) {
      dims.push_back(Dim(size));
      continue;
    }
    std::optional<Dim> dim;
    if (symbols && i < symbols.size())
      if (auto text = dyn_cast<StringAttr>(symbols[i]))
        dim = Dim::parse(text.getValue());
    dims.push_back(dim ? *dim : Dim::symbol("?"));
  }
  return dims;
}

Type ShapeContext::elementType(Value value) const { return getElementTypeOrSelf(value.getType()); }

std::optional<SmallVector<int64_t>> brisk::integersOf(ElementsAttr attr, int64_t limit) {
  auto type = dyn_cast<IntegerType>(attr.getElementType());
  if (!type || attr.getNumElements() > limit || attr.getShapedType().getRank() > 1)
    return std::nullopt;
  SmallVector<int64_t> values;
  if (auto dense = dyn_cast<DenseIntElementsAttr>(attr)) {
    for (const APInt &value : dense.getValues<APInt>())
      values.push_back(type.isUnsigned() || type.getWidth() == 1 ? value.getZExtValue() : value.getSExtValue());
    return values;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(attr);
  if (!resource || type.getWidth() % 8 != 0)
    return std::nullopt;
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  unsigned width = type.getWidth() / 8;
  if (!blob || blob->getData().size() < static_cast<size_t>(attr.getNumElements()) * width)
    return std::nullopt;
  for (int64_t i = 0; i < attr.getNumElements(); ++i) {
    uint64_t raw = 0;
    memcpy(&raw, blob->getData().data() + i * width, width);
    APInt value(type.getWidth(), raw);
    values.push_back(type.isUnsigned() ? value.getZExtValue() : value.getSExtValue());
  }
  return values;
}

std::optional<Dims> ShapeContext::content(Value value) {
  auto found = contents.find(value);
  if (found != contents.end())
    return found->second;
  std::optional<Dims> result;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  // The recursion follows chains of shape ops; the cap bounds the stack on hostile models.
  if (type && op && depth < 512 && type.getRank() <= 1 && isa<IntegerType>(type.getElementType()) &&
      !(type.hasStaticShape() && type.getNumElements() > kMaxContent)) {
    ElementsAttr attr;
    if (matchPattern(value, m_Constant(&attr))) {
      if (auto integers = integersOf(attr))
        result = Dims(integers->begin(), integers->end());
    } else if (auto infer = dyn_cast<InferShapesInterface>(op)) {
      ++depth;
      result = infer.inferContent(*this, cast<OpResult>(value).getResultNumber());
      --depth;
      if (result && static_cast<int64_t>(result->size()) > kMaxContent)
        result = std::nullopt;
    }
  }
  contents[value] = result;
  return result;
}

std::optional<SmallVector<int64_t>> ShapeContext::constantContent(Value value) {
  std::optional<Dims> dims = content(value);
  if (!dims)
    return std::nullopt;
  SmallVector<int64_t> values;
  for (const Dim &dim : *dims) {
    if (!dim.constant())
      return std::nullopt;
    values.push_back(*dim.constant());
  }
  return values;
}

void ShapeContext::setType(Value result, Type element, ArrayRef<Dim> dims) {
  invalidDims |= llvm::any_of(dims, [](const Dim &dim) { return dim.isInvalid(); });
  invalidDims |= llvm::any_of(dims, [](const Dim &dim) { return dim.isConstant() && dim.value() < 0; });
  result.setType(makeTensorType(element, dims));
}

Dim ShapeContext::unknown(Value result, unsigned axis) {
  // Keep the name a former run gave, so that inference can be repeated.
  if (auto type = dyn_cast<RankedTensorType>(result.getType()); type && axis < type.getRank()) {
    Dim before = dimsOf(type)[axis];
    if (before.symbolName().starts_with("?") && before.symbolName() != "?")
      return before;
  }
  return Dim::symbol("?" + std::to_string(unknowns++));
}

LogicalResult ShapeContext::inferRegion(Region &region) {
  for (Block &block : region) {
    for (Operation &op : block) {
      for (Value operand : op.getOperands())
        if (isa<TensorType>(operand.getType()) && !isa<RankedTensorType>(operand.getType()))
          return op.emitOpError("expects operands of known rank");
      auto infer = dyn_cast<InferShapesInterface>(&op);
      if (infer && failed(infer.inferShapes(*this)))
        return failure();
    }
  }
  return success();
}

void ShapeContext::reserveUnknowns(Operation *root) {
  auto reserve = [&](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.hasStaticShape())
      return;
    for (const Dim &dim : dimsOf(tensor))
      dim.forEachSymbol([&](StringRef name) {
        unsigned number;
        if (name.consume_front("?") && !name.getAsInteger(10, number))
          unknowns = std::max(unknowns, number + 1);
      });
  };
  root->walk([&](Operation *op) {
    llvm::for_each(op->getResultTypes(), reserve);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        llvm::for_each(block.getArgumentTypes(), reserve);
  });
}

std::optional<Dim> brisk::broadcastDims(const Dim &a, const Dim &b) {
  if (a == b || b == Dim(1))
    return a;
  if (a == Dim(1))
    return b;
  if (a.isConstant() && b.isConstant())
    return std::nullopt;
  // A constant above 1 decides: the open dim equals it or is 1.
  if (a.isConstant())
    return a;
  if (b.isConstant())
    return b;
  return Dim::max(a, b);
}

std::optional<Dims> brisk::broadcastShapes(ArrayRef<Dim> a, ArrayRef<Dim> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  Dims result(a.begin(), a.end());
  for (size_t i = 0; i < b.size(); ++i) {
    size_t j = a.size() - b.size() + i;
    std::optional<Dim> dim = broadcastDims(a[j], b[i]);
    if (!dim)
      return std::nullopt;
    result[j] = *dim;
  }
  return result;
}

std::optional<int64_t> brisk::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return std::nullopt;
  return axis < 0 ? axis + rank : axis;
}

std::string brisk::toString(ArrayRef<Dim> dims) {
  return llvm::join(llvm::map_range(dims, [](const Dim &dim) { return dim.str(); }), "x");
}
