// What calibration samples tell: which units matter, and weights that make up for those that go.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/prune/Repairer.h"

#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace brisk;

namespace {

/// Rows for each unknown, and bounds on their number.
constexpr int64_t kRowsPerUnknown = 5, kLeastRows = 2048, kMostRows = 10240;
/// Samples that are looked at.
constexpr size_t kMostSamples = 256;
/// Of so many samples one is held out.
constexpr size_t kHoldOut = 4;
constexpr double kRidges[] = {1e-3, 1e-2, 1e-1, 1, 10};

/// Places of the result that a row may stand for.
int64_t placesOf(const Consumer &consumer, const RunOutput &result) {
  int64_t count = 1;
  for (auto [i, dim] : llvm::enumerate(result.dims))
    count *= static_cast<int64_t>(i) == consumer.resultAxis ? 1 : dim;
  return count;
}

/// The places taken of a sample: as far apart as their number allows, elsewhere in each sample.
std::vector<int64_t> chosenPlaces(int64_t count, int64_t wanted, size_t sample) {
  std::vector<int64_t> places;
  int64_t step = std::max<int64_t>(1, count / std::max<int64_t>(wanted, 1));
  for (int64_t at = static_cast<int64_t>(sample * 7919) % step; at < count && static_cast<int64_t>(places.size()) < wanted; at += step)
    places.push_back(at);
  return places;
}

/// All channels of the result at a place.
void appendSums(const Consumer &consumer, const RunOutput &result, int64_t place, ArrayRef<int64_t> channels,
                std::vector<float> &to) {
  int64_t inner = 1;
  for (size_t i = consumer.resultAxis + 1; i < result.dims.size(); ++i)
    inner *= result.dims[i];
  int64_t size = result.dims[consumer.resultAxis], base = place / inner * size * inner + place % inner;
  for (int64_t channel : channels)
    to.push_back(result.values[base + channel * inner]);
}

std::vector<int64_t> iota(int64_t count) {
  std::vector<int64_t> list(count);
  std::iota(list.begin(), list.end(), 0);
  return list;
}

RankedTensorType weightType(const Consumer &consumer) {
  return cast<RankedTensorType>(consumer.op->getOperand(consumer.weight).getType());
}

/// The weight as a matrix of what is summed (its axes but that of channels, in order) by channels, and back.
std::vector<double> toMatrix(ArrayRef<float> weight, ArrayRef<int64_t> shape, int64_t channelAxis) {
  int64_t inner = 1, channels = shape[channelAxis], total = weight.size();
  for (size_t i = channelAxis + 1; i < shape.size(); ++i)
    inner *= shape[i];
  std::vector<double> matrix(total);
  for (int64_t at = 0; at < total; ++at) {
    int64_t row = at / (inner * channels) * inner + at % inner;
    matrix[row * channels + at / inner % channels] = weight[at];
  }
  return matrix;
}
std::vector<float> fromMatrix(ArrayRef<double> matrix, ArrayRef<int64_t> shape, int64_t channelAxis) {
  int64_t inner = 1, channels = shape[channelAxis], total = 1;
  for (size_t i = channelAxis + 1; i < shape.size(); ++i)
    inner *= shape[i];
  for (int64_t dim : shape)
    total *= dim;
  std::vector<float> weight(total);
  for (int64_t at = 0; at < total; ++at) {
    int64_t row = at / (inner * channels) * inner + at % inner;
    weight[at] = static_cast<float>(matrix[row * channels + at / inner % channels]);
  }
  return weight;
}

/// Rows of what a consumer sums over at the given places; false where the op cannot tell.
bool appendInputs(Operation *op, const RunOutput &input, ArrayRef<int64_t> resultDims, ArrayRef<int64_t> places,
                  int64_t width, std::vector<float> &to) {
  auto iface = dyn_cast<PrunableInterface>(op);
  SmallVector<int64_t> summands(width);
  for (int64_t place : places) {
    if (!iface || !iface.summands(input.dims, resultDims, place, summands))
      return false;
    for (int64_t at : summands)
      to.push_back(at < 0 ? 0 : input.values[at]);
  }
  return true;
}

/// What a consumer adds to its sums, for the given channels; nothing if that is not one number for each.
std::optional<std::vector<float>> biasOf(const Consumer &consumer, ArrayRef<int64_t> channels) {
  std::vector<float> bias(channels.size());
  if (!consumer.bias || !isPresent(consumer.op->getOperand(*consumer.bias)))
    return bias;
  std::vector<float> values = constantFloats(consumer.op->getOperand(*consumer.bias));
  auto type = weightType(consumer);
  if (values.size() != 1 && static_cast<int64_t>(values.size()) != type.getDimSize(consumer.channelAxis))
    return std::nullopt;
  for (auto [to, channel] : llvm::zip(bias, channels))
    to = values.size() == 1 ? values[0] : values[channel];
  return bias;
}

/// The weights and shifts with the ridge that does best on what is held out, made anew of all; or the reason why not.
std::vector<double> solve(Repair &repair, NormalEquations &fit, const NormalEquations &held, ArrayRef<double> start,
                          int64_t channels) {
  double squares = std::max(held.squares(), 1e-30), least = held.error(start);
  repair.before = repair.after = least / squares;
  repair.reason = "it would be worse on samples held out";
  for (double ridge : kRidges)
    if (auto solution = fit.solve(start, ridge)) {
      double error = held.error(*solution);
      if (error < least) {
        least = error;
        repair.ridge = ridge;
        repair.after = error / squares;
        repair.reason.clear();
      }
    }
  if (!repair.reason.empty())
    return {};
  fit.add(held);
  std::optional<std::vector<double>> solution = fit.solve(start, repair.ridge);
  if (!solution) {
    repair.reason = "its equations are singular";
    return {};
  }
  repair.shift.assign(solution->end() - channels, solution->end());
  solution->resize(solution->size() - channels);
  return *solution;
}

} // namespace

