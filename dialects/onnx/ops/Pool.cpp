// Pools over windows and over all spatial axes. MaxUnpool and MaxRoiPool are in PoolGather.cpp.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Pool.h"

#include "dialects/onnx/ops/Contraction.h"
#include "dialects/onnx/ops/Window.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Pool.cpp.inc"

namespace brisk::onnx {
void addPoolOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Pool.cpp.inc"
      >();
}
} // namespace brisk::onnx

//===--- shared -------------------------------------------------------------===//

namespace {

FailureOr<Window> poolWindow(Operation *op, ShapeContext &shapes, ArrayRef<int64_t> kernel) {
  Dims x = shapes.dims(op->getOperand(0));
  if (x.size() < 3)
    return op->emitOpError("expects an input of rank above 2, but got rank ") << x.size();
  Layout layout(op, x.size());
  if (static_cast<int64_t>(kernel.size()) != layout.spatialRank())
    return op->emitOpError("expects a kernel_shape of ")
           << layout.spatialRank() << " numbers, but got " << kernel.size();
  return makeWindow(op, layout.spatialDims(x), Dims(kernel.begin(), kernel.end()));
}

LogicalResult inferPool(Operation *op, ShapeContext &shapes, ArrayRef<int64_t> kernel) {
  FailureOr<Window> window = poolWindow(op, shapes, kernel);
  if (failed(window))
    return failure();
  Dims x = shapes.dims(op->getOperand(0));
  Layout layout(op, x.size());
  Dims dims = layout.order<Dim>(x[0], x[layout.channel()], window->output);
  shapes.setType(op->getResult(0), shapes.elementType(op->getOperand(0)), dims);
  if (op->getNumResults() > 1)
    shapes.setType(op->getResult(1), IntegerType::get(op->getContext(), 64), dims);
  return success();
}

LogicalResult inferGlobalPool(Operation *op, ShapeContext &shapes) {
  Dims x = shapes.dims(op->getOperand(0));
  if (x.size() < 2)
    return op->emitOpError("expects an input of rank above 1, but got rank ") << x.size();
  Layout layout(op, x.size());
  shapes.setType(op->getResult(0), shapes.elementType(op->getOperand(0)),
                 layout.order<Dim>(x[0], x[layout.channel()], Dims(layout.spatialRank(), Dim(1))));
  return success();
}

/// Maps of a reduction over windows of `x`: loops are the result's axes, then the taps.
struct WindowLoops {
  SmallVector<AffineMap> maps; // input, taps, result
  SmallVector<utils::IteratorType> iterators;
  Value taps; // a tensor that only gives the taps' extents
  Value init; // filled with `start`

