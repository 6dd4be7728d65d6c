// Which slices of a model's tensors could go, read off the facts that ops state.
//
// Every slice of every axis is a place; what ops tie together becomes one class. A class that holds a whole axis' place
// stays. Where an axis is split into several, one of these can lose slices: the outermost that is not whole (heads, not
// positions within all heads).
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/prune/Families.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseSet.h"
#include <map>

using namespace mlir;
using namespace brisk;

const SlicedAxis *Families::axis(Value value, int64_t axis) const {
  auto found = numbers.find({value, axis});
  return found == numbers.end() ? nullptr : &axes[found->second];
}

void brisk::unshareConstants(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return;
  for (Operation &op : llvm::make_early_inc_range(main.getBody().front())) {
    if (!op.hasTrait<OpTrait::ConstantLike>() || op.getNumResults() != 1)
      continue;
    OpBuilder b(&op);
    for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(op.getUses())))
      use.set(b.clone(op)->getResult(0));
  }
}

namespace {

bool isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>();
}

class Coupler : public SliceCoupling {
public:
  explicit Coupler(Families &out) : out(out) {}

  void visit(Block &block) {
    for (Value argument : block.getArguments())
      freeze(argument);
    for (Operation &op : block) {
      mentioned.clear();
      if (op.getNumRegions() == 0)
        coupleSlices(&op, *this);
      else
        op.walk([&](Operation *nested) {
          for (Value operand : nested->getOperands())
            if (operand.getParentBlock() == &block)
              freeze(operand);
        });
      // A constant says nothing, but holds what can be cut if it holds floats.
      if (op.hasTrait<OpTrait::ConstantLike>()) {
        auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
        if (type && type.getElementType().isF32())
          continue;
      }
      for (ValueRange values : {ValueRange(op.getOperands()), ValueRange(op.getResults())})
        for (Value value : values)
          if (auto type = dyn_cast<RankedTensorType>(value.getType()))
            for (int64_t axis = 0; axis < type.getRank(); ++axis)
              if (!mentioned.contains({value, axis}))
                freeze(TensorAxis{value, axis});
    }
    resolveSplits();
  }

  void tie(TensorAxis part, TensorAxis whole, int64_t offset) override {
    std::optional<SlicedAxis> a = mention(part), b = mention(whole);
    if (!a || !b)
      return freezeBoth(part, whole);
    for (int64_t i = 0; i < a->size && offset + i < b->size; ++i)
      join(a->first + i, b->first + offset + i);
  }

  void split(TensorAxis whole, ArrayRef<TensorAxis> parts) override {
    pending.push_back({});
    pending.back().whole = *mention(whole);
    for (TensorAxis part : parts)
      pending.back().parts.push_back(*mention(part));
  }

  void sum(TensorAxis activation, TensorAxis weight) override {
    tie(activation, weight, 0);
    // Only weights can make up for what is missing in a sum.
    if (isConstant(activation.value) || !numberOf(activation) || !numberOf(weight))
      return freezeBoth(activation, weight);
    if (!isConstant(weight.value))
      return;
    Operation *op = *weight.value.user_begin();
    QuantizedForm form = quantizedForm(op);
    auto type = cast<RankedTensorType>(weight.value.getType());
    bool isSpatial = type.getRank() >= 3 && form.channelAxis <= 1;
    if (form.kind != QuantizedForm::Product || form.activations.size() != 1 || !form.weight ||
        op->getOperand(*form.weight) != weight.value || !type.getElementType().isF32() ||
        (!isSpatial && type.getRank() != 2))
      return freezeBoth(activation, weight);
    Consumer consumer;
    consumer.op = op;
    consumer.name = labelOf(op->getLoc());
    consumer.activation = form.activations.front();
    consumer.weight = *form.weight;
    consumer.bias = form.bias;
    consumer.channelAxis = form.channelAxis;
    consumer.weightAxis = weight.axis;
    consumer.activationAxis = activation.axis;
    consumer.resultAxis = isSpatial ? 1 : cast<RankedTensorType>(op->getResult(0).getType()).getRank() - 1;
    consumerOf[*numberOf(weight)] = out.consumers.size();
    out.consumers.push_back(std::move(consumer));
  }

  /// Classes that nothing holds, by the axes that they lie in.
  void collect() {
    std::map<int64_t, SmallVector<int64_t>> classes;
    for (int64_t place = 0, count = parent.size(); place < count; ++place)
      if (!whole[find(place)])
        classes[find(place)].push_back(place);
    std::map<std::vector<std::pair<unsigned, unsigned>>, unsigned> bySignature;
    std::vector<std::pair<int64_t, SmallVector<int64_t>>> ordered;
    for (auto &[root, places] : classes)
      ordered.emplace_back(places.front(), places);
    llvm::sort(ordered, llvm::less_first());
    for (auto &[first, places] : ordered) {
      std::vector<std::pair<unsigned, unsigned>> signature;
      for (int64_t place : places) {
        unsigned axis = axisOf(place);
        if (signature.empty() || signature.back().first != axis)
          signature.emplace_back(axis, 0);
        ++signature.back().second;
      }
      auto [entry, inserted] = bySignature.try_emplace(signature, out.families.size());
      if (inserted)
        out.families.push_back(describe(signature));
      out.families[entry->second].units.push_back(places);
    }
    llvm::erase_if(out.families, [](const Family &family) { return family.consumers.empty() || family.units.size() < 2; });
  }

private:
  struct Split {
    SlicedAxis whole;
    SmallVector<SlicedAxis> parts;
  };

