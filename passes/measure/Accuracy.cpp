// How far a variant's outputs are from the model's.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/measure/Accuracy.h"

#include <algorithm>
#include <cmath>
#include <map>

using namespace mlir;
using namespace brisk;

double Accuracy::drop(Metric metric) const {
  if (!finite)
    return INFINITY;
  switch (metric) {
  case Metric::Top1:
    return labelled ? 100 * (before - after) : 100 * (1 - agreement);
  case Metric::Agreement:
    return 100 * (1 - std::min(agreement, cosine));
  case Metric::Cosine:
    return 100 * (1 - cosine);
  case Metric::Mse:
    return 100 * relative;
  }
  return 0;
}

FailureOr<Outputs> brisk::runAll(Program &program, const ModelRunner &runner, ModelRunner::Set set, size_t modelOutputs,
                                 SmallVectorImpl<int64_t> *rowSize, ArrayRef<std::vector<float>> extra, size_t limit) {
  Outputs all;
  for (size_t i = 0, count = std::min(limit, runner.samples(set)); i < count; ++i) {
    FailureOr<std::vector<RunOutput>> outputs = program.run(i, extra);
    if (failed(outputs))
      return failure();
    std::vector<std::vector<float>> kept;
    for (RunOutput &output : llvm::MutableArrayRef(*outputs).take_front(modelOutputs)) {
      if (rowSize && i == 0)
        rowSize->push_back(output.dims.empty() ? 1 : output.dims.back());
      kept.emplace_back(output.values.begin(), output.values.end());
    }
    all.push_back(std::move(kept));
  }
  return all;
}

static int64_t argmax(ArrayRef<float> row) { return std::max_element(row.begin(), row.end()) - row.begin(); }

static double divergence(ArrayRef<float> p, ArrayRef<float> q) {
  float mostP = *std::max_element(p.begin(), p.end()), mostQ = *std::max_element(q.begin(), q.end());
  double sumP = 0, sumQ = 0, result = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    sumP += std::exp(p[i] - mostP);
    sumQ += std::exp(q[i] - mostQ);
  }
  for (size_t i = 0; i < p.size(); ++i) {
    double logP = p[i] - mostP - std::log(sumP), logQ = q[i] - mostQ - std::log(sumQ);
    result += std::exp(logP) * (logP - logQ);
  }
  return std::max(result, 0.0);
}

Decision brisk::decisionOf(const Outputs &outputs, int64_t classes, bool *sure) {
  bool within = true, sums = classes >= 2;
  for (const auto &sample : outputs) {
    if (sample.empty())
      continue;
    ArrayRef<float> first(sample.front());
    within &= llvm::all_of(first, [](float value) { return value >= 0 && value <= 1; });
    for (size_t at = 0; sums && at + classes <= first.size(); at += classes) {
      double sum = 0;
      for (float value : first.slice(at, classes))
        sum += value;
      sums = std::fabs(sum - 1) < 1e-2;
    }
  }
  if (sure)
    *sure = within && !outputs.empty();
  if (within && !sums)
    return Decision::Side;
  return classes >= 2 ? Decision::Class : Decision::None;
}

namespace {
/// Expected calibration error (Naeini et al., 2015): confidence against accuracy, by confidence.
struct Confidence {
  double count[10] = {}, right[10] = {}, sum[10] = {};
  void add(ArrayRef<float> row, bool isRight) {
    float most = *std::max_element(row.begin(), row.end());
    double total = 0;
    for (float x : row)
      total += std::exp(x - most);
    // Rows that are probabilities already are taken as such.
    double linear = 0;
    for (float x : row)
      linear += x < 0 ? 2 : x;
    double confidence = std::fabs(linear - 1) < 1e-3 ? most : 1 / total;
    int bin = std::clamp(static_cast<int>(confidence * 10), 0, 9);
    count[bin] += 1;
    right[bin] += isRight;
    sum[bin] += confidence;
  }
  double error() const {
    double all = 0, result = 0;
    for (int i = 0; i < 10; ++i) {
      all += count[i];
      result += std::fabs(sum[i] - right[i]);
    }
    return all > 0 ? result / all : 0;
  }
};
struct ClassCount {
  uint64_t rows = 0, before = 0, after = 0;
};
/// Below so many rows a class' loss is chance.
constexpr uint64_t kClassRows = 10;
/// Of two vectors that come in parts.
struct Cosine {
  double dot = 0, normA = 0, normB = 0;
  double value() const { return normA == 0 && normB == 0 ? 1 : dot / std::sqrt(std::max(normA * normB, 1e-60)); }
};
/// Up to this size the direction of one sample's output says little or nothing.
constexpr size_t kFewNumbers = 8;
} // namespace

