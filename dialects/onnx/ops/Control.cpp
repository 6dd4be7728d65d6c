// Ops with subgraphs: If, Loop, Scan.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Control.h"

#include "dialects/onnx/ops/Constant.h"
#include "dialects/onnx/ops/Contraction.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

#define GET_OP_CLASSES
#include "dialects/onnx/ops/Control.cpp.inc"

namespace brisk::onnx {
void addControlOps(OnnxDialect &dialect) {
  dialect.addFamily<
#define GET_OP_LIST
#include "dialects/onnx/ops/Control.cpp.inc"
      >();
}
} // namespace brisk::onnx

//===--- shared -------------------------------------------------------------===//

namespace {

/// Whether a dim names nothing that only a body knows: sizes that arise inside start with '?'.
bool isKnownOutside(const Dim &dim) {
  bool known = !dim.isInvalid();
  dim.forEachSymbol([&](StringRef name) { known &= !name.starts_with("?"); });
  return known;
}

/// The yielded values of a region, or a diagnostic if there are not `count` ranked tensors.
FailureOr<OperandRange> yields(Operation *op, Region &region, size_t count) {
  Operation *terminator = region.front().getTerminator();
  if (terminator->getNumOperands() != count)
    return op->emitOpError("expects a body of ") << count << " outputs, but got " << terminator->getNumOperands();
  for (Value value : terminator->getOperands())
    if (!isa<RankedTensorType>(value.getType()))
      return op->emitOpError("expects body outputs of known rank");
  return OperandRange(terminator->getOperands());
}

/// A scalar boolean tensor (of rank 0, or 1 with one element) as i1.
Value isTrue(Decomposer &d, Value lowered) {
  SmallVector<Value> indices(cast<RankedTensorType>(lowered.getType()).getRank(), d.index(int64_t(0)));
  return d.load(d.b, tensor::ExtractOp::create(d.b, d.loc(), lowered, indices), d.b.getI1Type());
}

/// True when a boolean is known to be true: a constant, or `entry`, which the caller knows is.
bool isAlwaysTrue(Value value, Value entry) {
  while (Operation *op = value.getDefiningOp()) {
    if (op->getName().getStringRef() != "onnx.Identity")
      break;
    value = op->getOperand(0);
  }
  ElementsAttr attr;
  if (matchPattern(value, m_Constant(&attr)))
    if (auto integers = integersOf(attr))
      return llvm::all_of(*integers, [](int64_t v) { return v != 0; });
  return entry && value == entry;
}

/// Types that carried values keep from iteration to iteration: the operands', with every dim open that
/// the body changes. They go to body arguments from `firstArgument` on and to the results of the same number.
LogicalResult inferCarried(Operation *op, Region &body, ShapeContext &context, ValueRange initial,
                           unsigned firstArgument, unsigned firstYield, unsigned yieldCount) {
  Block &block = body.front();
  // Names that a former inference gave are kept.
  SmallVector<Dims> former;
  for (auto [i, value] : llvm::enumerate(initial)) {
    auto type = dyn_cast<RankedTensorType>(op->getResult(i).getType());
    former.push_back(type && type.getRank() == context.rank(value) ? dimsOf(type) : Dims());
    block.getArgument(firstArgument + i).setType(value.getType());
    context.setType(op->getResult(i), context.elementType(value), context.dims(value));
  }
  for (bool changed = true; changed;) {
    changed = false;
    context.invalidate();
    if (failed(context.inferRegion(body)))
      return failure();
    FailureOr<OperandRange> nexts = yields(op, body, yieldCount);
    if (failed(nexts))
      return failure();
    for (unsigned i = 0; i < initial.size(); ++i) {
      BlockArgument argument = block.getArgument(firstArgument + i);
      Value next = (*nexts)[firstYield + i];
      Dims have = context.dims(argument), want = context.dims(next);
      if (have.size() != want.size() || context.elementType(argument) != context.elementType(next))
        return op->emitOpError("expects carried values that keep type and rank, but got ")
               << argument.getType() << " and then " << next.getType();
      OpResult result = op->getResult(i);
      bool opened = false;
      for (size_t axis = 0; axis < have.size(); ++axis) {
        if (have[axis] == want[axis] || have[axis].symbolName().starts_with("?loop"))
          continue;
        if (!former[i].empty() && former[i][axis].symbolName().starts_with("?loop"))
          have[axis] = former[i][axis];
        else
          have[axis] = Dim::symbol("?loop" + context.unknown(result, axis).str().substr(1));
        opened = true;
      }
      if (!opened)
        continue;
      changed = true;
      context.setType(argument, context.elementType(argument), have);
      context.setType(result, context.elementType(argument), have);
    }
  }
  return success();
}

/// The dims of a result that stacks `element` along a new axis.
Dims stackedDims(ShapeContext &context, OpResult result, Value element, int64_t axis, const Dim &count) {
  Dims dims = context.dims(element);
  dims.insert(dims.begin() + axis, count);
  for (size_t i = 0; i < dims.size(); ++i)
    if (!isKnownOutside(dims[i]))
      dims[i] = context.unknown(result, i);
  return dims;
}

/// A rank-0 tensor of one storage element.
Value scalarTensor(Decomposer &d, Value element) {
  return tensor::FromElementsOp::create(d.b, d.loc(), RankedTensorType::get({}, element.getType()), element);
}

/// Slices of `tensor` of size 1 along `axis`: offsets, sizes, strides.
struct SliceAt {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  SliceAt(Decomposer &d, Value tensor, int64_t axis, OpFoldResult at) : sizes(d.sizesOf(tensor)) {
    offsets.assign(sizes.size(), d.b.getIndexAttr(0));
    strides.assign(sizes.size(), d.b.getIndexAttr(1));
    offsets[axis] = at;
    sizes[axis] = d.b.getIndexAttr(1);
  }
};

Value insertAt(Decomposer &d, Value element, Value into, int64_t axis, OpFoldResult at) {
  SliceAt slice(d, into, axis, at);
  return tensor::InsertSliceOp::create(d.b, d.loc(), element, into, slice.offsets, slice.sizes, slice.strides);
}

/// `next` as the next value of loop state `before`: written into its buffer, where the sizes stay.
Value settle(Decomposer &d, Value next, Value before, const Dims &dims) {
  next = d.cast(next, before.getType());
  if (llvm::any_of(dims, [](const Dim &dim) { return dim.symbolName().starts_with("?loop"); }))
    return next;
  SmallVector<OpFoldResult> sizes = d.sizesOf(before);
  SmallVector<OpFoldResult> zeros(sizes.size(), d.b.getIndexAttr(0)), ones(sizes.size(), d.b.getIndexAttr(1));
  return tensor::InsertSliceOp::create(d.b, d.loc(), next, before, zeros, sizes, ones);
}

/// `stack` with `element` appended along its first axis.
Value append(Decomposer &d, Value stack, Value element) {
  SmallVector<OpFoldResult> sizes = d.sizesOf(element), full = sizes;
  Value count = d.index(d.sizeOf(stack, 0));
  Value next = arith::AddIOp::create(d.b, d.loc(), count, d.index(int64_t(1)));
  full.insert(full.begin(), next);
  Type type = getElementTypeOrSelf(stack.getType());
  Value grown = d.empty(type, full);
  SmallVector<OpFoldResult> zeros(full.size(), d.b.getIndexAttr(0)), ones(full.size(), d.b.getIndexAttr(1));
  // A stack that is still empty has no element sizes yet.
  SmallVector<OpFoldResult> before = full;
  before[0] = count;
  Value old = d.cast(stack, grown.getType());
  old = tensor::ExtractSliceOp::create(d.b, d.loc(), old, zeros, before, ones);
  grown = tensor::InsertSliceOp::create(d.b, d.loc(), old, grown, zeros, before, ones);
  return d.cast(insertAt(d, element, grown, 0, count), stack.getType());
}

} // namespace

