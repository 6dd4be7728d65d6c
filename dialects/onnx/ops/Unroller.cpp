// The loop over time that all recurrent ops share.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Unroller.h"

#include "dialects/onnx/ops/Quant.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

//===--- activations --------------------------------------------------------===//

Scalar Activation::operator()(const Scalar &x) const {
  switch (kind) {
  case Affine:
    return alpha * x + beta;
  case Elu:
    return select(x < 0, alpha * (exp(x) - 1), x);
  case HardSigmoid:
    return max(min(alpha * x + beta, 1), 0);
  case LeakyRelu:
    return select(x < 0, alpha * x, x);
  case Relu:
    return max(x, 0);
  case ScaledTanh:
    return alpha * tanh(beta * x);
  case Sigmoid:
    return 1 / (1 + exp(-x));
  case Softplus:
    return max(x, 0) + log1p(exp(-abs(x)));
  case Softsign:
    return x / (1 + abs(x));
  case Tanh:
    return tanh(x);
  case ThresholdedRelu:
    return select(x > alpha, x, 0.0);
  }
  return x;
}

FailureOr<SmallVector<Activation>> onnx::activations(Operation *op, unsigned directions, ArrayRef<StringRef> defaults) {
  struct Known {
    StringRef name;
    Activation::Kind kind;
    std::optional<double> alpha, beta;
  };
  static const Known table[] = {
      {"affine", Activation::Affine, 1.0, 0.0},
      {"elu", Activation::Elu, 1.0, std::nullopt},
      {"hardsigmoid", Activation::HardSigmoid, 0.2, 0.5},
      {"leakyrelu", Activation::LeakyRelu, 0.01, std::nullopt},
      {"relu", Activation::Relu, {}, {}},
      {"scaledtanh", Activation::ScaledTanh, 1.0, 1.0},
      {"sigmoid", Activation::Sigmoid, {}, {}},
      {"softplus", Activation::Softplus, {}, {}},
      {"softsign", Activation::Softsign, {}, {}},
      {"tanh", Activation::Tanh, {}, {}},
      {"thresholdedrelu", Activation::ThresholdedRelu, 1.0, std::nullopt},
  };
  SmallVector<StringRef> names;
  if (auto list = op->getAttrOfType<ArrayAttr>("activations"); list && !list.empty()) {
    for (Attribute name : list)
      names.push_back(cast<StringAttr>(name).getValue());
    if (names.size() != directions * defaults.size())
      return op->emitOpError("expects ") << directions * defaults.size() << " activations, but got " << names.size();
  } else {
    for (unsigned i = 0; i < directions; ++i)
      llvm::append_range(names, defaults);
  }
  auto numbers = [&](StringRef name) {
    auto attr = op->getAttrOfType<DenseF32ArrayAttr>(name);
    return attr ? attr.asArrayRef() : ArrayRef<float>();
  };
  ArrayRef<float> alphas = numbers("activation_alpha"), betas = numbers("activation_beta");
  auto take = [](ArrayRef<float> &list, std::optional<double> fallback) {
    if (!fallback || list.empty())
      return fallback.value_or(0);
    double number = list.front();
    list = list.drop_front();
    return number;
  };
  SmallVector<Activation> result;
  for (StringRef name : names) {
    auto known = llvm::find_if(table, [&](const Known &k) { return name.equals_insensitive(k.name); });
    if (known == std::end(table))
      return op->emitOpError("expects a known activation, but got '") << name << "'";
    double alpha = take(alphas, known->alpha);
    result.push_back({known->kind, alpha, take(betas, known->beta)});
  }
  return result;
}

//===--- geometry -----------------------------------------------------------===//