Repairer::Repairer(ModuleOp module, const Families &found, ModelRunner &runner)
    : module(module), found(found), runner(runner),
      modelOutputs(module.lookupSymbol<func::FuncOp>("main").getNumResults()),
      samples(std::min(kMostSamples, runner.samples(ModelRunner::Calibration))), rows(found.consumers.size()) {}

LogicalResult Repairer::observe() {
  OwningOpRef<ModuleOp> clone = module.clone();
  SmallVector<Value> probes = makeElastic(*clone);
  addOutputs(*clone, probes);
  auto program = runner.compile(std::move(clone), ModelRunner::Calibration);
  if (failed(program))
    return failure();
  elastic = std::move(*program);
  std::vector<std::vector<float>> whole = arguments(PrunePlan(found));
  for (size_t sample = 0; sample < samples; ++sample) {
    runner.progress("observing " + std::to_string(sample + 1) + "/" + std::to_string(samples));
    FailureOr<std::vector<RunOutput>> outputs = elastic->run(sample, whole);
    if (failed(outputs))
      return failure();
    for (auto [i, consumer] : llvm::enumerate(found.consumers)) {
      const RunOutput &input = (*outputs)[modelOutputs + 2 * i], &result = (*outputs)[modelOutputs + 2 * i + 1];
      Rows &mine = rows[i];
      int64_t channels = result.dims[consumer.resultAxis], unknowns = weightType(consumer).getNumElements() / channels;
      int64_t wanted = std::clamp(kRowsPerUnknown * unknowns, kLeastRows, kMostRows);
      mine.perSample = (wanted + samples - 1) / samples;
      mine.places.push_back(placesOf(consumer, result));
      mine.dims.push_back(result.dims);
      std::vector<int64_t> places = chosenPlaces(mine.places.back(), mine.perSample, sample), all = iota(channels);
      mine.sums.emplace_back();
      for (int64_t place : places)
        appendSums(consumer, result, place, all, mine.sums.back());
      std::vector<float> x;
      if (appendInputs(consumer.op, input, result.dims, places, unknowns, x)) {
        if (!mine.inputs)
          mine.inputs.emplace(unknowns, 0);
        if (unknowns <= 1024) // what eliminate() works with
          mine.inputs->add(x, {});
      }
      int64_t size = input.dims[consumer.activationAxis], inner = 1;
      for (size_t axis = consumer.activationAxis + 1; axis < input.dims.size(); ++axis)
        inner *= input.dims[axis];
      mine.energy.resize(size);
      for (size_t at = 0; at < input.values.size(); ++at)
        mine.energy[at / inner % size] += double(input.values[at]) * input.values[at];
    }
  }
  runner.progress("");
  return success();
}