  Family describe(ArrayRef<std::pair<unsigned, unsigned>> signature) const {
    Family family;
    for (auto [axis, count] : signature) {
      Value value = out.axes[axis].value;
      if (family.name.empty() && !isConstant(value))
        family.name = labelOf(value.getLoc());
      if (auto found = consumerOf.find(axis); found != consumerOf.end()) {
        if (family.consumers.empty())
          family.width = count;
        family.consumers.push_back(found->second);
      }
    }
    return family;
  }

  std::optional<unsigned> numberOf(TensorAxis axis) {
    auto type = dyn_cast<RankedTensorType>(axis.value.getType());
    if (!type || axis.axis < 0 || axis.axis >= type.getRank() || type.isDynamicDim(axis.axis))
      return std::nullopt;
    auto [entry, inserted] = out.numbers.try_emplace({axis.value, axis.axis}, out.axes.size());
    if (inserted) {
      int64_t size = type.getDimSize(axis.axis), first = parent.size();
      out.axes.push_back({axis.value, axis.axis, size, first});
      for (int64_t i = 0; i < size; ++i)
        parent.push_back(first + i);
      whole.resize(parent.size());
    }
    return entry->second;
  }

  std::optional<SlicedAxis> mention(TensorAxis axis) {
    mentioned.insert({axis.value, axis.axis});
    if (std::optional<unsigned> number = numberOf(axis))
      return out.axes[*number];
    return std::nullopt;
  }

  unsigned axisOf(int64_t place) const {
    auto after = llvm::upper_bound(out.axes, place, [](int64_t at, const SlicedAxis &axis) { return at < axis.first; });
    return after - out.axes.begin() - 1;
  }

  int64_t find(int64_t place) {
    while (parent[place] != place)
      place = parent[place] = parent[parent[place]];
    return place;
  }
  void join(int64_t a, int64_t b) {
    a = find(a), b = find(b);
    parent[std::max(a, b)] = std::min(a, b);
    whole[std::min(a, b)] = whole[a] || whole[b];
  }
  void freeze(const SlicedAxis &axis) {
    for (int64_t i = 0; i < axis.size; ++i)
      whole[find(axis.first + i)] = true;
  }
  void freeze(TensorAxis axis) {
    if (std::optional<unsigned> number = numberOf(axis))
      freeze(out.axes[*number]);
  }
  void freeze(Value value) {
    if (auto type = dyn_cast<RankedTensorType>(value.getType()))
      for (int64_t axis = 0; axis < type.getRank(); ++axis)
        freeze(TensorAxis{value, axis});
  }
  void freezeBoth(TensorAxis a, TensorAxis b) {
    freeze(a);
    freeze(b);
  }
  bool isWhole(const SlicedAxis &axis) {
    for (int64_t i = 0; i < axis.size; ++i)
      if (!whole[find(axis.first + i)])
        return false;
    return true;
  }

  /// Ties one part to the blocks of the whole, if it may: with `force` the first of several.
  bool resolve(const Split &split, bool force) {
    std::optional<size_t> chosen;
    if (!isWhole(split.whole))
      for (auto [i, part] : llvm::enumerate(split.parts)) {
        if (isWhole(part))
          continue;
        if (chosen && !force)
          return false;
        if (!chosen)
          chosen = i;
      }
    for (auto [i, part] : llvm::enumerate(split.parts))
      if (chosen != i)
        freeze(part);
    if (!chosen) {
      freeze(split.whole);
      return true;
    }
    int64_t inner = 1;
    for (const SlicedAxis &part : ArrayRef(split.parts).drop_front(*chosen + 1))
      inner *= part.size;
    const SlicedAxis &part = split.parts[*chosen];
    for (int64_t i = 0; i < split.whole.size; ++i)
      join(split.whole.first + i, part.first + i / inner % part.size);
    return true;
  }

  void resolveSplits() {
    while (!pending.empty()) {
      size_t before = pending.size();
      llvm::erase_if(pending, [&](const Split &split) { return resolve(split, /*force=*/false); });
      if (pending.size() == before) {
        resolve(pending.front(), /*force=*/true);
        pending.erase(pending.begin());
      }
    }
  }

  Families &out;
  std::vector<int64_t> parent;
  std::vector<char> whole; // by the class's first place
  std::vector<Split> pending;
  llvm::DenseSet<std::pair<Value, int64_t>> mentioned; // by the op at hand
  DenseMap<unsigned, unsigned> consumerOf;             // by number of the weight's axis
};

} // namespace

Families brisk::findFamilies(ModuleOp module) {
  Families found;
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return found;
  Coupler coupler(found);
  coupler.visit(main.getBody().front());
  coupler.collect();
  return found;
}