FailureOr<Geometry> onnx::geometry(Operation *op, ShapeContext &shapes, int64_t gates) {
  Dims x = shapes.dims(op->getOperand(0)), w = shapes.dims(op->getOperand(1)), r = shapes.dims(op->getOperand(2));
  if (!isa<FloatType>(shapes.elementType(op->getOperand(0))))
    return op->emitOpError("expects float elements, but got ") << shapes.elementType(op->getOperand(0));
  auto direction = op->getAttrOfType<StringAttr>("direction");
  StringRef name = direction ? direction.getValue() : "forward";
  if (name != "forward" && name != "reverse" && name != "bidirectional")
    return op->emitOpError("expects direction forward, reverse or bidirectional, but got '") << name << "'";
  Geometry g;
  g.directions = name == "bidirectional" ? 2 : 1;
  auto layout = op->getAttrOfType<IntegerAttr>("layout");
  g.batchFirst = layout && layout.getInt() != 0;
  g.bytes = shapes.elementType(op->getOperand(2)).isInteger(8);
  bool fits = x.size() == 3 && r.size() == 3 && r[2].isConstant() && !differ(r[1], r[2] * gates) &&
              !differ(r[0], g.directions);
  if (g.bytes)
    fits = fits && !differ(x[2], r[2] * gates * g.directions) && w.size() == 2 && !differ(w[0], g.directions) &&
           !differ(w[1], r[2] * gates);
  else
    fits = fits && w.size() == 3 && !differ(w[1], r[2] * gates) && !differ(w[2], x[2]) && !differ(w[0], g.directions);
  if (!fits)
    return op->emitOpError("expects X of rank 3 and weights of ")
           << g.directions << " directions and " << gates << " gates that fit, but got shapes " << toString(x) << ", "
           << toString(w) << " and " << toString(r);
  g.hidden = r[2].value();
  g.steps = x[g.batchFirst ? 1 : 0];
  g.batch = x[g.batchFirst ? 0 : 1];
  auto check = [&](unsigned operand, ArrayRef<Dim> want) -> LogicalResult {
    if (operand >= op->getNumOperands() || !isPresent(op->getOperand(operand)))
      return success();
    Dims have = shapes.dims(op->getOperand(operand));
    bool fits = have.size() == want.size();
    for (size_t i = 0; fits && i < want.size(); ++i)
      fits = !differ(have[i], want[i]);
    if (!fits)
      return op->emitOpError("expects operand ")
             << operand << " of shape " << toString(want) << ", but got " << toString(have);
    return success();
  };
  Dims state{g.directions, g.batch, g.hidden};
  if (g.batchFirst)
    std::swap(state[0], state[1]);
  if (failed(check(3, {g.directions, 2 * gates * g.hidden})) || failed(check(4, {g.batch})) ||
      failed(check(5, state)) || failed(check(6, state)) || failed(check(7, {g.directions, 3 * g.hidden})))
    return failure();
  return g;
}

LogicalResult onnx::inferRecurrent(Operation *op, ShapeContext &shapes, int64_t gates, ArrayRef<StringRef> defaults) {
  FailureOr<Geometry> g = geometry(op, shapes, gates);
  if (failed(g) || failed(activations(op, g->directions, defaults)))
    return failure();
  Type element = shapes.elementType(op->getOperand(0));
  Dim d = g->directions, h = g->hidden;
  for (auto [i, result] : llvm::enumerate(op->getResults())) {
    if (i == 0)
      shapes.setType(result, element, g->batchFirst ? Dims{g->batch, g->steps, d, h} : Dims{g->steps, d, g->batch, h});
    else
      shapes.setType(result, element, g->batchFirst ? Dims{g->batch, d, h} : Dims{d, g->batch, h});
  }
  return success();
}

//===--- the loop -----------------------------------------------------------===//

/// Signed bytes that stand for states of one sign.
static constexpr double kStateLevels = 127;

Value Unroller::slice(Value tensor, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
                      ArrayRef<int64_t> keep) {
  SmallVector<OpFoldResult> strides(offsets.size(), number(1)), kept;
  for (int64_t axis : keep)
    kept.push_back(sizes[axis]);
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(kept, dynamic, shape);
  auto result = RankedTensorType::get(shape, getElementTypeOrSelf(tensor.getType()));
  return tensor::ExtractSliceOp::create(b, d.loc(), result, tensor, offsets, sizes, strides);
}

Value Unroller::part(unsigned operand, int64_t from, int64_t count) {
  Value value = op->getOperand(operand);
  auto full = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape{count};
  llvm::append_range(shape, full.getShape().drop_front(2));
  ElementsAttr attr;
  auto rows = RankedTensorType::get(shape, full.getElementType());
  unsigned bytes = full.getElementTypeBitWidth() / 8;
  if (full.hasStaticShape() && matchPattern(value, m_Constant(&attr))) {
    ArrayRef<char> data;
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
      if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
        data = blob->getData();
    } else if (auto dense = dyn_cast<DenseElementsAttr>(attr); dense && !dense.isSplat()) {
      data = dense.getRawData();
    }
    size_t row = rows.getNumElements() / std::max<int64_t>(count, 1) * bytes;
    size_t start = (direction * full.getDimSize(1) + from) * row;
    if (data.size() == static_cast<size_t>(full.getNumElements()) * bytes)
      return d.constant(DenseElementsAttr::getFromRawBuffer(rows, data.slice(start, count * row)));
  }
  Value lowered = d(value);
  SmallVector<OpFoldResult> offsets(full.getRank(), number(0)), sizes = d.sizesOf(lowered);
  offsets[0] = number(direction);
  sizes[0] = number(1);
  offsets[1] = number(from);
  sizes[1] = number(count);
  return slice(lowered, offsets, sizes, full.getRank() == 3 ? ArrayRef<int64_t>{1, 2} : ArrayRef<int64_t>{1});
}

