// A model run on symbols: every element of every tensor becomes integers of a design, or functions of them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_HLS_ELABORATE_H
#define BRISK_TARGETS_HLS_ELABORATE_H

#include "mlir/IR/BuiltinOps.h"
#include "targets/hls/Real.h"
#include <variant>

namespace brisk::hls {

/// Signals times constants, plus a constant: what is added up before anything has to be built.
struct Linear {
  std::vector<std::pair<int64_t, int64_t>> terms; // signal, factor; a signal may come twice
  int64_t bias = 0;
  static Linear number(int64_t value) { return {{}, value}; }
  static Linear signal(int64_t signal) { return {{{signal, 1}}, 0}; }
  bool isNumber() const { return terms.empty(); }
};

/// A comparison, left open until something selects by it.
struct Comparison {
  std::optional<bool> known;
  enum Kind { Less, LessOrEqual, Equal } kind = Less;
  bool isNegated = false;
  std::variant<std::pair<Linear, Linear>, std::pair<Real, Real>> sides;
};

using Scalar = std::variant<Linear, Real, Comparison>;

/// The elements in row-major order.
struct Elements {
  mlir::SmallVector<int64_t> shape;
  std::vector<Scalar> values;
  int64_t at(mlir::ArrayRef<int64_t> index) const {
    int64_t place = 0;
    for (auto [position, size] : llvm::zip_equal(index, shape))
      place = place * size + position;
    return place;
  }
};

/// Builds the signals of a design, node by node. Signals have numbers; a node reads those of earlier ones through its
/// operands.
class NodeBuilder {
public:
  NodeBuilder(DesignOp design) : design(design), builder(design.getContext()) {}

  int64_t addInput(Interval range, mlir::Location loc);
  void beginNode(mlir::Location loc, mlir::StringRef name);
  /// Ends the node; it yields those of its signals for which `isRead` holds.
  void endNode(llvm::function_ref<bool(int64_t)> isRead);
  /// Ends the design with these.
  void finish(mlir::ArrayRef<int64_t> outputs);

  Interval range(int64_t signal) const { return signals[signal].range; }
  Interval range(const Linear &linear) const;
  /// The sum behind a signal of this node, the signal itself where there is none.
  Linear sumOf(int64_t signal) const;

  /// The integers as one signal each.
  int64_t materialize(Linear linear);
  int64_t clamp(int64_t signal, int64_t low, int64_t high);
  int64_t round(int64_t signal, unsigned shift, bool even);
  int64_t table(int64_t signal, int64_t first, mlir::ArrayRef<int64_t> entries);
  int64_t equal(int64_t signal, int64_t number);
  /// Of a form made for these signals.
  int64_t apply(const IntegerForm &form, mlir::ArrayRef<int64_t> signals);
  template <typename Op> int64_t pair(int64_t a, int64_t b) { return add<Op>({a, b}); }
  int64_t select(int64_t condition, int64_t yes, int64_t no) { return add<SelectOp>({condition, yes, no}); }

private:
  struct Signal {
    mlir::Value inner, outer; // in its node, and beside it
    Interval range;
    int64_t node;
  };
  mlir::Value use(int64_t signal);
  template <typename Op, typename... Attributes>
  int64_t add(mlir::ArrayRef<int64_t> operands, Attributes... attributes) {
    mlir::SmallVector<mlir::Value> values;
    mlir::SmallVector<Interval> ranges;
    for (int64_t operand : operands) {
      values.push_back(use(operand));
      ranges.push_back(range(operand));
    }
    mlir::OperationState state(loc, Op::getOperationName(), values, builder.getIntegerType(1, false));
    (state.attributes.append(attributes), ...);
    mlir::Operation *op = builder.create(state);
    Interval result = inferRange(op, ranges);
    op->getResult(0).setType(typeOf(builder.getContext(), result));
    signals.push_back({op->getResult(0), nullptr, result, node});
    return signals.size() - 1;
  }

  DesignOp design;
  mlir::OpBuilder builder;
  std::vector<Signal> signals;
  llvm::DenseMap<int64_t, mlir::Value> arguments; // of the node
  llvm::DenseMap<int64_t, Linear> sums;           // that the node materialized
  mlir::SmallVector<mlir::Value> operands;
  std::unique_ptr<mlir::Region> body;
  int64_t node = 0, count = 0; // 0: the design itself
  mlir::Location loc = mlir::UnknownLoc::get(design.getContext());
  std::string name;
};

/// Runs bodies of linalg ops on symbols.
class BodyRunner {
public:
  /// Called for a float input that becomes an integer: the signal.
  using QuantizeInput = std::function<mlir::FailureOr<int64_t>(const Real &)>;
  BodyRunner(NodeBuilder &builder, QuantizeInput quantizeInput) : builder(builder), quantizeInput(std::move(quantizeInput)) {}

  /// `values` holds the arguments and gets the rest; indices are those of the loops.
  mlir::LogicalResult run(mlir::Block &body, llvm::DenseMap<mlir::Value, Scalar> &values, mlir::ArrayRef<int64_t> indices);
  /// `value` as an integer of the design, converted as the model does.
  mlir::FailureOr<Linear> toInteger(const Real &real, mlir::Location loc);

private:
  mlir::FailureOr<Scalar> runOp(mlir::Operation &op, mlir::ArrayRef<Scalar> in, mlir::ArrayRef<int64_t> indices);
  mlir::FailureOr<Scalar> integer(mlir::Operation &op, mlir::ArrayRef<Scalar> in);
  mlir::FailureOr<Scalar> floating(mlir::Operation &op, mlir::ArrayRef<Scalar> in);
  mlir::FailureOr<Scalar> choose(mlir::Operation &op, const Comparison &comparison, const Scalar &yes, const Scalar &no);
  mlir::FailureOr<Linear> widened(mlir::Operation &op, Linear value, unsigned from, bool isSigned);

  NodeBuilder &builder;
  QuantizeInput quantizeInput;
};

/// Takes out what no output needs: neurons that only zero weights read, and what only they read.
void eraseUnread(DesignOp design);

/// What a scalar attribute holds.
mlir::FailureOr<Scalar> constantOf(mlir::Attribute attribute, mlir::Location loc);

} // namespace brisk::hls
#endif
