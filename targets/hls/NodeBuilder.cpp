// Signals of a design, node by node.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Elaborate.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

int64_t NodeBuilder::addInput(Interval range, Location loc) {
  Value argument = design.getBody().front().addArgument(typeOf(builder.getContext(), range), loc);
  range = rangeOf(argument.getType()); // the wires' range, which is all that later passes know
  // Also inside a node: outer values are read through operands.
  signals.push_back({nullptr, argument, range, 0});
  return signals.size() - 1;
}

void NodeBuilder::beginNode(Location where, StringRef called) {
  loc = where;
  name = called.str();
  node = ++count;
  body = std::make_unique<Region>();
  body->push_back(new Block());
  builder.setInsertionPointToEnd(&body->front());
}

void NodeBuilder::endNode(llvm::function_ref<bool(int64_t)> isRead) {
  Block &block = body->front();
  if (!block.empty()) {
    SmallVector<Value> yielded;
    SmallVector<Signal *> read;
    for (auto [number, signal] : llvm::enumerate(signals)) {
      if (signal.node != node || !isRead(number))
        continue;
      read.push_back(&signal);
      yielded.push_back(signal.inner);
    }
    YieldOp::create(builder, loc, yielded);
    builder.setInsertionPointToEnd(&design.getBody().front());
    OperationState state(loc, NodeOp::getOperationName(), operands, TypeRange(ValueRange(yielded)));
    state.addAttribute("name", builder.getStringAttr(name));
    state.addRegion(std::move(body));
    Operation *op = builder.create(state);
    for (auto [signal, result] : llvm::zip_equal(read, op->getResults()))
      signal->outer = result;
  }
  body.reset();
  arguments.clear();
  sums.clear();
  operands.clear();
  node = 0;
}

void NodeBuilder::finish(ArrayRef<int64_t> outputs) {
  builder.setInsertionPointToEnd(&design.getBody().front());
  SmallVector<Value> values;
  for (int64_t output : outputs)
    values.push_back(signals[output].outer);
  YieldOp::create(builder, design.getLoc(), values);
}

Value NodeBuilder::use(int64_t number) {
  Signal &signal = signals[number];
  if (signal.node == node && node)
    return signal.inner;
  Value &argument = arguments[number];
  if (!argument) {
    argument = body->front().addArgument(signal.outer.getType(), loc);
    operands.push_back(signal.outer);
  }
  return argument;
}

Interval NodeBuilder::range(const Linear &linear) const {
  Interval result{linear.bias, linear.bias};
  for (auto [signal, factor] : linear.terms)
    result = multiplyAdd(signals[signal].range, factor, result);
  return result;
}

int64_t NodeBuilder::materialize(Linear linear) {
  llvm::sort(linear.terms);
  std::vector<std::pair<int64_t, int64_t>> unique;
  for (auto [signal, factor] : linear.terms) {
    if (!unique.empty() && unique.back().first == signal)
      unique.back().second += factor;
    else
      unique.push_back({signal, factor});
  }
  llvm::erase_if(unique, [](auto &term) { return term.second == 0; });
  if (unique.empty())
    return add<ConstantOp>({}, builder.getNamedAttr("value", builder.getI64IntegerAttr(linear.bias)));
  if (unique.size() == 1 && unique[0].second == 1 && linear.bias == 0)
    return unique[0].first;
  SmallVector<int64_t> terms, factors;
  for (auto [signal, factor] : unique) {
    terms.push_back(signal);
    factors.push_back(factor);
  }
  int64_t sum = add<SumOp>(terms, builder.getNamedAttr("factors", builder.getDenseI64ArrayAttr(factors)),
                           builder.getNamedAttr("bias", builder.getI64IntegerAttr(linear.bias)));
  sums[sum] = {std::move(unique), linear.bias};
  return sum;
}

Linear NodeBuilder::sumOf(int64_t signal) const {
  auto found = sums.find(signal);
  return found == sums.end() ? Linear::signal(signal) : found->second;
}

