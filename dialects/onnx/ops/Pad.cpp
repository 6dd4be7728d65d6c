// Ops that pad: Pad and CenterCropPad.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Index.h"
#include "dialects/onnx/ops/Slice.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

using Sizes = SmallVector<OpFoldResult>;

Sizes folded(ArrayRef<Value> values) {
  return llvm::map_to_vector(values, [](Value value) { return getAsOpFoldResult(value); });
}

/// A window of `source` (of sizes `have`) surrounded by `scalar`: per axis it starts at `from`, has `length`
/// elements and goes to `to` in a tensor of `sizes`.
Value place(Decomposer &d, Value source, ArrayRef<Value> have, ArrayRef<Value> from, ArrayRef<Value> length,
            ArrayRef<Value> to, Value scalar, ArrayRef<OpFoldResult> sizes) {
  Sizes ones(sizes.size(), d.b.getIndexAttr(1)), lengths = folded(length);
  auto same = [](ArrayRef<OpFoldResult> a, ArrayRef<OpFoldResult> b) {
    return llvm::all_of(llvm::zip(a, b), [](auto pair) { return isEqualConstantIntOrValue(std::get<0>(pair), std::get<1>(pair)); });
  };
  if (!same(lengths, folded(have)))
    source = window(d, source, folded(from), lengths);
  if (same(lengths, sizes))
    return source;
  Value target = d.fill(scalar, d.empty(cast<RankedTensorType>(source.getType()).getElementType(), sizes));
  if (llvm::any_of(lengths, [](OpFoldResult size) { return isConstantIntValue(size, 0); }))
    return target;
  return tensor::InsertSliceOp::create(d.b, d.loc(), source, target, folded(to), lengths, ones);
}

} // namespace

//===--- Pad ----------------------------------------------------------------===//

LogicalResult PadOp::upgrade(ImportedNode &node) {
  if (node.opset >= 11)
    return success();
  if (Attribute pads = node.attributes.erase("paddings")) // opset 1
    node.attributes.set("pads", pads);
  node.attributeToOperand("pads", 1);
  auto value = dyn_cast_if_present<FloatAttr>(node.attributes.erase("value"));
  auto element = dyn_cast<FloatType>(getElementTypeOrSelf(node.operands[0].getType()));
  if (value && !value.getValue().isZero()) {
    if (!element)
      return node.error() << "expects a float tensor for a value other than 0";
    APFloat number = value.getValue();
    bool lost;
    number.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    node.setOperand(2, node.makeConstant(DenseElementsAttr::get(RankedTensorType::get({}, element), number)));
  }
  return success();
}

/// Pads at the begin and end of every axis; nullopt unless shape inference knows them.
static std::optional<std::pair<Dims, Dims>> padsOf(PadOp op, ShapeContext &context) {
  int64_t rank = context.rank(op.getData());
  std::optional<Dims> pads = context.content(op.getPads());
  std::optional<SmallVector<int64_t>> axes;
  if (isPresent(op.getAxes()))
    axes = context.constantContent(op.getAxes());
  else
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (!pads || !axes || pads->size() != 2 * axes->size())
    return std::nullopt;
  std::pair<Dims, Dims> result{Dims(rank, Dim(0)), Dims(rank, Dim(0))};
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    std::optional<int64_t> at = normalizeAxis(axis, rank);
    if (!at)
      return std::nullopt;
    result.first[*at] = (*pads)[i];
    result.second[*at] = (*pads)[i + axes->size()];
  }
  return result;
}

