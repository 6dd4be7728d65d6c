// Recurrent networks: LSTM, GRU, RNN. What they share is in Unroller.h.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Recurrent.h"

#include "dialects/onnx/ops/Unroller.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Recurrent.cpp.inc"

namespace brisk::onnx {
void addRecurrentOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Recurrent.cpp.inc"
      >();
}
} // namespace brisk::onnx

//===--- LSTM ---------------------------------------------------------------===//


template <typename Op> static LogicalResult decomposeLstm(Op op, Decomposer &d) {
  FailureOr<Geometry> g = geometry(op, d.shapes, 4);
  if (failed(g))
    return failure();
  auto functions = activations(op, g->directions, kLstmActivations);
  if (failed(functions))
    return failure();
  Unroller u(op, d, *g, 4);
  enum { I, O, F, C };
  for (u.direction = 0; u.direction < g->directions; ++u.direction) {
    ArrayRef<Activation> act = ArrayRef(*functions).slice(3 * u.direction, 3);
    Unroller::Matrix weight = u.matrix(0, 4);
    SmallVector<Value> peepholes; // i, o, f
    if (isPresent(op.getP()))
      for (int64_t k = 0; k < 3; ++k)
        peepholes.push_back(u.part(7, k * g->hidden, g->hidden));
    bool coupled = op.getInputForget();
    u.run(u.bias([](int64_t) { return true; }), {u.initial(5), u.initial(6)}, [&](Value inputs, ValueRange states) {
      Value product = u.recur(states[0], weight);
      SmallVector<Value> args{states[1]};
      for (int64_t k : {I, F, C}) {
        args.push_back(u.gate(inputs, k));
        args.push_back(u.gate(product, k));
      }
      if (!peepholes.empty())
        args.append({peepholes[0], peepholes[2]});
      Value cell = u.each(
          args,
          [&](ArrayRef<Scalar> x) {
            const Scalar &before = x[0];
            Scalar i = x[1] + x[2], f = x[3] + x[4], c = x[5] + x[6];
            if (!peepholes.empty()) {
              i = i + x[7] * before;
              f = f + x[8] * before;
            }
            i = act[0](u.clip(i));
            f = coupled ? 1 - i : act[0](u.clip(f));
            return f * before + i * act[1](u.clip(c));
          },
          u.destination(states[1]));
      args = {cell, u.gate(inputs, O), u.gate(product, O)};
      if (!peepholes.empty())
        args.push_back(peepholes[1]);
      Value hidden = u.each(
          args,
          [&](ArrayRef<Scalar> x) {
            Scalar o = x[1] + x[2];
            if (!peepholes.empty())
              o = o + x[3] * x[0];
            return act[0](u.clip(o)) * act[2](u.clip(x[0]));
          },
          u.destination(states[0]));
      return SmallVector<Value>{hidden, cell};
    });
  }
  u.finish();
  return success();
}

//===--- GRU ----------------------------------------------------------------===//

template <typename Op> static LogicalResult decomposeGru(Op op, Decomposer &d) {
  FailureOr<Geometry> g = geometry(op, d.shapes, 3);
  if (failed(g))
    return failure();
  auto functions = activations(op, g->directions, kGruActivations);
  if (failed(functions))
    return failure();
  Unroller u(op, d, *g, 3);
  enum { Z, R, H };
  bool linear = op.getLinearBeforeReset();
  for (u.direction = 0; u.direction < g->directions; ++u.direction) {
    ArrayRef<Activation> act = ArrayRef(*functions).slice(2 * u.direction, 2);
    // With the reset after the product, all gates are one product.
    Unroller::Matrix weight = u.matrix(0, linear ? 3 : 2), candidate;
    if (!linear)
      candidate = u.matrix(2, 1);
    Value hiddenBias = linear && isPresent(op.getB()) ? u.part(3, 5 * g->hidden, g->hidden) : Value();
    Value bias = u.bias([&](int64_t gate) { return !linear || gate != H; });
    u.run(bias, u.initial(5), [&](Value inputs, ValueRange states) {
      Value before = states[0], product = u.recur(before, weight);
      Value update = u.each({u.gate(inputs, Z), u.gate(product, Z)},
                            [&](ArrayRef<Scalar> x) { return act[0](u.clip(x[0] + x[1])); });
      SmallVector<Value> args{u.gate(inputs, R), u.gate(product, R)}, last{update, before, u.gate(inputs, H)};
      if (linear) {
        args.push_back(u.gate(product, H));
        if (hiddenBias)
          args.push_back(hiddenBias);
        last.push_back(u.each(
            args, [&](ArrayRef<Scalar> x) { return act[0](u.clip(x[0] + x[1])) * (hiddenBias ? x[2] + x[3] : x[2]); }));
      } else {
        args.push_back(before);
        Value reset = u.each(args, [&](ArrayRef<Scalar> x) { return act[0](u.clip(x[0] + x[1])) * x[2]; });
        last.push_back(u.gate(u.recur(reset, candidate), 0));
      }
      Value hidden = u.each(
          last, [&](ArrayRef<Scalar> x) { return (1 - x[0]) * act[1](u.clip(x[2] + x[3])) + x[0] * x[1]; },
          u.destination(before));
      return SmallVector<Value>{hidden};
    });
  }
  u.finish();
  return success();
}