Value Unroller::gate(Value all, int64_t k) {
  SmallVector<OpFoldResult> sizes = d.sizesOf(all);
  sizes[1] = number(1);
  return slice(all, {number(0), number(k), number(0)}, sizes, {0, 2});
}

Value Unroller::stateScale() {
  if (scaleOfStates)
    return scaleOfStates;
  if (!isPresent(op->getOperand(5)))
    return scaleOfStates = d.number(type, 1.0 / kStateLevels);
  // Later states lie within the bounds of the first one, or those of the activations.
  Value first = d(op->getOperand(5));
  Value most = d.fill(d.number(type, 1), d.empty(type, {}));
  AffineMap all = b.getMultiDimIdentityMap(3), none = AffineMap::get(3, 0, b.getContext());
  most = d.generic(first, most, {all, none}, SmallVector(3, utils::IteratorType::reduction),
                   [&](OpBuilder &nested, Location loc, ValueRange args) {
                     Scalar x(nested, loc, toFloat(nested, loc, args[0], type)), before(nested, loc, args[1]);
                     return max(before, abs(x)).value();
                   });
  AffineMap scalar = AffineMap::get(0, 0, b.getContext());
  return scaleOfStates = d.map(most, scalar, d.empty(type, {}), [&](OpBuilder &nested, Location loc, ValueRange args) {
           return (Scalar(nested, loc, args[0]) / kStateLevels).value();
         });
}

Unroller::Matrix Unroller::matrix(int64_t gate, int64_t count) {
  Matrix result{part(2, gate * g.hidden, count * g.hidden), Value(), count};
  if (!g.bytes)
    return result;
  Value scales = slice(d(op->getOperand(1)), {number(direction), number(gate * g.hidden)},
                       {number(1), number(count * g.hidden)}, {1});
  Value states = stateScale();
  bool known = !isa<RankedTensorType>(states.getType());
  AffineMap one = b.getMultiDimIdentityMap(1), none = AffineMap::get(1, 0, b.getContext());
  SmallVector<Value> inputs{scales};
  SmallVector<AffineMap> maps{one};
  if (!known)
    inputs.push_back(states), maps.push_back(none);
  result.scale = d.map(inputs, maps, d.empty(type, {number(count * g.hidden)}),
                       [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
                         return arith::MulFOp::create(nested, loc, args[0], known ? states : args[1]);
                       });
  return result;
}

Value Unroller::recur(Value state, const Matrix &matrix) {
  enum { Batch, In, Out };
  SmallVector<OpFoldResult> split{number(matrix.count), number(g.hidden)};
  if (!g.bytes)
    return splitAxis(d, contract(d, state, {Batch, In}, matrix.weight, {Out, In}, {Batch, Out}), 1, split);
  AffineMap all = b.getMultiDimIdentityMap(2), none = AffineMap::get(2, 0, b.getContext());
  Type byte = b.getI8Type();
  Value scale = stateScale();
  SmallVector<Value> inputs{state};
  SmallVector<AffineMap> maps{all};
  bool known = !isa<RankedTensorType>(scale.getType());
  if (!known)
    inputs.push_back(scale), maps.push_back(none);
  Value levels = d.map(inputs, maps, d.empty(byte, d.sizesOf(state)),
                       [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
                         Scalar x(nested, loc, args[0]);
                         Scalar level = known ? x * kStateLevels : x / Scalar(nested, loc, args[1]);
                         return d.store(nested, quantized(level, {}, byte).as(byte), byte);
                       });
  Value sums = contract(d, levels, {Batch, In}, matrix.weight, {Out, In}, {Batch, Out}, {b.getI32Type()});
  AffineMap rows = AffineMap::get(2, 0, b.getAffineDimExpr(1));
  Value product = d.map({sums, matrix.scale}, {all, rows}, d.empty(type, d.sizesOf(sums)),
                        [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
                          Value real = arith::SIToFPOp::create(nested, loc, type, args[0]);
                          return arith::MulFOp::create(nested, loc, real, args[1]);
                        });
  return splitAxis(d, product, 1, split);
}