//===--- If -----------------------------------------------------------------===//

/// The branch of a condition whose value is known, else null.
static Region *knownBranch(IfOp op, ShapeContext &context) {
  auto value = context.constantContent(op.getCond());
  return !value || value->size() != 1 ? nullptr : value->front() ? &op.getThenBranch() : &op.getElseBranch();
}

/// Whether the branches yield a value of different ranks. Ranks are static here, so only the first
/// branch can be compiled then: exporters write `squeeze` like that, with the other branch for a dim
/// that is not 1. Taking it fails the run.
static bool ranksDiffer(IfOp op) {
  Operation *thens = op.getThenBranch().front().getTerminator(), *elses = op.getElseBranch().front().getTerminator();
  return llvm::any_of(llvm::zip(thens->getOperandTypes(), elses->getOperandTypes()), [](auto types) {
    return cast<RankedTensorType>(std::get<0>(types)).getRank() != cast<RankedTensorType>(std::get<1>(types)).getRank();
  });
}

LogicalResult IfOp::inferShapes(ShapeContext &context) {
  Dims cond = context.dims(getCond());
  if (cond.size() > 1 || (cond.size() == 1 && differ(cond[0], 1)) || !context.elementType(getCond()).isInteger(1))
    return emitOpError("expects one boolean as condition, but got ") << getCond().getType();
  // Exporters ask for ranks and sizes that are known here: then only one branch counts.
  if (Region *taken = knownBranch(*this, context)) {
    if (failed(context.inferRegion(*taken)))
      return failure();
    FailureOr<OperandRange> values = yields(*this, *taken, getNumResults());
    if (failed(values))
      return failure();
    for (auto [result, value] : llvm::zip(getOperation()->getResults(), *values))
      context.setType(result, context.elementType(value), context.dims(value));
    return success();
  }
  if (failed(context.inferRegion(getThenBranch())) || failed(context.inferRegion(getElseBranch())))
    return failure();
  FailureOr<OperandRange> thens = yields(*this, getThenBranch(), getNumResults());
  FailureOr<OperandRange> elses = yields(*this, getElseBranch(), getNumResults());
  if (failed(thens) || failed(elses))
    return failure();
  bool thenOnly = ranksDiffer(*this);
  for (auto [result, a, b] : llvm::zip(getOperation()->getResults(), *thens, *elses)) {
    if (context.elementType(a) != context.elementType(b))
      return emitOpError("expects branches of equal element type, but got ") << a.getType() << " and " << b.getType();
    Dims dims = context.dims(a), other = thenOnly ? dims : context.dims(b);
    for (size_t i = 0; i < dims.size(); ++i)
      if (dims[i] != other[i] || !isKnownOutside(dims[i]))
        dims[i] = context.unknown(result, i);
    context.setType(result, context.elementType(a), dims);
  }
  return success();
}

