// The hands that an op's decomposition works with.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/interfaces/Decomposer.h"

#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace brisk;

static constexpr StringLiteral kMissing = "brisk.missing";

bool brisk::isUnsignedElement(Type element) {
  auto type = dyn_cast<IntegerType>(element);
  return type && (type.isUnsigned() || type.getWidth() == 1);
}

Type brisk::storageType(Type element) {
  if (auto type = dyn_cast<IntegerType>(element))
    return IntegerType::get(type.getContext(), std::max(8u, type.getWidth()));
  if (auto type = dyn_cast<FloatType>(element); type && type.getWidth() < 8)
    return IntegerType::get(type.getContext(), 8);
  return element;
}

Type brisk::scalarType(Type element) {
  if (auto type = dyn_cast<IntegerType>(element))
    return IntegerType::get(type.getContext(), type.getWidth());
  return element;
}

RankedTensorType brisk::storageTensorType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(tensor.getShape(), storageType(tensor.getElementType()));
}

//===--- values -------------------------------------------------------------===//

Value Decomposer::operator()(Value onnx) const { return isPresent(onnx) ? mapping.lookup(onnx) : Value(); }

void Decomposer::bind(Value onnx, Value lowered) {
  mapping.map(onnx, lowered);
  auto type = dyn_cast<RankedTensorType>(onnx.getType());
  if (!type || type.hasStaticShape())
    return;
  for (auto [axis, dim] : llvm::enumerate(dimsOf(type)))
    if (StringRef name = dim.symbolName(); !name.empty() && name != "?")
      symbols.try_emplace(name, lowered, axis);
}

void Decomposer::setResult(Value onnx, Value lowered) { bind(onnx, cast(lowered, storageTensorType(onnx.getType()))); }

Value Decomposer::constant(ElementsAttr attr) {
  auto type = storageTensorType(attr.getShapedType());
  ElementsAttr stored;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    stored = DenseResourceElementsAttr::get(type, resource.getRawHandle());
  } else if (auto dense = dyn_cast<DenseIntElementsAttr>(attr)) {
    unsigned width = cast<IntegerType>(type.getElementType()).getWidth();
    bool isUnsigned = isUnsignedElement(attr.getElementType());
    auto extend = [&](const APInt &value) { return isUnsigned ? value.zext(width) : value.sext(width); };
    if (dense.isSplat())
      stored = DenseElementsAttr::get(type, extend(dense.getSplatValue<APInt>()));
    else
      stored = DenseElementsAttr::get(type, llvm::map_to_vector(dense.getValues<APInt>(), extend));
  } else if (type.getElementType() != attr.getElementType()) {
    // A float narrower than a byte is kept as its bits.
    auto values = cast<DenseFPElementsAttr>(attr).getValues<APFloat>();
    stored = DenseElementsAttr::get(
        type, llvm::map_to_vector(values, [](const APFloat &v) { return v.bitcastToAPInt().zext(8); }));
  } else {
    stored = attr;
  }
  return arith::ConstantOp::create(b, location, cast<TypedAttr>(stored));
}

//===--- sizes --------------------------------------------------------------===//

bool Decomposer::canMaterialize(const Dim &dim) const {
  bool bound = !dim.isInvalid();
  dim.forEachSymbol([&](StringRef name) { bound &= symbols.contains(name); });
  return bound;
}

Value Decomposer::index(int64_t value) { return arith::ConstantIndexOp::create(b, location, value); }

Value Decomposer::index(OpFoldResult size) { return getValueOrCreateConstantIndexOp(b, location, size); }

/// Stands for a size that cannot be computed; lower() finds it and fails with `reason`.
static Value missingSize(OpBuilder &b, Location loc, const Twine &reason) {
  auto marker = UnrealizedConversionCastOp::create(b, loc, b.getIndexType(), ValueRange());
  marker->setAttr(kMissing, b.getStringAttr(reason));
  return marker.getResult(0);
}