  WindowLoops(Decomposer &d, const Layout &layout, const Window &window, Value x, Value start) {
    unsigned loops = layout.rank + window.rank();
    auto dim = [&](unsigned i) { return d.b.getAffineDimExpr(i); };
    SmallVector<AffineExpr> in(layout.rank), tapDims;
    SmallVector<OpFoldResult> sizes = d.sizesOf(x), kernel;
    in[0] = dim(0);
    in[layout.channel()] = dim(layout.channel());
    for (int64_t i = 0; i < window.rank(); ++i) {
      unsigned axis = layout.spatial(i);
      tapDims.push_back(dim(layout.rank + i));
      in[axis] = tapPosition(window, i, dim(axis), tapDims[i]);
      sizes[axis] = d.size(window.output[i]);
      kernel.push_back(d.size(window.kernel[i]));
    }
    maps = {AffineMap::get(loops, 0, in, d.b.getContext()), AffineMap::get(loops, 0, tapDims, d.b.getContext()),
            d.b.getMultiDimIdentityMap(layout.rank)};
    maps[2] = AffineMap::get(loops, 0, maps[2].getResults(), d.b.getContext());
    iterators.assign(layout.rank, utils::IteratorType::parallel);
    iterators.resize(loops, utils::IteratorType::reduction);
    taps = d.empty(getElementTypeOrSelf(x.getType()), kernel);
    init = d.fill(start, d.empty(start.getType(), sizes));
  }
};

/// The sum over each window of `term` of its elements, as accumulators.
Value sumWindows(Decomposer &d, Value x, const Layout &layout, const Window &window,
                 function_ref<Value(OpBuilder &, Location, Value)> term) {
  Type type = accumulatorType(getElementTypeOrSelf(x.getType()));
  WindowLoops loops(d, layout, window, x, d.number(type, 0));
  return d.generic({x, loops.taps}, loops.init, loops.maps, loops.iterators,
                   [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                     Value wide = toFloat(b, loc, args[0], type);
                     return arith::AddFOp::create(b, loc, args[2], term(b, loc, wide));
                   });
}

/// Reduces all spatial axes of `x` to size 1.
Value reduceSpatial(Decomposer &d, Value x, const Layout &layout, Value start, Decomposer::Body body) {
  auto dim = [&](unsigned i) { return d.b.getAffineDimExpr(i); };
  SmallVector<AffineExpr> spatial;
  for (int64_t i = 0; i < layout.spatialRank(); ++i)
    spatial.push_back(dim(2 + i));
  SmallVector<AffineMap> maps{
      AffineMap::get(layout.rank, 0, layout.order<AffineExpr>(dim(0), dim(1), spatial), d.b.getContext()),
      AffineMap::get(layout.rank, 0, {dim(0), dim(1)}, d.b.getContext())};
  SmallVector<utils::IteratorType> iterators(2, utils::IteratorType::parallel);
  iterators.resize(layout.rank, utils::IteratorType::reduction);
  OpFoldResult batch = d.sizeOf(x, 0), channels = d.sizeOf(x, layout.channel());
  Value init = d.fill(start, d.empty(start.getType(), {batch, channels}));
  Value rows = d.generic(x, init, maps, iterators, body);
  return d.reshape(rows, layout.order<OpFoldResult>(
                             batch, channels, SmallVector<OpFoldResult>(layout.spatialRank(), d.b.getIndexAttr(1))));
}

/// The smallest value of a storage element: what every other one beats.
Value lowest(Decomposer &d, Type element) {
  Type storage = storageType(element);
  if (auto type = dyn_cast<FloatType>(element))
    return arith::ConstantOp::create(d.b, d.loc(),
                                     d.b.getFloatAttr(type, APFloat::getInf(type.getFloatSemantics(), true)));
  unsigned width = storage.getIntOrFloatBitWidth();
  APInt value = isUnsignedElement(element) ? APInt::getZero(width) : APInt::getSignedMinValue(width);
  return arith::ConstantOp::create(d.b, d.loc(), d.b.getIntegerAttr(storage, value));
}

Value maximum(OpBuilder &b, Location loc, Value x, Value y, bool isUnsigned) {
  if (isa<FloatType>(x.getType()))
    return arith::MaximumFOp::create(b, loc, x, y);
  if (isUnsigned)
    return arith::MaxUIOp::create(b, loc, x, y);
  return arith::MaxSIOp::create(b, loc, x, y);
}

/// |x|^p, and x^(1/p) of a sum of them.
Value raise(OpBuilder &b, Location loc, Value x, int64_t p) {
  x = math::AbsFOp::create(b, loc, x);
  if (p == 1)
    return x;
  if (p == 2)
    return arith::MulFOp::create(b, loc, x, x);
  Value exponent = arith::ConstantOp::create(b, loc, b.getFloatAttr(x.getType(), static_cast<double>(p)));
  return math::PowFOp::create(b, loc, x, exponent);
}
Value root(OpBuilder &b, Location loc, Value x, int64_t p) {
  if (p == 1)
    return x;
  if (p == 2)
    return math::SqrtOp::create(b, loc, x);
  Value exponent = arith::ConstantOp::create(b, loc, b.getFloatAttr(x.getType(), 1.0 / p));
  return math::PowFOp::create(b, loc, x, exponent);
}

/// `f` of each element of `tensor`, rounded to the elements of `result`.
Value finish(Decomposer &d, Value tensor, Value result, function_ref<Value(OpBuilder &, Location, Value)> f) {
  Type element = storageType(getElementTypeOrSelf(result.getType()));
  Value init = d.empty(element, d.sizesOf(tensor));
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  return d.map(tensor, d.b.getMultiDimIdentityMap(rank), init, [&](OpBuilder &b, Location loc, ValueRange args) {
    return toFloat(b, loc, f(b, loc, args[0]), element);
  });
}

} // namespace

//===--- MaxPool ------------------------------------------------------------===//