LogicalResult IfOp::decompose(Decomposer &d) {
  Value condition = isTrue(d, d(getCond()));
  Region *taken = knownBranch(*this, d.shapes);
  if (taken || ranksDiffer(*this)) {
    if (!taken)
      d.check(condition, "takes the branch whose results have another rank");
    SmallVector<Value> results;
    if (failed(d.inlineRegion(taken ? *taken : getThenBranch(), {}, results)))
      return failure();
    for (auto [onnx, lowered] : llvm::zip(getOperation()->getResults(), results))
      d.setResult(onnx, lowered);
    return success();
  }
  SmallVector<Type> types;
  for (Type type : getResultTypes())
    types.push_back(storageTensorType(type));
  auto ifOp = scf::IfOp::create(d.b, d.loc(), types, condition, /*withElseRegion=*/true);
  for (auto [from, to] :
       {std::pair(&getThenBranch(), &ifOp.getThenRegion()), std::pair(&getElseBranch(), &ifOp.getElseRegion())}) {
    OpBuilder::InsertionGuard guard(d.b);
    d.b.setInsertionPointToStart(&to->front());
    SmallVector<Value> results;
    if (failed(d.inlineRegion(*from, {}, results)))
      return failure();
    for (auto [value, type] : llvm::zip(results, types))
      value = d.cast(value, type);
    scf::YieldOp::create(d.b, d.loc(), results);
  }
  for (auto [onnx, lowered] : llvm::zip(getOperation()->getResults(), ifOp.getResults()))
    d.setResult(onnx, lowered);
  return success();
}

