// The loop over time that all recurrent ops share.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_ONNX_OPS_UNROLLER_H
#define BRISK_DIALECTS_ONNX_OPS_UNROLLER_H

#include "dialects/interfaces/Decomposer.h"
#include "dialects/interfaces/Quantized.h"
#include "dialects/onnx/Compose.h"
#include "dialects/onnx/Scalar.h"
#include "dialects/onnx/ops/Contraction.h"

namespace brisk::onnx {

/// An activation function and its numbers.
struct Activation {
  enum Kind {
    Affine,
    Elu,
    HardSigmoid,
    LeakyRelu,
    Relu,
    ScaledTanh,
    Sigmoid,
    Softplus,
    Softsign,
    Tanh,
    ThresholdedRelu
  } kind = Tanh;
  double alpha = 0, beta = 0;

  Scalar operator()(const Scalar &x) const;
};

/// The activations of all directions, `defaults.size()` each. Numbers of `activation_alpha` and
/// `activation_beta` go in turn to those that take one.
mlir::FailureOr<llvm::SmallVector<Activation>> activations(mlir::Operation *op, unsigned directions,
                                                           llvm::ArrayRef<llvm::StringRef> defaults);

/// The functions of an op that names none.
inline constexpr llvm::StringRef kLstmActivations[] = {"Sigmoid", "Tanh", "Tanh"};
inline constexpr llvm::StringRef kGruActivations[] = {"Sigmoid", "Tanh"};
inline constexpr llvm::StringRef kRnnActivations[] = {"Tanh"};

/// Sizes of a recurrent op, and what can be wrong with its operands.
struct Geometry {
  Dim steps, batch;
  int64_t hidden, directions;
  bool batchFirst;
  bool bytes; // an integer form: operand 0 is multiplied with W already, operand 1 holds R's scales
};

mlir::FailureOr<Geometry> geometry(mlir::Operation *op, ShapeContext &shapes, int64_t gates);

/// Types of the results of a recurrent op.
mlir::LogicalResult inferRecurrent(mlir::Operation *op, ShapeContext &shapes, int64_t gates,
                                   llvm::ArrayRef<llvm::StringRef> defaults);

/// Decomposition of one op, direction by direction.
class Unroller {
public:
  Unroller(mlir::Operation *op, Decomposer &d, const Geometry &g, int64_t gates)
      : op(op), d(d), b(d.b), g(g), gates(gates), element(d.shapes.elementType(op->getOperand(0))),
        type(accumulatorType(element)) {}

  mlir::Operation *op;
  Decomposer &d;
  mlir::OpBuilder &b;
  const Geometry &g;
  int64_t gates;
  mlir::Type element, type; // of the op's tensors, and of states inside the loop
  int64_t direction = 0;

  /// Rows [from, from + count) of operand `operand` for this direction: known weights stay constants.
  mlir::Value part(unsigned operand, int64_t from, int64_t count);
  /// Gate `k` of a [batch, gates, hidden] tensor.
  mlir::Value gate(mlir::Value all, int64_t k);
  /// Rows of R for some gates, and what sums of bytes are scaled by.
  struct Matrix {
    mlir::Value weight, scale;
    int64_t count;
  };
  Matrix matrix(int64_t gate, int64_t count);
  /// [batch, hidden] by the matrix rows as [batch, gates, hidden].
  mlir::Value recur(mlir::Value state, const Matrix &matrix);
  using Formula = llvm::function_ref<Scalar(llvm::ArrayRef<Scalar>)>;
  /// `formula` over [batch, hidden] tensors and [hidden] vectors, written into `into` if given.
  mlir::Value each(llvm::ArrayRef<mlir::Value> inputs, Formula formula, mlir::Value into = {});
  /// The last step's buffer of a state, which its next value goes to (unless that is masked later).
  mlir::Value destination(mlir::Value state) { return isPresent(op->getOperand(4)) ? mlir::Value() : state; }
  /// From the inputs' part of one step and the states (hidden first) to the next states.
  using Step = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value inputs, mlir::ValueRange states)>;
  /// Runs the current direction. `bias` [gates, hidden] or null joins the inputs' part.
  void run(mlir::Value bias, llvm::ArrayRef<mlir::Value> initial, Step step);
  void finish();
  /// Initial state from operand `operand`, zero if absent.
  mlir::Value initial(unsigned operand);
  /// Sum of both biases of each gate, as [gates, hidden]; those of the recurrence only where `recurrent` says so.
  mlir::Value bias(llvm::function_ref<bool(int64_t gate)> recurrent);
  Scalar clip(const Scalar &x) const {
    auto attr = op->getAttrOfType<mlir::FloatAttr>("clip");
    return attr ? max(min(x, attr.getValueAsDouble()), -attr.getValueAsDouble()) : x;
  }

private:
  /// Of an op without any users, which others are just being made of, everything is.
  bool isWanted(mlir::Value result) const { return op->use_empty() || !result.use_empty(); }
  /// The inputs' part of all steps, [steps, batch, gates hidden], without the bias.
  mlir::Value project();
  /// Of integer forms: a scalar, or a tensor with one, that states are divided by before they are rounded.
  mlir::Value stateScale();

  mlir::Value scaleOfStates;                               // made once
  mlir::Value whole;                                       // Y so far
  llvm::SmallVector<llvm::SmallVector<mlir::Value>> lasts; // by direction, then kind
  bool isReverse() const {
    auto attr = op->getAttrOfType<mlir::StringAttr>("direction");
    return direction == 1 || (attr && attr.getValue() == "reverse");
  }
  mlir::OpFoldResult number(int64_t n) { return b.getIndexAttr(n); }
  mlir::Value slice(mlir::Value tensor, llvm::ArrayRef<mlir::OpFoldResult> offsets,
                    llvm::ArrayRef<mlir::OpFoldResult> sizes, llvm::ArrayRef<int64_t> keep);
};

/// What passes may do with a recurrent op.
QuantizedForm recurrentForm();

/// The integer form `name` of `op`, with `others` for its operands from B on: the first of its results. X times W is one
/// product of bytes for all directions; W and R have their scales and zero points as scalars, along axis 1 or, of rank 2,
/// for each direction as well. Null where R is not symmetric or states are not bounded.
mlir::Value byteRecurrent(OpMaker &make, mlir::Operation *op, llvm::StringRef name,
                          llvm::ArrayRef<llvm::StringRef> defaults, const QuantizedValue &x, const QuantizedValue &w,
                          const QuantizedValue &r, mlir::ValueRange others);

} // namespace brisk::onnx
#endif