//===--- RNN ----------------------------------------------------------------===//

template <typename Op> static LogicalResult decomposeRnn(Op op, Decomposer &d) {
  FailureOr<Geometry> g = geometry(op, d.shapes, 1);
  if (failed(g))
    return failure();
  auto functions = activations(op, g->directions, kRnnActivations);
  if (failed(functions))
    return failure();
  Unroller u(op, d, *g, 1);
  for (u.direction = 0; u.direction < g->directions; ++u.direction) {
    const Activation &act = (*functions)[u.direction];
    Unroller::Matrix weight = u.matrix(0, 1);
    u.run(u.bias([](int64_t) { return true; }), u.initial(5), [&](Value inputs, ValueRange states) {
      Value product = u.recur(states[0], weight);
      return SmallVector<Value>{u.each(
          {u.gate(inputs, 0), u.gate(product, 0)}, [&](ArrayRef<Scalar> x) { return act(u.clip(x[0] + x[1])); },
          u.destination(states[0]))};
    });
  }
  u.finish();
  return success();
}

//===--- all of them --------------------------------------------------------===//

LogicalResult LSTMOp::inferShapes(ShapeContext &context) { return inferRecurrent(*this, context, 4, kLstmActivations); }
LogicalResult LSTMOp::decompose(Decomposer &d) { return decomposeLstm(*this, d); }
LogicalResult ByteLSTMOp::inferShapes(ShapeContext &context) { return inferRecurrent(*this, context, 4, kLstmActivations); }
LogicalResult ByteLSTMOp::decompose(Decomposer &d) { return decomposeLstm(*this, d); }
QuantizedForm LSTMOp::quantizedForm() { return recurrentForm(); }
Value LSTMOp::buildQuantized(OpMaker &make, ArrayRef<QuantizedValue> factors, Value) {
  return byteRecurrent(make, *this, ByteLSTMOp::getOperationName(), kLstmActivations, factors[0], factors[1], factors[2],
                       getOperands().drop_front(3));
}

LogicalResult GRUOp::inferShapes(ShapeContext &context) { return inferRecurrent(*this, context, 3, kGruActivations); }
LogicalResult GRUOp::decompose(Decomposer &d) { return decomposeGru(*this, d); }
LogicalResult ByteGRUOp::inferShapes(ShapeContext &context) { return inferRecurrent(*this, context, 3, kGruActivations); }
LogicalResult ByteGRUOp::decompose(Decomposer &d) { return decomposeGru(*this, d); }
QuantizedForm GRUOp::quantizedForm() { return recurrentForm(); }
Value GRUOp::buildQuantized(OpMaker &make, ArrayRef<QuantizedValue> factors, Value) {
  return byteRecurrent(make, *this, ByteGRUOp::getOperationName(), kGruActivations, factors[0], factors[1], factors[2],
                       getOperands().drop_front(3));
}

LogicalResult RNNOp::inferShapes(ShapeContext &context) { return inferRecurrent(*this, context, 1, kRnnActivations); }
LogicalResult RNNOp::decompose(Decomposer &d) { return decomposeRnn(*this, d); }
LogicalResult ByteRNNOp::inferShapes(ShapeContext &context) { return inferRecurrent(*this, context, 1, kRnnActivations); }
LogicalResult ByteRNNOp::decompose(Decomposer &d) { return decomposeRnn(*this, d); }
QuantizedForm RNNOp::quantizedForm() { return recurrentForm(); }
Value RNNOp::buildQuantized(OpMaker &make, ArrayRef<QuantizedValue> factors, Value) {
  return byteRecurrent(make, *this, ByteRNNOp::getOperationName(), kRnnActivations, factors[0], factors[1], factors[2],
                       getOperands().drop_front(3));
}
