// Checking an artifact against another of the same model.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_VERIFY_H
#define BRISK_COMPILER_VERIFY_H

#include "compiler/Artifact.h"
#include "compiler/Samples.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace brisk {

/// Runs both artifacts on the samples, or without any on seeded random inputs, and compares all outputs.
/// What two outputs may differ by, relative to the largest |element| of the reference: 1e-4 for f32 and f64, 2e-2 for
/// narrower floats; 8-bit integers by one step, which is what rounding a sum in another order does; all else not at all.
/// A model that computes on 8-bit numbers (`isCoarse`) passes such steps on: there the mean square of a float output's
/// differences counts, up to 0.15 squared of that of its elements. Infinities and NaN must lie at the same places. Gives one
/// line that tells the largest difference; an error that names the output if there is too much of one, or the input that
/// cannot be drawn because it has open dims.
llvm::Expected<std::string> verify(Artifact &artifact, Artifact &reference, llvm::ArrayRef<Sample> samples, bool isCoarse);

} // namespace brisk
#endif
