// The step of a model, made op by op.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/stream/Stepper.h"

#include "dialects/onnx/Build.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;
using namespace brisk;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// `type` with another size along an axis, and whether its others are static.
static std::optional<RankedTensorType> resized(RankedTensorType type, int64_t axis, int64_t size) {
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = size;
  if (llvm::any_of(shape, ShapedType::isDynamic))
    return std::nullopt;
  return RankedTensorType::get(shape, type.getElementType());
}

Stepper::Stepper(func::FuncOp main, const TimeAxes &times, int64_t step, int64_t mostDelay)
    : main(main), b(main), loc(main.getLoc()), times(times), step(step), mostDelay(mostDelay) {}

func::FuncOp Stepper::run() {
  SmallVector<Type> types;
  for (BlockArgument argument : main.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    auto time = times.find(argument);
    std::optional<RankedTensorType> given = type;
    if (time != times.end())
      given = resized(type, time->second, step);
    if (!given || !given->hasStaticShape()) {
      main.emitError("--stream: expects inputs whose other sizes are known; fix them with --shape");
      return {};
    }
    types.push_back(*given);
    inputs.push_back(time == times.end() ? -1 : time->second);
  }
  made = func::FuncOp::create(b, loc, "main", FunctionType::get(b.getContext(), types, {}));
  Block *body = made.addEntryBlock();
  for (auto [i, pair] : llvm::enumerate(llvm::zip(main.getArguments(), body->getArguments()))) {
    auto [from, to] = pair;
    to.setLoc(from.getLoc());
    if (DictionaryAttr attrs = main.getArgAttrDict(i))
      made.setArgAttrs(i, attrs);
    mapping.map(from, to);
    if (inputs[i] >= 0)
      streams[from] = {to, inputs[i], step};
  }
  b.setInsertionPointToStart(body);
  for (Operation &op : main.getBody().front()) {
    loc = op.getLoc();
    if (failed(op.hasTrait<OpTrait::IsTerminator>() ? finish(op) : visit(op))) {
      made.erase();
      return {};
    }
  }
  return made;
}

//===--- ops ----------------------------------------------------------------===//

LogicalResult Stepper::visit(Operation &op) {
  bool isTouched = false;
  op.walk([&](Operation *nested) {
    for (Value operand : nested->getOperands())
      isTouched |= streams.contains(operand) || measures.contains(operand);
  });
  if (!isTouched) {
    b.clone(op, mapping);
    return success();
  }
  if (op.getNumRegions())
    return op.emitError("--stream: its body computes with all frames");
  OpFacts facts(&op, times);
  SmallVector<unsigned> operands;
  for (auto [i, operand] : llvm::enumerate(op.getOperands())) {
    if (facts.isMeasured(operand))
      continue;
    if (measures.contains(operand))
      return op.emitError("--stream: computes with the number of frames, which no step knows");
    if (streams.contains(operand))
      operands.push_back(i);
  }
  if (operands.empty()) {
    Operation *copy = apply(op, {}, facts, 0);
    for (auto [from, to] : llvm::zip(op.getResults(), copy ? copy->getResults() : ResultRange(nullptr, 0))) {
      mapping.map(from, to);
      measures.insert(from);
    }
    return success(copy);
  }
  const OpFacts::Link *first = nullptr;
  for (unsigned i : operands) {
    const OpFacts::Link *link = facts.link(op.getOperand(i), 0);
    if (!link)
      return op.emitError("--stream: ") << facts.reason();
    if (first && (link->axis != first->axis || link->kind != OpFacts::Link::Follow || first->kind != OpFacts::Link::Follow))
      return op.emitError("--stream: joins frames of different times");
    first = first ? first : link;
  }
  // Frames that come along with those over time, one for each.
  if (Value constant = facts.boundTo(0, first->axis))
    return op.emitError("--stream: takes a value of its own for each of ")
           << typeOf(op.getResult(0)).getDimSize(first->axis) << " frames from a constant";
  switch (first->kind) {
  case OpFacts::Link::Follow:
    return follow(op, facts, operands);
  case OpFacts::Link::Window:
    return slide(op, facts, *first);
  case OpFacts::Link::Spread:
    return spread(op, facts, *first);
  }
  return failure();
}