int64_t NodeBuilder::clamp(int64_t signal, int64_t low, int64_t high) {
  if (Interval{low, high}.holds(range(signal)))
    return signal;
  return add<ClampOp>({signal}, builder.getNamedAttr("low", builder.getI64IntegerAttr(low)),
                      builder.getNamedAttr("high", builder.getI64IntegerAttr(high)));
}

int64_t NodeBuilder::round(int64_t signal, unsigned shift, bool even) {
  if (shift == 0)
    return signal;
  auto attribute = builder.getNamedAttr("shift", builder.getI64IntegerAttr(shift));
  if (even)
    return add<RoundOp>({signal}, attribute, builder.getNamedAttr("even", builder.getUnitAttr()));
  return add<RoundOp>({signal}, attribute);
}

int64_t NodeBuilder::table(int64_t signal, int64_t first, ArrayRef<int64_t> entries) {
  return add<TableOp>({signal}, builder.getNamedAttr("first", builder.getI64IntegerAttr(first)),
                      builder.getNamedAttr("entries", builder.getDenseI64ArrayAttr(entries)));
}

int64_t NodeBuilder::equal(int64_t signal, int64_t number) {
  return add<EqualOp>({signal}, builder.getNamedAttr("number", builder.getI64IntegerAttr(number)));
}

int64_t NodeBuilder::apply(const IntegerForm &form, ArrayRef<int64_t> inputs) {
  if (!form.table.empty())
    return table(inputs[0], form.low, form.table);
  Linear sum = Linear::number(form.bias);
  for (auto [signal, factor] : llvm::zip_equal(inputs, form.factors)) {
    // A sum that nothing else reads takes the constant into its own adders.
    Linear behind = factor == 1 && form.exceptions.empty() ? sumOf(signal) : Linear::signal(signal);
    for (auto [term, weight] : behind.terms)
      sum.terms.push_back({term, weight * factor});
    sum.bias += behind.bias * factor;
  }
  int64_t result = clamp(round(materialize(std::move(sum)), form.shift, form.even), form.low, form.high);
  for (auto [input, exception] : form.exceptions)
    result = select(equal(inputs[0], input), materialize(Linear::number(exception)), result);
  return result;
}

void hls::eraseUnread(DesignOp design) {
  OpBuilder builder(design.getContext());
  auto nodes = llvm::to_vector(design.getBody().front().getOps<NodeOp>());
  for (NodeOp node : llvm::reverse(nodes)) {
    Block &body = node.getBody().front();
    Operation *yield = body.getTerminator();
    SmallVector<Value> read, yielded;
    for (auto [result, value] : llvm::zip_equal(node.getResults(), yield->getOperands()))
      if (!result.use_empty()) {
        read.push_back(result);
        yielded.push_back(value);
      }
    yield->setOperands(yielded);
    for (Operation *op = yield->getPrevNode(); op;) {
      Operation *before = op->getPrevNode();
      if (op->use_empty())
        op->erase();
      op = before;
    }
    SmallVector<Value> operands;
    for (int64_t number = int64_t(body.getNumArguments()) - 1; number >= 0; --number) {
      if (body.getArgument(number).use_empty())
        body.eraseArgument(number);
      else
        operands.push_back(node->getOperand(number));
    }
    std::reverse(operands.begin(), operands.end());
    if (read.size() == node->getNumResults() && operands.size() == node->getNumOperands())
      continue;
    if (!read.empty()) {
      builder.setInsertionPoint(node);
      OperationState state(node.getLoc(), NodeOp::getOperationName(), operands, TypeRange(ValueRange(read)));
      state.addAttributes(node->getAttrDictionary().getValue());
      state.addRegion()->takeBody(node.getBody());
      for (auto [before, after] : llvm::zip_equal(read, builder.create(state)->getResults()))
        before.replaceAllUsesWith(after);
    }
    node.erase();
  }
}
