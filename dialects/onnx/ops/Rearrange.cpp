// Ops that move blocks of elements.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Rearrange.h"

#include "dialects/onnx/Scalar.h"
#include "dialects/onnx/ops/Index.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Rearrange.cpp.inc"

namespace brisk::onnx {
void addRearrangeOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Rearrange.cpp.inc"
      >();
}
} // namespace brisk::onnx

namespace {

using Sizes = SmallVector<OpFoldResult>;

LogicalResult checkBlocks(Operation *op, StringRef mode, int64_t block, ArrayRef<Dim> dims) {
  if (dims.size() != 4)
    return op->emitOpError("expects an image of rank 4, but got rank ") << dims.size();
  if (mode != "DCR" && mode != "CRD")
    return op->emitOpError("expects mode DCR or CRD, but got ") << mode;
  if (block <= 0 || block > INT32_MAX)
    return op->emitOpError("expects a blocksize above 0, but got ") << block;
  return success();
}

/// Reshape, transpose, reshape, with all shapes known symbolically.
Value regroup(Decomposer &d, Value tensor, ArrayRef<Dim> from, ArrayRef<Dim> split, ArrayRef<int64_t> permutation,
              ArrayRef<Dim> to, ArrayRef<OpFoldResult> splitSizes, ArrayRef<OpFoldResult> toSizes) {
  Value parts = d.transpose(d.reshape(tensor, from, split, splitSizes), permutation);
  Dims moved(split);
  applyPermutationToVector(moved, permutation);
  return d.reshape(parts, moved, to, toSizes);
}

} // namespace

//===--- DepthToSpace, SpaceToDepth -----------------------------------------===//

LogicalResult DepthToSpaceOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getInput());
  int64_t block = getBlocksize();
  if (failed(checkBlocks(*this, getMode(), block, dims)))
    return failure();
  std::optional<Dim> channels = dims[1].exactDiv(Dim(block) * Dim(block));
  if (!channels)
    return emitOpError("expects channels in multiples of ") << block * block << ", but got " << dims[1].str();
  context.setType(getOutput(), context.elementType(getInput()), {dims[0], *channels, dims[2] * Dim(block), dims[3] * Dim(block)});
  return success();
}
LogicalResult DepthToSpaceOp::decompose(Decomposer &d) {
  Dims dims = d.shapes.dims(getInput()), to = d.shapes.dims(getOutput());
  Sizes in = d.sizes(getInput()), out = d.sizes(getOutput());
  Dim block(getBlocksize());
  OpFoldResult size = d.b.getIndexAttr(getBlocksize());
  bool dcr = getMode() == "DCR";
  Dims split = dcr ? Dims{dims[0], block, block, to[1], dims[2], dims[3]} : Dims{dims[0], to[1], block, block, dims[2], dims[3]};
  Sizes sizes = dcr ? Sizes{in[0], size, size, out[1], in[2], in[3]} : Sizes{in[0], out[1], size, size, in[2], in[3]};
  SmallVector<int64_t> order = dcr ? SmallVector<int64_t>{0, 3, 4, 1, 5, 2} : SmallVector<int64_t>{0, 1, 4, 2, 5, 3};
  d.setResult(getOutput(), regroup(d, d(getInput()), dims, split, order, to, sizes, out));
  return success();
}

LogicalResult SpaceToDepthOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getInput());
  int64_t block = getBlocksize();
  if (failed(checkBlocks(*this, getMode(), block, dims)))
    return failure();
  for (int64_t axis : {2, 3})
    if (dims[axis].constant() && *dims[axis].constant() % block != 0)
      return emitOpError("expects height and width in multiples of ") << block << ", but got " << dims[axis].str();
  context.setType(getOutput(), context.elementType(getInput()),
                  {dims[0], dims[1] * Dim(block) * Dim(block), dims[2].floorDiv(Dim(block)), dims[3].floorDiv(Dim(block))});
  return success();
}
LogicalResult SpaceToDepthOp::decompose(Decomposer &d) {
  IndexMath math(d);
  Dims dims = d.shapes.dims(getInput()), to = d.shapes.dims(getOutput());
  Sizes in = d.sizes(getInput()), out = d.sizes(getOutput());
  Dim block(getBlocksize());
  OpFoldResult size = d.b.getIndexAttr(getBlocksize());
  for (int64_t axis : {2, 3})
    if (to[axis] * block != dims[axis])
      d.check(math.eq(math.mul(math.of(out[axis]), math.of(size)), math.of(in[axis])), "image is not a whole number of blocks");
  Dims split = {dims[0], dims[1], to[2], block, to[3], block};
  Sizes sizes = {in[0], in[1], out[2], size, out[3], size};
  SmallVector<int64_t> order = getMode() == "DCR" ? SmallVector<int64_t>{0, 3, 5, 1, 2, 4} : SmallVector<int64_t>{0, 1, 3, 5, 2, 4};
  d.setResult(getOutput(), regroup(d, d(getInput()), dims, split, order, to, sizes, out));
  return success();
}