LogicalResult MaxPoolOp::inferShapes(ShapeContext &context) { return inferPool(*this, context, getKernelShape()); }

/// Maxima and their flat indices by one loop nest with two results.
static void maxPoolWithIndices(Decomposer &d, MaxPoolOp op, Value x, const Layout &layout, const Window &window,
                               bool isUnsigned, WindowLoops &loops) {
  Type i64 = d.b.getI64Type();
  Dims dims = d.shapes.dims(op.getX());
  Value indices = d.fill(d.number(i64, 0), d.empty(i64, d.sizesOf(loops.init)));
  // The flat index counts axes in ONNX order; column-major swaps the last two.
  SmallVector<int64_t> order{0, layout.channel()};
  for (int64_t i = 0; i < window.rank(); ++i)
    order.push_back(layout.spatial(i));
  if (op.getStorageOrder() && window.rank() > 1)
    std::swap(order[order.size() - 1], order[order.size() - 2]);
  SmallVector<Value> sizes, begins(layout.rank);
  for (const Dim &dim : dims)
    sizes.push_back(d.index(d.size(dim)));
  for (int64_t i = 0; i < window.rank(); ++i)
    begins[layout.spatial(i)] = d.index(d.size(window.begin[i]));
  SmallVector<AffineMap> maps = loops.maps;
  maps.push_back(maps.back());
  auto generic = linalg::GenericOp::create(
      d.b, d.loc(), TypeRange{loops.init.getType(), indices.getType()}, ValueRange{x, loops.taps},
      ValueRange{loops.init, indices}, maps, loops.iterators, [&](OpBuilder &b, Location loc, ValueRange args) {
        Value flat = arith::ConstantIndexOp::create(b, loc, 0);
        for (int64_t axis : order) {
          Value at = linalg::IndexOp::create(b, loc, axis);
          if (begins[axis]) {
            int64_t i = axis - layout.spatial(0);
            Value stride = arith::ConstantIndexOp::create(b, loc, window.strides[i]);
            Value dilation = arith::ConstantIndexOp::create(b, loc, window.dilations[i]);
            Value tap = arith::MulIOp::create(b, loc, linalg::IndexOp::create(b, loc, layout.rank + i), dilation);
            at = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, at, stride), tap);
            at = arith::SubIOp::create(b, loc, at, begins[axis]);
          }
          flat = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, flat, sizes[axis]), at);
        }
        Value better;
        if (isa<FloatType>(args[0].getType()))
          better = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, args[0], args[2]);
        else
          better = arith::CmpIOp::create(b, loc, isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt,
                                         args[0], args[2]);
        Value index = arith::IndexCastOp::create(b, loc, i64, flat);
        linalg::YieldOp::create(b, loc,
                                ValueRange{arith::SelectOp::create(b, loc, better, args[0], args[2]),
                                           arith::SelectOp::create(b, loc, better, index, args[3])});
      });
  d.setResult(op.getY(), generic.getResult(0));
  d.setResult(op.getIndices(), generic.getResult(1));
}

LogicalResult MaxPoolOp::decompose(Decomposer &d) {
  FailureOr<Window> window = poolWindow(*this, d.shapes, getKernelShape());
  if (failed(window))
    return failure();
  Layout layout(*this, d.shapes.rank(getX()));
  Type element = d.shapes.elementType(getX());
  bool isUnsigned = isUnsignedElement(element);
  Value start = lowest(d, element);
  Value x = pad(d, d(getX()), layout, *window, start);
  WindowLoops loops(d, layout, *window, x, start);
  if (getIndices() && !getIndices().use_empty()) {
    maxPoolWithIndices(d, *this, x, layout, *window, isUnsigned, loops);
    return success();
  }
  d.setResult(getY(), d.generic({x, loops.taps}, loops.init, loops.maps, loops.iterators,
                                [&](OpBuilder &b, Location loc, ValueRange args) {
                                  return maximum(b, loc, args[2], args[0], isUnsigned);
                                }));
  return success();
}

//===--- AveragePool --------------------------------------------------------===//

LogicalResult AveragePoolOp::inferShapes(ShapeContext &context) {
  if (failed(requireFloat(*this, context)))
    return failure();
  return inferPool(*this, context, getKernelShape());
}

