// Pools that follow indices: MaxUnpool, MaxRoiPool.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Contraction.h"
#include "dialects/onnx/ops/Pool.h"
#include "dialects/onnx/ops/Window.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

//===--- MaxUnpool ----------------------------------------------------------===//

/// The shape that X's sizes imply: the smallest input MaxPool could have had.
static FailureOr<Dims> unpooledDims(MaxUnpoolOp op, ShapeContext &shapes) {
  Dims x = shapes.dims(op.getX());
  int64_t rank = static_cast<int64_t>(x.size()) - 2;
  if (rank < 1)
    return op.emitOpError("expects an input of rank above 2, but got rank ") << x.size();
  FailureOr<SmallVector<int64_t>> kernel = axesAttr(op, "kernel_shape", rank, 1, 1);
  FailureOr<SmallVector<int64_t>> strides = axesAttr(op, "strides", rank, 1, 1);
  FailureOr<SmallVector<int64_t>> pads = axesAttr(op, "pads", 2 * rank, 0, 0);
  if (failed(kernel) || failed(strides) || failed(pads))
    return failure();
  for (int64_t i = 0; i < rank; ++i)
    x[2 + i] = (x[2 + i] - 1) * (*strides)[i] + (*kernel)[i] - (*pads)[i] - (*pads)[rank + i];
  return x;
}

LogicalResult MaxUnpoolOp::inferShapes(ShapeContext &context) {
  FailureOr<Dims> dims = unpooledDims(*this, context);
  if (failed(dims))
    return failure();
  if (isPresent(getOutputShape())) {
    std::optional<Dims> shape = context.content(getOutputShape());
    if (shape && shape->size() != dims->size())
      return emitOpError("expects an output_shape of ") << dims->size() << " numbers, but got " << shape->size();
    for (auto [axis, dim] : llvm::enumerate(*dims))
      dim = shape ? (*shape)[axis] : context.unknown(getOperation()->getResult(0), axis);
  }
  context.setType(getOutput(), context.elementType(getX()), *dims);
  return success();
}

LogicalResult MaxUnpoolOp::decompose(Decomposer &d) {
  FailureOr<Dims> implied = unpooledDims(*this, d.shapes);
  if (failed(implied))
    return failure();
  Type element = storageType(d.shapes.elementType(getX()));
  SmallVector<OpFoldResult> full;
  for (auto [axis, dim] : llvm::enumerate(d.shapes.dims(getOutput())))
    full.push_back(d.canMaterialize(dim) ? d.size(dim) : OpFoldResult(d.element(d(getOutputShape()), axis)));
  Value init = d.fill(d.number(element, 0), d.empty(element, full));
  Value x = d(getX()), indices = d(getI());
  int64_t rank = implied->size();
  SmallVector<Value> extents, sizes;
  for (int64_t axis = 0; axis < rank; ++axis) {
    extents.push_back(d.index(d.sizeOf(x, axis)));
    sizes.push_back(d.index(d.size((*implied)[axis])));
  }
  // One loop over all elements of X, in row-major order.
  Value count = d.index(int64_t(1)), zero = d.index(int64_t(0));
  for (Value extent : extents)
    count = arith::MulIOp::create(d.b, d.loc(), count, extent);
  Value total = d.index(int64_t(1));
  for (Value size : sizes)
    total = arith::MulIOp::create(d.b, d.loc(), total, size);
  auto unflatten = [&](OpBuilder &b, Location loc, Value flat, ArrayRef<Value> by) {
    SmallVector<Value> at(rank);
    for (int64_t axis = rank; axis-- > 0;) {
      at[axis] = arith::RemUIOp::create(b, loc, flat, by[axis]);
      flat = arith::DivUIOp::create(b, loc, flat, by[axis]);
    }
    return at;
  };
  auto loop = scf::ForOp::create(
      d.b, d.loc(), zero, count, d.index(int64_t(1)), init, [&](OpBuilder &b, Location loc, Value i, ValueRange state) {
        SmallVector<Value> from = unflatten(b, loc, i, extents);
        Value value = tensor::ExtractOp::create(b, loc, x, from);
        Value flat =
            arith::IndexCastOp::create(b, loc, b.getIndexType(), tensor::ExtractOp::create(b, loc, indices, from));
        Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, flat, total);
        cf::AssertOp::create(b, loc, inside, "index out of range");
        Value next = tensor::InsertOp::create(b, loc, value, state[0], unflatten(b, loc, flat, sizes));
        scf::YieldOp::create(b, loc, next);
      });
  d.setResult(getOutput(), loop.getResult(0));
  return success();
}

//===--- MaxRoiPool ---------------------------------------------------------===//