Value Decomposer::materialize(const Dim &dim) {
  if (dim.isInvalid())
    return missingSize(b, location, "has a size beyond 64 bits or too complex");
  Value total;
  for (const Dim::Term &term : dim.getTerms()) {
    Value product;
    for (const Dim::Atom &atom : term.factors) {
      Value factor;
      if (atom->kind == Dim::Kind::Symbol) {
        auto [tensor, axis] = symbols.lookup(atom->name);
        if (!tensor)
          return missingSize(b, location, "has a size of " + atom->name + ", which nothing computed so far tells");
        factor = tensor::DimOp::create(b, location, tensor, axis);
      } else {
        Value x = materialize(atom->args[0]), y = materialize(atom->args[1]);
        factor = atom->kind == Dim::Kind::FloorDiv ? arith::FloorDivSIOp::create(b, location, x, y).getResult()
                 : atom->kind == Dim::Kind::Min    ? arith::MinSIOp::create(b, location, x, y).getResult()
                                                   : arith::MaxSIOp::create(b, location, x, y).getResult();
      }
      product = product ? arith::MulIOp::create(b, location, product, factor).getResult() : factor;
    }
    Value coefficient = index(term.coefficient);
    if (!product)
      product = coefficient;
    else if (term.coefficient != 1)
      product = arith::MulIOp::create(b, location, product, coefficient);
    total = total ? arith::AddIOp::create(b, location, total, product).getResult() : product;
  }
  return total ? total : index(int64_t(0));
}

OpFoldResult Decomposer::size(const Dim &dim) {
  if (std::optional<int64_t> constant = dim.constant())
    return b.getIndexAttr(*constant);
  return materialize(dim);
}

SmallVector<OpFoldResult> Decomposer::sizes(Value onnx) {
  SmallVector<OpFoldResult> result;
  for (auto [axis, dim] : llvm::enumerate(shapes.dims(onnx)))
    result.push_back(canMaterialize(dim) || !mapping.contains(onnx) ? size(dim)
                                                                    : sizeOf(mapping.lookup(onnx), axis));
  return result;
}

OpFoldResult Decomposer::sizeOf(Value lowered, int64_t axis) {
  auto type = mlir::cast<RankedTensorType>(lowered.getType());
  if (!type.isDynamicDim(axis))
    return b.getIndexAttr(type.getDimSize(axis));
  return tensor::DimOp::create(b, location, lowered, axis).getResult();
}

SmallVector<OpFoldResult> Decomposer::sizesOf(Value lowered) {
  SmallVector<OpFoldResult> result;
  for (int64_t axis = 0, rank = mlir::cast<RankedTensorType>(lowered.getType()).getRank(); axis < rank; ++axis)
    result.push_back(sizeOf(lowered, axis));
  return result;
}

Value Decomposer::element(Value lowered, int64_t i) {
  SmallVector<Value> indices;
  if (mlir::cast<RankedTensorType>(lowered.getType()).getRank() == 1)
    indices.push_back(index(i));
  Value value = tensor::ExtractOp::create(b, location, lowered, indices);
  return arith::IndexCastOp::create(b, location, b.getIndexType(), value);
}

//===--- tensors ------------------------------------------------------------===//

Value Decomposer::empty(Type storage, ArrayRef<OpFoldResult> sizes) {
  return tensor::EmptyOp::create(b, location, sizes, storage);
}

Value Decomposer::empty(Value onnxResult) {
  return empty(storageType(getElementTypeOrSelf(onnxResult.getType())), sizes(onnxResult));
}

Value Decomposer::fill(Value scalar, Value tensor) {
  return linalg::FillOp::create(b, location, scalar, tensor).getResult(0);
}

