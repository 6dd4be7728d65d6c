// In: the onnx dialect, types inferred. Out: subgraphs that depend on constants only are constants.
// Why here: the compiler folds by compiling and running them, so no op needs a folder, and everything after sees weights in their final form.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/shapes/ConstantEvaluator.h"
#include "passes/shapes/Passes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/shapes/Passes.h.inc"
} // namespace brisk

namespace {

/// A folded value may be this large, and at most this many times larger than what it is made of:
/// a model may not turn a few bytes of file into gigabytes of artifact.
constexpr int64_t kMaxBytes = int64_t(256) << 20;
constexpr int64_t kFreeBytes = int64_t(1) << 20;
constexpr int64_t kMaxGrowth = 4;

std::optional<int64_t> bytesOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape() || !type.getElementType().isIntOrFloat())
    return std::nullopt;
  int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  for (int64_t size : type.getShape())
    if (llvm::MulOverflow(bytes, size, bytes))
      return std::nullopt;
  return bytes;
}

/// From so many bytes on a matrix of weights is better read as the bytes that it is made of.
constexpr int64_t kLargeWeight = int64_t(1) << 20;

bool isAllZeros(Value value) {
  ElementsAttr attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return false;
  ArrayRef<char> raw;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      raw = blob->getData();
  } else if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    raw = dense.getRawData();
  }
  return !raw.empty() && llvm::all_of(raw, [](char byte) { return byte == 0; });
}

/// True for bytes scaled column by column that only a product of matrices reads, as its weight.
bool isLargeWeight(Operation *op, const QuantizedForm &form) {
  Value result = op->getResult(0);
  auto type = dyn_cast<RankedTensorType>(result.getType());
  if (!type || type.getRank() != 2 || !type.getElementType().isF32() || form.blockSize || !result.hasOneUse() ||
      bytesOf(result).value_or(0) < kLargeWeight || !getElementTypeOrSelf(op->getOperand(0).getType()).isInteger(8))
    return false;
  if (op->getNumOperands() > 2 && isPresent(op->getOperand(2)) && !isAllZeros(op->getOperand(2)))
    return false;
  OpOperand &use = *result.use_begin();
  QuantizedForm user = quantizedForm(use.getOwner());
  return user.kind == QuantizedForm::Product && user.weight == use.getOperandNumber() &&
         (form.channelAxis < 0 || form.channelAxis == user.channelAxis);
}

bool isConstant(Operation *op) { return op->hasTrait<OpTrait::ConstantLike>(); }

/// Values that follow from constants alone, in program order, by a walk over one block.
class Folding {
public:
  Folding(Block &block, bool keepQuantized) : keepQuantized(keepQuantized) {
    for (Operation &op : block.without_terminator()) {
      if (isConstant(&op) || !canFold(&op))
        continue;
      ops.insert(&op);
    }
  }
  /// Results that something outside of the foldable ops needs.
  SmallVector<Value> roots() const {
    SmallVector<Value> values;
    for (Operation *op : ops)
      for (Value result : op->getResults())
        if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !ops.contains(user); }))
          values.push_back(result);
    return values;
  }

private:
  bool canFold(Operation *op) {
    if (QuantizedForm form = quantizedForm(op);
        form.kind == QuantizedForm::Dequantize && (keepQuantized || isLargeWeight(op, form)))
      return false;
    if (op->getNumRegions() != 0 || !isPure(op) || op->getNumResults() == 0 || op->getNumOperands() == 0)
      return false;
    int64_t from = 0;
    for (Value operand : op->getOperands()) {
      if (!isPresent(operand))
        continue;
      Operation *def = operand.getDefiningOp();
      if (!def || (!isConstant(def) && !ops.contains(def)))
        return false;
      from += bytesOf(operand).value_or(0);
    }
    return llvm::all_of(op->getResults(), [&](Value result) {
      std::optional<int64_t> bytes = bytesOf(result);
      return bytes && *bytes <= kMaxBytes && (*bytes <= kFreeBytes || *bytes <= from * kMaxGrowth);
    });
  }
  SetVector<Operation *> ops;
  bool keepQuantized;
};

/// A module whose @main computes `roots`.
OwningOpRef<ModuleOp> extract(ArrayRef<Value> roots) {
  SetVector<Operation *> needed;
  SmallVector<Operation *> stack;
  for (Value root : roots)
    stack.push_back(root.getDefiningOp());
  while (!stack.empty()) {
    Operation *op = stack.pop_back_val();
    if (!needed.insert(op))
      continue;
    for (Value operand : op->getOperands())
      stack.push_back(operand.getDefiningOp());
  }
  SmallVector<Operation *> order = needed.takeVector();
  llvm::sort(order, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  Location loc = roots.front().getLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder b(module->getContext());
  b.setInsertionPointToStart(module->getBody());
  auto main = func::FuncOp::create(b, loc, "main", b.getFunctionType({}, ValueRange(roots).getTypes()));
  b.setInsertionPointToStart(main.addEntryBlock());
  IRMapping mapping;
  for (Operation *op : order)
    b.clone(*op, mapping);
  SmallVector<Value> results = llvm::map_to_vector(roots, [&](Value root) { return mapping.lookup(root); });
  func::ReturnOp::create(b, loc, results);
  return module;
}

struct FoldConstants : brisk::impl::FoldConstantsBase<FoldConstants> {
  using FoldConstantsBase::FoldConstantsBase;
  FoldConstants(ConstantEvaluator *evaluator, bool keep) : evaluator(evaluator) { keepQuantized = keep; }

  void runOnOperation() override {
    if (!evaluator && !outlineOnly)
      return;
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (function.isExternal())
        continue;
      Block &block = function.getBody().front();
      SmallVector<Value> roots = Folding(block, keepQuantized).roots();
      if (roots.empty())
        continue;
      OwningOpRef<ModuleOp> module = extract(roots);
      if (outlineOnly) {
        auto main = cast<func::FuncOp>(module->lookupSymbol("main"));
        main.setName("fold");
        main->moveAfter(&getOperation().getBody()->back());
        continue;
      }
      FailureOr<SmallVector<ElementsAttr>> values = evaluator->evaluate(*module);
      if (failed(values))
        continue; // What cannot be evaluated now is computed at run time.
      OpBuilder b(&getContext());
      for (auto [root, value] : llvm::zip(roots, *values)) {
        Operation *def = root.getDefiningOp();
        b.setInsertionPoint(def);
        Operation *constant = def->getDialect()->materializeConstant(b, value, root.getType(), root.getLoc());
        if (constant)
          root.replaceAllUsesWith(constant->getResult(0));
      }
      for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
        if (isOpTriviallyDead(&op))
          op.erase();
    }
  }

  ConstantEvaluator *evaluator = nullptr;
};

} // namespace

std::unique_ptr<Pass> brisk::createFoldConstantsPass(ConstantEvaluator *evaluator, bool keepQuantized) {
  return std::make_unique<FoldConstants>(evaluator, keepQuantized);
}