//===--- ReverseSequence ----------------------------------------------------===//

LogicalResult ReverseSequenceOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getInput());
  FailureOr<int64_t> batch = checkedAxis(*this, getBatchAxis(), dims.size()), time = checkedAxis(*this, getTimeAxis(), dims.size());
  if (failed(batch) || failed(time))
    return failure();
  if (*batch == *time || *batch > 1 || *time > 1)
    return emitOpError("expects batch and time on axes 0 and 1, but got ") << *batch << " and " << *time;
  if (context.rank(getSequenceLens()) != 1)
    return emitOpError("expects sequence_lens of rank 1");
  context.setType(getY(), context.elementType(getInput()), dims);
  return success();
}
LogicalResult ReverseSequenceOp::decompose(Decomposer &d) {
  IndexMath math(d);
  int64_t batch = getBatchAxis(), time = getTimeAxis(), rank = d.shapes.rank(getInput());
  batch += batch < 0 ? rank : 0;
  time += time < 0 ? rank : 0;
  Sizes sizes = d.sizes(getInput());
  if (d.shapes.dims(getSequenceLens())[0] != d.shapes.dims(getInput())[batch])
    d.check(math.eq(math.of(d.sizes(getSequenceLens())[0]), math.of(sizes[batch])), "batch sizes do not agree");
  Value x = d(getInput()), size = math.of(sizes[time]);
  AffineMap along = AffineMap::get(rank, 0, d.b.getAffineDimExpr(batch));
  d.setResult(getY(), d.map(d(getSequenceLens()), along, d.empty(getY()), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    IndexMath inner(b, loc);
    SmallVector<Value> at;
    for (int64_t i = 0; i < rank; ++i)
      at.push_back(linalg::IndexOp::create(b, loc, i));
    Value length = inner.min(inner.cast(args[0]), size);
    Value mirrored = inner.sub(inner.sub(length, inner.constant(1)), at[time]);
    at[time] = inner.select(inner.lt(at[time], length), mirrored, at[time]);
    return tensor::ExtractOp::create(b, loc, x, at);
  }));
  return success();
}

//===--- Col2Im -------------------------------------------------------------===//

