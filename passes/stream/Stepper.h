// The step of a model, made op by op.
//
// A value over time is a sequence of frames, numbered from 0. Each of them has a rate (frames a step) and a delay: step k,
// counted from 0, computes the frames k count - delay ... (k + 1) count - delay - 1. A delay is what an op has to wait for; a
// negative one means that the first frames are known before there is any input (padding). Frames before frame 0 do not exist:
// where an op pads, states begin as padding, and what is computed too early is replaced by it.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_STREAM_STEPPER_H
#define BRISK_PASSES_STREAM_STEPPER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/stream/OpFacts.h"
#include <vector>

namespace brisk {

/// A value over time, in the step.
struct Stream {
  mlir::Value value = {};
  int64_t axis = 0, count = 0, delay = 0;
  mlir::Value known = {}; ///< with a negative delay: the frames 0 ... -delay - 1
  /// Ops that wait for later frames of the inputs, and how many.
  std::vector<std::pair<mlir::Operation *, int64_t>> waits = {};
};

class Stepper {
public:
  /// The step of `main` with `step` frames of the arguments in `times`, as a function before it.
  Stepper(mlir::func::FuncOp main, const TimeAxes &times, int64_t step, int64_t mostDelay);
  /// Null with a diagnostic, or with neededFactor() > 1 where the step has to be so many times as long.
  mlir::func::FuncOp run();
  int64_t neededFactor() const { return factor; }
  mlir::Operation *factorNode() const { return factorOp; }

  // The result's interface: axes of time (-1 for none), and delays of results.
  std::vector<int64_t> inputs, outputs, delays;
  size_t states() const { return kept.size(); }

private:
  struct State {
    mlir::Value past, next;
  };
  struct History {
    mlir::Value of, past;
    int64_t frames;
    double fill;
  };

  mlir::LogicalResult visit(mlir::Operation &op);
  mlir::LogicalResult follow(mlir::Operation &op, const OpFacts &facts, llvm::ArrayRef<unsigned> operands);
  mlir::LogicalResult slide(mlir::Operation &op, const OpFacts &facts, const OpFacts::Link &link);
  mlir::LogicalResult spread(mlir::Operation &op, const OpFacts &facts, const OpFacts::Link &link);
  mlir::LogicalResult finish(mlir::Operation &terminator);

  /// The op on these operands in place of those over time; `frames` are the result's.
  mlir::Operation *apply(mlir::Operation &op, llvm::ArrayRef<std::pair<unsigned, mlir::Value>> operands,
                         const OpFacts &facts, int64_t frames);
  /// The same on what is known before the first step, if there is anything (`frames` > 0), and its results.
  mlir::FailureOr<mlir::Operation *> atFirst(mlir::Operation &op, llvm::ArrayRef<std::pair<unsigned, mlir::Value>> known,
                                             const OpFacts &facts, int64_t frames);
  mlir::Value resultAtFirst(mlir::Operation *early, unsigned result) const;
  /// Notes a result, and what its op waits for.
  void define(mlir::Operation &op, unsigned result, const Stream &from, Stream to);
  int64_t inputFrames(const Stream &stream, int64_t delay) const;

  /// Frames `begin` ... `end` - 1 of those known before the first step; `fill` before frame 0.
  mlir::Value before(const Stream &stream, int64_t begin, int64_t end, double fill);
  /// The `frames` frames before those of the step.
  mlir::Value history(const Stream &stream, int64_t frames, double fill);
  /// The same later.
  Stream delayed(const Stream &stream, int64_t delay);
  /// With `fill` in place of what is computed before frame 0.
  mlir::Value masked(const Stream &stream, double fill);
  mlir::Value joined(mlir::ValueRange parts, int64_t axis);
  mlir::Value cut(mlir::Value value, int64_t axis, int64_t begin, int64_t end);
  static bool isZero(mlir::Value value);

  mlir::Value filled(mlir::Value like, int64_t axis, int64_t frames, double fill);
  /// A constant that holds one number everywhere.
  mlir::Value numbers(mlir::RankedTensorType type, double value);
  /// A new state; give its next value to `keep`.
  mlir::Value addState(mlir::Type type);
  void keep(mlir::Value past, mlir::Value next);
  /// Steps before this one.
  mlir::Value steps();
  /// `value` from step `step` on, until then `initial`.
  mlir::Value from(int64_t step, mlir::Value initial, mlir::Value value);

  mlir::func::FuncOp main, made;
  mlir::OpBuilder b;
  mlir::Location loc;
  TimeAxes times;
  int64_t step, mostDelay, factor = 1;
  mlir::Operation *factorOp = nullptr;
  llvm::DenseMap<mlir::Value, Stream> streams; ///< by the whole model's values
  llvm::DenseSet<mlir::Value> measures; ///< values that depend on the number of frames
  mlir::IRMapping mapping;
  llvm::DenseMap<mlir::Value, mlir::Value> zeros; ///< what is known to be zeros, and the constant
  std::vector<State> kept;
  std::vector<History> histories;
  mlir::Value counter;
};

} // namespace brisk
#endif