/// How many taps of each window on axis `i` count: a vector of floats, or a number where all are equal.
static Value countTaps(Decomposer &d, const Window &window, int64_t i, bool includePad, Type type) {
  // Taps at o * stride - begin + k * dilation inside [low, high).
  Dim low = includePad ? Dim(0) - window.begin[i] : Dim(0);
  Dim high = includePad ? window.input[i] + window.end[i] : window.input[i];
  int64_t stride = window.strides[i], dilation = window.dilations[i];
  auto countAt = [&](const Dim &position) {
    Dim start = position * stride - window.begin[i];
    Dim first = Dim::max((low - start).ceilDiv(dilation), 0);
    Dim last = Dim::min((high - 1 - start).floorDiv(dilation), window.kernel[i] - 1);
    return Dim::max(last - first + 1, 1);
  };
  Dim output = window.output[i];
  if (output.isConstant() && countAt(0).isConstant() && output.value() <= ShapeContext::kMaxContent) {
    SmallVector<APFloat> counts;
    for (int64_t o = 0; o < output.value(); ++o) {
      APFloat count(static_cast<double>(countAt(o).value()));
      bool lost;
      count.convert(cast<FloatType>(type).getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
      counts.push_back(count);
    }
    if (!counts.empty() && llvm::all_equal(counts))
      return arith::ConstantOp::create(d.b, d.loc(), d.b.getFloatAttr(type, counts[0]));
    return d.constant(DenseElementsAttr::get(RankedTensorType::get({output.value()}, type), counts));
  }
  auto size = [&](const Dim &dim) { return d.index(d.size(dim)); };
  Value begin = size(window.begin[i]), bottom = size(low), top = size(high - 1), kernel = size(window.kernel[i]);
  Value step = d.index(stride), spread = d.index(dilation), zero = d.index(int64_t(0)), one = d.index(int64_t(1));
  return d.generate(d.empty(type, d.size(output)), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    Value start = arith::SubIOp::create(b, loc, arith::MulIOp::create(b, loc, at[0], step), begin);
    Value first = arith::CeilDivSIOp::create(b, loc, arith::SubIOp::create(b, loc, bottom, start), spread);
    Value last = arith::FloorDivSIOp::create(b, loc, arith::SubIOp::create(b, loc, top, start), spread);
    first = arith::MaxSIOp::create(b, loc, first, zero);
    last = arith::MinSIOp::create(b, loc, arith::AddIOp::create(b, loc, last, one), kernel);
    Value count = arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, last, first), one);
    return arith::SIToFPOp::create(b, loc, type, arith::IndexCastOp::create(b, loc, b.getI64Type(), count));
  });
}

LogicalResult AveragePoolOp::decompose(Decomposer &d) {
  FailureOr<Window> window = poolWindow(*this, d.shapes, getKernelShape());
  if (failed(window))
    return failure();
  Layout layout(*this, d.shapes.rank(getX()));
  Value x = pad(d, d(getX()), layout, *window, d.number(d.shapes.elementType(getX()), 0));
  Value sum = sumWindows(d, x, layout, *window, [](OpBuilder &, Location, Value v) { return v; });
  Type type = getElementTypeOrSelf(sum.getType()), element = d.shapes.elementType(getY());
  SmallVector<Value> inputs{sum};
  SmallVector<Value> factors; // equal for all windows
  SmallVector<AffineMap> maps{d.b.getMultiDimIdentityMap(layout.rank)};
  for (int64_t i = 0; i < window->rank(); ++i) {
    Value count = countTaps(d, *window, i, getCountIncludePad(), type);
    if (isa<FloatType>(count.getType())) {
      factors.push_back(count);
      continue;
    }
    inputs.push_back(count);
    maps.push_back(AffineMap::get(layout.rank, 0, d.b.getAffineDimExpr(layout.spatial(i))));
  }
  Value init = d.empty(getY());
  d.setResult(getY(), d.map(inputs, maps, init, [&](OpBuilder &b, Location loc, ValueRange args) {
    SmallVector<Value> counts(factors);
    llvm::append_range(counts, args.drop_front().take_front(inputs.size() - 1));
    Value total = counts[0];
    for (Value count : ArrayRef(counts).drop_front())
      total = arith::MulFOp::create(b, loc, total, count);
    return toFloat(b, loc, arith::DivFOp::create(b, loc, args[0], total), element);
  }));
  return success();
}