namespace {

/// Replaces an If whose condition is constant by the branch it takes.
struct InlineTakenBranch : OpRewritePattern<IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IfOp op, PatternRewriter &rewriter) const override {
    ElementsAttr attr;
    std::optional<SmallVector<int64_t>> value;
    if (matchPattern(op.getCond(), m_Constant(&attr)))
      value = integersOf(attr);
    if (!value || value->size() != 1)
      return failure();
    Block &block = ((*value)[0] ? op.getThenBranch() : op.getElseBranch()).front();
    Operation *terminator = block.getTerminator();
    SmallVector<Value> results(terminator->getOperands());
    // The result's users may need the type that both branches had in common.
    for (auto [result, taken] : llvm::zip(op.getResults(), results))
      if (result.getType() != taken.getType())
        for (Operation *user : result.getUsers())
          if (!isa<InferShapesInterface>(user) && !user->hasTrait<OpTrait::IsTerminator>())
            return failure();
    rewriter.inlineBlockBefore(&block, op);
    rewriter.eraseOp(terminator);
    rewriter.replaceOp(op, results);
    return success();
  }
};

} // namespace

void IfOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<InlineTakenBranch>(context);
}

//===--- Loop ---------------------------------------------------------------===//

LogicalResult LoopOp::inferRegionArguments(unsigned, ShapeContext &context) {
  Block &block = getBody().front();
  unsigned carried = getVInitial().size();
  if (block.getNumArguments() != carried + 2)
    return emitOpError("expects a body of ") << carried + 2 << " inputs, but got " << block.getNumArguments();
  Builder b(getContext());
  block.getArgument(0).setType(RankedTensorType::get({}, b.getI64Type()));
  block.getArgument(1).setType(RankedTensorType::get({}, b.getI1Type()));
  for (auto [argument, value] : llvm::zip(block.getArguments().drop_front(2), getVInitial()))
    argument.setType(value.getType());
  return success();
}

/// Whether every iteration up to M runs.
static bool runsToTheEnd(LoopOp op) {
  Block &block = op.getBody().front();
  bool starts = !isPresent(op.getCond()) || isAlwaysTrue(op.getCond(), {});
  return isPresent(op.getM()) && starts && isAlwaysTrue(block.getTerminator()->getOperand(0), block.getArgument(1));
}

LogicalResult LoopOp::inferShapes(ShapeContext &context) {
  unsigned carried = getVInitial().size(), results = getNumResults();
  if (results < carried)
    return emitOpError("expects at least ") << carried << " results, but got " << results;
  if (failed(inferRegionArguments(0, context)) ||
      failed(inferCarried(*this, getBody(), context, getVInitial(), 2, 1, results + 1)))
    return failure();
  std::optional<Dim> trips;
  if (runsToTheEnd(*this))
    if (std::optional<Dims> content = context.content(getM()); content && content->size() == 1)
      trips = content->front().isConstant() ? Dim::max(content->front(), 0) : content->front();
  Operation *yield = getBody().front().getTerminator();
  for (unsigned i = carried; i < results; ++i) {
    OpResult result = getOperation()->getResult(i);
    Value element = yield->getOperand(i + 1);
    Dims dims = stackedDims(context, result, element, 0, trips ? *trips : Dim::symbol("?"));
    context.setType(result, context.elementType(element), dims);
  }
  return success();
}

