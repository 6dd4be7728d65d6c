// Symbolic dimensions: polynomials with integer coefficients over the model's
// named dims and over floordiv, min and max of such polynomials.
//
// Two dims that are equal for every binding of the symbols compare equal
// whenever the normal form can show it; ceildiv and mod are written with
// floordiv, so ((H - 1) floordiv 2 + 1 - 1) floordiv 2 is (H - 1) floordiv 4.
// The text form, e.g. "2*B*S + floordiv(H - 1, 4)", parses back to the same dim.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_INTERFACES_DIM_H
#define BRISK_DIALECTS_INTERFACES_DIM_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace brisk {

class Dim {
public:
  enum class Kind { Symbol, FloorDiv, Min, Max };
  struct Node;
  using Atom = std::shared_ptr<const Node>;
  struct Term {
    int64_t coefficient;
    std::vector<Atom> factors; // sorted by text
  };

  Dim() = default; // zero
  Dim(int64_t value);

  /// A named dim. Characters that the text form cannot hold become '_'.
  static Dim symbol(llvm::StringRef name);
  /// The inverse of str().
  static std::optional<Dim> parse(llvm::StringRef text);

  bool isConstant() const;
  /// The value of a constant dim.
  int64_t value() const;
  std::optional<int64_t> constant() const;
  /// The name of a dim that is one symbol, else "".
  llvm::StringRef symbolName() const;
  /// An operation along the way overflowed 64 bits, divided by zero or grew beyond all measure.
  bool isInvalid() const { return invalid; }

  Dim operator+(const Dim &other) const;
  Dim operator-(const Dim &other) const;
  Dim operator*(const Dim &other) const;
  Dim floorDiv(const Dim &other) const;
  Dim ceilDiv(const Dim &other) const { return (*this + other - 1).floorDiv(other); }
  Dim mod(const Dim &other) const { return *this - other * floorDiv(other); }
  static Dim min(const Dim &a, const Dim &b);
  static Dim max(const Dim &a, const Dim &b);
  /// Zero or more for every binding (symbols are sizes, so they are).
  bool isNonNegative() const;
  /// This dim divided by `other` when the division is exact for every binding.
  std::optional<Dim> exactDiv(const Dim &other) const;

  bool operator==(const Dim &other) const;
  bool operator!=(const Dim &other) const { return !(*this == other); }

  std::string str() const;
  llvm::ArrayRef<Term> getTerms() const { return terms; }

  /// Replaces every symbol by what `lookup` returns for its name.
  Dim substitute(llvm::function_ref<Dim(llvm::StringRef)> lookup) const;
  /// Visits the name of every symbol in it.
  void forEachSymbol(llvm::function_ref<void(llvm::StringRef)> visit) const;

private:
  static Dim ofAtom(Atom atom);
  static Dim ofNode(Kind kind, llvm::StringRef name, std::vector<Dim> args);
  static Dim tooComplex();
  void normalize();

  std::vector<Term> terms; // highest first; empty = 0
  bool invalid = false;
};

struct Dim::Node {
  Kind kind;
  std::string name;      // of a symbol
  std::vector<Dim> args; // two for FloorDiv, Min and Max
  std::string text;
};

using Dims = llvm::SmallVector<Dim, 4>;

} // namespace brisk
#endif