/// The least multiple of `of` that is at least `value`.
static int64_t roundUp(int64_t value, int64_t of) { return llvm::divideCeilSigned(value, of) * of; }

LogicalResult Stepper::follow(Operation &op, const OpFacts &facts, ArrayRef<unsigned> operands) {
  Stream last;
  int64_t delay = std::numeric_limits<int64_t>::min();
  for (unsigned i : operands) {
    const Stream &stream = streams[op.getOperand(i)];
    if (last.count && stream.count != last.count)
      return op.emitError("--stream: joins ") << last.count << " and " << stream.count << " frames a step";
    if (stream.delay > delay)
      last = stream;
    delay = last.delay;
  }
  // States of its own begin with frame 0, at the beginning of a step.
  if (!facts.carries().empty())
    delay = roundUp(std::max<int64_t>(delay, 0), last.count);
  SmallVector<std::pair<unsigned, Value>> values, known;
  for (unsigned i : operands) {
    Stream stream = delayed(streams[op.getOperand(i)], delay);
    values.push_back({i, stream.value});
    known.push_back({i, stream.known});
  }
  SmallVector<std::pair<Value, Value>> pasts; // states, and what they are at first
  for (const OpFacts::Carry &carry : facts.carries()) {
    auto type = RankedTensorType::get(carry.dims, typeOf(op.getOperand(operands.front())).getElementType());
    Value initial = op.getOperand(carry.initial), past = addState(type), used = past;
    bool isGiven = isPresent(initial);
    initial = isGiven ? mapping.lookup(initial) : numbers(type, 0);
    if (isGiven && delay == 0)
      used = from(1, initial, past);
    values.push_back({carry.initial, used});
    pasts.push_back({past, initial});
  }
  Operation *copy = apply(op, values, facts, last.count);
  if (!copy)
    return failure();
  for (auto [carry, past] : llvm::zip(facts.carries(), pasts)) {
    Value next = copy->getResult(carry.last);
    if (carry.last < op.getNumResults())
      mapping.map(op.getResult(carry.last), next);
    keep(past.first, delay > 0 ? from(delay / last.count, past.second, next) : next);
  }
  FailureOr<Operation *> early = atFirst(op, known, facts, -delay);
  if (failed(early))
    return failure();
  for (unsigned result = 0; result < op.getNumResults(); ++result) {
    if (mapping.contains(op.getResult(result)))
      continue;
    const OpFacts::Link *link = facts.link(op.getOperand(operands.front()), result);
    if (!link && !op.getResult(result).use_empty())
      return op.emitError("--stream: ") << facts.reason();
    if (link)
      define(op, result, last, {copy->getResult(result), link->axis, last.count, delay, resultAtFirst(*early, result)});
  }
  return success();
}

LogicalResult Stepper::slide(Operation &op, const OpFacts &facts, const OpFacts::Link &link) {
  Stream stream = streams[link.from];
  auto [span, stride, padding, fill] = link.window;
  if (stream.count % stride != 0) {
    factor = stride / std::gcd(stride, stream.count);
    factorOp = &op;
    return failure();
  }
  for (OpResult result : op.getResults().drop_front())
    if (!result.use_empty())
      return op.emitError("--stream: counts frames from the beginning");
  int64_t count = stream.count / stride;
  int64_t delay = llvm::divideCeilSigned(stream.delay + span - padding, stride) - 1;
  // Of the operand: frames needed from before the step, and frames at its end that are not needed yet.
  int64_t past = delay * stride + padding - stream.delay, unused = past + stride - span;
  if (stream.delay > 0 && padding > 0)
    stream.value = masked(stream, fill);
  Value value = stream.value;
  if (past > 0)
    value = joined({history(stream, past, fill), value}, stream.axis);
  value = cut(value, stream.axis, std::max<int64_t>(-past, 0), past + stream.count - unused - std::min<int64_t>(past, 0));
  unsigned operand = llvm::find(op.getOperands(), link.from) - op.operand_begin();
  Operation *copy = apply(op, {{operand, value}}, facts, count);
  Value known = delay < 0 ? before(stream, -padding, (-delay - 1) * stride - padding + span, fill) : Value();
  FailureOr<Operation *> early = atFirst(op, {{operand, known}}, facts, -delay);
  if (!copy || failed(early))
    return failure();
  define(op, 0, stream, {copy->getResult(0), link.axis, count, delay, resultAtFirst(*early, 0)});
  return success();
}