Value Unroller::each(ArrayRef<Value> inputs, Formula formula, Value into) {
  SmallVector<AffineMap> maps;
  for (Value input : inputs)
    maps.push_back(cast<RankedTensorType>(input.getType()).getRank() == 1 ? AffineMap::get(2, 0, b.getAffineDimExpr(1))
                                                                          : b.getMultiDimIdentityMap(2));
  Value init = into ? into : d.empty(type, {d.size(g.batch), number(g.hidden)});
  return d.map(inputs, maps, init, [&](OpBuilder &nested, Location loc, ValueRange args) {
    SmallVector<Scalar> scalars;
    for (Value arg : args.take_front(inputs.size()))
      scalars.emplace_back(nested, loc, toFloat(nested, loc, arg, type));
    return formula(scalars).value();
  });
}

Value Unroller::initial(unsigned operand) {
  SmallVector<OpFoldResult> sizes{d.size(g.batch), number(g.hidden)};
  if (!isPresent(op->getOperand(operand)))
    return d.fill(d.number(type, 0), d.empty(type, sizes));
  int64_t axis = g.batchFirst ? 1 : 0;
  SmallVector<OpFoldResult> offsets(3, number(0));
  offsets[axis] = number(direction);
  sizes.insert(sizes.begin() + axis, number(1));
  Value state = slice(d(op->getOperand(operand)), offsets, sizes, {1 - axis, 2});
  return each(state, [](ArrayRef<Scalar> x) { return x[0]; });
}

Value Unroller::bias(function_ref<bool(int64_t)> recurrent) {
  if (!isPresent(op->getOperand(3)))
    return {};
  int64_t rows = gates * g.hidden;
  auto split = [&](Value vector) { return splitAxis(d, vector, 0, {number(gates), number(g.hidden)}); };
  Value inputs = split(part(3, 0, rows)), states = split(part(3, rows, rows));
  AffineMap all = b.getMultiDimIdentityMap(2);
  return d.map({inputs, states}, {all, all}, d.empty(type, {number(gates), number(g.hidden)}),
               [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
                 Value x = toFloat(nested, loc, args[0], type), r = toFloat(nested, loc, args[1], type);
                 bool every = true;
                 for (int64_t k = 0; k < gates; ++k)
                   every &= recurrent(k);
                 if (!every) {
                   // Only the gates that `recurrent` excludes keep their second bias apart.
                   Value gate = linalg::IndexOp::create(nested, loc, 0);
                   Value zero = arith::ConstantOp::create(nested, loc, nested.getZeroAttr(type));
                   for (int64_t k = 0; k < gates; ++k)
                     if (!recurrent(k)) {
                       Value at = arith::ConstantIndexOp::create(nested, loc, k);
                       Value here = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::eq, gate, at);
                       r = arith::SelectOp::create(nested, loc, here, zero, r);
                     }
                 }
                 return arith::AddFOp::create(nested, loc, x, r);
               });
}

Value Unroller::project() {
  enum { Step_, Batch, In, Out };
  SmallVector<int64_t> labels{Step_, Batch, In};
  if (g.batchFirst)
    std::swap(labels[0], labels[1]);
  Value x = d(op->getOperand(0));
  if (!g.bytes)
    return contract(d, x, labels, part(1, 0, gates * g.hidden), {Out, In}, {Step_, Batch, Out});
  if (g.batchFirst)
    x = d.transpose(x, {1, 0, 2});
  if (g.directions == 1)
    return x;
  SmallVector<OpFoldResult> sizes = d.sizesOf(x);
  sizes[2] = number(gates * g.hidden);
  return slice(x, {number(0), number(0), number(direction * gates * g.hidden)}, sizes, {0, 1, 2});
}

