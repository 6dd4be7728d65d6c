// Which units go, and a module without them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/prune/Plan.h"

#include "dialects/onnx/Build.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace brisk;

namespace {

/// Whether each place goes.
std::vector<char> gonePlaces(const Families &found, const PrunePlan &plan) {
  std::vector<char> gone(found.axes.empty() ? 0 : found.axes.back().first + found.axes.back().size);
  for (auto [family, units] : llvm::zip(found.families, plan.gone))
    for (auto [unit, isGone] : llvm::zip(family.units, units))
      for (int64_t place : unit)
        gone[place] |= isGone;
  return gone;
}

std::vector<int64_t> keptOf(const SlicedAxis *axis, int64_t size, const std::vector<char> &gone) {
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < size; ++i)
    if (!axis || !gone[axis->first + i])
      kept.push_back(i);
  return kept;
}

class Application {
public:
  Application(ModuleOp module, const PrunePlan &plan)
      : main(module.lookupSymbol<func::FuncOp>("main")), plan(plan), found(findFamilies(module)),
        gone(gonePlaces(found, plan)), b(module.getContext()) {}

  LogicalResult run() {
    Block &block = main.getBody().front();
    for (Operation &op : llvm::make_early_inc_range(block))
      if (op.hasTrait<OpTrait::ConstantLike>() && isCut(op.getResult(0)))
        cutConstant(op);
    for (Operation &op : llvm::make_early_inc_range(block))
      if (failed(resize(op)))
        return failure();
    for (const auto &[number, repair] : plan.repairs) {
      const Consumer &consumer = found.consumers[number];
      if (repair.weight.empty())
        continue;
      b.setInsertionPoint(consumer.op);
      auto type = cast<RankedTensorType>(consumer.op->getOperand(consumer.weight).getType());
      consumer.op->setOperand(consumer.weight, constant(label(consumer, "weight"), type.getShape(), repair.weight));
      addShift(shiftable(consumer), constant(label(consumer, "shift"), type.getDimSize(consumer.channelAxis), repair.shift));
    }
    return success();
  }

  SmallVector<Value> makeElastic() {
    SmallVector<Value> probes;
    for (const Consumer &consumer : found.consumers) {
      b.setInsertionPoint(consumer.op);
      auto type = cast<RankedTensorType>(consumer.op->getOperand(consumer.weight).getType());
      Location loc = label(consumer, "elastic");
      consumer.op->setOperand(consumer.weight, addArgument(main, type.getShape(), "weight", loc));
      probes.push_back(consumer.op->getOperand(consumer.activation));
      probes.push_back(addShift(shiftable(consumer), addArgument(main, type.getDimSize(consumer.channelAxis), "shift", loc)));
    }
    return probes;
  }

private:
  Location label(const Consumer &consumer, StringRef suffix) {
    return labeled(b.getContext(), consumer.name, suffix);
  }
  static Shiftable shiftable(const Consumer &consumer) {
    return {consumer.op, consumer.name, consumer.resultAxis, consumer.bias};
  }
  Value constant(Location loc, ArrayRef<int64_t> shape, ArrayRef<float> values) {
    return onnx::createConstant(b, loc, floatsAttr(b.getContext(), shape, values));
  }

  bool isCut(Value value) const {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    for (int64_t axis = 0; type && axis < type.getRank(); ++axis)
      if (const SlicedAxis *sliced = found.axis(value, axis))
        for (int64_t i = 0; i < sliced->size; ++i)
          if (gone[sliced->first + i])
            return true;
    return false;
  }

  void cutConstant(Operation &op) {
    Value value = op.getResult(0);
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<std::vector<int64_t>> kept;
    SmallVector<int64_t> shape;
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      kept.push_back(keptOf(found.axis(value, axis), type.getDimSize(axis), gone));
      shape.push_back(kept.back().size());
    }
    b.setInsertionPoint(&op);
    value.replaceAllUsesWith(constant(op.getLoc(), shape, cutFloats(constantFloats(value), type.getShape(), kept)));
    op.erase();
  }

  /// Results without what is gone.
  LogicalResult resize(Operation &op) {
    if (op.hasTrait<OpTrait::ConstantLike>())
      return success();
    if (llvm::none_of(op.getResults(), [&](Value result) { return isCut(result); }))
      return success();
    SmallVector<SmallVector<int64_t>> dims;
    for (Value result : op.getResults()) {
      dims.emplace_back();
      auto type = dyn_cast<RankedTensorType>(result.getType());
      for (int64_t axis = 0; type && axis < type.getRank(); ++axis)
        dims.back().push_back(type.isDynamicDim(axis)
                                  ? ShapedType::kDynamic
                                  : keptOf(found.axis(result, axis), type.getDimSize(axis), gone).size());
    }
    b.setInsertionPoint(&op);
    if (auto iface = dyn_cast<PrunableInterface>(op))
      iface.resizeResults(b, dims);
    ShapeContext context;
    if (failed(cast<InferShapesInterface>(op).inferShapes(context)))
      return failure();
    for (auto [result, want] : llvm::zip(op.getResults(), dims))
      if (auto type = dyn_cast<RankedTensorType>(result.getType()); type && type.getShape() != ArrayRef(want))
        return op.emitOpError("does not shrink as it says it does, to ") << type;
    return success();
  }

  func::FuncOp main;
  PrunePlan plan;
  Families found;
  std::vector<char> gone;
  OpBuilder b;
};

} // namespace

std::vector<int64_t> brisk::placesKept(ArrayRef<int64_t> shape, ArrayRef<std::vector<int64_t>> kept) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  std::vector<int64_t> places{0};
  for (auto [stride, list] : llvm::zip(strides, kept)) {
    std::vector<int64_t> next;
    next.reserve(places.size() * list.size());
    for (int64_t place : places)
      for (int64_t i : list)
        next.push_back(place + i * stride);
    places = std::move(next);
  }
  return places;
}

std::vector<float> brisk::cutFloats(ArrayRef<float> values, ArrayRef<int64_t> shape, ArrayRef<std::vector<int64_t>> kept) {
  std::vector<float> result;
  for (int64_t place : placesKept(shape, kept))
    result.push_back(values[place]);
  return result;
}

std::vector<int64_t> brisk::keptSlices(const Families &found, const PrunePlan &plan, Value value, int64_t axis) {
  return keptOf(found.axis(value, axis), cast<RankedTensorType>(value.getType()).getDimSize(axis), gonePlaces(found, plan));
}

std::vector<unsigned> brisk::affectedConsumers(const Families &found, const PrunePlan &plan) {
  std::vector<unsigned> affected;
  for (auto [i, family] : llvm::enumerate(found.families))
    if (plan.count(i))
      llvm::append_range(affected, family.consumers);
  llvm::sort(affected);
  affected.erase(std::unique(affected.begin(), affected.end()), affected.end());
  return affected;
}

LogicalResult brisk::applyPlan(ModuleOp module, const PrunePlan &plan) { return Application(module, plan).run(); }

SmallVector<Value> brisk::makeElastic(ModuleOp module) {
  return Application(module, PrunePlan(findFamilies(module))).makeElastic();
}
