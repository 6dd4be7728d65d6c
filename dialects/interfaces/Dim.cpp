// Symbolic dimensions: normal form, exact division, text form.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/interfaces/Dim.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace brisk;

namespace {

/// Orders monomials by degree, then by the words their sorted factors spell:
/// an order that multiplication keeps, as polynomial division needs.
int compareMonomials(const std::vector<Dim::Atom> &a, const std::vector<Dim::Atom> &b) {
  if (a.size() != b.size())
    return a.size() > b.size() ? -1 : 1;
  for (size_t i = 0; i < a.size(); ++i)
    if (int c = a[i]->text.compare(b[i]->text))
      return c < 0 ? -1 : 1;
  return 0;
}

std::vector<Dim::Atom> multiply(const std::vector<Dim::Atom> &a, const std::vector<Dim::Atom> &b) {
  std::vector<Dim::Atom> product;
  product.reserve(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(product),
             [](const Dim::Atom &x, const Dim::Atom &y) { return x->text < y->text; });
  return product;
}

/// a / b when every factor of b is in a.
std::optional<std::vector<Dim::Atom>> divide(const std::vector<Dim::Atom> &a, const std::vector<Dim::Atom> &b) {
  std::vector<Dim::Atom> quotient;
  size_t j = 0;
  for (const Dim::Atom &atom : a) {
    if (j < b.size() && b[j]->text == atom->text)
      ++j;
    else
      quotient.push_back(atom);
  }
  if (j != b.size())
    return std::nullopt;
  return quotient;
}

// Dims beyond these are given up as invalid: no real model has them, and hostile ones grow without bound.
constexpr size_t kMaxTerms = 128, kMaxFactors = 64, kMaxText = 1024;

int64_t floorDivide(int64_t a, int64_t b) {
  int64_t q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}

/// Recursive descent over the text form.
class Parser {
public:
  explicit Parser(llvm::StringRef text) : text(text) {}
  std::optional<Dim> run() {
    std::optional<Dim> dim = sum(0);
    skip();
    return dim && text.empty() ? dim : std::nullopt;
  }

private:
  void skip() { text = text.ltrim(); }
  bool take(char c) {
    skip();
    return text.consume_front(llvm::StringRef(&c, 1));
  }
  std::optional<Dim> sum(int depth) {
    bool negative = take('-');
    std::optional<Dim> left = product(depth);
    if (!left)
      return std::nullopt;
    Dim total = negative ? Dim(0) - *left : *left;
    while (true) {
      bool plus = take('+');
      if (!plus && !take('-'))
        return total;
      std::optional<Dim> right = product(depth);
      if (!right)
        return std::nullopt;
      total = plus ? total + *right : total - *right;
    }
  }
  std::optional<Dim> product(int depth) {
    std::optional<Dim> total = factor(depth);
    while (total && take('*')) {
      std::optional<Dim> right = factor(depth);
      if (!right)
        return std::nullopt;
      total = *total * *right;
    }
    return total;
  }
  std::optional<Dim> factor(int depth) {
    if (depth > 64)
      return std::nullopt;
    skip();
    if (text.empty())
      return std::nullopt;
    if (llvm::isDigit(text.front())) {
      int64_t value;
      if (text.consumeInteger(10, value))
        return std::nullopt;
      return Dim(value);
    }
    if (take('(')) {
      std::optional<Dim> inner = sum(depth + 1);
      return inner && take(')') ? inner : std::nullopt;
    }
    llvm::StringRef name = text.take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == '.' || c == '?'; });
    if (name.empty())
      return std::nullopt;
    text = text.drop_front(name.size());
    bool call = name == "floordiv" || name == "min" || name == "max";
    if (!call || !take('('))
      return Dim::symbol(name);
    std::optional<Dim> a = sum(depth + 1);
    if (!a || !take(','))
      return std::nullopt;
    std::optional<Dim> b = sum(depth + 1);
    if (!b || !take(')'))
      return std::nullopt;
    return name == "floordiv" ? a->floorDiv(*b) : name == "min" ? Dim::min(*a, *b) : Dim::max(*a, *b);
  }
  llvm::StringRef text;
};

} // namespace

Dim::Dim(int64_t value) {
  if (value != 0)
    terms.push_back({value, {}});
}

Dim Dim::ofAtom(Atom atom) {
  Dim dim;
  dim.terms.push_back({1, {std::move(atom)}});
  return dim;
}