LogicalResult Col2ImOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getInput());
  if (dims.size() != 3)
    return emitOpError("expects columns of rank 3, but got rank ") << dims.size();
  std::optional<Dims> image = context.content(getImageShape()), block = context.content(getBlockShape());
  std::optional<int64_t> rank = lengthOf(getImageShape());
  if (!rank || lengthOf(getBlockShape()) != *rank)
    return emitOpError("expects an image and a block of one static rank");
  auto wrong = [&](std::optional<ArrayRef<int64_t>> list, int64_t length, int64_t least) {
    return list && (static_cast<int64_t>(list->size()) != length || llvm::any_of(*list, [&](int64_t x) { return x < least; }));
  };
  if (wrong(getDilations(), *rank, 1) || wrong(getStrides(), *rank, 1) || wrong(getPads(), 2 * *rank, 0))
    return emitOpError("expects dilations, pads and strides for ") << *rank << " axes";
  Dim size(1);
  for (int64_t i = 0; block && i < *rank; ++i)
    size = size * (*block)[i];
  std::optional<Dim> channels = block && size != Dim(0) ? dims[1].exactDiv(size) : std::nullopt;
  Dims result = {dims[0], channels ? *channels : context.unknown(getOutput(), 1)};
  for (int64_t i = 0; i < *rank; ++i)
    result.push_back(image ? Dim::max(Dim(0), (*image)[i]) : context.unknown(getOutput(), i + 2));
  context.setType(getOutput(), context.elementType(getInput()), result);
  return success();
}
LogicalResult Col2ImOp::decompose(Decomposer &d) {
  IndexMath math(d);
  OpBuilder &b = d.b;
  Location loc = d.loc();
  Type element = d.shapes.elementType(getInput());
  Value zero = math.constant(0), one = math.constant(1), columns = d(getInput());
  SmallVector<Value> image = indices(d, getImageShape()), block = indices(d, getBlockShape());
  int64_t rank = image.size();
  auto attribute = [&](std::optional<ArrayRef<int64_t>> list, int64_t i, int64_t otherwise) { return list ? (*list)[i] : otherwise; };
  SmallVector<Value> have = llvm::map_to_vector(d.sizes(getInput()), [&](OpFoldResult s) { return math.of(s); });
  SmallVector<Value> counts, sizes = {have[0]};
  Value blocks = one, kernel = one;
  for (int64_t i = 0; i < rank; ++i) {
    image[i] = math.max(image[i], zero);
    block[i] = math.max(block[i], one);
    Value span = math.add(math.mul(math.sub(block[i], one), math.constant(attribute(getDilations(), i, 1))), one);
    Value room = math.add(image[i], math.constant(attribute(getPads(), i, 0) + attribute(getPads(), i + rank, 0)));
    Value left = math.sub(room, span);
    Value steps = math.add(math.div(left, math.constant(attribute(getStrides(), i, 1))), one);
    counts.push_back(math.select(math.lt(left, zero), zero, steps));
    blocks = math.mul(blocks, counts.back());
    kernel = math.mul(kernel, block[i]);
  }
  Value channels = math.div(have[1], kernel);
  d.check(math.both(math.eq(math.mul(channels, kernel), have[1]), math.eq(blocks, have[2])), "columns do not fit the image");
  sizes.push_back(channels);
  llvm::append_range(sizes, image);
  Sizes result = llvm::map_to_vector(sizes, [](Value size) { return getAsOpFoldResult(size); });
  Type storage = storageType(element);
  Value init = d.fill(d.number(storage, 0), d.empty(storage, result));
  // Every element of every block is added to its pixel.
  SmallVector<Value> bounds = {have[0], channels};
  llvm::append_range(bounds, block);
  llvm::append_range(bounds, counts);
  Value summed = loops(b, loc, bounds, init, [&](OpBuilder &nested, Location at, ValueRange ivs, ValueRange carried) {
    IndexMath inner(nested, at);
    Value row = ivs[1], column = inner.constant(0), isInside = arith::ConstantIntOp::create(nested, at, nested.getI1Type(), 1);
    SmallVector<Value> pixel = {ivs[0], ivs[1]};
    for (int64_t i = 0; i < rank; ++i) {
      row = inner.add(inner.mul(row, block[i]), ivs[2 + i]);
      column = inner.add(inner.mul(column, counts[i]), ivs[2 + rank + i]);
      Value moved = inner.add(inner.mul(ivs[2 + rank + i], inner.constant(attribute(getStrides(), i, 1))),
                              inner.mul(ivs[2 + i], inner.constant(attribute(getDilations(), i, 1))));
      Value position = inner.sub(moved, inner.constant(attribute(getPads(), i, 0)));
      isInside = inner.both(isInside, inner.both(inner.le(zero, position), inner.lt(position, image[i])));
      pixel.push_back(position);
    }
    return updateIf(nested, at, isInside, carried, [&] {
      Scalar part(nested, at, d.load(nested, tensor::ExtractOp::create(nested, at, columns, ValueRange{ivs[0], row, column}), element));
      Scalar old(nested, at, d.load(nested, tensor::ExtractOp::create(nested, at, carried[0], pixel), element));
      Value sum = d.store(nested, (old + part).as(element), element);
      return SmallVector<Value>{tensor::InsertOp::create(nested, at, sum, carried[0], pixel)};
    });
  })[0];
  d.setResult(getOutput(), summed);
  return success();
}

//===--- Det ----------------------------------------------------------------===//