Accuracy brisk::compare(const Outputs &before, const Outputs &after, int64_t classes, const ModelRunner &runner,
                        ModelRunner::Set set) {
  Accuracy result;
  result.decision = decisionOf(before, classes);
  bool labels = classes >= 2;
  uint64_t same = 0, rightBefore = 0, rightAfter = 0, labelledRows = 0, compared = 0;
  double squares = 0, cosines = 0, divergences = 0;
  Confidence before10, after10;
  std::map<int64_t, ClassCount> byClass;
  std::vector<Cosine> joined;
  uint64_t sides[2][2] = {};
  for (size_t sample = 0; sample < before.size() && sample < after.size(); ++sample) {
    for (auto [output, pair] : llvm::enumerate(llvm::zip(before[sample], after[sample]))) {
      auto &[a, b] = pair;
      // Outputs whose dims depend on values may differ in size: then they differ wholly.
      if (a.size() != b.size()) {
        result.relative += 1;
        squares += 1;
        ++compared;
        continue;
      }
      Cosine cosine;
      for (size_t i = 0; i < a.size(); ++i) {
        double x = a[i], y = b[i];
        if (!std::isfinite(y) && std::isfinite(x))
          result.finite = false;
        if (!std::isfinite(x) || !std::isfinite(y))
          continue;
        cosine.dot += x * y;
        cosine.normA += x * x;
        cosine.normB += y * y;
        result.relative += (x - y) * (x - y);
        squares += x * x;
        result.largest = std::max(result.largest, std::fabs(x - y));
      }
      if (a.size() > kFewNumbers) {
        cosines += cosine.value();
        result.worstCosine = std::min(result.worstCosine, cosine.value());
        ++compared;
      } else if (!a.empty()) {
        joined.resize(std::max(joined.size(), output + 1));
        joined[output].dot += cosine.dot;
        joined[output].normA += cosine.normA;
        joined[output].normB += cosine.normB;
      }
      if (output == 0 && result.decision == Decision::Side) {
        for (size_t i = 0; i < a.size(); ++i)
          ++sides[a[i] > 0.5f][b[i] > 0.5f];
      }
      if (output != 0 || !labels)
        continue;
      std::vector<int64_t> truth = runner.labels(set, sample);
      for (size_t row = 0; (row + 1) * classes <= a.size(); ++row) {
        ArrayRef<float> rowA = ArrayRef(a).slice(row * classes, classes), rowB = ArrayRef(b).slice(row * classes, classes);
        int64_t classA = argmax(rowA), classB = argmax(rowB);
        if (result.decision == Decision::Class) {
          ++result.rows;
          same += classA == classB;
          divergences += divergence(rowA, rowB);
        }
        if (row < truth.size()) {
          ++labelledRows;
          rightBefore += classA == truth[row];
          rightAfter += classB == truth[row];
          before10.add(rowA, classA == truth[row]);
          after10.add(rowB, classB == truth[row]);
          ClassCount &mine = byClass[truth[row]];
          ++mine.rows;
          mine.before += classA == truth[row];
          mine.after += classB == truth[row];
        }
      }
    }
  }
  result.relative = squares > 0 ? result.relative / squares : result.relative;
  // Weighed like as many single samples.
  for (const Cosine &cosine : joined) {
    if (cosine.normA == 0 && cosine.normB == 0)
      continue;
    cosines += cosine.value() * static_cast<double>(before.size());
    compared += before.size();
  }
  result.cosine = compared ? std::min(1.0, cosines / static_cast<double>(compared)) : 1;
  if (result.rows) {
    result.agreement = static_cast<double>(same) / static_cast<double>(result.rows);
    result.divergence = divergences / static_cast<double>(result.rows);
  }
  if (result.decision == Decision::Side) {
    // Where text or speech is rare, all that is none of it would hide what is lost.
    unsigned rarer = sides[1][0] + sides[1][1] <= sides[0][0] + sides[0][1];
    uint64_t both = sides[rarer][rarer], one = sides[0][1] + sides[1][0];
    result.rows = both + one;
    result.agreement = both + one ? 2.0 * static_cast<double>(both) / static_cast<double>(2 * both + one) : 1;
  }
  result.labelled = labelledRows > 0;
  if (labelledRows) {
    result.before = static_cast<double>(rightBefore) / static_cast<double>(labelledRows);
    result.after = static_cast<double>(rightAfter) / static_cast<double>(labelledRows);
  }
  result.calibrationBefore = before10.error();
  result.calibrationAfter = after10.error();
  for (auto &[label, count] : byClass) {
    double lost = 100 * (static_cast<double>(count.before) - static_cast<double>(count.after)) / static_cast<double>(count.rows);
    if (count.rows >= kClassRows && (result.worstClass < 0 || lost > result.worstClassLost)) {
      result.worstClass = label;
      result.worstClassLost = lost;
    }
  }
  return result;
}