void Unroller::run(Value bias, ArrayRef<Value> initial, Step step) {
  // The inputs' part of all steps at once, as [steps, batch, gates, hidden].
  Value projected = splitAxis(d, project(), 2, {number(gates), number(g.hidden)});
  if (bias) {
    AffineMap all = b.getMultiDimIdentityMap(4),
              last = AffineMap::get(4, 0, {b.getAffineDimExpr(2), b.getAffineDimExpr(3)}, b.getContext());
    projected = d.map({projected, bias}, {all, last}, d.empty(type, d.sizesOf(projected)),
                      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
                        return arith::AddFOp::create(nested, loc, args[0], args[1]);
                      });
  }
  bool wantsAll = isWanted(op->getResult(0));
  if (wantsAll && !whole) {
    SmallVector<OpFoldResult> sizes;
    for (const Dim &dim : d.shapes.dims(op->getResult(0)))
      sizes.push_back(d.size(dim));
    whole = d.empty(type, sizes);
  }
  Value lengths = isPresent(op->getOperand(4)) ? d(op->getOperand(4)) : Value();
  SmallVector<Value> state(initial);
  if (wantsAll)
    state.push_back(whole);

  // One step at time `t`, which also masks what lies beyond a sequence's end.
  auto stepAt = [&](OpFoldResult t, ValueRange before) {
    OpFoldResult batch = d.size(g.batch);
    Value inputs = slice(projected, {t, number(0), number(0), number(0)},
                         {number(1), batch, number(gates), number(g.hidden)}, {1, 2, 3});
    SmallVector<Value> next = step(inputs, before.take_front(initial.size()));
    Value output = next[0];
    if (lengths) {
      Value time = d.index(t);
      auto masked = [&](Value now, Value then) {
        AffineMap all = b.getMultiDimIdentityMap(2), rows = AffineMap::get(2, 0, b.getAffineDimExpr(0));
        SmallVector<Value> inputs{now, lengths};
        SmallVector<AffineMap> maps{all, rows};
        if (then)
          inputs.push_back(then), maps.push_back(all);
        return d.map(inputs, maps, then ? then : d.empty(type, d.sizesOf(now)),
                     [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
                       Value length = arith::IndexCastOp::create(nested, loc, nested.getIndexType(), args[1]);
                       Value live = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::slt, time, length);
                       Value other = then
                                         ? args[2]
                                         : arith::ConstantOp::create(nested, loc, nested.getZeroAttr(type)).getResult();
                       return arith::SelectOp::create(nested, loc, live, args[0], other);
                     });
      };
      output = masked(next[0], {});
      for (auto [now, then] : llvm::zip(next, before))
        now = masked(now, then);
    }
    if (wantsAll) {
      SmallVector<OpFoldResult> offsets, sizes, ones(4, number(1));
      if (g.batchFirst)
        offsets = {number(0), t, number(direction), number(0)}, sizes = {batch, number(1), number(1), number(g.hidden)};
      else
        offsets = {t, number(direction), number(0), number(0)}, sizes = {number(1), number(1), batch, number(g.hidden)};
      next.push_back(tensor::InsertSliceOp::create(b, d.loc(), output, before.back(), offsets, sizes, ones));
    }
    return next;
  };

  if (g.steps == Dim(1)) {
    state = stepAt(number(0), state);
  } else {
    Value count = d.index(d.size(g.steps)), one = d.index(int64_t(1));
    Value last = arith::SubIOp::create(b, d.loc(), count, one);
    auto loop = scf::ForOp::create(b, d.loc(), d.index(int64_t(0)), count, one, state);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value t = loop.getInductionVar();
    if (isReverse())
      t = arith::SubIOp::create(b, d.loc(), last, t);
    scf::YieldOp::create(b, d.loc(), stepAt(t, loop.getRegionIterArgs()));
    state.assign(loop.getResults().begin(), loop.getResults().end());
  }
  if (wantsAll)
    whole = state.pop_back_val();
  lasts.push_back(state);
}

void Unroller::finish() {
  if (whole)
    d.setResult(op->getResult(0), narrow(d, whole, element));
  for (unsigned i = 1; i < op->getNumResults(); ++i) {
    Value result = op->getResult(i);
    if (!isWanted(result))
      continue;
    int64_t axis = g.batchFirst ? 1 : 0;
    SmallVector<OpFoldResult> sizes;
    for (const Dim &dim : d.shapes.dims(result))
      sizes.push_back(d.size(dim));
    Value all = d.empty(type, sizes);
    for (auto [k, states] : llvm::enumerate(lasts)) {
      SmallVector<OpFoldResult> offsets(3, number(0)), ones(3, number(1)), one = sizes;
      offsets[axis] = number(k);
      one[axis] = number(1);
      all = tensor::InsertSliceOp::create(b, d.loc(), states[i - 1], all, offsets, one, ones);
    }
    d.setResult(result, narrow(d, all, element));
  }
}