LogicalResult PadOp::inferShapes(ShapeContext &context) {
  if (!llvm::is_contained({"constant", "reflect", "edge", "wrap"}, getMode()))
    return emitOpError("expects mode constant, reflect, edge or wrap, but got ") << getMode();
  Dims dims = context.dims(getData());
  int64_t rank = dims.size();
  std::optional<SmallVector<int64_t>> axes;
  if (isPresent(getAxes()))
    axes = context.constantContent(getAxes());
  if (axes && failed(checkedAxes(*this, *axes, rank)))
    return failure();
  std::optional<int64_t> count = rank;
  if (isPresent(getAxes()))
    count = axes ? std::optional<int64_t>(axes->size()) : lengthOf(getAxes());
  if (!count)
    return emitOpError("expects axes of static number");
  std::optional<int64_t> length = lengthOf(getPads());
  if (length && *length != 2 * *count)
    return emitOpError("expects two pads for each of ") << *count << " axes, but got " << *length;
  std::optional<std::pair<Dims, Dims>> pads = padsOf(*this, context);
  for (int64_t i = 0; i < rank; ++i) {
    if (!pads) {
      dims[i] = context.unknown(getOutput(), i);
      continue;
    }
    dims[i] = dims[i] + pads->first[i] + pads->second[i];
    if (dims[i].constant() && *dims[i].constant() < 0)
      return emitOpError("expects pads that leave no negative size, but got ") << dims[i].str();
    dims[i] = Dim::max(Dim(0), dims[i]);
  }
  context.setType(getOutput(), context.elementType(getData()), dims);
  return success();
}
OpFoldResult PadOp::fold(FoldAdaptor) {
  ShapeContext context;
  if (!isa<RankedTensorType>(getData().getType()) || getData().getType() != getOutput().getType())
    return {};
  std::optional<std::pair<Dims, Dims>> pads = padsOf(*this, context);
  auto isZero = [](const Dim &dim) { return dim == Dim(0); };
  return pads && llvm::all_of(pads->first, isZero) && llvm::all_of(pads->second, isZero) ? getData() : Value();
}

LogicalResult PadOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Dims dims = d.shapes.dims(getOutput());
  int64_t rank = dims.size();
  Value zero = math.constant(0), one = math.constant(1);
  SmallVector<Value> have = llvm::map_to_vector(d.sizes(getData()), [&](OpFoldResult s) { return math.of(s); });
  SmallVector<Value> pads = indices(d, getPads()), begin(rank, zero), end(rank, zero);
  if (std::optional<std::pair<Dims, Dims>> known = padsOf(*this, d.shapes)) {
    for (int64_t i = 0; i < rank; ++i) {
      if (!d.canMaterialize(known->first[i]) || !d.canMaterialize(known->second[i]))
        return emitOpError("expects pads that are known when it runs");
      begin[i] = d.index(d.size(known->first[i]));
      end[i] = d.index(d.size(known->second[i]));
    }
  } else {
    SmallVector<Value> axes;
    if (isPresent(getAxes()))
      axes = indices(d, getAxes());
    else
      for (int64_t i = 0; i < rank; ++i)
        axes.push_back(math.constant(i));
    if (pads.size() != 2 * axes.size())
      return emitOpError("expects pads of static number");
    for (auto [k, axis] : llvm::enumerate(axes)) {
      Value at = math.fromEnd(axis, math.constant(rank));
      for (int64_t i = 0; i < rank; ++i) {
        Value here = math.eq(at, math.constant(i));
        begin[i] = math.select(here, pads[k], begin[i]);
        end[i] = math.select(here, pads[k + axes.size()], end[i]);
      }
    }
  }
  Sizes sizes;
  for (int64_t i = 0; i < rank; ++i)
    sizes.push_back(sizeOr(d, dims[i], [&] { return math.max(math.add(have[i], math.add(begin[i], end[i])), zero); }));
  Value data = d(getData());
  Type storage = cast<RankedTensorType>(data.getType()).getElementType();
  if (getMode() == "constant") {
    SmallVector<Value> from, length, to;
    for (int64_t i = 0; i < rank; ++i) {
      auto isGrowing = [](Value pad) {
        std::optional<int64_t> known = getConstantIntValue(getAsOpFoldResult(pad));
        return known && *known >= 0;
      };
      if (isGrowing(begin[i]) && isGrowing(end[i])) {
        from.push_back(zero);
        length.push_back(have[i]);
        to.push_back(begin[i]);
        continue;
      }
      // Negative pads cut; what is cut at one end may be more than there is.
      Value cut = math.min(math.max(math.sub(zero, begin[i]), zero), have[i]);
      Value left = math.sub(math.sub(have[i], cut), math.max(math.sub(zero, end[i]), zero));
      to.push_back(math.min(math.max(begin[i], zero), math.of(sizes[i])));
      from.push_back(cut);
      length.push_back(math.max(math.min(left, math.sub(math.of(sizes[i]), to[i])), zero));
    }
    Value scalar = d.number(storage, 0);
    if (isPresent(getConstantValue())) {
      Value tensor = d(getConstantValue());
      SmallVector<Value> at(cast<RankedTensorType>(tensor.getType()).getRank(), zero);
      scalar = tensor::ExtractOp::create(d.b, d.loc(), tensor, at);
    }
    d.setResult(getOutput(), place(d, data, have, from, length, to, scalar, sizes));
    return success();
  }
  for (int64_t i = 0; i < rank; ++i)
    if (!d.shapes.dims(getData())[i].constant())
      d.check(math.either(math.lt(zero, have[i]), math.le(math.of(sizes[i]), zero)), "no elements to pad with");
  Value init = d.empty(storage, sizes);
  d.setResult(getOutput(), d.generate(init, [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    IndexMath inner(b, loc);
    SmallVector<Value> source;
    for (auto [i, position] : llvm::enumerate(at)) {
      Value last = inner.sub(have[i], one), x = inner.sub(position, begin[i]);
      if (isConstantIntValue(getAsOpFoldResult(begin[i]), 0) && isConstantIntValue(getAsOpFoldResult(end[i]), 0)) {
        source.push_back(position);
        continue;
      }
      auto wrap = [&](Value value, Value period) {
        Value rest = inner.rem(value, period);
        return inner.select(inner.lt(rest, zero), inner.add(rest, period), rest);
      };
      if (getMode() == "wrap") {
        x = wrap(x, inner.max(have[i], one));
      } else if (getMode() == "reflect") {
        Value period = inner.max(inner.mul(last, inner.constant(2)), one);
        x = wrap(x, period);
        x = inner.min(x, inner.sub(period, x));
      }
      source.push_back(inner.clamp(x, zero, last));
    }
    return tensor::ExtractOp::create(b, loc, data, source);
  }));
  return success();
}
std::optional<SmallVector<unsigned>> PadOp::permutableOperands(ArrayRef<int64_t> permutation) {
  ShapeContext context;
  auto type = dyn_cast<RankedTensorType>(getData().getType());
  if (!type || type.getRank() != static_cast<int64_t>(permutation.size()) ||
      (isPresent(getAxes()) && !context.constantContent(getAxes())))
    return std::nullopt;
  return SmallVector<unsigned>{0};
}
void PadOp::permute(OpBuilder &builder, ArrayRef<int64_t> permutation) {
  ShapeContext context;
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, permutation.size()));
  if (isPresent(getAxes()))
    axes = *context.constantContent(getAxes());
  for (int64_t &axis : axes)
    axis = permutedAxis(*normalizeAxis(axis, permutation.size()), permutation);
  getAxesMutable().assign(makeIntegers(builder, getLoc(), axes));
}