//===--- LpPool -------------------------------------------------------------===//

LogicalResult LpPoolOp::inferShapes(ShapeContext &context) {
  if (failed(requireFloat(*this, context)))
    return failure();
  return inferPool(*this, context, getKernelShape());
}

LogicalResult LpPoolOp::decompose(Decomposer &d) {
  FailureOr<Window> window = poolWindow(*this, d.shapes, getKernelShape());
  if (failed(window))
    return failure();
  Layout layout(*this, d.shapes.rank(getX()));
  Value x = pad(d, d(getX()), layout, *window, d.number(d.shapes.elementType(getX()), 0));
  Value sum =
      sumWindows(d, x, layout, *window, [&](OpBuilder &b, Location loc, Value v) { return raise(b, loc, v, getP()); });
  d.setResult(getY(),
              finish(d, sum, getY(), [&](OpBuilder &b, Location loc, Value v) { return root(b, loc, v, getP()); }));
  return success();
}

//===--- global pools -------------------------------------------------------===//

LogicalResult GlobalAveragePoolOp::inferShapes(ShapeContext &context) {
  return failed(requireFloat(*this, context)) ? failure() : inferGlobalPool(*this, context);
}
LogicalResult GlobalMaxPoolOp::inferShapes(ShapeContext &context) { return inferGlobalPool(*this, context); }
LogicalResult GlobalLpPoolOp::inferShapes(ShapeContext &context) {
  return failed(requireFloat(*this, context)) ? failure() : inferGlobalPool(*this, context);
}

LogicalResult GlobalAveragePoolOp::decompose(Decomposer &d) {
  Dims dims = d.shapes.dims(getX());
  Layout layout(*this, dims.size());
  Type type = accumulatorType(d.shapes.elementType(getX()));
  Value sum = reduceSpatial(d, d(getX()), layout, d.number(type, 0), [&](OpBuilder &b, Location loc, ValueRange args) {
    return arith::AddFOp::create(b, loc, args[1], toFloat(b, loc, args[0], type));
  });
  Dim count = 1;
  for (const Dim &dim : layout.spatialDims(dims))
    count = count * dim;
  Value divisor = floatSize(d, count, type);
  d.setResult(getY(), finish(d, sum, getY(), [&](OpBuilder &b, Location loc, Value v) {
                return arith::DivFOp::create(b, loc, v, divisor);
              }));
  return success();
}

LogicalResult GlobalMaxPoolOp::decompose(Decomposer &d) {
  Layout layout(*this, d.shapes.rank(getX()));
  Type element = d.shapes.elementType(getX());
  d.setResult(getY(),
              reduceSpatial(d, d(getX()), layout, lowest(d, element), [&](OpBuilder &b, Location loc, ValueRange args) {
                return maximum(b, loc, args[1], args[0], isUnsignedElement(element));
              }));
  return success();
}

LogicalResult GlobalLpPoolOp::decompose(Decomposer &d) {
  Layout layout(*this, d.shapes.rank(getX()));
  Type type = accumulatorType(d.shapes.elementType(getX()));
  Value sum = reduceSpatial(d, d(getX()), layout, d.number(type, 0), [&](OpBuilder &b, Location loc, ValueRange args) {
    Value term = raise(b, loc, toFloat(b, loc, args[0], type), getP());
    return arith::AddFOp::create(b, loc, args[1], term);
  });
  d.setResult(getY(),
              finish(d, sum, getY(), [&](OpBuilder &b, Location loc, Value v) { return root(b, loc, v, getP()); }));
  return success();
}

//===--- quantized ----------------------------------------------------------===//

static QuantizedForm formOf(QuantizedForm::Kind kind) {
  QuantizedForm form;
  form.kind = kind;
  form.activations = {0};
  return form;
}

QuantizedForm MaxPoolOp::quantizedForm() {
  // Equal integers move the place of the first maximum.
  bool places = getIndices() && !getIndices().use_empty();
  return formOf(places ? QuantizedForm::None : QuantizedForm::Move);
}
QuantizedForm AveragePoolOp::quantizedForm() { return formOf(QuantizedForm::Average); }
QuantizedForm GlobalAveragePoolOp::quantizedForm() { return formOf(QuantizedForm::Average); }
