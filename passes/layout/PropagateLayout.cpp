// In: functions on the onnx dialect, every type inferred, channels second.
// Out: ops that carry the work and their neighbours compute on permuted tensors; transposes only at the border.
// Why here: after shapes are known and before ops become loops, which see the layout through their maps.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "passes/layout/Passes.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_PROPAGATELAYOUT
#include "passes/layout/Passes.h.inc"
} // namespace brisk

namespace {

using Permutation = SmallVector<int64_t>;

Permutation inverse(ArrayRef<int64_t> permutation) {
  Permutation result(permutation.size());
  for (auto [i, axis] : llvm::enumerate(permutation))
    result[axis] = i;
  return result;
}

/// Elements to move when a value is transposed; open dims count as a middling size.
double elements(Value value) {
  double count = 1;
  for (int64_t dim : cast<RankedTensorType>(value.getType()).getShape())
    count *= ShapedType::isDynamic(dim) ? 64 : std::max<int64_t>(dim, 1);
  return count;
}

bool isOfRank(Value value, int64_t rank) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == rank;
}

/// The results that an op gives permuted: those of the permutation's rank (others are parameters).
SmallVector<Value, 1> permutedResults(Operation *op, ArrayRef<int64_t> permutation) {
  SmallVector<Value, 1> results;
  for (Value result : op->getResults())
    if (isOfRank(result, permutation.size()))
      results.push_back(result);
  return results;
}

/// Which ops compute permuted, and with which of their operands.
class Assignment {
public:
  struct Entry {
    Permutation permutation;
    SmallVector<unsigned> operands;
  };

  /// Takes all ops that prefer a permutation; false if there is none.
  bool seed(Operation *root);
  /// Adopts followers until none pays.
  void grow(Operation *root);
  void apply();

private:
  const Entry *entryOf(Operation *op) const {
    auto found = entries.find(op);
    return found == entries.end() ? nullptr : &found->second;
  }
  /// The permutation that `value` is computed in, empty if none.
  ArrayRef<int64_t> permutationOf(Value value) const;
  /// Whether `use` reads its value permuted by `permutation`.
  bool isPermutedUse(OpOperand &use, ArrayRef<int64_t> permutation) const;
  /// What `op` would be as a follower of `permutation`, if it can.
  std::optional<Entry> follow(Operation *op, ArrayRef<int64_t> permutation) const;
  /// Whether the border gets no longer (in elements) when `op` joins.
  bool pays(Operation *op, const Entry &entry) const;
  bool tryAdopt(Operation *op);
  /// `value` permuted, made once.
  Value permuted(Value value, ArrayRef<int64_t> permutation);

  llvm::MapVector<Operation *, Entry> entries;
  llvm::DenseMap<Value, SmallVector<std::pair<Permutation, Value>, 1>> made;
};

ArrayRef<int64_t> Assignment::permutationOf(Value value) const {
  auto result = dyn_cast<OpResult>(value);
  const Entry *entry = result ? entryOf(result.getOwner()) : nullptr;
  return entry && isOfRank(value, entry->permutation.size()) ? ArrayRef(entry->permutation) : ArrayRef<int64_t>();
}

bool Assignment::isPermutedUse(OpOperand &use, ArrayRef<int64_t> permutation) const {
  const Entry *entry = entryOf(use.getOwner());
  return entry && ArrayRef(entry->permutation) == permutation &&
         llvm::is_contained(entry->operands, use.getOperandNumber());
}

std::optional<Assignment::Entry> Assignment::follow(Operation *op, ArrayRef<int64_t> permutation) const {
  auto iface = dyn_cast<PermuteInterface>(op);
  auto rank = static_cast<int64_t>(permutation.size());
  if (!iface || op->getNumResults() == 0)
    return std::nullopt;
  auto isRanked = [&](Value value) { return isOfRank(value, rank); };
  if (!isRanked(op->getResult(0)))
    return std::nullopt;
  std::optional<SmallVector<unsigned>> operands = iface.permutableOperands(permutation);
  if (!operands || !llvm::all_of(*operands, [&](unsigned i) { return isRanked(op->getOperand(i)); }))
    return std::nullopt;
  return Entry{Permutation(permutation), *operands};
}

bool Assignment::seed(Operation *root) {
  root->walk([&](PermuteInterface op) {
    Permutation permutation = op.preferredPermutation();
    if (permutation.empty())
      return;
    if (std::optional<Entry> entry = follow(op, permutation))
      entries.insert({op.getOperation(), *entry});
  });
  return !entries.empty();
}

