// What the kernels of a program do, whatever the machine.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_COST_FACTS_H
#define BRISK_PASSES_COST_FACTS_H

#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace brisk::cost {

struct Loop {
  double size;
  bool parallel;
};

/// How an operand is walked: the elements from one index of a loop to the next.
struct OperandFacts {
  int64_t bits = 32;
  bool output = false;
  bool linear = true; // the place is a linear function of the loops
  std::vector<double> coefficient;
};

/// What is computed at each point, in operations.
struct BodyFacts {
  double simple = 0, divides = 0;
  double converts = 0;  // to another type, or to a whole number
  double functions = 0; // exp, erf, ... in instructions of their polynomials
  double library = 0;   // calls of a mathematical library, one element each
  double loads = 0;     // elements read at computed places
  std::vector<unsigned> runs; // loops along which elements at computed places are neighbours, one for each such read
  bool vectorizable = true, usesIndex = false;
  bool multiplies = false; // adds a product to the sum
  int64_t widest = 8;      // bits
};

/// Bytes that a call reads or writes, and how many others the program touches between the last use of them
/// and this one, theirs and the kernel's included.
struct Touch {
  double bytes, distance, calls;
  bool written;
};

/// A kernel and all its calls in one run.
struct KernelFacts {
  std::string nodes;    // ONNX node names joined by '+'
  std::string kind;     // of op
  int64_t index = -1;   // in the target's table of kernels, if it keeps one
  double calls = 0;
  bool repeated = false; // called from inside a loop
  bool products = false; // sums products of operands 0 and 1
  int packed = -1;       // the loop along which operand 1 is packed in panels
  std::string dtype;     // of the factors, or of the widest operand
  std::vector<Loop> loops;
  std::vector<OperandFacts> operands; // inputs, then outputs
  BodyFacts body;
  BodyFacts epilogue; // what is done to each result of a reduction before it is stored, if `body` only folds
  std::vector<Touch> touches;
  /// Everything that the time of one call depends on but `touches`, as text: equal keys, equal kernels.
  std::string key() const;
};

struct ProgramFacts {
  std::vector<KernelFacts> kernels; // in the order of their first calls
  double hostOperations = 0;        // between the kernels, inside loops: on memory and floats
  std::vector<std::string> open;    // what is not known: sizes, trip counts
};

/// Facts of the kernels that the module's entry (its first function that is not private) runs: structured ops in it,
/// or in functions that it calls.
ProgramFacts factsOf(mlir::ModuleOp module);

} // namespace brisk::cost
#endif
