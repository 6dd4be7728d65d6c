// What one thread does for one point of a structured op.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CUDA_POINTEMITTER_H
#define BRISK_TARGETS_CUDA_POINTEMITTER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/DenseMap.h"

namespace brisk::cuda {

/// A structured op as nested loops: one point of the parallel ones is a thread's work. `known` holds what the thread has
/// computed of its own element of buffers; those that are no arguments of the kernel exist nowhere else.
class PointEmitter {
public:
  PointEmitter(mlir::OpBuilder &b, mlir::linalg::LinalgOp op, llvm::DenseMap<mlir::Value, mlir::Value> &known);

  /// The whole of a point. `number`: i32, which one.
  void emit(mlir::Value number);
  /// Only stores its results.
  void store(mlir::Value number, mlir::ValueRange values);

  /// The index (of type index) of each of `loops`, digits of `number` (i32).
  void split(mlir::Value number, llvm::ArrayRef<unsigned> loops);
  void setIndex(unsigned loop, mlir::Value index) { indices[loop] = index; }
  /// `number` (i32) again, of the parallel loops' indices.
  mlir::Value join();
  /// The element of an operand at the indices.
  mlir::Value load(mlir::OpOperand &operand);
  /// The op's body: of each operand its element, in order; null where the body does not use it.
  llvm::SmallVector<mlir::Value> body(llvm::ArrayRef<mlir::Value> elements);

private:
  llvm::SmallVector<mlir::Value> at(mlir::OpOperand &operand);
  void store(mlir::OpOperand &operand, mlir::Value value);
  llvm::SmallVector<mlir::Value> sum(unsigned depth, llvm::ArrayRef<mlir::Value> values);
  llvm::SmallVector<mlir::Value> step(llvm::ArrayRef<mlir::Value> values);

  mlir::OpBuilder &b;
  mlir::linalg::LinalgOp op;
  llvm::DenseMap<mlir::Value, mlir::Value> &known;
  mlir::Location loc;
  llvm::SmallVector<int64_t> ranges;
  llvm::SmallVector<mlir::Value> indices;
  llvm::SmallVector<unsigned> sums; // loops over which is summed
  bool isInMemory;
};

} // namespace brisk::cuda
#endif
