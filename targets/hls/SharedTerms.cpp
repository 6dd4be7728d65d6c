// Sums of variables times constants as few two-operand additions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/SharedTerms.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include <queue>

using namespace brisk;
using namespace brisk::hls;

std::vector<Term> hls::signedDigits(int32_t variable, int64_t factor) {
  std::vector<Term> terms;
  for (int32_t shift = 0; factor; ++shift, factor /= 2) {
    if (factor % 2 == 0)
      continue;
    int32_t sign = (factor & 3) == 1 ? 1 : -1;
    terms.push_back({variable, shift, sign});
    factor -= sign;
  }
  return terms;
}

/// Variables that wait for d adders fill a sum of depth D as 2^d terms do: it holds 2^D of them.
static int64_t weightOf(int32_t depth) { return int64_t(1) << depth; }

int32_t hls::depthOfSum(const std::vector<Term> &sum, const std::vector<int32_t> &ready, bool hasConstant) {
  int64_t weight = hasConstant;
  for (const Term &term : sum)
    weight += weightOf(ready[term.variable]);
  int32_t depth = 0;
  while (weightOf(depth) < weight)
    ++depth;
  return depth;
}

namespace {

/// Two terms but for where they stand: packed so that equal pairs are equal numbers.
struct Pair {
  int32_t lhs, rhs, shift, sign;
  static Pair of(Term a, Term b) {
    if (std::tie(a.shift, a.variable) > std::tie(b.shift, b.variable))
      std::swap(a, b);
    return {a.variable, b.variable, b.shift - a.shift, a.sign * b.sign};
  }
  uint64_t key() const { return uint64_t(lhs) << 36 | uint64_t(rhs) << 8 | uint64_t(shift) << 1 | (sign < 0); }
  static Pair of(uint64_t key) {
    return {int32_t(key >> 36), int32_t(key >> 8 & 0xfffffff), int32_t(key >> 1 & 0x7f), key & 1 ? -1 : 1};
  }
};

class Sharing {
public:
  Sharing(std::vector<std::vector<Term>> &sums, std::vector<int32_t> ready, int32_t deepest, const std::vector<bool> &constants)
      : sums(sums), ready(std::move(ready)), most(weightOf(deepest)) {
    for (auto [number, sum] : llvm::enumerate(sums)) {
      llvm::sort(sum);
      int64_t &weight = weights.emplace_back(constants[number] ? 1 : 0);
      for (const Term &term : sum)
        weight += weightOf(this->ready[term.variable]);
      for (size_t i = 0; i < sum.size(); ++i) {
        place(sum[i].variable, number);
        for (size_t j = 0; j < i; ++j)
          ++counts[Pair::of(sum[i], sum[j]).key()];
      }
    }
    for (auto [key, count] : counts)
      if (count > 1)
        best.push({count, key});
  }

  std::vector<Shared> run() {
    std::vector<Shared> shared;
    while (!best.empty()) {
      auto [count, key] = best.top();
      best.pop();
      auto found = counts.find(key);
      if (found == counts.end() || found->second != count)
        continue; // stale: the right number is queued as well
      Pair pair = Pair::of(key);
      int32_t fresh = int32_t(ready.size());
      ready.push_back(std::max(ready[pair.lhs], ready[pair.rhs]) + 1);
      // Pairs of one variable with itself may overlap, so fewer are taken than were counted.
      if (occurrences(pair) < 2) {
        ready.pop_back();
        counts.erase(key);
        continue;
      }
      for (size_t sum : std::vector<size_t>(places[pair.lhs]))
        replace(sums[sum], pair, fresh, sum);
      counts.erase(key);
      shared.push_back({pair.lhs, pair.rhs, pair.shift, pair.sign});
    }
    return shared;
  }

private:
  void place(int32_t variable, size_t sum) {
    auto &list = places[variable];
    if (list.empty() || list.back() != sum)
      list.push_back(sum);
  }

  template <typename Visit> static void visit(const std::vector<Term> &sum, const Pair &pair, Visit visit) {
    std::vector<Term> used;
    for (const Term &first : sum) {
      if (first.variable != pair.lhs)
        continue;
      Term second{pair.rhs, first.shift + pair.shift, first.sign * pair.sign};
      if (second == first || !llvm::binary_search(sum, second) || llvm::is_contained(used, first) ||
          llvm::is_contained(used, second))
        continue;
      used.push_back(first);
      used.push_back(second);
      visit(first, second);
    }
  }

  /// By how much a pair that is added first makes its sum wait longer.
  int64_t growth(const Pair &pair) const {
    return 2 * weightOf(std::max(ready[pair.lhs], ready[pair.rhs])) - weightOf(ready[pair.lhs]) - weightOf(ready[pair.rhs]);
  }

  int occurrences(const Pair &pair) {
    int count = 0;
    for (size_t sum : places[pair.lhs]) {
      int64_t weight = weights[sum];
      visit(sums[sum], pair, [&](const Term &, const Term &) { count += (weight += growth(pair)) <= most; });
    }
    return count;
  }

  void change(uint64_t key, int by) {
    int &count = counts[key];
    count += by;
    if (count > 1)
      best.push({count, key});
  }

  void replace(std::vector<Term> &sum, const Pair &pair, int32_t fresh, size_t number) {
    std::vector<std::pair<Term, Term>> found;
    visit(sum, pair, [&](const Term &a, const Term &b) { found.push_back({a, b}); });
    for (auto &[a, b] : found) {
      if (weights[number] + growth(pair) > most)
        break;
      weights[number] += growth(pair);
      for (const Term &gone : {a, b}) {
        sum.erase(std::lower_bound(sum.begin(), sum.end(), gone));
        for (const Term &other : sum)
          change(Pair::of(gone, other).key(), -1);
      }
      Term term{fresh, a.shift, a.sign};
      for (const Term &other : sum)
        change(Pair::of(term, other).key(), 1);
      sum.insert(std::lower_bound(sum.begin(), sum.end(), term), term);
      place(fresh, number);
    }
  }

  std::vector<std::vector<Term>> &sums;
  std::vector<int32_t> ready;
  int64_t most;
  std::vector<int64_t> weights; // of each sum
  llvm::DenseMap<uint64_t, int> counts;
  llvm::DenseMap<int32_t, std::vector<size_t>> places; // sums that a variable may stand in
  // The most frequent first; of equals that of the latest variables, so that results do not depend on the map's order.
  std::priority_queue<std::pair<int, uint64_t>> best;
};

} // namespace

std::vector<Shared> hls::shareTerms(std::vector<std::vector<Term>> &sums, std::vector<int32_t> ready, int32_t deepest,
                                    const std::vector<bool> &constants) {
  return Sharing(sums, std::move(ready), deepest, constants).run();
}
