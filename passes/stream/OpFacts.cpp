// What one op says of the frames that come into it.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/stream/OpFacts.h"

using namespace mlir;
using namespace brisk;

static int64_t sizeOf(TensorAxis axis) { return cast<RankedTensorType>(axis.value.getType()).getDimSize(axis.axis); }

OpFacts::OpFacts(Operation *op, const TimeAxes &times) : op(op), times(times) { coupleFrames(op, *this); }

const OpFacts::Link *OpFacts::link(Value from, unsigned result) const {
  if (!refused.empty())
    return nullptr;
  auto found = llvm::find_if(links, [&](const Link &link) { return link.from == from && link.result == result; });
  return found == links.end() ? nullptr : &*found;
}

std::string OpFacts::reason() const { return refused.empty() ? "computes with all frames at once" : refused; }

Value OpFacts::boundTo(unsigned result, int64_t axis) const {
  for (auto [operand, to] : bound)
    if ((to.value == op->getResult(result) && to.axis == axis) || isTime(to))
      return operand.value;
  return {};
}

bool OpFacts::isTime(TensorAxis axis) const {
  auto found = times.find(axis.value);
  return found != times.end() && found->second == axis.axis;
}

void OpFacts::add(Link::Kind kind, TensorAxis from, TensorAxis to, const FrameWindow &window) {
  if (!isTime(from) || to.value.getDefiningOp() != op)
    return;
  unsigned result = cast<OpResult>(to.value).getResultNumber();
  if (llvm::none_of(links, [&](const Link &link) { return link.from == from.value && link.result == result; }))
    links.push_back({kind, from.value, result, to.axis, window});
}

void OpFacts::tie(TensorAxis part, TensorAxis whole, int64_t offset) {
  if (offset != 0 || sizeOf(part) != sizeOf(whole))
    return;
  add(Link::Follow, part, whole);
  add(Link::Follow, whole, part);
  // Of an operand that is the same at all times.
  for (auto [one, other] : {std::pair(part, whole), std::pair(whole, part)})
    if (one.value.getDefiningOp() != op && !times.contains(one.value) && sizeOf(one) != 1)
      bound.push_back({one, other});
}

void OpFacts::split(TensorAxis whole, ArrayRef<TensorAxis> parts) {
  int64_t block = 1;
  for (TensorAxis part : parts.drop_front())
    block *= sizeOf(part);
  // The outermost of the parts is time in blocks.
  add(Link::Window, whole, parts.front(), {block, block, 0});
  add(Link::Spread, parts.front(), whole, {block, block, 0});
  for (TensorAxis part : parts.drop_front())
    if (isTime(part))
      refuse(part, "puts all frames of one place together");
}

void OpFacts::sum(TensorAxis activation, TensorAxis weight) {
  for (TensorAxis axis : {activation, weight})
    refuse(axis, "sums over all frames");
}

void OpFacts::window(TensorAxis from, TensorAxis to, const FrameWindow &window) { add(Link::Window, from, to, window); }
void OpFacts::spread(TensorAxis from, TensorAxis to, const FrameWindow &window) { add(Link::Spread, from, to, window); }
void OpFacts::carry(unsigned initial, unsigned last, ArrayRef<int64_t> dims) {
  carried.push_back({initial, last, SmallVector<int64_t>(dims)});
}
void OpFacts::sizes(Value operand) { measured.push_back(operand); }
void OpFacts::refuse(TensorAxis from, const Twine &reason) {
  if (isTime(from))
    refused = reason.str();
}