//===--- CenterCropPad ------------------------------------------------------===//

LogicalResult CenterCropPadOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getInputData());
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, dims.size()));
  if (getAxes())
    axes = SmallVector<int64_t>(*getAxes());
  FailureOr<SmallVector<int64_t>> checked = checkedAxes(*this, axes, dims.size());
  if (failed(checked))
    return failure();
  std::optional<Dims> target = context.content(getShape());
  std::optional<int64_t> length = target ? std::optional<int64_t>(target->size()) : lengthOf(getShape());
  if (length && *length != static_cast<int64_t>(axes.size()))
    return emitOpError("expects a size for each of ") << axes.size() << " axes, but got " << *length;
  for (auto [i, axis] : llvm::enumerate(*checked)) {
    dims[axis] = target ? (*target)[i] : context.unknown(getOutputData(), axis);
    if (dims[axis].constant() && *dims[axis].constant() < 0)
      return emitOpError("expects sizes of at least 0, but got ") << dims[axis].str();
  }
  if (getAxes())
    setAxes(*checked);
  context.setType(getOutputData(), context.elementType(getInputData()), dims);
  return success();
}
LogicalResult CenterCropPadOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Dims dims = d.shapes.dims(getOutputData());
  SmallVector<Value> have = llvm::map_to_vector(d.sizes(getInputData()), [&](OpFoldResult s) { return math.of(s); });
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, dims.size()));
  if (getAxes())
    axes = SmallVector<int64_t>(*getAxes());
  Value zero = math.constant(0), two = math.constant(2);
  SmallVector<Value> from(have.size(), zero), to(have.size(), zero), length(have), want(have);
  SmallVector<Value> target = indices(d, getShape());
  if (target.size() != axes.size())
    return emitOpError("expects a target shape of static length");
  for (auto [i, axis] : llvm::enumerate(axes)) {
    Value size = math.max(target[i], zero);
    want[axis] = size;
    from[axis] = math.div(math.max(math.sub(have[axis], size), zero), two);
    to[axis] = math.div(math.max(math.sub(size, have[axis]), zero), two);
    length[axis] = math.min(size, have[axis]);
  }
  Value data = d(getInputData());
  Value scalar = d.number(cast<RankedTensorType>(data.getType()).getElementType(), 0);
  d.setResult(getOutputData(), place(d, data, have, from, length, to, scalar, folded(want)));
  return success();
}