std::vector<double> Repairer::scores(unsigned number, Importance importance) const {
  const Family &family = found.families[number];
  std::vector<double> result(family.units.size());
  // Of each axis that a kind of importance looks at: one number by slice, of which each unit gets its slices' sum.
  auto distribute = [&](const SlicedAxis &axis, ArrayRef<double> slices) {
    double total = std::accumulate(slices.begin(), slices.end(), 0.0);
    for (auto [unit, score] : llvm::zip(family.units, result))
      for (int64_t place : unit)
        if (place >= axis.first && place < axis.first + axis.size && total > 0)
          score += slices[place - axis.first] / total;
  };
  if (importance == Importance::Extent) {
    for (const SlicedAxis &axis : found.axes) {
      bool mine = family.units[0].front() <= axis.first + axis.size - 1;
      std::vector<float> weight = mine ? constantFloats(axis.value) : std::vector<float>();
      auto type = cast<RankedTensorType>(axis.value.getType());
      bool isSummed = llvm::any_of(family.consumers, [&](unsigned i) {
        return found.consumers[i].op->getOperand(found.consumers[i].weight) == axis.value;
      });
      if (weight.empty() || isSummed || type.getRank() < 2)
        continue;
      int64_t inner = 1;
      for (int64_t i = axis.axis + 1; i < type.getRank(); ++i)
        inner *= type.getDimSize(i);
      std::vector<double> low(axis.size, INFINITY), high(axis.size, -INFINITY), extent(axis.size);
      for (size_t at = 0; at < weight.size(); ++at) {
        int64_t slice = at / inner % axis.size;
        low[slice] = std::min<double>(low[slice], weight[at]);
        high[slice] = std::max<double>(high[slice], weight[at]);
      }
      for (int64_t slice = 0; slice < axis.size; ++slice)
        extent[slice] = high[slice] + std::fabs(low[slice]);
      distribute(axis, extent);
    }
    return result;
  }
  for (unsigned i : family.consumers) {
    const Consumer &consumer = found.consumers[i];
    Value value = consumer.op->getOperand(consumer.weight);
    const SlicedAxis &axis = *found.axis(value, consumer.weightAxis);
    std::vector<float> weight = constantFloats(value);
    int64_t inner = 1;
    for (int64_t j = consumer.weightAxis + 1; j < weightType(consumer).getRank(); ++j)
      inner *= weightType(consumer).getDimSize(j);
    std::vector<double> slices(axis.size);
    for (size_t at = 0; at < weight.size(); ++at)
      slices[at / inner % axis.size] += double(weight[at]) * weight[at];
    if (importance == Importance::Energy && rows[i].energy.size() == slices.size())
      for (auto [slice, energy] : llvm::zip(slices, rows[i].energy))
        slice *= energy;
    distribute(axis, slices);
  }
  return result;
}

