// Which loops of a contraction are rows, columns and sums.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/EmitContract.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "targets/cpu/SumOfProducts.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

/// Finds which loops are rows, columns and sums; false where there are no columns, or (if `strict`) they would have to
/// be gathered.
static bool assignRoles(Contraction &c, bool strict) {
  Nest &nest = c.nest;
  const Operand &out = nest.operands.back();
  int best = -1;
  for (auto [a, b] : {std::pair(0u, 1u), std::pair(1u, 0u)}) {
    if (c.packed && b == 0)
      break;
    const Operand &x = nest.operands[a], &y = nest.operands[b];
    for (unsigned d = 0; d < nest.loops(); ++d) {
      if (nest.dropped[d] || !nest.isParallel(d) || !x.ignores(d) || y.ignores(d) || (strict && !isKnown(y.coefficient[d], c.group)) ||
          out.ignores(d))
        continue;
      // Stores as wide as loads, then many columns, then the order given.
      int score = (out.isContiguous(d) ? 8 : 0) + (known(nest.sizes[d]).value_or(64) >= 8 ? 4 : 0) + (b == 1 ? 1 : 0);
      if (score > best)
        best = score, c.a = a, c.b = b, c.n = d;
    }
  }
  if (best < (strict && !c.packed ? 4 : 0)) {
    if (strict)
      return false;
    c.n = c.panel + 1; // no columns: one
  }
  const Operand &x = nest.operands[c.a], &y = nest.operands[c.b];
  for (unsigned d = 0; d < nest.loops(); ++d) {
    if (nest.dropped[d] || d == c.n)
      continue;
    if (!nest.isParallel(d))
      c.reductions.push_back(d);
    else if (!x.ignores(d) && y.ignores(d))
      c.outerRows.push_back(d);
    else
      c.outer.push_back(d);
  }
  // The innermost loop that is worth a block gives the rows.
  if (!c.outerRows.empty()) {
    auto rows =
        llvm::find_if(llvm::reverse(c.outerRows), [&](unsigned d) { return known(nest.sizes[d]).value_or(64) >= 4; });
    c.m = rows == c.outerRows.rend() ? c.outerRows.back() : *rows;
    llvm::erase(c.outerRows, *c.m);
  }
  // The sum that walks A's memory in order runs innermost.
  llvm::stable_sort(c.reductions, [&](unsigned i, unsigned j) {
    auto p = known(x.coefficient[i]), q = known(x.coefficient[j]);
    return p && q && *p > *q;
  });
  return true;
}

std::optional<Contraction> cpu::contractionOf(OpBuilder &b, Operation *op, unsigned leading) {
  SmallVector<Value> memrefs(op->getOperands());
  SmallVector<AffineMap> maps;
  SmallVector<utils::IteratorType> iterators;
  SmallVector<OpFoldResult> sizes;
  std::optional<unsigned> packed;
  std::optional<std::pair<unsigned, int64_t>> grouped;
  Block *body = nullptr;
  unsigned parameters = 0; // in panels like B
  if (auto contract = dyn_cast<ContractOp>(op)) {
    maps = contract.maps();
    iterators = contract.iterators();
    packed = contract.packedLoop();
    grouped = contract.groupedLoop();
    if (grouped && !packed)
      return std::nullopt;
    body = &contract.getEpilogue().front();
    parameters = contract.getBlockParameters();
    sizes = tripCounts(b, contract);
    if (llvm::is_contained(sizes, OpFoldResult()))
      return std::nullopt;
  } else {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (!linalgOp || !linalgOp.hasPureBufferSemantics() || !isSumOfProducts(linalgOp))
      return std::nullopt;
    maps = linalgOp.getIndexingMapsArray();
    iterators = linalgOp.getIteratorTypesArray();
    for (Range range : linalgOp.createLoopRanges(b, op->getLoc()))
      sizes.push_back(range.size);
  }
  unsigned loops = sizes.size();
  MLIRContext *context = op->getContext();
  // The loop over panels, driven by that over columns, a loop of one column for where there is none, and one over groups.
  unsigned panelLoop = loops, groupLoop = loops + 2;
  auto dim = [&](unsigned d) { return getAffineDimExpr(d, context); };
  for (auto [i, map] : llvm::enumerate(maps)) {
    AffineMap wide = AffineMap::get(loops + 3, 0, map.getResults(), context);
    if (packed && i >= 1 && i < 2 + parameters)
      wide = wide.replace({{dim(*packed).floorDiv(kPanel), dim(panelLoop)}, {dim(*packed) % kPanel, dim(*packed)}},
                          loops + 3, 0);
    if (grouped && i == 1)
      wide = wide.replace({{dim(grouped->first).floorDiv(grouped->second), dim(groupLoop)},
                           {dim(grouped->first) % grouped->second, dim(grouped->first)}},
                          loops + 3, 0);
    map = wide;
  }
  sizes.append(3, b.getIndexAttr(1));
  iterators.append(2, utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  Indices ix{b, op->getLoc()};
  int64_t rest = 0;
  if (grouped) {
    auto length = known(sizes[grouped->first]);
    if (!length)
      return std::nullopt;
    rest = *length % grouped->second;
    sizes[groupLoop] = ix.constant(*length / grouped->second);
  }
  Contraction c(Nest::get(b, op->getLoc(), memrefs, maps, memrefs.size() - 1, sizes, iterators));
  for (const Operand &operand : c.nest.operands)
    if (!operand.linear || !isa<MemRefType>(operand.memref.getType()))
      return std::nullopt;
  if (!body && !llvm::all_of(c.nest.operands, [](const Operand &operand) { return operand.element.isF32(); }))
    return std::nullopt;
  c.factors.element = c.nest.operands[0].element;
  c.factors.weight = c.nest.operands[1].element;
  if (auto contract = dyn_cast<ContractOp>(op)) {
    c.factors.unsignedA = contract.getUnsignedA();
    c.factors.unsignedB = contract.getUnsignedB();
    c.numFactors = contract.getNumFactors();
  }
  if (grouped) {
    c.group = grouped->second;
    c.grouped = groupLoop;
    c.rest = rest;
    c.nest.operands[0].coefficient[groupLoop] =
        ix.mul(c.nest.operands[0].coefficient[grouped->first], ix.constant(c.group));
    // The groups take the place of their factors.
    c.nest.dropped[grouped->first] = true;
    if (!isKnown(c.nest.operands[0].coefficient[grouped->first], 1))
      return std::nullopt;
  }
  c.parameters = parameters;
  c.fromZero = body;
  c.nest.body = body;
  c.packed = packed.has_value();
  c.panel = panelLoop;
  for (unsigned d = 0; d < leading; ++d)
    c.nest.dropped[d] = true;
  if (grouped)
    c.nest.dropped[groupLoop] = false;
  c.nest.collapse(b);
  // A packed loop of one column is no loop, but still the columns'.
  if (packed)
    c.nest.dropped[*packed] = false;
  if (!assignRoles(c, true) && (!body || !assignRoles(c, false)))
    return std::nullopt;
  for (auto [i, operand] : llvm::enumerate(c.nest.operands))
    if (!(packed && i >= 1 && i < 2 + parameters))
      operand.coefficient[c.panel] = ix.mul(operand.coefficient[c.n], ix.constant(kPanel));
  return c;
}
