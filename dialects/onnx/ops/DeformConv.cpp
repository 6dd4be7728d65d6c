// DeformConv.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Scalar.h"
#include "dialects/onnx/ops/Contraction.h"
#include "dialects/onnx/ops/Conv.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

static FailureOr<Window> deformWindow(DeformConvOp op, ShapeContext &shapes) {
  if (failed(checkConvOperands(op, shapes, op.getGroup(), 1)))
    return failure();
  Dims x = shapes.dims(op.getX()), w = shapes.dims(op.getW());
  if (x.size() != 4)
    return op.emitOpError("expects an input of rank 4, but got rank ") << x.size();
  FailureOr<Window> window = makeWindow(op, Layout(op, 4).spatialDims(x), ArrayRef(w).drop_front(2));
  if (failed(window))
    return failure();
  int64_t groups = op.getOffsetGroup();
  Dim taps = window->kernel[0] * window->kernel[1] * groups;
  auto fits = [&](Value value, const Dim &channels) {
    Dims dims = shapes.dims(value);
    return dims.size() == 4 && !differ(dims[1], channels) && !differ(dims[2], window->output[0]) &&
           !differ(dims[3], window->output[1]);
  };
  if (groups < 1 || (x[1].isConstant() && x[1].value() % groups != 0) || !fits(op.getOffset(), taps * 2) ||
      (isPresent(op.getMask()) && !fits(op.getMask(), taps)))
    return op.emitOpError("expects offsets and masks for ")
           << groups << " groups of the " << x[1].str() << " channels and " << taps.str() << " taps";
  return window;
}

LogicalResult DeformConvOp::inferShapes(ShapeContext &context) {
  FailureOr<Window> window = deformWindow(*this, context);
  if (failed(window))
    return failure();
  context.setType(getY(), context.elementType(getX()),
                  {context.dims(getX())[0], context.dims(getW())[0], window->output[0], window->output[1]});
  return checkBias(*this, context, getB(), context.dims(getW())[0]);
}

LogicalResult DeformConvOp::decompose(Decomposer &d) {
  FailureOr<Window> window = deformWindow(*this, d.shapes);
  if (failed(window))
    return failure();
  Dims xDims = d.shapes.dims(getX()), wDims = d.shapes.dims(getW());
  Type element = d.shapes.elementType(getX()), type = accumulatorType(element);
  Value x = d(getX()), w = d(getW()), offset = d(getOffset()), mask = d(getMask());
  SmallVector<Value> extent{d.index(d.sizeOf(x, 2)), d.index(d.sizeOf(x, 3))};
  Value perOffset = d.index(d.size(xDims[1].floorDiv(static_cast<int64_t>(getOffsetGroup()))));
  SmallVector<Value> kernel, begin;
  SmallVector<OpFoldResult> sizes{d.sizeOf(x, 0), d.sizeOf(x, 1)};
  for (int64_t i = 0; i < 2; ++i) {
    kernel.push_back(d.index(d.size(window->kernel[i])));
    begin.push_back(d.index(d.size(window->begin[i])));
    sizes.push_back(d.size(window->kernel[i]));
  }
  for (const Dim &dim : window->output)
    sizes.push_back(d.size(dim));

  // Samples by batch, channel, tap (2 axes), position (2 axes).
  Value samples = d.generate(d.empty(type, sizes), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    auto integer = [&](int64_t n) -> Value { return arith::ConstantIndexOp::create(b, loc, n); };
    auto mul = [&](Value p, Value q) -> Value { return arith::MulIOp::create(b, loc, p, q); };
    auto plus = [&](Value p, Value q) -> Value { return arith::AddIOp::create(b, loc, p, q); };
    auto real = [&](Value v) { return Scalar(b, loc, toFloat(b, loc, v, type)); };
    auto realOf = [&](Value index) {
      return Scalar(b, loc,
                    arith::SIToFPOp::create(b, loc, type, arith::IndexCastOp::create(b, loc, b.getI64Type(), index)));
    };
    Value group = arith::DivUIOp::create(b, loc, at[1], perOffset);
    Value tap = plus(mul(plus(mul(group, kernel[0]), at[2]), kernel[1]), at[3]);
    SmallVector<Scalar> place;
    for (int64_t i = 0; i < 2; ++i) {
      Value fixed = plus(mul(at[4 + i], integer(window->strides[i])), mul(at[2 + i], integer(window->dilations[i])));
      fixed = arith::SubIOp::create(b, loc, fixed, begin[i]);
      Value channel = plus(mul(tap, integer(2)), integer(i));
      Value moved = tensor::ExtractOp::create(b, loc, offset, ValueRange{at[0], channel, at[4], at[5]});
      place.push_back(realOf(fixed) + real(moved));
    }
    // The four neighbours, each with its weight; those outside read a place inside with weight 0.
    Scalar sum = place[0].constant(0);
    for (int64_t corner = 0; corner < 4; ++corner) {
      Scalar weight = place[0].constant(1);
      SmallVector<Value> from{at[0], at[1]};
      for (int64_t i = 0; i < 2; ++i) {
        bool high = corner & (1 << i);
        Scalar low = floor(place[i]), position = high ? low + 1 : low;
        Scalar last = realOf(extent[i]) - 1;
        Scalar part = high ? place[i] - low : low + 1 - place[i];
        Scalar inside = (position >= 0) & (position <= last);
        weight = weight * select(inside, part, 0.0);
        Value index = arith::FPToSIOp::create(b, loc, b.getI64Type(), max(min(position, last), 0).value());
        from.push_back(arith::IndexCastOp::create(b, loc, b.getIndexType(), index));
      }
      sum = sum + weight * real(tensor::ExtractOp::create(b, loc, x, from));
    }
    if (mask)
      sum = sum * real(tensor::ExtractOp::create(b, loc, mask, ValueRange{at[0], tap, at[4], at[5]}));
    return sum.value();
  });

  int64_t group = getGroup();
  OpFoldResult groups = d.b.getIndexAttr(group);
  samples = splitAxis(d, samples, 1, {groups, d.size(wDims[1])});
  w = splitAxis(d, w, 0, {groups, d.size(wDims[0].floorDiv(group))});
  enum { N, G, C, O, KH, KW, H, Width };
  Value sum = contract(d, samples, {N, G, C, KH, KW, H, Width}, w, {G, O, C, KH, KW}, {N, G, O, H, Width});
  d.setResult(getY(), addBias(d, mergeAxes(d, sum, 1, 2), d(getB()), Layout(*this, 4), getY()));
  return success();
}
