// Instructions and bytes of a kernel on a machine with vectors of a given width.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_COST_WORK_H
#define BRISK_PASSES_COST_WORK_H

#include "passes/cost/Facts.h"

namespace brisk::cost {

/// Of one call. Instructions are on whole vectors unless said otherwise.
struct Work {
  const char *kind = "memory"; // the class of the kernel: one of the keys of machine::scaleKeys()
  double flops = 0;
  double products = 0;   // places for a multiply-add of 32-bit lanes, idle ones included, in a blocked contraction
  double tiles = 0;      // blocks of sums kept in registers
  double accesses = 0;   // loads and stores
  double simple = 0;     // additions, comparisons, ...
  double converts = 0;   // from type to type
  double divides = 0;    // divisions and square roots
  double functions = 0;  // of polynomials of transcendental functions
  double library = 0;    // calls, one element each
  double gathers = 0;    // elements read or written one by one
  double scalars = 0;    // operations of bodies that have no form on vectors
  double entries = 0;    // starts of innermost loops
  double horizontals = 0; // vectors reduced to one number
};

/// Calls `visit(name, value)` for each count of instructions.
template <typename Counts, typename Visitor> void eachCount(Counts &work, Visitor visit) {
  visit("products", work.products);
  visit("tiles", work.tiles);
  visit("accesses", work.accesses);
  visit("simple", work.simple);
  visit("converts", work.converts);
  visit("divides", work.divides);
  visit("functions", work.functions);
  visit("library", work.library);
  visit("gathers", work.gathers);
  visit("scalars", work.scalars);
  visit("entries", work.entries);
  visit("horizontals", work.horizontals);
}

Work workOf(const KernelFacts &facts, int64_t vectorBits);

} // namespace brisk::cost
#endif