Value Decomposer::number(Type type, double value) {
  if (auto floatType = dyn_cast<FloatType>(type)) {
    APFloat number(value);
    bool lost;
    number.convert(floatType.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    return arith::ConstantOp::create(b, location, b.getFloatAttr(floatType, number));
  }
  if (type.isIndex())
    return index(static_cast<int64_t>(value));
  return arith::ConstantOp::create(b, location, b.getIntegerAttr(type, static_cast<int64_t>(value)));
}

Value Decomposer::cast(Value tensor, Type type) {
  return tensor.getType() == type ? tensor : tensor::CastOp::create(b, location, type, tensor).getResult();
}

Value Decomposer::reshape(Value tensor, ArrayRef<OpFoldResult> sizes) {
  auto type = mlir::cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  auto target = RankedTensorType::get(shape, type.getElementType());
  // With two open dims on a side, equal types do not mean equal shapes.
  bool certain = type.getNumDynamicDims() <= 1 && target.getNumDynamicDims() <= 1;
  if (certain && type == target)
    return tensor;
  auto groupAll = [](int64_t rank) {
    SmallVector<ReassociationIndices> groups(1);
    for (int64_t i = 0; i < rank; ++i)
      groups[0].push_back(i);
    return groups;
  };
  // Regroup directly where one shape is a refinement of the other.
  if (auto groups = certain ? getReassociationIndicesForReshape(type, target) : std::nullopt) {
    if (type.getRank() > target.getRank())
      return cast(tensor::CollapseShapeOp::create(b, location, tensor, *groups), target);
    if (type.getRank() < target.getRank())
      return tensor::ExpandShapeOp::create(b, location, target, tensor, *groups, sizes);
    return cast(tensor, target);
  }
  Value flat = tensor;
  if (type.getRank() == 0) {
    flat = tensor::ExpandShapeOp::create(b, location, RankedTensorType::get({1}, type.getElementType()), tensor,
                                         ArrayRef<ReassociationIndices>{});
  } else if (type.getRank() > 1) {
    flat = tensor::CollapseShapeOp::create(b, location, tensor, groupAll(type.getRank()));
  }
  if (target.getRank() == 0)
    return tensor::CollapseShapeOp::create(b, location, cast(flat, RankedTensorType::get({1}, type.getElementType())),
                                           ArrayRef<ReassociationIndices>{});
  if (target.getRank() == 1)
    return cast(flat, target);
  if (target.hasStaticShape())
    flat = cast(flat, RankedTensorType::get({target.getNumElements()}, type.getElementType()));
  else if (!mlir::cast<RankedTensorType>(flat.getType()).isDynamicDim(0))
    flat = cast(flat, RankedTensorType::get({ShapedType::kDynamic}, type.getElementType()));
  return tensor::ExpandShapeOp::create(b, location, target, flat, groupAll(target.getRank()), sizes);
}

/// Pairs runs of axes of `from` and `to` that have equal products; false if some cannot be shown equal.
static bool pairAxes(ArrayRef<Dim> from, ArrayRef<Dim> to, SmallVectorImpl<ReassociationIndices> &fromGroups,
                     SmallVectorImpl<ReassociationIndices> &toGroups) {
  int64_t i = 0, j = 0, m = from.size(), n = to.size();
  while (i < m && j < n) {
    Dim a = from[i], b = to[j];
    fromGroups.push_back({i++});
    toGroups.push_back({j++});
    while (a != b) {
      bool more = i < m && (b.exactDiv(a) || j == n || !a.exactDiv(b));
      if (!more && j == n)
        return false;
      if (more) {
        a = a * from[i];
        fromGroups.back().push_back(i++);
      } else {
        b = b * to[j];
        toGroups.back().push_back(j++);
      }
    }
  }
  for (; i < m && !fromGroups.empty(); ++i)
    if (from[i] == Dim(1))
      fromGroups.back().push_back(i);
    else
      return false;
  for (; j < n && !toGroups.empty(); ++j)
    if (to[j] == Dim(1))
      toGroups.back().push_back(j);
    else
      return false;
  return !fromGroups.empty();
}

Value Decomposer::reshape(Value tensor, ArrayRef<Dim> from, ArrayRef<Dim> to, ArrayRef<OpFoldResult> sizes) {
  SmallVector<ReassociationIndices> fromGroups, toGroups;
  auto isZero = [](const Dim &dim) { return dim == Dim(0); };
  if (llvm::any_of(from, isZero) || llvm::any_of(to, isZero) || !pairAxes(from, to, fromGroups, toGroups))
    return reshape(tensor, sizes);
  if (fromGroups.size() < from.size())
    tensor = tensor::CollapseShapeOp::create(b, location, tensor, fromGroups);
  if (toGroups.size() == to.size())
    return tensor;
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  auto type = RankedTensorType::get(shape, mlir::cast<RankedTensorType>(tensor.getType()).getElementType());
  return tensor::ExpandShapeOp::create(b, location, type, tensor, toGroups, sizes);
}

Value Decomposer::transpose(Value tensor, ArrayRef<int64_t> permutation) {
  auto type = mlir::cast<RankedTensorType>(tensor.getType());
  SmallVector<OpFoldResult> sizes = sizesOf(tensor);
  applyPermutationToVector(sizes, permutation);
  Value init = empty(type.getElementType(), sizes);
  return linalg::TransposeOp::create(b, location, tensor, init, permutation).getResult()[0];
}

Value Decomposer::generic(ValueRange inputs, Value init, ArrayRef<AffineMap> maps,
                          ArrayRef<utils::IteratorType> iterators, Body body) {
  auto op = linalg::GenericOp::create(b, location, init.getType(), inputs, init, maps, iterators,
                                      [&](OpBuilder &nested, Location loc, ValueRange args) {
                                        linalg::YieldOp::create(nested, loc, body(nested, loc, args));
                                      });
  return op.getResult(0);
}

Value Decomposer::map(ValueRange inputs, ArrayRef<AffineMap> maps, Value init, Body body) {
  int64_t rank = mlir::cast<RankedTensorType>(init.getType()).getRank();
  SmallVector<AffineMap> all(maps);
  all.push_back(b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  return generic(inputs, init, all, iterators, body);
}

Value Decomposer::generate(Value init, function_ref<Value(OpBuilder &, Location, ValueRange)> body) {
  return map({}, {}, init, [&](OpBuilder &nested, Location loc, ValueRange) {
    SmallVector<Value> indices;
    for (int64_t axis = 0, rank = mlir::cast<RankedTensorType>(init.getType()).getRank(); axis < rank; ++axis)
      indices.push_back(linalg::IndexOp::create(nested, loc, axis));
    return body(nested, loc, indices);
  });
}

Value Decomposer::load(OpBuilder &builder, Value stored, Type element) {
  Type scalar = scalarType(element);
  if (stored.getType() == scalar)
    return stored;
  if (scalar.isInteger(1)) {
    Value zero = arith::ConstantOp::create(builder, location, builder.getZeroAttr(stored.getType()));
    return arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ne, stored, zero);
  }
  if (isa<IntegerType>(scalar))
    return arith::TruncIOp::create(builder, location, scalar, stored);
  Value bits = arith::TruncIOp::create(builder, location, builder.getIntegerType(scalar.getIntOrFloatBitWidth()), stored);
  return arith::BitcastOp::create(builder, location, scalar, bits);
}

Value Decomposer::store(OpBuilder &builder, Value scalar, Type element) {
  Type storage = storageType(element);
  if (scalar.getType() == storage)
    return scalar;
  if (isa<FloatType>(scalar.getType()))
    scalar = arith::BitcastOp::create(builder, location,
                                      builder.getIntegerType(scalar.getType().getIntOrFloatBitWidth()), scalar);
  if (isUnsignedElement(element) || isa<FloatType>(element))
    return arith::ExtUIOp::create(builder, location, storage, scalar);
  return arith::ExtSIOp::create(builder, location, storage, scalar);
}

SmallVector<AffineMap> Decomposer::broadcast(SmallVectorImpl<Value> &lowered, ArrayRef<Dims> operandDims,
                                             ArrayRef<Dim> dims) {
  SmallVector<AffineMap> maps;
  int64_t rank = dims.size();
  for (auto [k, from] : llvm::enumerate(operandDims)) {
    SmallVector<AffineExpr> exprs;
    SmallVector<int64_t> open; // axes of the operand that may be 1 at run time
    for (auto [i, dim] : llvm::enumerate(from)) {
      int64_t axis = rank - from.size() + i;
      if (dim == Dim(1) && dims[axis] != Dim(1))
        exprs.push_back(b.getAffineConstantExpr(0));
      else
        exprs.push_back(b.getAffineDimExpr(axis));
      if (dim != Dim(1) && dim != dims[axis])
        open.push_back(i);
    }
    if (!open.empty()) {
      SmallVector<OpFoldResult> sizes = sizesOf(lowered[k]);
      SmallVector<Value> stretch(from.size());
      for (int64_t i : open) {
        OpFoldResult full = size(dims[rank - from.size() + i]);
        Value have = index(sizes[i]), want = index(full);
        stretch[i] = arith::CmpIOp::create(b, location, arith::CmpIPredicate::eq, have, index(int64_t(1)));
        Value same = arith::CmpIOp::create(b, location, arith::CmpIPredicate::eq, have, want);
        check(arith::OrIOp::create(b, location, stretch[i], same), "operands do not broadcast");
        sizes[i] = full;
      }
      Value source = lowered[k];
      Value init = empty(mlir::cast<RankedTensorType>(source.getType()).getElementType(), sizes);
      lowered[k] = generate(init, [&](OpBuilder &nested, Location loc, ValueRange indices) -> Value {
        SmallVector<Value> at(indices);
        for (int64_t i : open) {
          Value zero = arith::ConstantIndexOp::create(nested, loc, 0);
          at[i] = arith::SelectOp::create(nested, loc, stretch[i], zero, at[i]);
        }
        return tensor::ExtractOp::create(nested, loc, source, at);
      });
    }
    maps.push_back(AffineMap::get(rank, 0, exprs, b.getContext()));
  }
  return maps;
}

LogicalResult Decomposer::elementwise(Operation *op) {
  auto iface = mlir::cast<ElementwiseInterface>(op);
  Value result = op->getResult(0);
  Type resultElement = getElementTypeOrSelf(result.getType());
  SmallVector<Value> lowered;
  SmallVector<Dims> operandDims;
  SmallVector<Type> elements;
  for (Value operand : op->getOperands().take_front(iface.numBroadcastOperands())) {
    if (!isPresent(operand))
      continue;
    lowered.push_back((*this)(operand));
    operandDims.push_back(shapes.dims(operand));
    elements.push_back(shapes.elementType(operand));
  }
  Dims dims = shapes.dims(result);
  SmallVector<AffineMap> maps = broadcast(lowered, operandDims, dims);
  Value init = empty(result);
  setResult(result, map(lowered, maps, init, [&](OpBuilder &nested, Location loc, ValueRange args) {
              SmallVector<Value> scalars;
              for (auto [arg, element] : llvm::zip(args, elements))
                scalars.push_back(load(nested, arg, element));
              return store(nested, iface.emitScalar(nested, loc, scalars), resultElement);
            }));
  return success();
}

//===--- control ------------------------------------------------------------===//

LogicalResult Decomposer::inlineRegion(Region &region, ValueRange args, SmallVectorImpl<Value> &results) {
  Block &block = region.front();
  llvm::StringMap<std::pair<Value, int64_t>> outer = symbols;
  for (auto [onnx, lowered] : llvm::zip_equal(block.getArguments(), args))
    bind(onnx, lowered);
  for (Operation &op : block.without_terminator())
    if (failed(lower(&op)))
      return failure();
  for (Value value : block.getTerminator()->getOperands())
    results.push_back((*this)(value));
  // Symbols bound inside name values that do not dominate what follows.
  symbols = std::move(outer);
  return success();
}

void Decomposer::check(Value condition, StringRef message) {
  cf::AssertOp::create(b, location, condition, message);
}

/// Fails unless the ops that `op` became are valid and all their sizes are there. Operands that shape inference
/// should have refused are an error then, and not a crash further on.
static LogicalResult checkMade(Operation *op, Block::iterator begin, Block::iterator end) {
  std::string said;
  for (Operation &made : llvm::make_range(begin, end)) {
    LogicalResult valid = success();
    WalkResult walked = made.walk([&](UnrealizedConversionCastOp marker) {
      auto reason = marker->getAttrOfType<StringAttr>(kMissing);
      return reason ? (said = reason.str(), WalkResult::interrupt()) : WalkResult::advance();
    });
    if (walked.wasInterrupted())
      return op->emitOpError(said);
    {
      ScopedDiagnosticHandler handler(op->getContext(), [&](Diagnostic &diagnostic) {
        if (said.empty())
          said = diagnostic.str();
        return success();
      });
      valid = verify(&made);
    }
    if (failed(valid))
      return op->emitOpError("has operands that do not fit together: ") << said;
  }
  return success();
}

LogicalResult Decomposer::lower(Operation *op) {
  Location outer = location;
  location = op->getLoc();
  auto iface = dyn_cast<DecomposeInterface>(op);
  if (!iface)
    return op->emitOpError("has no decomposition");
  Block *block = b.getInsertionBlock();
  Operation *before = b.getInsertionPoint() == block->begin() ? nullptr : &*std::prev(b.getInsertionPoint());
  LogicalResult result = iface.decompose(*this);
  location = outer;
  if (failed(result))
    return failure();
  return checkMade(op, before ? std::next(before->getIterator()) : block->begin(), b.getInsertionPoint());
}