LogicalResult Stepper::spread(Operation &op, const OpFacts &facts, const OpFacts::Link &link) {
  Stream stream = streams[link.from];
  auto [span, stride, crop, fill] = link.window;
  int64_t past = (span - 1) / stride, count = stream.count * stride, delay = stream.delay * stride + crop;
  if (stream.delay > 0 && span - 1 - crop >= stride)
    stream.value = masked(stream, 0);
  Value value = past > 0 ? joined({history(stream, past, 0), stream.value}, stream.axis) : stream.value;
  unsigned operand = llvm::find(op.getOperands(), link.from) - op.operand_begin();
  Operation *copy = apply(op, {{operand, value}}, facts, count);
  if (!copy)
    return failure();
  Value known = delay < 0 ? before(stream, -past, -stream.delay, 0) : Value();
  FailureOr<Operation *> early = atFirst(op, {{operand, known}}, facts, delay < 0 ? -stream.delay * stride : 0);
  if (failed(early))
    return failure();
  if ((known = resultAtFirst(*early, 0)))
    known = cut(known, link.axis, crop, -stream.delay * stride);
  define(op, 0, stream, {copy->getResult(0), link.axis, count, delay, known});
  return success();
}

LogicalResult Stepper::finish(Operation &terminator) {
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> names;
  for (auto [i, operand] : llvm::enumerate(terminator.getOperands())) {
    if (measures.contains(operand))
      return main.emitError("--stream: returns the number of frames, which no step knows");
    auto found = streams.find(operand);
    names.push_back(main.getResultAttrDict(i));
    if (found == streams.end()) {
      results.push_back(mapping.lookup(operand));
      outputs.push_back(-1);
      delays.push_back(0);
      continue;
    }
    Stream stream = found->second;
    if (int64_t late = inputFrames(stream, stream.delay); late > mostDelay) {
      std::string limit = "; an output waits for " + std::to_string(late) + ", --stream-delay=" + std::to_string(mostDelay) +
                          " allows " + std::to_string(mostDelay);
      for (auto [op, frames] : stream.waits)
        op->emitError("--stream: looks ") << frames << (frames == 1 ? " frame" : " frames") << " ahead" << limit;
      return failure();
    }
    if (stream.delay < 0)
      stream = delayed(stream, 0);
    results.push_back(stream.value);
    outputs.push_back(stream.axis);
    delays.push_back(stream.delay);
  }
  if (counter)
    keep(counter, onnx::createAdd(b, loc, counter, numbers(typeOf(counter), 1)));
  for (auto [i, state] : llvm::enumerate(kept)) {
    std::string name = "stream." + std::to_string(i);
    int64_t number = cast<BlockArgument>(state.past).getArgNumber();
    made.setArgAttr(number, "onnx.name", b.getStringAttr(name));
    names.push_back(b.getDictionaryAttr(b.getNamedAttr("onnx.name", b.getStringAttr(name + ".next"))));
    results.push_back(state.next);
    inputs.push_back(-1);
    outputs.push_back(-1);
    delays.push_back(0);
  }
  Operation *copy = b.clone(terminator, mapping);
  copy->setOperands(results);
  made.setFunctionType(FunctionType::get(b.getContext(), made.getArgumentTypes(), ValueRange(results).getTypes()));
  made.setAllResultAttrs(names);
  return success();
}

