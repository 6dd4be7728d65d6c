// Functions of integers that a model computes in floating point.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Real.h"

#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>

using namespace brisk;
using namespace brisk::hls;

static float apply(RealNode::Kind kind, float a, float b) {
  switch (kind) {
  case RealNode::Add:
    return a + b;
  case RealNode::Subtract:
    return a - b;
  case RealNode::Multiply:
    return a * b;
  case RealNode::Divide:
    return a / b;
  case RealNode::Max:
    return a > b ? a : b;
  case RealNode::Min:
    return a < b ? a : b;
  case RealNode::Round:
    return std::nearbyint(a);
  case RealNode::Floor:
    return std::floor(a);
  case RealNode::Ceil:
    return std::ceil(a);
  // In fp64 first: what comes out is the nearest fp32 but for rare ties.
  case RealNode::Exp:
    return float(std::exp(double(a)));
  case RealNode::Tanh:
    return float(std::tanh(double(a)));
  case RealNode::Erf:
    return float(std::erf(double(a)));
  case RealNode::Sqrt:
    return float(std::sqrt(double(a)));
  case RealNode::Log:
    return float(std::log(double(a)));
  default:
    return 0;
  }
}

Real RealNode::make(Kind kind, Real a, Real b) {
  if (a->kind == Constant && (!b || b->kind == Constant))
    return number(::apply(kind, a->constant, b ? b->constant : 0));
  auto node = std::make_shared<RealNode>();
  node->kind = kind;
  node->a = std::move(a);
  node->b = std::move(b);
  return node;
}

Real RealNode::number(float value) {
  auto node = std::make_shared<RealNode>();
  node->kind = Constant;
  node->constant = value;
  return node;
}

Real RealNode::signal(Kind kind, int64_t leaf) {
  auto node = std::make_shared<RealNode>();
  node->kind = kind;
  node->leaf = leaf;
  return node;
}

static void collect(const Real &real, std::vector<int64_t> &leaves) {
  if (!real)
    return;
  if (real->kind == RealNode::Leaf && !llvm::is_contained(leaves, real->leaf))
    leaves.push_back(real->leaf);
  collect(real->a, leaves);
  collect(real->b, leaves);
}

std::vector<int64_t> hls::leavesOf(const Real &real) {
  std::vector<int64_t> leaves;
  collect(real, leaves);
  return leaves;
}

bool hls::readsInput(const Real &real) {
  return real && (real->kind == RealNode::Input || readsInput(real->a) || readsInput(real->b));
}

float hls::evaluate(const Real &real, llvm::ArrayRef<std::pair<int64_t, float>> leaves) {
  if (real->kind == RealNode::Constant)
    return real->constant;
  if (real->kind == RealNode::Leaf || real->kind == RealNode::Input) {
    for (auto [leaf, value] : leaves)
      if (leaf == real->leaf)
        return value;
    return 0;
  }
  return ::apply(real->kind, evaluate(real->a, leaves), real->b ? evaluate(real->b, leaves) : 0);
}

std::optional<int> hls::slopeOf(const Real &real) {
  if (real->kind == RealNode::Constant)
    return 0;
  if (real->kind == RealNode::Leaf || real->kind == RealNode::Input)
    return 1;
  std::optional<int> a = slopeOf(real->a);
  std::optional<int> b = real->b ? slopeOf(real->b) : std::optional<int>(0);
  if (!a || !b)
    return std::nullopt;
  auto together = [](int a, int b) -> std::optional<int> {
    if (a == 0 || b == 0 || a == b)
      return a ? a : b;
    return std::nullopt;
  };
  auto signOf = [](const Real &constant) { return (constant->constant > 0) - (constant->constant < 0); };
  switch (real->kind) {
  case RealNode::Add:
  case RealNode::Max:
  case RealNode::Min:
    return together(*a, *b);
  case RealNode::Subtract:
    return together(*a, -*b);
  case RealNode::Multiply:
    if (real->b->kind == RealNode::Constant)
      return *a * signOf(real->b);
    if (real->a->kind == RealNode::Constant)
      return *b * signOf(real->a);
    return std::nullopt;
  case RealNode::Divide:
    if (real->b->kind == RealNode::Constant)
      return *a * signOf(real->b);
    return std::nullopt;
  default:
    return a;
  }
}

std::optional<AffineReal> hls::affineOf(const Real &real) {
  AffineReal result;
  if (real->kind == RealNode::Constant) {
    result.constant = real->constant;
    return result;
  }
  if (real->kind == RealNode::Leaf || real->kind == RealNode::Input) {
    result.factors = {{real->leaf, 1.0}};
    return result;
  }
  if (real->kind > RealNode::Divide)
    return std::nullopt;
  auto a = affineOf(real->a), b = affineOf(real->b);
  if (!a || !b)
    return std::nullopt;
  bool isSum = real->kind == RealNode::Add || real->kind == RealNode::Subtract;
  if (!isSum) {
    if (real->kind == RealNode::Multiply && a->factors.empty())
      std::swap(a, b);
    if (!b->factors.empty())
      return std::nullopt;
  }
  double factor = real->kind == RealNode::Multiply ? b->constant : real->kind == RealNode::Divide ? 1 / b->constant : 1;
  for (auto [leaf, value] : a->factors)
    result.factors.push_back({leaf, value * factor});
  result.constant = a->constant * factor;
  if (!isSum)
    return result;
  double sign = real->kind == RealNode::Add ? 1 : -1;
  result.constant += sign * b->constant;
  for (auto [leaf, value] : b->factors) {
    bool isKnown = false;
    for (auto &[known, sum] : result.factors)
      if (known == leaf) {
        sum += sign * value;
        isKnown = true;
      }
    if (!isKnown)
      result.factors.push_back({leaf, sign * value});
  }
  return result;
}

/// With every input at `value`.
static float evaluateInput(const Real &real, float value) {
  if (real->kind == RealNode::Constant)
    return real->constant;
  if (real->kind == RealNode::Input)
    return value;
  return real->a ? ::apply(real->kind, evaluateInput(real->a, value), real->b ? evaluateInput(real->b, value) : 0) : 0;
}

std::optional<InputForm> hls::inputFormOf(const Real &real) {
  InputForm form;
  const RealNode *node = real.get();
  auto constantOf = [](const RealNode *node) { return node->b && node->b->kind == RealNode::Constant ? node->b.get() : nullptr; };
  while (node->kind == RealNode::Max || node->kind == RealNode::Min) {
    if (!constantOf(node))
      return std::nullopt;
    node = node->a.get();
  }
  if (node->kind == RealNode::Add && constantOf(node)) {
    form.zero = int64_t(node->b->constant);
    node = node->a.get();
  }
  if (node->kind != RealNode::Round)
    return std::nullopt;
  node = node->a.get();
  const RealNode *scale = constantOf(node);
  if (node->kind == RealNode::Divide && scale && node->a->kind == RealNode::Input)
    form.scale = scale->constant;
  else if (node->kind == RealNode::Multiply && scale && node->a->kind == RealNode::Input)
    form.scale = 1 / scale->constant;
  else if (node->kind != RealNode::Input)
    return std::nullopt;
  float least = evaluateInput(real, -INFINITY), most = evaluateInput(real, INFINITY);
  if (!(std::abs(least) < 1e9f) || !(std::abs(most) < 1e9f))
    return std::nullopt;
  form.range = {int64_t(least), int64_t(most)};
  return form;
}
