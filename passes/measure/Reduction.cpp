// What a search asks of whatever makes models smaller.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/measure/Reduction.h"

using namespace mlir;
using namespace brisk;

std::pair<Reduction *, size_t> Reductions::find(size_t part) const {
  auto which = all.begin();
  for (; part >= (*which)->parts(); ++which)
    part -= (*which)->parts();
  return {which->get(), part};
}

LogicalResult Reductions::prepare(ModuleOp module) {
  for (auto &one : all)
    if (failed(one->prepare(module)))
      return failure();
  return success();
}

size_t Reductions::parts() const {
  size_t count = 0;
  for (auto &one : all)
    count += one->parts();
  return count;
}

std::string Reductions::nameOf(size_t part) const {
  auto [one, at] = find(part);
  return one->nameOf(at);
}
unsigned Reductions::levels(size_t part) const {
  auto [one, at] = find(part);
  return one->levels(at);
}
std::string Reductions::describe(size_t part, unsigned level) const {
  auto [one, at] = find(part);
  return one->describe(at, level);
}

FailureOr<double> Reductions::distance(ArrayRef<unsigned> levels) {
  double sum = 0;
  for (auto &one : all) {
    ArrayRef<unsigned> mine = levels.take_front(one->parts());
    levels = levels.drop_front(mine.size());
    if (llvm::all_of(mine, [](unsigned level) { return level == 0; }))
      continue;
    FailureOr<double> distance = one->distance(mine);
    if (failed(distance))
      return failure();
    sum += *distance;
  }
  return sum;
}

LogicalResult Reductions::apply(ModuleOp clone, ArrayRef<unsigned> levels, bool sizesOnly) {
  for (auto &one : all) {
    ArrayRef<unsigned> mine = levels.take_front(one->parts());
    levels = levels.drop_front(mine.size());
    if (failed(one->apply(clone, mine, sizesOnly)))
      return failure();
  }
  return success();
}