Operation *Stepper::apply(Operation &op, ArrayRef<std::pair<unsigned, Value>> operands, const OpFacts &facts, int64_t frames) {
  SmallVector<Value> values;
  for (Value operand : op.getOperands()) {
    auto stream = streams.find(operand);
    values.push_back(stream != streams.end() ? stream->second.value : mapping.lookup(operand));
  }
  for (auto [i, value] : operands)
    values[i] = value;
  size_t results = op.getNumResults();
  for (const OpFacts::Carry &carry : facts.carries())
    results = std::max<size_t>(results, carry.last + 1);
  OperationState state(op.getLoc(), op.getName().getStringRef(), values, SmallVector<Type>(results, b.getNoneType()),
                       op.getAttrDictionary().getValue());
  Operation *copy = b.create(state);
  if (operands.empty() || frames == 0) {
    ShapeContext context;
    return succeeded(cast<InferShapesInterface>(copy).inferShapes(context)) ? copy : nullptr;
  }
  // What the whole model's results are like, but for time.
  Value first = op.getOperand(operands.front().first);
  SmallVector<SmallVector<int64_t>> dims;
  for (OpResult result : op.getResults()) {
    dims.emplace_back(typeOf(result).getShape());
    if (const OpFacts::Link *link = facts.link(first, result.getResultNumber()))
      dims.back()[link->axis] = frames;
  }
  if (auto iface = dyn_cast<StreamableInterface>(copy)) {
    OpBuilder before(copy);
    iface.keepFrames(before, streams[first].axis, dims);
  }
  ShapeContext context;
  if (failed(cast<InferShapesInterface>(copy).inferShapes(context)))
    return nullptr;
  for (OpResult result : op.getResults()) {
    const OpFacts::Link *link = facts.link(first, result.getResultNumber());
    auto type = typeOf(copy->getResult(result.getResultNumber()));
    if (!link || (type.hasStaticShape() && type.getDimSize(link->axis) == frames))
      continue;
    InFlightDiagnostic error = op.emitError("--stream: ");
    if (!type.hasStaticShape())
      error << "has sizes beside time that are not known; fix them with --shape";
    else
      error << "makes " << type.getDimSize(link->axis) << " frames of a step where " << frames << " were expected";
    return nullptr;
  }
  return copy;
}

FailureOr<Operation *> Stepper::atFirst(Operation &op, ArrayRef<std::pair<unsigned, Value>> known, const OpFacts &facts,
                                       int64_t frames) {
  if (frames <= 0)
    return nullptr;
  Operation *copy = apply(op, known, facts, frames);
  if (!copy)
    return failure();
  // Zeros stay zeros when they are only moved, and need not be computed.
  QuantizedForm form = quantizedForm(&op);
  bool areZeros = form.kind == QuantizedForm::Move && llvm::all_of(known, [](auto &pair) { return isZero(pair.second); }) &&
                  (!form.fill || !isPresent(op.getOperand(*form.fill)) || isZero(op.getOperand(*form.fill)));
  for (OpResult result : copy->getResults())
    if (areZeros && isa<RankedTensorType>(result.getType()))
      zeros[result] = numbers(typeOf(result), 0);
  return copy;
}

Value Stepper::resultAtFirst(Operation *early, unsigned result) const {
  if (!early)
    return {};
  Value zero = zeros.lookup(early->getResult(result));
  return zero ? zero : early->getResult(result);
}

void Stepper::define(Operation &op, unsigned result, const Stream &from, Stream to) {
  to.waits = from.waits;
  if (int64_t wait = inputFrames(to, to.delay) - inputFrames(from, from.delay); wait > 0)
    to.waits.push_back({&op, wait});
  streams[op.getResult(result)] = to;
  times[op.getResult(result)] = to.axis;
}

int64_t Stepper::inputFrames(const Stream &stream, int64_t delay) const {
  return llvm::divideCeilSigned(delay * step, stream.count);
}
