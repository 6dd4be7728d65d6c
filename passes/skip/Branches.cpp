// Residual branches of a model, and what it is without some of them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/skip/Branches.h"

#include "dialects/onnx/Build.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseSet.h"
#include <cmath>

using namespace mlir;
using namespace brisk;

namespace {

/// Samples that decisions are taken on.
constexpr size_t kMostSamples = 128;

/// Whether an elementwise op adds its two operands and does nothing else, by the scalar expression that it states.
bool adds(Operation *op) {
  auto elementwise = dyn_cast<ElementwiseInterface>(op);
  if (!elementwise || op->getNumOperands() != 2 || op->getNumResults() != 1 || elementwise.numBroadcastOperands() != 2 ||
      !getElementTypeOrSelf(op->getResult(0).getType()).isF32())
    return false;
  Type f32 = Float32Type::get(op->getContext());
  for (Value operand : op->getOperands())
    if (getElementTypeOrSelf(operand.getType()) != f32)
      return false;
  OwningOpRef<ModuleOp> scratch = ModuleOp::create(op->getLoc());
  Block *block = scratch->getBody();
  SmallVector<Value> arguments{block->addArgument(f32, op->getLoc()), block->addArgument(f32, op->getLoc())};
  OpBuilder b = OpBuilder::atBlockEnd(block);
  Value result = elementwise.emitScalar(b, op->getLoc(), arguments);
  auto add = result.getDefiningOp<arith::AddFOp>();
  return add && llvm::is_contained(arguments, add.getLhs()) && llvm::is_contained(arguments, add.getRhs()) &&
         add.getLhs() != add.getRhs();
}

/// Whether `value` is computed from `from`.
bool dependsOn(Value value, Value from) {
  llvm::DenseSet<Operation *> seen;
  SmallVector<Value> stack{value};
  Operation *start = from.getDefiningOp();
  while (!stack.empty()) {
    Value next = stack.pop_back_val();
    if (next == from)
      return true;
    Operation *op = next.getDefiningOp();
    // What stands before `from` does not depend on it.
    if (!op || !seen.insert(op).second || (start && op->isBeforeInBlock(start)))
      continue;
    llvm::append_range(stack, op->getOperands());
    op->walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        if (operand.getParentBlock() == op->getBlock())
          stack.push_back(operand);
    });
  }
  return false;
}

Location label(const Branch &branch, StringRef suffix) {
  return labeled(branch.sum->getContext(), branch.name, suffix);
}

/// A number for each channel in a shape that broadcasts to the sum.
SmallVector<int64_t> channelShape(const Branch &branch) {
  int64_t rank = cast<RankedTensorType>(branch.sum->getResult(0).getType()).getRank();
  SmallVector<int64_t> shape{branch.channels};
  shape.append(rank - 1 - branch.axis, 1);
  return shape;
}

} // namespace

std::vector<Branch> brisk::findBranches(ModuleOp module) {
  std::vector<Branch> found;
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return found;
  for (Operation &op : main.getBody().front()) {
    if (!adds(&op))
      continue;
    for (auto [around, branch] : {std::pair(op.getOperand(0), op.getOperand(1)), std::pair(op.getOperand(1), op.getOperand(0))}) {
      auto type = dyn_cast<RankedTensorType>(around.getType());
      if (!type || type != op.getResult(0).getType() || type.getRank() == 0 || around == branch || !dependsOn(branch, around))
        continue;
      // In space channels are the second axis, in sequences the last.
      int64_t axis = type.getRank() >= 4 ? 1 : type.getRank() - 1;
      if (type.isDynamicDim(axis))
        continue;
      Branch one;
      one.sum = &op;
      one.name = labelOf(op.getLoc());
      if (one.name.empty())
        one.name = "branch" + std::to_string(found.size());
      one.around = around;
      one.axis = axis;
      one.channels = type.getDimSize(axis);
      found.push_back(one);
      break;
    }
  }
  return found;
}