Dim Dim::ofNode(Kind kind, llvm::StringRef name, std::vector<Dim> args) {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->name = name.str();
  if (kind == Kind::Symbol)
    node->text = name.str();
  else
    node->text = std::string(kind == Kind::FloorDiv ? "floordiv" : kind == Kind::Min ? "min" : "max") + "(" +
                 args[0].str() + ", " + args[1].str() + ")";
  bool valid = kind == Kind::Symbol || (node->text.size() <= kMaxText && !args[0].invalid && !args[1].invalid);
  node->args = std::move(args);
  return valid ? ofAtom(std::move(node)) : tooComplex();
}

Dim Dim::tooComplex() {
  Dim dim = symbol("?");
  dim.invalid = true;
  return dim;
}

Dim Dim::symbol(llvm::StringRef name) {
  std::string clean;
  for (char c : name)
    clean.push_back(llvm::isAlnum(c) || c == '_' || c == '.' || c == '?' ? c : '_');
  if (clean.empty() || llvm::isDigit(clean.front()))
    clean.insert(clean.begin(), '_');
  return ofNode(Kind::Symbol, clean, {});
}

std::optional<Dim> Dim::parse(llvm::StringRef text) { return Parser(text).run(); }

bool Dim::isConstant() const { return terms.empty() || (terms.size() == 1 && terms[0].factors.empty()); }
int64_t Dim::value() const { return terms.empty() ? 0 : terms[0].coefficient; }
std::optional<int64_t> Dim::constant() const {
  return isConstant() && !invalid ? std::optional<int64_t>(value()) : std::nullopt;
}
llvm::StringRef Dim::symbolName() const {
  if (terms.size() == 1 && terms[0].coefficient == 1 && terms[0].factors.size() == 1 &&
      terms[0].factors[0]->kind == Kind::Symbol)
    return terms[0].factors[0]->name;
  return "";
}

void Dim::normalize() {
  llvm::sort(terms, [](const Term &a, const Term &b) { return compareMonomials(a.factors, b.factors) < 0; });
  std::vector<Term> merged;
  for (Term &term : terms) {
    if (!merged.empty() && compareMonomials(merged.back().factors, term.factors) == 0)
      invalid |= llvm::AddOverflow(merged.back().coefficient, term.coefficient, merged.back().coefficient);
    else
      merged.push_back(std::move(term));
  }
  llvm::erase_if(merged, [](const Term &term) { return term.coefficient == 0; });
  terms = std::move(merged);
}

Dim Dim::operator+(const Dim &other) const {
  if (terms.size() + other.terms.size() > kMaxTerms)
    return tooComplex();
  Dim sum = *this;
  sum.invalid |= other.invalid;
  sum.terms.insert(sum.terms.end(), other.terms.begin(), other.terms.end());
  sum.normalize();
  return sum;
}

Dim Dim::operator-(const Dim &other) const { return *this + other * Dim(-1); }

Dim Dim::operator*(const Dim &other) const {
  if (terms.size() * other.terms.size() > kMaxTerms)
    return tooComplex();
  Dim product;
  product.invalid = invalid || other.invalid;
  for (const Term &a : terms)
    for (const Term &b : other.terms) {
      if (a.factors.size() + b.factors.size() > kMaxFactors)
        return tooComplex();
      int64_t coefficient;
      product.invalid |= llvm::MulOverflow(a.coefficient, b.coefficient, coefficient);
      product.terms.push_back({coefficient, multiply(a.factors, b.factors)});
    }
  product.normalize();
  return product;
}

Dim Dim::floorDiv(const Dim &other) const {
  if (other.isConstant() && other.value() == 0) {
    Dim dim;
    dim.invalid = true;
    return dim;
  }
  if (std::optional<Dim> exact = exactDiv(other))
    return *exact;
  if (!other.isConstant() || other.value() < 0) {
    return ofNode(Kind::FloorDiv, "", {*this, other});
  }
  // What the divisor divides comes out of the division.
  int64_t divisor = other.value();
  Dim outside, inside;
  outside.invalid = invalid || other.invalid;
  for (const Term &term : terms) {
    int64_t quotient = floorDivide(term.coefficient, divisor);
    int64_t rest = term.coefficient - quotient * divisor;
    if (term.factors.empty()) {
      // Keep small negative constants as they are: (H - 1) reads better than (H + 1) - 1.
      outside = outside + Dim(quotient);
      inside = inside + Dim(rest);
    } else if (rest == 0) {
      outside.terms.push_back({quotient, term.factors});
    } else {
      inside.terms.push_back(term);
    }
  }
  outside.normalize();
  inside.normalize();
  if (inside.isConstant())
    return outside + Dim(floorDivide(inside.value(), divisor));
  // floordiv(floordiv(a, b) + c, d) = floordiv(a + b*c, b*d).
  const Term *nested = nullptr;
  Dim constant;
  bool simple = true;
  for (const Term &term : inside.terms) {
    if (term.factors.empty())
      constant = Dim(term.coefficient);
    else if (!nested && term.coefficient == 1 && term.factors.size() == 1 &&
             term.factors[0]->kind == Kind::FloorDiv && term.factors[0]->args[1].isConstant())
      nested = &term;
    else
      simple = false;
  }
  if (nested && simple) {
    const Dim &a = nested->factors[0]->args[0], &b = nested->factors[0]->args[1];
    return outside + (a + b * constant).floorDiv(b * other);
  }
  return outside + ofNode(Kind::FloorDiv, "", {inside, other});
}