LogicalResult LoopOp::decompose(Decomposer &d) {
  unsigned carried = getVInitial().size();
  Block &block = getBody().front();
  OpBuilder &b = d.b;
  Type i64 = b.getI64Type();
  bool counts = runsToTheEnd(*this);
  // State of the loop: condition, carried values, scan outputs.
  SmallVector<Value> inits;
  SmallVector<Type> types;
  auto addState = [&](Value value, Type type) {
    inits.push_back(d.cast(value, type));
    types.push_back(type);
  };
  inits.push_back(isPresent(getCond()) ? isTrue(d, d(getCond()))
                                       : arith::ConstantOp::create(b, d.loc(), b.getBoolAttr(true)).getResult());
  types.push_back(b.getI1Type());
  for (auto [value, argument] : llvm::zip(getVInitial(), block.getArguments().drop_front(2)))
    addState(d(value), storageTensorType(argument.getType()));
  Value limit;
  if (isPresent(getM()))
    limit = arith::MaxSIOp::create(b, d.loc(), d.element(d(getM()), 0), d.index(int64_t(0)));
  // A scan output is allocated at once where its size is known, else it grows.
  Operation *yield = block.getTerminator();
  SmallVector<bool> grows;
  for (unsigned i = carried; i < getNumResults(); ++i) {
    Value element = yield->getOperand(i + 1);
    auto elementType = storageTensorType(element.getType());
    SmallVector<OpFoldResult> sizes;
    bool known = counts;
    for (const Dim &dim : d.shapes.dims(element))
      known &= isKnownOutside(dim) && d.canMaterialize(dim);
    SmallVector<int64_t> shape{ShapedType::kDynamic};
    llvm::append_range(shape, elementType.getShape());
    if (known)
      if (std::optional<SmallVector<int64_t>> count = d.shapes.constantContent(getM()))
        shape[0] = std::max<int64_t>(count->front(), 0);
    sizes.push_back(!known                             ? OpFoldResult(b.getIndexAttr(0))
                    : shape[0] == ShapedType::kDynamic ? OpFoldResult(limit)
                                                       : OpFoldResult(b.getIndexAttr(shape[0])));
    for (const Dim &dim : d.shapes.dims(element))
      sizes.push_back(known || dim.isConstant() ? d.size(dim) : OpFoldResult(b.getIndexAttr(0)));
    grows.push_back(!known);
    addState(d.empty(elementType.getElementType(), sizes), RankedTensorType::get(shape, elementType.getElementType()));
  }

  // One iteration: from its number and the state to the next state.
  auto iterate = [&](Value iteration, ValueRange state, SmallVectorImpl<Value> &next) -> LogicalResult {
    SmallVector<Value> args{scalarTensor(d, arith::IndexCastOp::create(b, d.loc(), i64, iteration)),
                            scalarTensor(d, d.store(b, state[0], b.getI1Type()))};
    llvm::append_range(args, state.drop_front().take_front(carried));
    SmallVector<Value> results;
    if (failed(d.inlineRegion(getBody(), args, results)))
      return failure();
    next.push_back(counts ? state[0] : isTrue(d, results[0]));
    for (unsigned i = 0; i < carried; ++i)
      next.push_back(settle(d, results[1 + i], state[1 + i], d.shapes.dims(block.getArgument(2 + i))));
    for (unsigned i = carried; i < getNumResults(); ++i) {
      Value stack = state[1 + i];
      next.push_back(grows[i - carried] ? append(d, stack, results[1 + i])
                                        : insertAt(d, results[1 + i], stack, 0, iteration));
    }
    return success();
  };

  SmallVector<Value> finals;
  OpBuilder::InsertionGuard guard(b);
  if (counts) {
    auto loop = scf::ForOp::create(b, d.loc(), d.index(int64_t(0)), limit, d.index(int64_t(1)), inits);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> next;
    if (failed(iterate(loop.getInductionVar(), loop.getRegionIterArgs(), next)))
      return failure();
    // A body without carried values has a terminator already.
    if (Operation *terminator = loop.getBody()->mightHaveTerminator() ? loop.getBody()->getTerminator() : nullptr)
      terminator->erase();
    b.setInsertionPointToEnd(loop.getBody());
    scf::YieldOp::create(b, d.loc(), next);
    b.setInsertionPointAfter(loop);
    finals.assign(loop.getResults().begin(), loop.getResults().end());
  } else {
    // Iteration number first.
    inits.insert(inits.begin(), d.index(int64_t(0)));
    types.insert(types.begin(), b.getIndexType());
    auto loop = scf::WhileOp::create(b, d.loc(), types, inits);
    SmallVector<Location> locs(types.size(), d.loc());
    Block *before = b.createBlock(&loop.getBefore(), {}, types, locs);
    Value go = before->getArgument(1);
    if (limit) {
      Value inside = arith::CmpIOp::create(b, d.loc(), arith::CmpIPredicate::slt, before->getArgument(0), limit);
      go = arith::AndIOp::create(b, d.loc(), go, inside);
    }
    scf::ConditionOp::create(b, d.loc(), go, before->getArguments());
    Block *after = b.createBlock(&loop.getAfter(), {}, types, locs);
    types.erase(types.begin());
    SmallVector<Value> next;
    if (failed(iterate(after->getArgument(0), ValueRange(after->getArguments()).drop_front(), next)))
      return failure();
    next.insert(next.begin(),
                arith::AddIOp::create(b, d.loc(), after->getArgument(0), d.index(int64_t(1))).getResult());
    scf::YieldOp::create(b, d.loc(), next);
    b.setInsertionPointAfter(loop);
    finals.assign(loop.getResults().begin() + 1, loop.getResults().end());
  }
  for (auto [onnx, lowered] : llvm::zip(getOperation()->getResults(), ArrayRef(finals).drop_front()))
    d.setResult(onnx, lowered);
  return success();
}