bool Assignment::pays(Operation *op, const Entry &entry) const {
  double saved = 0, added = 0;
  llvm::SmallPtrSet<Value, 4> seen;
  for (unsigned i : entry.operands) {
    Value value = op->getOperand(i);
    if (matchPattern(value, m_Constant()) || !seen.insert(value).second)
      continue;
    if (permutationOf(value) == ArrayRef(entry.permutation)) {
      // Transposed back for this op only?
      bool alone = llvm::all_of(value.getUses(), [&](OpOperand &use) {
        return use.getOwner() == op || isPermutedUse(use, entry.permutation);
      });
      saved += alone ? elements(value) : 0;
    } else {
      // Transposed for another op already?
      bool shared =
          llvm::any_of(value.getUses(), [&](OpOperand &use) { return isPermutedUse(use, entry.permutation); });
      added += shared ? 0 : elements(value);
    }
  }
  for (Value result : permutedResults(op, entry.permutation)) {
    bool permutedUse = false, otherUse = false;
    for (OpOperand &use : result.getUses())
      (isPermutedUse(use, entry.permutation) ? permutedUse : otherUse) = true;
    saved += permutedUse ? elements(result) : 0;
    added += otherUse ? elements(result) : 0;
  }
  return saved > 0 && added <= saved;
}

bool Assignment::tryAdopt(Operation *op) {
  if (entries.contains(op) || !isa<PermuteInterface>(op) || op->getNumResults() == 0)
    return false;
  // Permutations of the neighbourhood.
  SmallVector<ArrayRef<int64_t>> candidates;
  for (Value operand : op->getOperands())
    candidates.push_back(permutationOf(operand));
  for (OpOperand &use : op->getUses())
    if (const Entry *entry = entryOf(use.getOwner());
        entry && llvm::is_contained(entry->operands, use.getOperandNumber()))
      candidates.push_back(entry->permutation);
  for (ArrayRef<int64_t> candidate : candidates) {
    std::optional<Entry> entry = candidate.empty() ? std::nullopt : follow(op, candidate);
    if (!entry || !pays(op, *entry))
      continue;
    entries.insert({op, *entry});
    return true;
  }
  return false;
}

void Assignment::grow(Operation *root) {
  SmallVector<Operation *> ops;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
  // Forward sweeps sink transposes toward results, backward ones hoist them toward arguments.
  for (bool changed = true; changed;) {
    changed = false;
    for (Operation *op : ops)
      changed |= tryAdopt(op);
    for (Operation *op : llvm::reverse(ops))
      changed |= tryAdopt(op);
  }
}

Value Assignment::permuted(Value value, ArrayRef<int64_t> permutation) {
  for (auto &[known, result] : made[value])
    if (ArrayRef(known) == permutation)
      return result;
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  Value result = onnx::createTranspose(builder, value.getLoc(), value, permutation);
  made[value].emplace_back(Permutation(permutation), result);
  return result;
}

void Assignment::apply() {
  for (auto &[op, entry] : entries) {
    for (unsigned i : entry.operands)
      if (Value value = op->getOperand(i); permutationOf(value) != ArrayRef(entry.permutation))
        op->setOperand(i, permuted(value, entry.permutation));
    OpBuilder builder(op);
    cast<PermuteInterface>(op).permute(builder, entry.permutation);
  }
  // Types change once all transposes of original values stand.
  for (auto &[op, entry] : entries)
    for (Value result : permutedResults(op, entry.permutation)) {
      Dims dims = dimsOf(result.getType()), moved;
      for (int64_t axis : entry.permutation)
        moved.push_back(dims[axis]);
      result.setType(makeTensorType(getElementTypeOrSelf(result.getType()), moved));
      SmallVector<OpOperand *> others;
      for (OpOperand &use : result.getUses())
        if (!isPermutedUse(use, entry.permutation))
          others.push_back(&use);
      if (others.empty())
        continue;
      OpBuilder builder(op->getContext());
      builder.setInsertionPointAfter(op);
      Value back = onnx::createTranspose(builder, op->getLoc(), result, inverse(entry.permutation));
      for (OpOperand *use : others)
        use->set(back);
    }
}

struct PropagateLayout : brisk::impl::PropagateLayoutBase<PropagateLayout> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      Assignment assignment;
      if (function.isExternal() || !assignment.seed(function))
        continue;
      assignment.grow(function);
      assignment.apply();
    }
  }
};

} // namespace