LogicalResult DetOp::inferShapes(ShapeContext &context) {
  Dims dims = context.dims(getX());
  int64_t rank = dims.size();
  if (rank < 2 || (dims[rank - 1].constant() && dims[rank - 2].constant() && dims[rank - 1] != dims[rank - 2]))
    return emitOpError("expects square matrices, but got shape ") << toString(dims);
  if (!isa<FloatType>(context.elementType(getX())))
    return emitOpError("expects floats");
  context.setType(getY(), context.elementType(getX()), ArrayRef(dims).drop_back(2));
  return success();
}
LogicalResult DetOp::decompose(Decomposer &d) {
  IndexMath math(d);
  OpBuilder &b = d.b;
  Location loc = d.loc();
  Type element = d.shapes.elementType(getX());
  int64_t rank = d.shapes.rank(getX());
  Value zero = math.constant(0), one = math.constant(1), x = d(getX());
  SmallVector<Value> sizes = llvm::map_to_vector(d.sizes(getX()), [&](OpFoldResult s) { return math.of(s); });
  if (d.shapes.dims(getX())[rank - 1] != d.shapes.dims(getX())[rank - 2])
    d.check(math.eq(sizes[rank - 1], sizes[rank - 2]), "matrices are not square");
  Value n = math.min(sizes[rank - 1], sizes[rank - 2]);
  Type compute = Scalar(b, loc, d.load(b, d.number(storageType(element), 0), element)).type();
  OpFoldResult size = getAsOpFoldResult(n);
  SmallVector<Value> init = {d.empty(getY()), d.empty(compute, {size, size})};
  SmallVector<Value> done = loops(b, loc, ArrayRef(sizes).drop_back(2), init, [&](OpBuilder &nested, Location, ValueRange at, ValueRange carried) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
    auto get = [&](Value matrix, Value i, Value j) -> Value { return tensor::ExtractOp::create(b, loc, matrix, ValueRange{i, j}); };
    auto put = [&](Value matrix, Value i, Value j, Value v) -> Value { return tensor::InsertOp::create(b, loc, v, matrix, ValueRange{i, j}); };
    Value matrix = loops(b, loc, {n, n}, carried[1], [&](OpBuilder &copy, Location, ValueRange ij, ValueRange state) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(copy.getInsertionBlock(), copy.getInsertionPoint());
      SmallVector<Value> from(at);
      llvm::append_range(from, ij);
      Scalar value(b, loc, d.load(b, tensor::ExtractOp::create(b, loc, x, from), element));
      return SmallVector<Value>{put(state[0], ij[0], ij[1], value.value())};
    })[0];
    // Elimination with the largest pivot of each column.
    SmallVector<Value> result = loop(b, loc, zero, n, one, {matrix, d.number(compute, 1)}, [&](Value k, ValueRange state) {
      Value a = state[0];
      Value pivot = loop(b, loc, k, n, one, k, [&](Value i, ValueRange best) {
        Scalar now = abs(Scalar(b, loc, get(a, i, k))), old = abs(Scalar(b, loc, get(a, best[0], k)));
        return SmallVector<Value>{math.select((old < now).value(), i, best[0])};
      })[0];
      a = loop(b, loc, zero, n, one, a, [&](Value j, ValueRange inner) {
        Value top = get(inner[0], k, j), chosen = get(inner[0], pivot, j);
        return SmallVector<Value>{put(put(inner[0], k, j, chosen), pivot, j, top)};
      })[0];
      Scalar head(b, loc, get(a, k, k)), sofar(b, loc, state[1]);
      Scalar product = sofar * head;
      Value det = math.select(math.eq(pivot, k), product.value(), (-product).value());
      Value isZero = equal(head, head.constant(0)).value();
      a = loop(b, loc, math.add(k, one), n, one, a, [&](Value i, ValueRange rows) {
        Scalar factor = Scalar(b, loc, get(rows[0], i, k)) / head;
        Value used = math.select(isZero, d.number(compute, 0), factor.value());
        return loop(b, loc, k, n, one, rows[0], [&](Value j, ValueRange row) {
          Scalar reduced = Scalar(b, loc, get(row[0], i, j)) - Scalar(b, loc, used) * Scalar(b, loc, get(row[0], k, j));
          return SmallVector<Value>{put(row[0], i, j, reduced.value())};
        });
      })[0];
      return SmallVector<Value>{a, det};
    });
    Value stored = d.store(b, Scalar(b, loc, result[1]).as(element), element);
    return SmallVector<Value>{tensor::InsertOp::create(b, loc, stored, carried[0], at), result[0]};
  });
  d.setResult(getY(), done[0]);
  return success();
}