//===--- Scan ---------------------------------------------------------------===//

LogicalResult ScanOp::upgrade(ImportedNode &node) {
  if (node.opset < 9)
    return node.error() << "the batched form of opset 8 is not supported";
  return success();
}

namespace {

/// Axes and directions of one side of a Scan.
struct ScanAxes {
  SmallVector<int64_t> axes;
  SmallVector<bool> backward;

  static FailureOr<ScanAxes> get(ScanOp op, std::optional<ArrayRef<int64_t>> axes,
                                 std::optional<ArrayRef<int64_t>> directions, ArrayRef<int64_t> ranks) {
    ScanAxes result;
    for (auto [i, rank] : llvm::enumerate(ranks)) {
      int64_t axis = axes && i < axes->size() ? (*axes)[i] : 0;
      std::optional<int64_t> normal = normalizeAxis(axis, rank);
      if (!normal)
        return op.emitOpError("expects scan axes of rank ") << rank << ", but got " << axis;
      result.axes.push_back(*normal);
      result.backward.push_back(directions && i < directions->size() && (*directions)[i] != 0);
    }
    return result;
  }
};

FailureOr<ScanAxes> inputAxes(ScanOp op, ShapeContext &context) {
  int64_t scanned = op.getNumScanInputs(), total = op.getInitialStateAndScanInputs().size();
  if (scanned < 1 || scanned > total)
    return op.emitOpError("expects 1 to ") << total << " scan inputs, but got " << scanned;
  SmallVector<int64_t> ranks;
  for (Value value : op.getInitialStateAndScanInputs().take_back(scanned))
    ranks.push_back(context.rank(value));
  return ScanAxes::get(op, op.getScanInputAxes(), op.getScanInputDirections(), ranks);
}

FailureOr<ScanAxes> outputAxes(ScanOp op, ShapeContext &context, unsigned states) {
  SmallVector<int64_t> ranks;
  for (Value value : op.getBody().front().getTerminator()->getOperands().drop_front(states))
    ranks.push_back(context.rank(value) + 1);
  return ScanAxes::get(op, op.getScanOutputAxes(), op.getScanOutputDirections(), ranks);
}

} // namespace

LogicalResult ScanOp::inferRegionArguments(unsigned, ShapeContext &context) {
  FailureOr<ScanAxes> axes = inputAxes(*this, context);
  if (failed(axes))
    return failure();
  Block &block = getBody().front();
  OperandRange operands = getInitialStateAndScanInputs();
  if (block.getNumArguments() != operands.size())
    return emitOpError("expects a body of ") << operands.size() << " inputs, but got " << block.getNumArguments();
  unsigned states = operands.size() - axes->axes.size();
  for (auto [i, value] : llvm::enumerate(operands)) {
    Dims dims = context.dims(value);
    if (i >= states)
      dims.erase(dims.begin() + axes->axes[i - states]);
    context.setType(block.getArgument(i), context.elementType(value), dims);
  }
  return success();
}

