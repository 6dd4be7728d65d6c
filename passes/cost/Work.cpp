// Instructions and bytes of a kernel on a machine with vectors of a given width.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The model of a loop nest: one loop runs along the vector, the one for which
// the operands cost least; a contraction keeps blocks of sums in registers.
// Both follow what vector machines reward, not one emitter's choices.
#include "passes/cost/Work.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include <algorithm>
#include <cmath>
#include <optional>

using namespace brisk::cost;

namespace {

/// Columns of a panel and rows of a block in a contraction that lives in registers.
constexpr double kPanel = 32, kRows = 12;
/// Multiply-adds that must be in flight to hide the latency of one.
constexpr double kInFlight = 8;

struct Nest {
  std::vector<Loop> loops;
  std::vector<OperandFacts> operands;

  bool ignores(const OperandFacts &operand, unsigned d) const {
    return operand.linear && operand.coefficient[d] == 0;
  }
  double iterations() const {
    double count = 1;
    for (const Loop &loop : loops)
      count *= loop.size;
    return count;
  }
  void erase(unsigned d) {
    loops.erase(loops.begin() + d);
    for (OperandFacts &operand : operands)
      operand.coefficient.erase(operand.coefficient.begin() + d);
  }
};

/// Without loops of one trip, neighbours merged that walk every operand as one loop would.
Nest simplified(const KernelFacts &facts) {
  Nest nest{facts.loops, facts.operands};
  int packed = facts.packed;
  for (unsigned d = nest.loops.size(); d-- > 0;)
    if (nest.loops[d].size == 1 && nest.loops.size() > 1 && static_cast<int>(d) != packed) {
      nest.erase(d);
      packed -= static_cast<int>(d) < packed;
    }
  if (facts.body.usesIndex)
    return nest;
  for (unsigned d = 0; d + 1 < nest.loops.size();) {
    const Loop &outer = nest.loops[d], &inner = nest.loops[d + 1];
    bool merges = outer.parallel == inner.parallel && static_cast<int>(d) != packed && static_cast<int>(d) + 1 != packed &&
                  llvm::all_of(nest.operands, [&](const OperandFacts &operand) {
                    return operand.linear && operand.coefficient[d] == operand.coefficient[d + 1] * inner.size;
                  });
    if (!merges) {
      ++d;
      continue;
    }
    nest.loops[d + 1].size *= outer.size;
    nest.erase(d);
    packed -= static_cast<int>(d) < packed;
    d = 0;
  }
  return nest;
}

//===--- contractions ----------------------------------------------------------------===//

Work contraction(const KernelFacts &facts, const Nest &nest, int64_t vectorBits) {
  Work work;
  const OperandFacts &a = nest.operands[0], &b = nest.operands[1], &out = nest.operands.back();
  // Columns: a loop of B but not of A, best one along which B and the result are neighbours.
  std::optional<unsigned> columns, rows;
  double best = -1;
  bool swapped = false;
  for (bool swap : {false, true}) {
    const OperandFacts &x = swap ? b : a, &y = swap ? a : b;
    if (swap && facts.packed >= 0)
      break;
    for (unsigned d = 0; d < nest.loops.size(); ++d) {
      if (!nest.loops[d].parallel || !nest.ignores(x, d) || nest.ignores(y, d))
        continue;
      double score = (y.coefficient[d] == 1 ? 16 : 0) + (out.coefficient[d] == 1 ? 8 : 0) +
                     (nest.loops[d].size >= 8 ? 4 : 0) + (swap ? 0 : 1);
      if (score > best) {
        best = score;
        columns = d;
        swapped = swap;
      }
    }
  }
  // No columns: channel by channel, along the result.
  bool channels = !columns;
  for (unsigned d = 0; d < nest.loops.size() && channels; ++d)
    if (nest.loops[d].parallel && out.coefficient[d] == 1)
      columns = d;
  const OperandFacts &x = swapped ? b : a, &y = swapped ? a : b;
  double depth = 1, outer = 1, inner = 1, allRows = 1;
  for (unsigned d = 0; d < nest.loops.size(); ++d) {
    double size = nest.loops[d].size;
    if (columns == d)
      continue;
    if (!nest.loops[d].parallel) {
      depth *= size;
      inner = std::max(inner, size);
      continue;
    }
    outer *= size;
    if (!nest.ignores(x, d) && nest.ignores(y, d)) {
      allRows *= size;
      if (size >= 4 || !rows)
        rows = d;
    }
  }
  double lanes = vectorBits / 32.0, n = columns ? nest.loops[*columns].size : 1, m = rows ? nest.loops[*rows].size : 1;
  double vectors = std::ceil(n / lanes), blocks = std::ceil(m / kRows), block = std::ceil(m / blocks);
  // Few rows leave registers for more panels.
  double panels = 1, registers = vectorBits >= 512 ? 31 : 16;
  auto fits = [&](double rows, double columns) { return rows * columns + columns + 1 <= registers; };
  while (blocks == 1 && panels < 4 && 2 * (panels + 1) * (block + 1) + 1 <= 31 && n >= (panels + 1) * kPanel)
    ++panels;
  double width = std::min(vectors, panels * kPanel / lanes);
  if (!fits(block, width))
    width = std::min(width, 2.0);
  double most = block;
  while (most > 1 && !fits(most, width))
    --most;
  blocks *= std::ceil(block / most);
  block = std::ceil(m / blocks);
  double tiles = outer / m * blocks * std::ceil(vectors / width);
  // A step of a tile: its multiply-adds, its loads, or the wait for the sums.
  double slots = std::max({block * width, block + width, kInFlight});
  work.kind = allRows > 1 ? "contraction" : "gemv";
  work.flops = 2 * nest.iterations();
  work.products = tiles * depth * slots * (vectors / (std::ceil(vectors / width) * width));
  work.tiles = tiles;
  work.entries = tiles * depth / inner;
  // The epilogue: once for each vector of sums.
  double stores = outer * vectors;
  work.simple = stores * facts.body.simple;
  work.converts = stores * facts.body.converts;
  work.divides = stores * facts.body.divides;
  work.functions = stores * facts.body.functions;
  work.library = outer * n * facts.body.library;
  if (channels) {
    work.kind = "depthwise";
    work.products = stores * depth;
    work.tiles = 0;
    work.entries = stores / 8;
    work.accesses += stores * depth;
    return work;
  }
  bool scattered = columns && out.coefficient[*columns] != 1;
  work.accesses = stores * (facts.operands.size() - 2);
  if (scattered)
    work.gathers = outer * n * 0.5;
  if (columns && best < 16 && facts.packed < 0)
    work.gathers += outer * n * depth / std::max(1.0, block);
  return work;
}

//===--- loops -------------------------------------------------------------------------===//

Work loops(const KernelFacts &facts, const Nest &nest, int64_t vectorBits) {
  Work work;
  const BodyFacts &body = facts.body;
  double iterations = nest.iterations();
  work.flops = iterations * (body.simple + body.converts + body.divides + body.functions + 20 * body.library);
  double runs = body.runs.size(); // reads of neighbours
  double bodyCost = body.simple + body.converts + 4 * body.divides + body.functions + 4 * body.loads + runs;
  std::optional<unsigned> along;
  double least = body.simple + body.converts + 4 * body.divides + 16 * body.functions + runs + nest.operands.size(), lanes = 1;
  for (unsigned d = 0; d < nest.loops.size() && body.vectorizable; ++d) {
    double widest = body.widest;
    for (const OperandFacts &operand : nest.operands)
      if (!nest.ignores(operand, d))
        widest = std::max<double>(widest, operand.bits);
    double width = std::clamp(vectorBits / widest, 2.0, 64.0), cost = bodyCost;
    bool legal = true;
    for (const OperandFacts &operand : nest.operands) {
      if (operand.output && nest.loops[d].parallel && (!operand.linear || operand.coefficient[d] == 0))
        legal = false;
      double step = operand.linear ? operand.coefficient[d] : 0;
      cost += !operand.linear ? 4 * width : step == 0 ? 0.25 : step == 1 ? 1 : step == 2 && !operand.output ? 3 : 1.25 * width;
    }
    if (!nest.loops[d].parallel)
      cost += 6 * width / nest.loops[d].size;
    cost /= nest.loops[d].size / std::ceil(nest.loops[d].size / width);
    if (legal && cost < least * 1.0001) {
      least = cost;
      along = d;
      lanes = width;
    }
  }
  double reductions = 1, inner = 1;
  for (auto [d, loop] : llvm::enumerate(nest.loops)) {
    if (!loop.parallel)
      reductions *= loop.size;
  }
  double points = iterations;
  if (along) {
    double size = nest.loops[*along].size;
    points = iterations / size * std::ceil(size / lanes);
    inner = std::ceil(size / lanes);
  } else if (!nest.loops.empty()) {
    inner = nest.loops.back().size;
  }
  // A window of a few taps is written out: no loop, and neighbours share what they load.
  double taps = 1;
  for (auto [d, loop] : llvm::enumerate(nest.loops))
    if (!loop.parallel && loop.size <= 3 && along != d)
      taps *= loop.size;
  work.entries = points / std::max(1.0, inner * taps);
  double scale = along ? 1 : 0;
  work.simple = scale * points * body.simple;
  work.converts = scale * points * body.converts;
  work.divides = points * body.divides;
  work.functions = points * body.functions;
  work.library = iterations * body.library;
  // Mere copies go by vectors and shuffles even where no loop does.
  bool copies = body.vectorizable && !body.usesIndex && bodyCost == 0;
  if (!along && copies)
    work.accesses = 4 * std::ceil(iterations * nest.operands.back().bits / static_cast<double>(vectorBits));
  work.scalars = along || copies ? 0 : iterations * (body.simple + body.converts + nest.operands.size());
  work.gathers = iterations * body.loads;
  for (unsigned run : body.runs)
    (along == run ? work.accesses : work.gathers) += along == run ? points : iterations;
  const BodyFacts &epilogue = facts.epilogue;
  double results = points / (along && !nest.loops[*along].parallel ? reductions / nest.loops[*along].size * inner : reductions);
  work.simple += results * epilogue.simple;
  work.converts += results * epilogue.converts;
  work.divides += results * epilogue.divides;
  work.functions += results * epilogue.functions;
  work.library += iterations / reductions * epilogue.library;
  // Rows of sums are kept together, as many as a quarter of the registers hold, and share what they all read.
  std::optional<unsigned> rowLoop;
  double rows = 1;
  if (along && nest.loops[*along].parallel && reductions > 1) {
    double budget = vectorBits >= 512 ? 8 : 4, columns = std::max(1.0, std::min({4.0, budget, std::floor(inner)}));
    for (unsigned d = 0; d < nest.loops.size(); ++d)
      if (d != *along && nest.loops[d].parallel)
        rowLoop = d;
    while (rowLoop && columns > 1 && std::fmod(inner, columns) != 0)
      --columns;
    if (rowLoop)
      rows = std::max(1.0, std::min(std::floor(budget / columns), nest.loops[*rowLoop].size));
  }
  for (const OperandFacts &operand : nest.operands) {
    // An accumulator stays in a register, and so does what no reduction changes.
    bool once = llvm::all_of(llvm::seq<unsigned>(0, nest.loops.size()),
                             [&](unsigned d) { return nest.loops[d].parallel || nest.ignores(operand, d); });
    double share = once ? 1 / reductions : rowLoop && nest.ignores(operand, *rowLoop) ? 1 / rows : 1;
    if (!along)
      continue;
    double step = operand.linear ? operand.coefficient[*along] : -1;
    if (step == 0)
      work.accesses += 0.25 * points * share;
    else if (step == 1)
      work.accesses += points * share;
    else if (step == 2 && !operand.output)
      work.accesses += 3 * points * share;
    else
      work.gathers += iterations * share * (operand.linear ? 1 : 2);
  }
  if (along && !nest.loops[*along].parallel)
    work.horizontals = iterations / reductions;
  work.kind = reductions > 1 ? (body.multiplies ? "depthwise" : "reduction")
              : body.functions + body.library > 0 ? "transcendental" : "memory";
  return work;
}

} // namespace

Work brisk::cost::workOf(const KernelFacts &facts, int64_t vectorBits) {
  Nest nest = simplified(facts);
  Work work = facts.products ? contraction(facts, nest, vectorBits) : loops(facts, nest, vectorBits);
  if (facts.repeated)
    work.kind = "recurrence";
  return work;
}
