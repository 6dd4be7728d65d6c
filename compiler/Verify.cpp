// Checking an artifact against another of the same model.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Verify.h"

extern "C" {
#include "runtime/tools/array.h"
}
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <vector>

using namespace llvm;
using namespace brisk;

namespace {

bool isFloat(int32_t dtype) {
  return dtype == BRISK_FLOAT32 || dtype == BRISK_FLOAT64 || dtype == BRISK_COMPLEX64 || dtype == BRISK_COMPLEX128;
}

/// Room for an input, filled.
Expected<std::vector<uint64_t>> draw(const brisk_value &value, uint64_t &random) {
  uint64_t bytes = brisk_tensor_bytes(value.dtype, value.rank, value.dims);
  if (bytes == UINT64_MAX)
    return createStringError("cannot draw input '%s', which has open dims: give --eval, or fix them with --shape", value.name);
  if (value.dtype == BRISK_STRING)
    return createStringError("cannot draw input '%s', which holds strings", value.name);
  std::vector<uint64_t> words(bytes / 8 + 1);
  brisk_tensor tensor = {value.dtype, value.rank, value.dims, words.data(), bytes};
  brisk_draw(&tensor, &random);
  return words;
}

/// Root of the mean square of the differences over that of the elements, where steps of 8-bit numbers were passed on.
constexpr double kCoarse = 0.15;

/// What an element may differ by: relative to the largest, or in steps.
double toleranceOf(int32_t dtype) {
  switch (dtype) {
  case BRISK_INT8:
  case BRISK_UINT8:
    return 1;
  case BRISK_FLOAT16:
  case BRISK_BFLOAT16:
    return 2e-2;
  default:
    return isFloat(dtype) ? 1e-4 : 0;
  }
}

bool isRelative(int32_t dtype) { return isFloat(dtype) || dtype == BRISK_FLOAT16 || dtype == BRISK_BFLOAT16; }

/// The difference of two outputs in units of the tolerance's scale; an error where it is too large.
Expected<double> compare(const char *name, const brisk_tensor &mine, const brisk_tensor &reference, bool isCoarse) {
  uint64_t count = brisk_count(reference.rank, reference.dims);
  if (mine.rank != reference.rank || !std::equal(mine.dims, mine.dims + mine.rank, reference.dims))
    return createStringError("output '%s' has another shape than the reference", name);
  double largest = 0, worst = 0, squares = 0, energy = 0;
  uint64_t at = 0;
  for (uint64_t i = 0; i < count; ++i) {
    brisk_number a = brisk_element(mine.dtype, mine.data, i), b = brisk_element(reference.dtype, reference.data, i);
    for (auto [x, y] : {std::pair(a.real, b.real), std::pair(a.imaginary, b.imaginary)}) {
      if (std::isfinite(y)) {
        largest = std::max<double>(largest, std::fabs(y));
        energy += static_cast<double>(y * y);
      }
      bool same = x == y || (std::isnan(x) && std::isnan(y));
      double gap = same ? 0 : std::isfinite(x) && std::isfinite(y) ? std::fabs(static_cast<double>(x - y)) : INFINITY;
      squares += gap * gap;
      if (gap > worst) {
        worst = gap;
        at = i;
      }
    }
  }
  if (isCoarse && isRelative(reference.dtype) && squares <= kCoarse * kCoarse * energy)
    return energy > 0 ? std::sqrt(squares / energy) : 0;
  double scale = isRelative(reference.dtype) && largest > 0 ? largest : 1;
  if (worst <= toleranceOf(reference.dtype) * scale)
    return worst / scale;
  return createStringError(formatv("output '{0}' differs from the reference: element {1} is {2:g}, but expects {3:g} (largest {4:g})",
                                   name, at, static_cast<double>(brisk_element(mine.dtype, mine.data, at).real),
                                   static_cast<double>(brisk_element(reference.dtype, reference.data, at).real), largest)
                               .str());
}

} // namespace

Expected<std::string> brisk::verify(Artifact &artifact, Artifact &reference, ArrayRef<Sample> samples, bool isCoarse) {
  uint64_t random = 0;
  double worst = 0;
  size_t runs = std::max<size_t>(samples.size(), 1);
  for (size_t run = 0; run < runs; ++run) {
    std::vector<std::vector<uint64_t>> drawn;
    std::vector<brisk_tensor> inputs;
    for (int32_t i = 0; i < brisk_model_num_inputs(reference.model); ++i) {
      if (!samples.empty()) {
        const SampleTensor &given = samples[run].inputs[i];
        inputs.push_back({given.dtype, static_cast<int32_t>(given.dims.size()), given.dims.data(),
                          const_cast<uint64_t *>(given.words.data()), 0});
        continue;
      }
      const brisk_value &value = *brisk_model_input(reference.model, i);
      auto words = draw(value, random);
      if (!words)
        return words.takeError();
      drawn.push_back(std::move(*words));
      inputs.push_back({value.dtype, value.rank, value.dims, drawn.back().data(), 0});
    }
    if (Error error = reference.run(inputs))
      return createStringError("the reference fails: " + toString(std::move(error)));
    if (Error error = artifact.run(inputs))
      return error;
    for (auto [i, mine, theirs] : enumerate(artifact.outputs, reference.outputs)) {
      auto difference = compare(brisk_model_output(reference.model, i)->name, mine, theirs, isCoarse);
      if (!difference)
        return difference.takeError();
      worst = std::max(worst, *difference);
    }
  }
  return formatv("verified: {0} outputs of {1} runs differ from the reference by at most {2:e1}", artifact.outputs.size(),
                 runs, worst)
      .str();
}