void brisk::removeBranches(ModuleOp module, ArrayRef<std::optional<Stand>> stands) {
  std::vector<Branch> branches = findBranches(module);
  OpBuilder b(module.getContext());
  for (auto [branch, stand] : llvm::zip(branches, stands)) {
    if (!stand)
      continue;
    Value result = branch.sum->getResult(0), instead = branch.around;
    b.setInsertionPoint(branch.sum);
    // Channels that were pruned meanwhile take their factors with them; which those are nobody knows here.
    if (static_cast<int64_t>(stand->scale.size()) == branch.channels) {
      Value scale = onnx::createConstant(b, label(branch, "scale"), floatsAttr(b.getContext(), channelShape(branch), stand->scale));
      Value shift = onnx::createConstant(b, label(branch, "shift"), floatsAttr(b.getContext(), channelShape(branch), stand->shift));
      instead = onnx::createMul(b, label(branch, "scaled"), instead, scale);
      instead = onnx::createAdd(b, label(branch, "shifted"), instead, shift);
    }
    result.replaceAllUsesWith(instead);
    // Later branches may be around what this one was.
    for (Branch &other : branches)
      if (other.around == result)
        other.around = instead;
  }
  auto main = module.lookupSymbol<func::FuncOp>("main");
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(main.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

GatedModel::GatedModel(ModuleOp module, Judge &judge)
    : branches(findBranches(module)), module(module), runner(judge.runner), modelOutputs(judge.modelOutputs),
      samples(std::min(kMostSamples, runner.samples(ModelRunner::Calibration))), classes(judge.rankingClasses()) {}

LogicalResult GatedModel::prepare() {
  OwningOpRef<ModuleOp> clone = module.clone();
  auto main = clone->lookupSymbol<func::FuncOp>("main");
  OpBuilder b(clone->getContext());
  SmallVector<Value> probes;
  for (Branch &branch : findBranches(*clone)) {
    // gate x sum + scale x around + shift
    Location loc = label(branch, "gated");
    Value gate = addArgument(main, {}, "gate", loc), scale = addArgument(main, channelShape(branch), "scale", loc);
    Value shift = addArgument(main, channelShape(branch), "shift", loc);
    b.setInsertionPointAfter(branch.sum);
    Value sum = branch.sum->getResult(0), gated = onnx::createMul(b, loc, sum, gate);
    Operation *first = gated.getDefiningOp();
    Value stand = onnx::createAdd(b, loc, onnx::createMul(b, loc, branch.around, scale), shift);
    Value blend = onnx::createAdd(b, loc, gated, stand);
    sum.replaceAllUsesExcept(blend, first);
    probes.push_back(branch.around);
    probes.push_back(sum);
  }
  addOutputs(*clone, probes);
  auto compiled = runner.compile(std::move(clone), ModelRunner::Calibration);
  if (failed(compiled))
    return failure();
  program = std::move(*compiled);
  std::vector<std::optional<Stand>> none(branches.size());
  std::vector<std::vector<float>> extra = arguments(none);
  cosines.assign(branches.size(), 0);
  for (size_t sample = 0; sample < samples; ++sample) {
    FailureOr<std::vector<RunOutput>> outputs = program->run(sample, extra);
    if (failed(outputs))
      return failure();
    whole.emplace_back();
    for (const RunOutput &output : ArrayRef(*outputs).take_front(modelOutputs))
      whole.back().emplace_back(output.values.begin(), output.values.end());
    for (size_t i = 0; i < branches.size(); ++i) {
      ArrayRef<float> x = (*outputs)[modelOutputs + 2 * i].values, y = (*outputs)[modelOutputs + 2 * i + 1].values;
      double dot = 0, xx = 1e-30, yy = 1e-30;
      for (auto [a, c] : llvm::zip(x, y)) {
        dot += double(a) * c;
        xx += double(a) * a;
        yy += double(c) * c;
      }
      cosines[i] += dot / std::sqrt(xx * yy) / static_cast<double>(samples);
    }
  }
  return success();
}

std::vector<std::vector<float>> GatedModel::arguments(ArrayRef<std::optional<Stand>> stands) const {
  std::vector<std::vector<float>> result;
  for (auto [branch, stand] : llvm::zip(branches, stands)) {
    bool isPlain = stand && stand->scale.empty();
    result.push_back({stand ? 0.0f : 1.0f});
    result.push_back(stand && !isPlain ? stand->scale : std::vector<float>(branch.channels, isPlain ? 1.0f : 0.0f));
    result.push_back(stand && !isPlain ? stand->shift : std::vector<float>(branch.channels, 0.0f));
  }
  return result;
}

FailureOr<Stand> GatedModel::fit(unsigned number, ArrayRef<std::optional<Stand>> stands) const {
  const Branch &branch = branches[number];
  std::vector<double> x(branch.channels), y(branch.channels), xx(branch.channels), xy(branch.channels);
  double count = 0;
  std::vector<std::optional<Stand>> others(stands);
  others[number].reset();
  std::vector<std::vector<float>> extra = arguments(others);
  for (size_t sample = 0; sample < samples; ++sample) {
    FailureOr<std::vector<RunOutput>> outputs = program->run(sample, extra);
    if (failed(outputs))
      return failure();
    const RunOutput &around = (*outputs)[modelOutputs + 2 * number], &sum = (*outputs)[modelOutputs + 2 * number + 1];
    int64_t inner = 1;
    for (size_t i = branch.axis + 1; i < around.dims.size(); ++i)
      inner *= around.dims[i];
    for (size_t at = 0; at < around.values.size(); ++at) {
      int64_t channel = at / inner % branch.channels;
      double a = around.values[at], c = sum.values[at];
      x[channel] += a;
      y[channel] += c;
      xx[channel] += a * a;
      xy[channel] += a * c;
    }
    count += static_cast<double>(around.values.size()) / static_cast<double>(branch.channels);
  }
  Stand stand;
  for (int64_t i = 0; i < branch.channels; ++i) {
    double variance = xx[i] - x[i] * x[i] / count, covariance = xy[i] - x[i] * y[i] / count;
    // A channel that is always the same is shifted only.
    double scale = variance > 1e-6 * xx[i] + 1e-12 ? covariance / variance : 1;
    stand.scale.push_back(static_cast<float>(scale));
    stand.shift.push_back(static_cast<float>((y[i] - scale * x[i]) / std::max(count, 1.0)));
  }
  return stand;
}

FailureOr<double> GatedModel::distance(ArrayRef<std::optional<Stand>> stands) const {
  FailureOr<Outputs> outputs = runAll(*program, runner, ModelRunner::Calibration, modelOutputs, nullptr, arguments(stands), samples);
  if (failed(outputs))
    return failure();
  return compare(whole, *outputs, classes, runner, ModelRunner::Calibration).distance();
}