std::vector<unsigned> Repairer::order(unsigned family, Importance importance) const {
  // How much of a wide unit others can make up for is not seen from its slices one by one.
  if (importance == Importance::Obs || (importance == Importance::Energy && found.families[family].width > 1))
    if (std::vector<unsigned> order = eliminate(family); !order.empty())
      return order;
  std::vector<double> score = scores(family, importance == Importance::Obs ? Importance::Energy : importance);
  std::vector<unsigned> order(score.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::stable_sort(order, [&](unsigned a, unsigned b) { return score[a] < score[b]; });
  return order;
}

/// Optimal brain surgeon (Hassibi and Stork, 1993) on columns in blocks, each weight updated as the exact repair will be.
std::vector<unsigned> Repairer::eliminate(unsigned number) const {
  const Family &family = found.families[number];
  struct Side {
    int64_t width, channels;
    std::vector<double> inverse, weight; // width x width, width x channels
    double scale;
    std::vector<std::vector<int64_t>> columns; // by unit

    /// What is left of the error when all other columns have made up for those of a unit together: w' (H^-1 of them)^-1 w.
    double errorWithout(unsigned unit) const {
      ArrayRef<int64_t> mine = columns[unit];
      auto count = static_cast<int64_t>(mine.size());
      std::vector<double> block(count * count), sums(count * channels);
      for (int64_t i = 0; i < count; ++i) {
        for (int64_t j = i; j < count; ++j)
          block[i * count + j] = inverse[mine[i] * width + mine[j]];
        std::copy_n(weight.begin() + mine[i] * channels, channels, sums.begin() + i * channels);
      }
      double error = 0;
      if (!factorize(block, count))
        return error;
      substitute(block, count, sums, channels);
      for (int64_t i = 0; i < count; ++i)
        for (int64_t o = 0; o < channels; ++o)
          error += weight[mine[i] * channels + o] * sums[i * channels + o];
      return error;
    }
  };
  std::vector<Side> sides;
  for (unsigned i : family.consumers) {
    const Consumer &consumer = found.consumers[i];
    const std::optional<NormalEquations> &inputs = rows[i].inputs;
    if (!inputs || inputs->rows == 0)
      return {};
    ArrayRef<int64_t> shape = weightType(consumer).getShape();
    Side side;
    side.width = inputs->inputs;
    side.channels = shape[consumer.channelAxis];
    side.weight = toMatrix(constantFloats(consumer.op->getOperand(consumer.weight)), shape, consumer.channelAxis);
    // The bias is left out: it is cheap to repair.
    std::vector<double> gram(side.width * side.width);
    double mean = 0;
    for (int64_t r = 0; r < side.width; ++r)
      for (int64_t c = r; c < side.width; ++c)
        gram[r * side.width + c] = inputs->gram[r * (side.width + 1) + c];
    for (int64_t r = 0; r < side.width; ++r)
      mean += gram[r * side.width + r] / static_cast<double>(side.width);
    for (int64_t r = 0; r < side.width; ++r)
      gram[r * side.width + r] += 1e-2 * mean + 1e-12;
    if (!factorize(gram, side.width))
      return {};
    side.inverse.resize(side.width * side.width);
    for (int64_t r = 0; r < side.width; ++r)
      side.inverse[r * side.width + r] = 1;
    substitute(gram, side.width, side.inverse, side.width);
    double squares = 0;
    for (double w : side.weight)
      squares += w * w;
    side.scale = 1 / std::max(squares * mean, 1e-30);
    // Columns of a unit: its slices of the summed axis, with every tap.
    int64_t inner = 1;
    for (size_t j = consumer.weightAxis + 1; j < shape.size(); ++j)
      inner *= static_cast<int64_t>(j) == consumer.channelAxis ? 1 : shape[j];
    const SlicedAxis &axis = *found.axis(consumer.op->getOperand(consumer.weight), consumer.weightAxis);
    for (const auto &unit : family.units) {
      side.columns.emplace_back();
      for (int64_t place : unit)
        if (place >= axis.first && place < axis.first + axis.size)
          for (int64_t tap = 0; tap < inner; ++tap)
            side.columns.back().push_back((place - axis.first) * inner + tap);
    }
    sides.push_back(std::move(side));
  }
  std::vector<unsigned> order;
  std::vector<char> gone(family.units.size());
  while (order.size() < family.units.size()) {
    std::optional<unsigned> least;
    double leastScore = INFINITY;
    for (unsigned unit = 0; unit < gone.size(); ++unit) {
      if (gone[unit])
        continue;
      double score = 0;
      for (const Side &side : sides)
        score += side.scale * side.errorWithout(unit);
      if (!least || score < leastScore)
        least = unit, leastScore = score;
    }
    gone[*least] = true;
    order.push_back(*least);
    for (Side &side : sides)
      for (int64_t column : side.columns[*least]) {
        double pivot = std::max(side.inverse[column * side.width + column], 1e-30);
        std::vector<double> row(side.inverse.begin() + column * side.width, side.inverse.begin() + (column + 1) * side.width);
        std::vector<double> weight(side.weight.begin() + column * side.channels,
                                   side.weight.begin() + (column + 1) * side.channels);
        for (int64_t r = 0; r < side.width; ++r) {
          double factor = row[r] / pivot;
          if (factor == 0)
            continue;
          for (int64_t c = 0; c < side.width; ++c)
            side.inverse[r * side.width + c] -= factor * row[c];
          for (int64_t o = 0; o < side.channels; ++o)
            side.weight[r * side.channels + o] -= factor * weight[o];
        }
      }
  }
  return order;
}

std::vector<std::vector<float>> Repairer::arguments(const PrunePlan &plan) const {
  std::vector<std::vector<float>> result;
  for (auto [i, consumer] : llvm::enumerate(found.consumers)) {
    Value weight = consumer.op->getOperand(consumer.weight);
    RankedTensorType type = weightType(consumer);
    std::vector<float> values = constantFloats(weight), shift(type.getDimSize(consumer.channelAxis));
    SmallVector<std::vector<int64_t>> kept;
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      kept.push_back(keptSlices(found, plan, weight, axis));
    std::vector<float> left(values.size());
    std::vector<int64_t> places = placesKept(type.getShape(), kept);
    auto repair = plan.repairs.find(i);
    bool isRepaired = repair != plan.repairs.end() && !repair->second.weight.empty();
    for (auto [at, place] : llvm::enumerate(places))
      left[place] = isRepaired ? repair->second.weight[at] : values[place];
    if (isRepaired)
      for (auto [at, channel] : llvm::enumerate(kept[consumer.channelAxis]))
        shift[channel] = repair->second.shift[at];
    result.push_back(std::move(left));
    result.push_back(std::move(shift));
  }
  return result;
}

FailureOr<Outputs> Repairer::outputs(const PrunePlan &plan) const {
  return runAll(*elastic, runner, ModelRunner::Calibration, modelOutputs, nullptr, arguments(plan), samples);
}

LogicalResult Repairer::repair(PrunePlan &plan) const {
  plan.repairs.clear();
  std::vector<unsigned> affected = affectedConsumers(found, plan);
  for (auto [done, number] : llvm::enumerate(affected)) {
    runner.progress("repairing " + std::to_string(done + 1) + "/" + std::to_string(affected.size()));
    const Consumer &consumer = found.consumers[number];
    const Rows &mine = rows[number];
    Repair repair;
    // What is left of the weight, and which of the places that it sums over.
    Value weight = consumer.op->getOperand(consumer.weight);
    SmallVector<std::vector<int64_t>> kept;
    SmallVector<int64_t> shape;
    int64_t all = weightType(consumer).getDimSize(consumer.channelAxis), width = weightType(consumer).getNumElements() / all;
    for (int64_t axis = 0; axis < weightType(consumer).getRank(); ++axis) {
      kept.push_back(keptSlices(found, plan, weight, axis));
      shape.push_back(kept.back().size());
    }
    std::vector<int64_t> channels = kept[consumer.channelAxis];
    int64_t count = channels.size();
    std::vector<double> start = toMatrix(cutFloats(constantFloats(weight), weightType(consumer).getShape(), kept), shape,
                                         consumer.channelAxis);
    start.resize(start.size() + count);
    int64_t unknowns = start.size() / count - 1;
    SmallVector<int64_t> summedShape(weightType(consumer).getShape());
    summedShape.erase(summedShape.begin() + consumer.channelAxis);
    SmallVector<std::vector<int64_t>> summedKept(kept);
    summedKept.erase(summedKept.begin() + consumer.channelAxis);
    std::vector<int64_t> columns = placesKept(summedShape, summedKept);

    std::optional<std::vector<float>> bias = biasOf(consumer, channels);
    if (!bias)
      repair.reason = "what is added to its sums is not one number for each channel";
    NormalEquations fit(unknowns, count), held(unknowns, count);
    std::vector<std::vector<float>> extra = arguments(plan);
    for (size_t sample = 0; sample < samples && repair.reason.empty(); ++sample) {
      FailureOr<std::vector<RunOutput>> outputs = elastic->run(sample, extra);
      if (failed(outputs))
        return failure();
      std::vector<int64_t> places = chosenPlaces(mine.places[sample], mine.perSample, sample);
      std::vector<float> wide, x, y;
      if (!appendInputs(consumer.op, (*outputs)[modelOutputs + 2 * number], mine.dims[sample], places, width, wide)) {
        repair.reason = "its sums cannot be told apart";
        break;
      }
      int64_t have = places.size();
      x.reserve(have * unknowns);
      for (int64_t row = 0; row < have; ++row) {
        for (int64_t column : columns)
          x.push_back(wide[row * width + column]);
        for (auto [o, channel] : llvm::enumerate(channels))
          y.push_back(mine.sums[sample][row * all + channel] - (*bias)[o]);
      }
      // Without samples enough, rows of each are held out.
      if (samples >= kHoldOut) {
        (sample % kHoldOut == kHoldOut - 1 ? held : fit).add(x, y);
        continue;
      }
      int64_t split = have - have / static_cast<int64_t>(kHoldOut);
      fit.add(ArrayRef(x).take_front(split * unknowns), ArrayRef(y).take_front(split * count));
      held.add(ArrayRef(x).drop_front(split * unknowns), ArrayRef(y).drop_front(split * count));
    }
    if (repair.reason.empty())
      if (std::vector<double> solution = solve(repair, fit, held, start, count); !solution.empty())
        repair.weight = fromMatrix(solution, shape, consumer.channelAxis);
    plan.repairs[number] = std::move(repair);
  }
  runner.progress("");
  return success();
}
