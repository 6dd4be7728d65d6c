// Windows that slide over the spatial axes of a tensor.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Window.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

FailureOr<SmallVector<int64_t>> onnx::axesAttr(Operation *op, StringRef name, int64_t count, int64_t fallback,
                                               int64_t least) {
  auto attr = op->getAttrOfType<DenseI64ArrayAttr>(name);
  if (!attr || attr.empty())
    return SmallVector<int64_t>(count, fallback);
  if (attr.size() != count)
    return op->emitOpError("expects ") << count << " numbers in '" << name << "', but got " << attr.size();
  for (int64_t number : attr.asArrayRef())
    if (number < least)
      return op->emitOpError("expects numbers of at least ") << least << " in '" << name << "', but got " << number;
  return SmallVector<int64_t>(attr.asArrayRef());
}

FailureOr<Window> onnx::makeWindow(Operation *op, ArrayRef<Dim> input, ArrayRef<Dim> kernel) {
  int64_t rank = input.size();
  auto text = op->getAttrOfType<StringAttr>("auto_pad");
  StringRef automatic = text ? text.getValue() : "NOTSET";
  auto ceilMode = op->getAttrOfType<IntegerAttr>("ceil_mode");
  bool ceil = ceilMode && ceilMode.getInt() != 0;
  FailureOr<SmallVector<int64_t>> strides = axesAttr(op, "strides", rank, 1, 1);
  FailureOr<SmallVector<int64_t>> dilations = axesAttr(op, "dilations", rank, 1, 1);
  if (failed(strides) || failed(dilations))
    return failure();
  SmallVector<int64_t> pads(2 * rank, 0);
  if (automatic == "NOTSET") {
    FailureOr<SmallVector<int64_t>> given = axesAttr(op, "pads", 2 * rank, 0, 0);
    if (failed(given))
      return failure();
    pads = *given;
  } else if (automatic != "VALID" && automatic != "SAME_UPPER" && automatic != "SAME_LOWER") {
    return op->emitOpError("expects auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, but got '") << automatic << "'";
  }
  Window window;
  window.strides = *strides;
  window.dilations = *dilations;
  window.input.assign(input.begin(), input.end());
  window.kernel.assign(kernel.begin(), kernel.end());
  for (int64_t i = 0; i < rank; ++i) {
    if (kernel[i].isConstant() && kernel[i].value() < 1)
      return op->emitOpError("expects a kernel of at least 1 on every axis, but got ") << toString(kernel);
    int64_t stride = window.strides[i];
    Dim effective = (kernel[i] - 1) * window.dilations[i] + 1;
    Dim begin = pads[i], end = pads[rank + i], output;
    if (automatic.starts_with("SAME")) {
      output = input[i].ceilDiv(stride);
      Dim total = Dim::max((output - 1) * stride + effective - input[i], 0);
      Dim half = total.floorDiv(2);
      begin = automatic == "SAME_UPPER" ? half : total - half;
      end = total - begin;
    } else if (ceil) {
      // A window that would start in the padding at the end does not count.
      output = Dim::min((input[i] + begin + end - effective).ceilDiv(stride) + 1, (input[i] + begin).ceilDiv(stride));
    } else {
      output = (input[i] + begin + end - effective).floorDiv(stride) + 1;
    }
    if (output.isInvalid() || (output.isConstant() && output.value() < 0))
      return op->emitOpError("expects a window that fits, but got kernel ")
             << toString(kernel) << " on input " << toString(input);
    Dim reach = (output - 1) * stride + effective;
    Dim padded = begin + input[i];
    if (ceil || (padded.isConstant() && reach.isConstant()))
      padded = Dim::max(padded, reach);
    else
      padded = padded + end;
    window.begin.push_back(begin);
    window.end.push_back(end);
    window.output.push_back(output);
    window.padded.push_back(padded);
  }
  return window;
}

/// Below this many elements one pass over all of them is as fast as one over each border.
static constexpr int64_t kLarge = 1 << 14;

Value onnx::pad(Decomposer &d, Value x, const Layout &layout, const Window &window, Value value) {
  if (!window.isPadded())
    return x;
  SmallVector<OpFoldResult> inner = d.sizesOf(x), outer = inner;
  SmallVector<OpFoldResult> offsets(layout.rank, d.b.getIndexAttr(0)), strides(layout.rank, d.b.getIndexAttr(1));
  for (int64_t i = 0; i < window.rank(); ++i) {
    outer[layout.spatial(i)] = d.size(window.padded[i]);
    offsets[layout.spatial(i)] = d.size(window.begin[i]);
  }
  auto insert = [&](Value part, Value into, ArrayRef<OpFoldResult> at, ArrayRef<OpFoldResult> sizes) -> Value {
    return tensor::InsertSliceOp::create(d.b, d.loc(), part, into, at, sizes, strides);
  };
  auto have = getConstantIntValues(inner), padded = getConstantIntValues(outer), begin = getConstantIntValues(offsets);
  if (!have || !padded || !begin || ShapedType::getNumElements(*have) < kLarge)
    return insert(x, d.fill(value, d.empty(value.getType(), outer)), offsets, inner);

  // Only the borders are filled: along each axis what lies before and after, no wider than x on the axes done.
  Value all = insert(x, d.empty(value.getType(), outer), offsets, inner);
  SmallVector<int64_t> at(layout.rank, 0), sizes = *padded;
  for (int64_t i = 0; i < window.rank(); ++i) {
    int64_t axis = layout.spatial(i), before = (*begin)[axis], after = (*padded)[axis] - before - (*have)[axis];
    for (auto [start, size] : {std::pair(int64_t(0), before), std::pair((*padded)[axis] - after, after)}) {
      if (size == 0)
        continue;
      at[axis] = start, sizes[axis] = size;
      SmallVector<OpFoldResult> border = getAsIndexOpFoldResult(d.b.getContext(), sizes);
      all = insert(d.fill(value, d.empty(value.getType(), border)), all,
                   getAsIndexOpFoldResult(d.b.getContext(), at), border);
    }
    at[axis] = before, sizes[axis] = (*have)[axis];
  }
  return all;
}

AffineExpr onnx::tapPosition(const Window &window, int64_t i, AffineExpr position, AffineExpr tap) {
  return position * window.strides[i] + tap * window.dilations[i];
}

//===--- layout -------------------------------------------------------------===//

SmallVector<int64_t> onnx::preferredSpatialPermutation(Operation *op) {
  auto type = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  if (!type || op->hasAttr("channels_last") || type.getRank() < 3)
    return {};
  SmallVector<int64_t> permutation{0};
  for (int64_t axis = 2; axis < type.getRank(); ++axis)
    permutation.push_back(axis);
  permutation.push_back(1);
  return permutation;
}

std::optional<SmallVector<unsigned>> onnx::spatialPermutableOperands(Operation *op, ArrayRef<int64_t> permutation) {
  // Flat indices would change their meaning.
  if (op->getNumResults() > 1 && llvm::any_of(op->getResults().drop_front(), [](Value v) { return !v.use_empty(); }))
    return std::nullopt;
  if (permutation.empty() || ArrayRef<int64_t>(preferredSpatialPermutation(op)) != permutation)
    return std::nullopt;
  return SmallVector<unsigned>{0};
}

void onnx::permuteSpatial(Operation *op, OpBuilder &builder) { op->setAttr("channels_last", builder.getUnitAttr()); }
