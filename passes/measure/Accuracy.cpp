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
} // namespace

Accuracy brisk::compare(const Outputs &before, const Outputs &after, int64_t classes, const ModelRunner &runner,
                        ModelRunner::Set set) {
  Accuracy result;
  result.classes = classes >= 2;
  uint64_t same = 0, rightBefore = 0, rightAfter = 0, labelledRows = 0, compared = 0;
  double squares = 0, cosines = 0, divergences = 0;
  Confidence before10, after10;
  std::map<int64_t, ClassCount> byClass;
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
      double dot = 0, normA = 0, normB = 0;
      for (size_t i = 0; i < a.size(); ++i) {
        double x = a[i], y = b[i];
        if (!std::isfinite(y) && std::isfinite(x))
          result.finite = false;
        if (!std::isfinite(x) || !std::isfinite(y))
          continue;
        dot += x * y;
        normA += x * x;
        normB += y * y;
        result.relative += (x - y) * (x - y);
        squares += x * x;
        result.largest = std::max(result.largest, std::fabs(x - y));
      }
      if (!a.empty()) {
        double cosine = normA == 0 && normB == 0 ? 1 : dot / std::sqrt(std::max(normA * normB, 1e-60));
        cosines += cosine;
        result.worstCosine = std::min(result.worstCosine, cosine);
        ++compared;
      }
      if (output != 0 || !result.classes)
        continue;
      std::vector<int64_t> labels = runner.labels(set, sample);
      for (size_t row = 0; (row + 1) * classes <= a.size(); ++row) {
        ArrayRef<float> rowA = ArrayRef(a).slice(row * classes, classes), rowB = ArrayRef(b).slice(row * classes, classes);
        int64_t classA = argmax(rowA), classB = argmax(rowB);
        ++result.rows;
        same += classA == classB;
        divergences += divergence(rowA, rowB);
        if (row < labels.size()) {
          ++labelledRows;
          rightBefore += classA == labels[row];
          rightAfter += classB == labels[row];
          before10.add(rowA, classA == labels[row]);
          after10.add(rowB, classB == labels[row]);
          ClassCount &mine = byClass[labels[row]];
          ++mine.rows;
          mine.before += classA == labels[row];
          mine.after += classB == labels[row];
        }
      }
    }
  }
  result.relative = squares > 0 ? result.relative / squares : result.relative;
  result.cosine = compared ? std::min(1.0, cosines / static_cast<double>(compared)) : 1;
  if (result.rows) {
    result.agreement = static_cast<double>(same) / static_cast<double>(result.rows);
    result.divergence = divergences / static_cast<double>(result.rows);
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