bool Dim::isNonNegative() const {
  auto nonNegative = [](const Atom &atom) {
    switch (atom->kind) {
    case Kind::Symbol:
      return true;
    case Kind::Max:
      return atom->args[0].isNonNegative() || atom->args[1].isNonNegative();
    default:
      return atom->args[0].isNonNegative() && atom->args[1].isNonNegative();
    }
  };
  return !invalid && llvm::all_of(terms, [&](const Term &term) {
    return term.coefficient > 0 && llvm::all_of(term.factors, nonNegative);
  });
}

Dim Dim::min(const Dim &a, const Dim &b) {
  if ((b - a).isNonNegative())
    return a;
  if ((a - b).isNonNegative())
    return b;
  return a.str() < b.str() ? ofNode(Kind::Min, "", {a, b}) : ofNode(Kind::Min, "", {b, a});
}

Dim Dim::max(const Dim &a, const Dim &b) {
  if ((a - b).isNonNegative())
    return a;
  if ((b - a).isNonNegative())
    return b;
  return a.str() < b.str() ? ofNode(Kind::Max, "", {a, b}) : ofNode(Kind::Max, "", {b, a});
}

std::optional<Dim> Dim::exactDiv(const Dim &other) const {
  if (other.terms.empty())
    return std::nullopt;
  Dim rest = *this, quotient;
  const Term &lead = other.terms.front();
  // Each step removes the leading monomial, so the number of steps is bounded
  // in practice by the number of terms; the cap is for hostile shapes.
  for (int step = 0; !rest.terms.empty(); ++step) {
    const Term &top = rest.terms.front();
    std::optional<std::vector<Atom>> factors = divide(top.factors, lead.factors);
    if (step > 64 || !factors || top.coefficient == INT64_MIN || top.coefficient % lead.coefficient != 0)
      return std::nullopt;
    Dim partial;
    partial.terms.push_back({top.coefficient / lead.coefficient, std::move(*factors)});
    quotient = quotient + partial;
    rest = rest - partial * other;
  }
  quotient.invalid |= invalid || other.invalid;
  return quotient;
}

bool Dim::operator==(const Dim &other) const {
  if (invalid || other.invalid || terms.size() != other.terms.size())
    return false;
  for (auto [a, b] : llvm::zip(terms, other.terms))
    if (a.coefficient != b.coefficient || compareMonomials(a.factors, b.factors) != 0)
      return false;
  return true;
}

std::string Dim::str() const {
  if (terms.empty())
    return "0";
  std::string text;
  for (const Term &term : terms) {
    int64_t coefficient = term.coefficient;
    if (!text.empty())
      text += coefficient < 0 ? " - " : " + ";
    else if (coefficient < 0)
      text += "-";
    uint64_t magnitude = coefficient < 0 ? -static_cast<uint64_t>(coefficient) : coefficient;
    bool one = magnitude == 1 && !term.factors.empty();
    if (!one)
      text += std::to_string(magnitude);
    for (auto [i, atom] : llvm::enumerate(term.factors))
      text += (i == 0 && one ? "" : "*") + atom->text;
  }
  return text;
}

Dim Dim::substitute(llvm::function_ref<Dim(llvm::StringRef)> lookup) const {
  Dim total;
  total.invalid = invalid;
  for (const Term &term : terms) {
    Dim product(term.coefficient);
    for (const Atom &atom : term.factors) {
      if (atom->kind == Kind::Symbol) {
        product = product * lookup(atom->name);
        continue;
      }
      Dim a = atom->args[0].substitute(lookup), b = atom->args[1].substitute(lookup);
      product = product * (atom->kind == Kind::FloorDiv ? a.floorDiv(b) : atom->kind == Kind::Min ? min(a, b) : max(a, b));
    }
    total = total + product;
  }
  return total;
}

void Dim::forEachSymbol(llvm::function_ref<void(llvm::StringRef)> visit) const {
  for (const Term &term : terms)
    for (const Atom &atom : term.factors) {
      if (atom->kind == Kind::Symbol)
        visit(atom->name);
      for (const Dim &arg : atom->args)
        arg.forEachSymbol(visit);
    }
}
