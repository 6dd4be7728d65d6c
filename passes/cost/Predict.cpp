// How long kernels take: their facts on a machine.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A roofline with a soft edge: instructions and the bytes that come from beyond
// the nearest cache overlap in part; what is counted in calls, loops and blocks
// of sums comes on top.
#include "passes/cost/Predict.h"

#include <algorithm>
#include <cmath>

using namespace brisk;
using namespace brisk::cost;

namespace {

/// How sharp the edge of the roofline is: 1 adds both sides, infinity takes the larger one.
constexpr double kEdge = 1.2;
/// What of a cache is left for the data of the program; of the last one, which others share, less.
constexpr double kUsable = 0.8, kShared = 0.5;
/// A little before a cache is full some of the data is gone, a little after some is still there: shares of its size.
constexpr double kNear = 0.8, kFar = 1.6;

double nsOfBytes(double bytes, double distance, const machine::Description &machine) {
  double ns = 0, left = 1; // what of the bytes lies further away
  for (auto [i, level] : llvm::enumerate(machine.memory)) {
    double usable = (i > 1 ? kShared : kUsable) * level.bytes;
    double here = level.bytes == 0 || &level == &machine.memory.back()
                      ? left
                      : std::min(left, std::clamp((kFar - distance / usable) / (kFar - kNear), 0.0, 1.0));
    ns += i == 0 ? 0 : here * bytes / level.gbPerS;
    left -= here;
  }
  return ns;
}

class Predictor {
public:
  Predictor(const machine::Description &machine, const machine::Isa &isa) : machine(machine), isa(isa) {}

  KernelPrediction kernel(const KernelFacts &facts) const {
    Work work = workOf(facts, isa.vectorBits);
    KernelPrediction result;
    result.nodes = facts.nodes;
    result.op = facts.kind;
    result.kind = work.kind;
    result.index = facts.index;
    result.calls = facts.calls;
    result.flops = work.flops * facts.calls;
    result.work = work;
    result.key = facts.key();
    double memory = 0;
    for (const Touch &touch : facts.touches) {
      // What is written is fetched first and brought back later.
      memory += touch.calls * (touch.written ? 2 : 1) * nsOfBytes(touch.bytes, touch.distance, machine);
      result.bytes += touch.calls * touch.bytes;
    }
    double compute = facts.calls * instructions(work, facts.dtype);
    double busy = std::pow(std::pow(compute, kEdge) + std::pow(memory, kEdge), 1 / kEdge) * scale(work.kind);
    double overhead = facts.calls * scale("overhead") *
                      (over("kernel") + work.entries * over("entry") + work.tiles * over("tile") +
                       work.horizontals * over("horizontal"));
    result.us = shared(busy + overhead, facts.calls) / 1e3;
    result.overheadUs = std::min(result.us, overhead / 1e3);
    return result;
  }

  double instructions(const Work &work, llvm::StringRef dtype) const {
    // A rate of products on narrow numbers is one of more lanes.
    double slots = machine.computeRate(isa, dtype) / (2 * static_cast<double>(isa.vectorBits) / 32);
    return work.products / slots + work.accesses / rate("access") + work.simple / rate("simple") +
           work.converts / rate("convert") +
           work.divides / rate("divide") + work.functions / rate("function") + work.library / rate("library") +
           work.gathers / rate("gather") + work.scalars / rate("scalar");
  }

  double rate(const char *key) const { return machine.rates.at(key); }
  double over(const char *key) const { return machine.overheads.at(key); }
  double scale(const char *key) const { return machine.scales.at(key); }

private:
  /// With more threads: what is long enough is handed out.
  double shared(double ns, double calls) const {
    if (machine.threads <= 1 || calls <= 0 || ns / calls < 10000)
      return ns;
    return std::min(ns, ns / machine.threads + calls * over("launch"));
  }

  const machine::Description &machine;
  const machine::Isa &isa;
};

} // namespace

std::map<std::string, double> Prediction::byKind() const {
  std::map<std::string, double> us;
  for (const KernelPrediction &kernel : kernels) {
    us[kernel.kind] += kernel.us - kernel.overheadUs;
    us["overhead"] += kernel.overheadUs;
  }
  us["overhead"] += hostUs + runUs;
  return us;
}

KernelPrediction brisk::cost::predictKernel(const KernelFacts &facts, const machine::Description &machine,
                                            const machine::Isa *isa) {
  return Predictor(machine, isa ? *isa : machine.isas.back()).kernel(facts);
}

Prediction brisk::cost::predict(const ProgramFacts &facts, const machine::Description &machine,
                                const machine::Isa *isa) {
  Prediction result;
  Predictor predictor(machine, isa ? *isa : machine.isas.back());
  for (const KernelFacts &kernel : facts.kernels)
    result.kernels.push_back(predictor.kernel(kernel));
  result.hostUs = facts.hostOperations / predictor.rate("host") * predictor.scale("overhead") / 1e3;
  result.runUs = predictor.over("run") * predictor.scale("overhead") / 1e3;
  result.totalUs = result.hostUs + result.runUs;
  for (const KernelPrediction &kernel : result.kernels)
    result.totalUs += kernel.us;
  result.open = facts.open;
  return result;
}

Prediction brisk::cost::predictVariant(const Prediction &variant, const Prediction &base,
                                       const std::map<int64_t, double> &measuredUs, double measuredTotalUs) {
  // How right the model was, by class and in all.
  std::map<std::string, std::pair<double, double>> known; // predicted, measured
  std::multimap<std::string, double> byKey;
  double predicted = 0, measured = 0;
  for (const KernelPrediction &kernel : base.kernels) {
    auto found = measuredUs.find(kernel.index);
    if (found == measuredUs.end())
      continue;
    known[kernel.kind].first += kernel.us;
    known[kernel.kind].second += found->second;
    predicted += kernel.us;
    measured += found->second;
    byKey.emplace(kernel.key, found->second);
  }
  // Measuring kernels one by one takes time too, and more than a run has is not in it.
  double share = measuredTotalUs > 0 && measured > measuredTotalUs ? measuredTotalUs / measured : 1;
  for (auto &[kind, sums] : known)
    sums.second *= share;
  for (auto &[key, us] : byKey)
    us *= share;
  measured *= share;
  double all = predicted > 0 && measured > 0 ? measured / predicted : 1;
  Prediction result = variant;
  result.totalUs = 0;
  for (KernelPrediction &kernel : result.kernels) {
    auto same = byKey.find(kernel.key);
    if (same != byKey.end()) {
      kernel.us = same->second;
      kernel.measured = true;
      // Equal kernels of the base stand for one of the variant each, the last for all that follow.
      if (byKey.count(kernel.key) > 1)
        byKey.erase(same);
    } else {
      auto [guess, truth] = known[kernel.kind];
      kernel.us *= guess > 0.05 * predicted && truth > 0 ? truth / guess : all;
    }
    result.totalUs += kernel.us;
  }
  // What the profile does not show, calls and the host's part, stays as it was.
  double rest = std::max(0.0, measuredTotalUs - measured);
  result.hostUs = measuredTotalUs > 0 && measured > 0 ? rest : variant.hostUs + variant.runUs;
  result.runUs = 0;
  result.totalUs += result.hostUs;
  return result;
}
