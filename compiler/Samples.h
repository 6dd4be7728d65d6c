// The user's samples: .npz files of inputs, and classes where there are any.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_SAMPLES_H
#define BRISK_COMPILER_SAMPLES_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace brisk {

/// One array, as the runtime takes it.
struct SampleTensor {
  int32_t dtype = 0;
  std::vector<int64_t> dims;
  std::vector<uint64_t> words; ///< the data, aligned for every element type
};

struct Sample {
  std::vector<SampleTensor> inputs; ///< in the model's order
  std::vector<int64_t> labels;      ///< one a row of the first output; may be empty
};

/// Reads a .npz file or every one in a folder, in the order of their names. A file has one array for each input of @main,
/// named like it, with one axis more than the input if the file holds several samples, and perhaps `label`; other arrays are passed
/// over. The error is one line that names file and array: a missing input, another dtype, rank or dim, a NaN.
llvm::Expected<std::vector<Sample>> readSamples(llvm::StringRef path, mlir::ModuleOp module);

} // namespace brisk
#endif
