// How plans are made: Plan.cpp has images and windows, PlanTokens.cpp what goes over the channels of a pixel.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_NPU_PLANNER_H
#define BRISK_TARGETS_NPU_PLANNER_H

#include "targets/npu/Plan.h"
#include "llvm/ADT/EquivalenceClasses.h"

namespace brisk::npu {

/// An axis of a tensor as pixels or channels of an image of one row; `stride` of them from one element to the next.
struct Axis {
  int64_t size;
  bool isChannel;
  int64_t stride;
};

/// A tensor that is an image of one row seen another way: reshaped, transposed.
struct View {
  int image;
  llvm::SmallVector<Axis, 4> axes;
};

/// Floats that bytes of an image stand for, by the byte as it is stored.
struct Floats {
  View view;
  std::vector<double> values;
};

class Planner {
public:
  explicit Planner(mlir::func::FuncOp function) : function(function) {}

  Plan run();

private:
  void alias(mlir::Operation &op);
  void visit(mlir::linalg::GenericOp op);
  bool visitElementwise(mlir::linalg::GenericOp op);
  bool visitMean(mlir::linalg::GenericOp op);
  bool visitQuantize(mlir::linalg::GenericOp op);
  /// Floats of `source` to bytes, if nothing else is what `op` does: a step of this kind.
  bool planBytes(mlir::linalg::GenericOp op, Step::Kind kind, mlir::Value source, Extent extent);
  void dropUseless();
  void place();

  int addImage(Extent extent, bool isSigned) {
    plan.images.push_back({extent, isSigned, {}, std::nullopt, 0, 0, 0, 0, 0});
    groups.insert(plan.images.size() - 1);
    return plan.images.size() - 1;
  }
  /// The image of a tensor of bytes that are read as told; made of the tensor where `force`. -1 if there is none.
  int imageOf(mlir::Value tensor, bool isSigned, mlir::Operation *anchor, bool force);
  /// The image of a byte that the body of `op` computes or takes.
  int imageIn(mlir::linalg::GenericOp op, BodyReader &reader, mlir::Value byte, bool isSigned, bool force);
  int sumsOf(mlir::linalg::GenericOp op, mlir::Value tensor, const Quantized &result, Extent extent);
  int join(mlir::Value tensor, Extent extent, bool isSigned, mlir::Operation *anchor);
  int slide(mlir::linalg::GenericOp op, const Products &products, bool isSigned, bool force);
  bool visitPool(mlir::linalg::GenericOp op);
  /// `image` with the bounds of `result`, where they are not those of bytes.
  int bounded(mlir::linalg::GenericOp op, int image, const Quantized &result);
  int lookup(mlir::Operation *anchor, int input, llvm::ArrayRef<uint8_t> table, bool isSigned);
  bool requireBorder(int image, Border border, uint8_t fill);
  Step &addStep(Step::Kind kind, mlir::Operation *anchor, llvm::ArrayRef<int> inputs, int output) {
    Step step{};
    step.kind = kind;
    step.anchor = anchor;
    step.loc = anchor->getLoc();
    step.inputs.assign(inputs.begin(), inputs.end());
    step.output = output;
    plan.steps.push_back(std::move(step));
    return plan.steps.back();
  }

  // PlanTokens.cpp
  std::optional<View> viewOf(mlir::Value tensor);
  bool visitProduct(mlir::linalg::GenericOp op);
  bool visitSoftmax(mlir::linalg::GenericOp op);
  bool visitNorm(mlir::linalg::GenericOp op);
  bool visitTokens(mlir::linalg::GenericOp op);
  void rememberFloats(mlir::Value tensor, View view, llvm::ArrayRef<mlir::Attribute> table);
  void finish(mlir::linalg::GenericOp op, int image, llvm::SmallVector<Axis, 4> axes,
              std::vector<mlir::Attribute> table);

  mlir::func::FuncOp function;
  Plan plan;
  llvm::DenseMap<mlir::Value, View> views;
  llvm::DenseMap<mlir::Value, Floats> floats;
  llvm::DenseMap<mlir::Value, int> known;    // tensors
  llvm::DenseMap<mlir::Value, int> computed; // bytes inside bodies
  int slideInput = -1;                       // what slide() found
  Border slideBorder;
  mlir::AffineMap imageMap;             // how the op that is looked at reads images
  llvm::EquivalenceClasses<int> groups; // images of one pitch and border
};

inline bool isSignedRange(const Quantized &q) { return q.low < 0; }

} // namespace brisk::npu
#endif
