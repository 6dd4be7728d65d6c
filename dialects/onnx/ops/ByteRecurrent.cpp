// The integer forms of recurrent ops: the inputs' part as one product of bytes, then steps on bytes.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Byte.h"
#include "dialects/onnx/ops/Elementwise.h"
#include "dialects/onnx/ops/Quant.h"
#include "dialects/onnx/ops/Recurrent.h"
#include "dialects/onnx/ops/Shape.h"
#include "dialects/onnx/ops/Unroller.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

QuantizedForm onnx::recurrentForm() {
  QuantizedForm form;
  form.kind = QuantizedForm::Product;
  form.activations = {0};
  form.weight = 1;
  form.recurrent = 2;
  form.channelAxis = 1;
  return form;
}

/// Whether states stay within -1 and 1, or the bounds of the initial one: an LSTM's are products of two activations, a
/// GRU's lie between an activation and the state before as far as its gates are positive.
static bool hasBoundedStates(Operation *op, unsigned directions, ArrayRef<StringRef> defaults) {
  FailureOr<SmallVector<Activation>> functions = activations(op, directions, defaults);
  if (failed(functions))
    return false;
  for (auto [i, function] : llvm::enumerate(*functions)) {
    bool isGate = function.kind == Activation::Sigmoid || function.kind == Activation::HardSigmoid;
    bool mustBeGate = defaults[i % defaults.size()] == "Sigmoid";
    if (!isGate && (mustBeGate || (function.kind != Activation::Tanh && function.kind != Activation::Softsign)))
      return false;
  }
  return true;
}

Value onnx::byteRecurrent(OpMaker &make, Operation *op, StringRef name, ArrayRef<StringRef> defaults,
                          const QuantizedValue &x, const QuantizedValue &w, const QuantizedValue &r, ValueRange others) {
  auto type = dyn_cast<RankedTensorType>(r.value.getType());
  auto isFloat = [&](const QuantizedValue &factor) { return make.shapes.elementType(factor.scale).isF32(); };
  auto fits = [&](const QuantizedValue &factor) { return (factor.axis == -1 || factor.axis == 1) && isFloat(factor); };
  if (x.axis != -1 || !isFloat(x) || !fits(w) || !fits(r) || !isByte(make.shapes.elementType(x.value)) ||
      !isByte(make.shapes.elementType(w.value)) || !type || !type.hasStaticShape() ||
      !type.getElementType().isSignlessInteger(8) || (isPresent(r.zeroPoint) && !isZeros(r.zeroPoint)) ||
      !hasBoundedStates(op, type.getDimSize(0), defaults))
    return {};
  int64_t directions = type.getDimSize(0), rows = type.getDimSize(1);
  auto perRow = [&](Value parameter) { return make.make<ExpandOp>({parameter, make.integers({directions, rows})}); };
  auto flat = [&](Value parameter) { return make.make<ReshapeOp>({perRow(parameter), make.integers({-1})}); };
  Value matrix = make.make<ReshapeOp>({w.value, make.integers({directions * rows, -1})});
  matrix = make.make<TransposeOp>(matrix);
  bool shifted = isPresent(w.zeroPoint) && !isZeros(w.zeroPoint);
  Value sums = integerMatMul(make, x.value, x.zeroPoint, matrix, shifted ? flat(w.zeroPoint) : Value());
  Value projected = scaledSums(make, sums, x.scale, flat(w.scale), {}, 0);
  SmallVector<Value> operands{projected, perRow(r.scale), r.value};
  llvm::append_range(operands, others);
  Operation *made = make.makeOp(name, operands, op->getAttrs(), op->getNumResults());
  return made ? made->getResult(0) : Value();
}

//===--- DynamicQuantizeLSTM ------------------------------------------------===//

LogicalResult DynamicQuantizeLSTMOp::inferShapes(ShapeContext &context) { return inferComposite(*this, context); }
LogicalResult DynamicQuantizeLSTMOp::decompose(Decomposer &d) { return decomposeComposite(*this, d); }

LogicalResult DynamicQuantizeLSTMOp::expand(OpMaker &make, SmallVectorImpl<Value> &results) {
  if (make.shapes.rank(getW()) != 3 || make.shapes.rank(getR()) != 3)
    return emitOpError("expects weights of rank 3, but got ") << getW().getType() << " and " << getR().getType();
  auto turned = make.builder().getNamedAttr("perm", make.builder().getDenseI64ArrayAttr({0, 2, 1}));
  // One for each direction: the same for all of its outputs.
  auto perRow = [&](Value parameter) {
    bool isPlain = make.shapes.rank(parameter) != 1 || isZeros(parameter);
    return isPlain ? parameter : make.make<UnsqueezeOp>({parameter, make.integers({1})});
  };
  QuantizedValue w{make.make<TransposeOp>(getW(), turned), perRow(getWScale()), perRow(getWZeroPoint())};
  QuantizedValue r{make.make<TransposeOp>(getR(), turned), perRow(getRScale()), perRow(getRZeroPoint())};
  if (make.failed())
    return failure();
  Operation *x = make.makeOp(DynamicQuantizeLinearOp::getOperationName(), getX(), {}, 3);
  if (!x)
    return failure();
  ValueRange others = getOperands().slice(3, 5); // B to P
  Value first = byteRecurrent(make, *this, ByteLSTMOp::getOperationName(), kLstmActivations,
                              {x->getResult(0), x->getResult(1), x->getResult(2)}, w, r, others);
  if (make.failed())
    return failure();
  if (!first) {
    // In floats.
    auto real = [&](const QuantizedValue &weight) {
      auto wide = [&](Value value) { return castTo(make, value, kFloat); };
      auto column = [&](Value parameter) {
        SmallVector<int64_t, 2> axes{1, 2};
        ArrayRef<int64_t> added = ArrayRef(axes).drop_front(make.shapes.rank(parameter) - 1);
        return make.make<UnsqueezeOp>({parameter, make.integers(added)});
      };
      Value centred = make.make<SubOp>({wide(weight.value), column(wide(weight.zeroPoint))});
      return make.make<MulOp>({centred, column(weight.scale)});
    };
    SmallVector<Value> operands{getX(), real(w), real(r)};
    llvm::append_range(operands, others);
    Operation *op = make.makeOp(LSTMOp::getOperationName(), operands, (*this)->getAttrs(), (*this)->getNumResults());
    if (!op)
      return failure();
    first = op->getResult(0);
  }
  llvm::append_range(results, first.getDefiningOp()->getResults());
  return success();
}