LogicalResult ScanOp::inferShapes(ShapeContext &context) {
  if (failed(inferRegionArguments(0, context)))
    return failure();
  FailureOr<ScanAxes> inputs = inputAxes(*this, context);
  OperandRange operands = getInitialStateAndScanInputs();
  unsigned states = operands.size() - inputs->axes.size();
  if (getNumResults() < states)
    return emitOpError("expects at least ") << states << " results, but got " << getNumResults();
  if (failed(inferCarried(*this, getBody(), context, operands.take_front(states), 0, 0, getNumResults())))
    return failure();
  FailureOr<ScanAxes> outputs = outputAxes(*this, context, states);
  if (failed(outputs))
    return failure();
  Dim trips = context.dims(operands[states])[inputs->axes[0]];
  for (auto [i, value] : llvm::enumerate(operands.drop_front(states)))
    if (Dim other = context.dims(value)[inputs->axes[i]]; differ(trips, other))
      return emitOpError("expects scan inputs of equal length, but got ") << trips.str() << " and " << other.str();
  for (unsigned i = states; i < getNumResults(); ++i) {
    OpResult result = getOperation()->getResult(i);
    Value element = getBody().front().getTerminator()->getOperand(i);
    Dims dims = stackedDims(context, result, element, outputs->axes[i - states], trips);
    dims[outputs->axes[i - states]] = trips;
    context.setType(result, context.elementType(element), dims);
  }
  return success();
}

LogicalResult ScanOp::decompose(Decomposer &d) {
  OpBuilder &b = d.b;
  FailureOr<ScanAxes> inputs = inputAxes(*this, d.shapes);
  OperandRange operands = getInitialStateAndScanInputs();
  unsigned states = operands.size() - inputs->axes.size();
  FailureOr<ScanAxes> outputs = outputAxes(*this, d.shapes, states);
  Block &block = getBody().front();
  Operation *yield = block.getTerminator();
  OpFoldResult trips = d.sizeOf(d(operands[states]), inputs->axes[0]);
  SmallVector<Value> inits;
  for (unsigned i = 0; i < states; ++i)
    inits.push_back(d.cast(d(operands[i]), storageTensorType(block.getArgument(i).getType())));
  for (unsigned i = states; i < getNumResults(); ++i) {
    Value element = yield->getOperand(i);
    SmallVector<OpFoldResult> sizes;
    for (const Dim &dim : d.shapes.dims(element)) {
      if (!d.canMaterialize(dim))
        return emitOpError("expects scan outputs of a size known before the loop, but got ") << element.getType();
      sizes.push_back(d.size(dim));
    }
    sizes.insert(sizes.begin() + outputs->axes[i - states], trips);
    inits.push_back(d.empty(storageType(d.shapes.elementType(element)), sizes));
  }
  Value last = arith::SubIOp::create(b, d.loc(), d.index(trips), d.index(int64_t(1)));
  auto loop = scf::ForOp::create(b, d.loc(), d.index(int64_t(0)), d.index(trips), d.index(int64_t(1)), inits);
  OpBuilder::InsertionGuard guard(b);
  if (Operation *terminator = loop.getBody()->mightHaveTerminator() ? loop.getBody()->getTerminator() : nullptr)
    terminator->erase();
  b.setInsertionPointToStart(loop.getBody());
  auto position = [&](bool backward) -> Value {
    Value i = loop.getInductionVar();
    return backward ? arith::SubIOp::create(b, d.loc(), last, i).getResult() : i;
  };
  SmallVector<Value> args(loop.getRegionIterArgs().take_front(states));
  for (unsigned i = states; i < operands.size(); ++i) {
    unsigned k = i - states;
    Value whole = d(operands[i]);
    SliceAt slice(d, whole, inputs->axes[k], position(inputs->backward[k]));
    auto type = storageTensorType(block.getArgument(i).getType());
    args.push_back(tensor::ExtractSliceOp::create(b, d.loc(), type, whole, slice.offsets, slice.sizes, slice.strides));
  }
  SmallVector<Value> results;
  if (failed(d.inlineRegion(getBody(), args, results)))
    return failure();
  for (auto [i, result] : llvm::enumerate(results)) {
    Value before = loop.getRegionIterArg(i);
    if (i < states)
      result = settle(d, result, before, d.shapes.dims(block.getArgument(i)));
    else
      result = insertAt(d, result, before, outputs->axes[i - states], position(outputs->backward[i - states]));
  }
  scf::YieldOp::create(b, d.loc(), results);
  b.setInsertionPointAfter(loop);
  for (auto [onnx, lowered] : llvm::zip(getOperation()->getResults(), loop.getResults()))
    d.setResult(onnx, lowered);
  return success();
}
