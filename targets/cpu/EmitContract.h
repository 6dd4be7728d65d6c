// Register-blocked contractions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_EMITCONTRACT_H
#define BRISK_TARGETS_CPU_EMITCONTRACT_H

#include "targets/cpu/Dot.h"
#include "targets/cpu/EmitStructured.h"
#include "targets/cpu/ir/Cpu.h"

namespace brisk::cpu {

/// C[m, n] (+)= sum over k of A[m, k] * B[k, n] with any number of loops of each kind, seen as a nest. The body of the
/// nest, if there is one, maps the sum and the elements of the operands after the factors to what is stored.
struct Contraction {
  Nest nest;
  bool fromZero = false; // the sums start at zero, not at what C holds
  bool packed = false;   // B is in panels, zero past the last column
  unsigned panel = 0;    // an extra loop over panels of columns
  Factors factors;
  unsigned numFactors = 2; // operands that the body does not see
  int64_t group = 1;       // factors that lie together for one lane
  std::optional<unsigned> grouped; // an extra loop over full groups,
  int64_t rest = 0;                // and the factors left after them
  unsigned parameters = 0;         // operands after B that B is scaled by, and before that lessened by
  // Set by assignRoles:
  unsigned a = 0, b = 1;     // operands: rows are broadcast from `a`, columns loaded from `b`
  unsigned n = 0;            // the columns' loop
  std::optional<unsigned> m; // the rows' loop
  llvm::SmallVector<unsigned> outer, outerRows, reductions;

  explicit Contraction(Nest nest) : nest(std::move(nest)) {}
  /// Whether loop `d` goes from block to block of B's scales.
  bool isBlocks(unsigned d) const { return parameters && !nest.operands[2].ignores(d); }
  unsigned output() const { return nest.operands.size() - 1; }
};

/// Reads a linalg op or cpu.contract on memrefs as a contraction; nothing if it is not one, or not one
/// that panels suit.
std::optional<Contraction> contractionOf(mlir::OpBuilder &b, mlir::Operation *op, unsigned leading = 0);
mlir::OpFoldResult unitsOfContraction(mlir::OpBuilder &b, const Contraction &contraction);
void emitContraction(mlir::OpBuilder &b, const Contraction &contraction, const VectorUnit &unit, Point start,
                     std::optional<Share> share);

} // namespace brisk::cpu
#endif