LogicalResult MaxRoiPoolOp::inferShapes(ShapeContext &context) {
  Dims x = context.dims(getX()), rois = context.dims(getRois());
  if (x.size() != 4 || rois.size() != 2 || differ(rois[1], 5) || getPooledShape().size() != 2)
    return emitOpError("expects an input of rank 4, rois of shape Nx5 and a pooled_shape of 2 numbers, but got shapes ")
           << toString(x) << " and " << toString(rois);
  if (!isa<FloatType>(context.elementType(getX())))
    return emitOpError("expects float elements, but got ") << context.elementType(getX());
  context.setType(getY(), context.elementType(getX()), {rois[0], x[1], getPooledShape()[0], getPooledShape()[1]});
  return success();
}

LogicalResult MaxRoiPoolOp::decompose(Decomposer &d) {
  Value x = d(getX()), rois = d(getRois());
  Type element = d.shapes.elementType(getX()), f32 = d.b.getF32Type();
  Value height = d.index(d.sizeOf(x, 2)), width = d.index(d.sizeOf(x, 3)), batches = d.index(d.sizeOf(x, 0));
  float scale = getSpatialScale().convertToFloat();
  ArrayRef<int64_t> pooled = getPooledShape();
  Value result = d.generate(d.empty(getY()), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    auto index = [&](int64_t n) { return arith::ConstantIndexOp::create(b, loc, n).getResult(); };
    auto real = [&](double v) { return arith::ConstantOp::create(b, loc, b.getFloatAttr(f32, v)).getResult(); };
    auto toIndex = [&](Value v) {
      return arith::IndexCastOp::create(b, loc, b.getIndexType(), arith::FPToSIOp::create(b, loc, b.getI64Type(), v))
          .getResult();
    };
    auto toReal = [&](Value v) {
      return arith::SIToFPOp::create(b, loc, f32, arith::IndexCastOp::create(b, loc, b.getI64Type(), v)).getResult();
    };
    auto roi = [&](int64_t k) {
      Value v = tensor::ExtractOp::create(b, loc, rois, ValueRange{at[0], index(k)});
      return toFloat(b, loc, v, f32);
    };
    auto rounded = [&](int64_t k) -> Value {
      return math::RoundOp::create(b, loc, arith::MulFOp::create(b, loc, roi(k), real(scale)));
    };
    // Regions of a batch that is not there read the nearest one.
    Value batch = arith::MaxSIOp::create(b, loc, toIndex(roi(0)), index(0));
    batch = arith::MinSIOp::create(b, loc, batch, arith::SubIOp::create(b, loc, batches, index(1)));
    // Bin [low, high) of one axis, clamped to the image.
    auto bin = [&](int64_t first, int64_t last, Value position, int64_t bins, Value limit) {
      Value start = rounded(first);
      Value length = arith::AddFOp::create(b, loc, arith::SubFOp::create(b, loc, rounded(last), start), real(1));
      length = arith::MaximumFOp::create(b, loc, length, real(1));
      Value size = arith::DivFOp::create(b, loc, length, real(bins));
      Value at0 = toReal(position), at1 = arith::AddFOp::create(b, loc, at0, real(1));
      auto clamp = [&](Value v) -> Value {
        v = toIndex(arith::AddFOp::create(b, loc, v, start));
        return arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, v, limit), index(0));
      };
      Value low = clamp(math::FloorOp::create(b, loc, arith::MulFOp::create(b, loc, at0, size)));
      Value high = clamp(math::CeilOp::create(b, loc, arith::MulFOp::create(b, loc, at1, size)));
      return std::pair(low, high);
    };
    auto [top, bottom] = bin(2, 4, at[2], pooled[0], height);
    auto [left, right] = bin(1, 3, at[3], pooled[1], width);
    Value none = arith::ConstantOp::create(
        b, loc,
        b.getFloatAttr(cast<FloatType>(element), APFloat::getInf(cast<FloatType>(element).getFloatSemantics(), true)));
    auto rows = scf::ForOp::create(
        b, loc, top, bottom, index(1), none, [&](OpBuilder &b, Location loc, Value h, ValueRange best) {
          Value one = arith::ConstantIndexOp::create(b, loc, 1);
          auto columns = scf::ForOp::create(
              b, loc, left, right, one, best, [&](OpBuilder &b, Location loc, Value w, ValueRange best) {
                Value v = tensor::ExtractOp::create(b, loc, x, ValueRange{batch, at[1], h, w});
                scf::YieldOp::create(b, loc, arith::MaximumFOp::create(b, loc, best[0], v).getResult());
              });
          scf::YieldOp::create(b, loc, columns.getResults());
        });
    Value best = rows.getResult(0);
    Value empty = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, best, none);
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
    return arith::SelectOp::create(b, loc, empty, zero, best);
  });
  d.setResult(getY(), result);
  return success();
}
