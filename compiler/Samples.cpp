// The user's samples: .npz files of inputs, and classes where there are any.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Samples.h"

#include "compiler/Signature.h"
#include "dialects/interfaces/ShapeContext.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
extern "C" {
#include "runtime/tools/array.h"
}
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;
using namespace brisk;

namespace {

struct Input {
  std::string name;
  int32_t dtype;
  SmallVector<int64_t> dims; // ShapedType::kDynamic where open
};

template <typename... Ts> llvm::Error fail(const char *format, Ts &&...values) {
  return llvm::createStringError(llvm::formatv(false, format, std::forward<Ts>(values)...).str());
}

std::string dimsText(ArrayRef<int64_t> dims) {
  std::string text = "[";
  for (auto [i, dim] : llvm::enumerate(dims))
    text += (i ? ", " : "") + (ShapedType::isDynamic(dim) ? std::string("?") : std::to_string(dim));
  return text + "]";
}

bool matches(const Input &input, ArrayRef<int64_t> dims) {
  return dims.size() == input.dims.size() && llvm::all_of(llvm::zip(dims, input.dims), [](auto pair) {
           return ShapedType::isDynamic(std::get<1>(pair)) || std::get<0>(pair) == std::get<1>(pair);
         });
}

bool hasNan(const brisk_tensor &tensor) {
  uint64_t count = brisk_count(tensor.rank, tensor.dims);
  if (tensor.dtype == BRISK_FLOAT32) {
    auto *values = static_cast<const float *>(tensor.data);
    return std::any_of(values, values + count, [](float value) { return std::isnan(value); });
  }
  bool isFloat = tensor.dtype == BRISK_FLOAT16 || tensor.dtype == BRISK_BFLOAT16 || tensor.dtype == BRISK_FLOAT64;
  for (uint64_t i = 0; isFloat && i < count; ++i)
    if (std::isnan(brisk_element(tensor.dtype, tensor.data, i).real))
      return true;
  return false;
}

/// Adds the samples of one file.
llvm::Error readFile(const std::string &path, ArrayRef<Input> inputs, std::vector<Sample> &samples) {
  brisk_arrays arrays = {};
  if (brisk_arrays_read(path.c_str(), &arrays) != BRISK_OK)
    return llvm::createStringError(brisk_error_message());
  auto release = llvm::make_scope_exit([&] { brisk_arrays_free(&arrays); });
  std::optional<int64_t> count; // unset: the file is one sample
  bool first = true;
  std::vector<Sample> found;
  for (const Input &input : inputs) {
    const brisk_array *array = brisk_arrays_find(&arrays, input.name.c_str());
    if (!array)
      return fail("samples '{0}': has no array '{1}', which is an input of the model", path, input.name);
    ArrayRef<int64_t> dims(array->dims, array->rank);
    bool many = dims.size() == input.dims.size() + 1;
    if (!matches(input, many ? dims.drop_front() : dims))
      return fail("samples '{0}': array '{1}' has dims {2}, but the input expects {3}, or one axis more in front", path,
                  input.name, dimsText(dims), dimsText(input.dims));
    std::optional<int64_t> here = many ? std::optional(dims.front()) : std::nullopt;
    if (!first && here != count)
      return fail("samples '{0}': array '{1}' holds {2} samples, but those before it hold {3}", path, input.name,
                  here.value_or(1), count.value_or(1));
    count = here;
    first = false;
    found.resize(count.value_or(1));
    uint64_t bytes = found.empty() ? 0 : array->bytes / found.size();
    for (auto [i, sample] : llvm::enumerate(found)) {
      brisk_array part = *array;
      part.rank = static_cast<int32_t>(input.dims.size());
      part.dims = array->dims + (many ? 1 : 0);
      part.data = array->data + i * bytes;
      part.bytes = bytes;
      brisk_tensor tensor = {};
      if (brisk_tensor_from_array(&part, input.dtype, input.name.c_str(), &tensor) != BRISK_OK)
        return fail("samples '{0}': {1}", path, brisk_error_message());
      auto drop = llvm::make_scope_exit([&] { free(tensor.data); });
      if (hasNan(tensor))
        return fail("samples '{0}': array '{1}' holds a NaN in sample {2}", path, input.name, i);
      SampleTensor &kept = sample.inputs.emplace_back();
      kept.dtype = tensor.dtype;
      kept.dims.assign(part.dims, part.dims + part.rank);
      uint64_t size = brisk_tensor_bytes(tensor.dtype, tensor.rank, tensor.dims);
      kept.words.resize(size / 8 + 1);
      memcpy(kept.words.data(), tensor.data, size);
    }
  }
  if (const brisk_array *labels = brisk_arrays_find(&arrays, "label")) {
    int32_t dtype = labels->kind == 'i' || labels->kind == 'u'
                        ? (labels->item_bytes == 8   ? BRISK_INT64
                           : labels->item_bytes == 4 ? BRISK_INT32
                           : labels->item_bytes == 2 ? BRISK_INT16
                                                     : BRISK_INT8)
                        : 0;
    if (!dtype)
      return fail("samples '{0}': array 'label' must hold integers", path);
    uint64_t total = brisk_count(labels->rank, labels->dims);
    if (found.empty() || total % found.size() != 0 || (count && labels->rank > 0 && labels->dims[0] != *count))
      return fail("samples '{0}': array 'label' has dims {1}, but the file holds {2} samples", path,
                  dimsText(ArrayRef(labels->dims, labels->rank)), found.size());
    for (uint64_t i = 0; i < total; ++i)
      found[i / (total / found.size())].labels.push_back(
          static_cast<int64_t>(brisk_element(dtype, labels->data, i).real));
  }
  for (Sample &sample : found)
    samples.push_back(std::move(sample));
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::vector<Sample>> brisk::readSamples(StringRef path, ModuleOp module) {
  namespace fs = llvm::sys::fs;
  auto main = module.lookupSymbol<func::FuncOp>("main");
  std::vector<Input> inputs;
  for (unsigned i = 0; i < main.getNumArguments(); ++i) {
    auto type = cast<RankedTensorType>(main.getArgumentTypes()[i]);
    auto name = main.getArgAttrOfType<StringAttr>(i, "onnx.name");
    inputs.push_back({name ? name.str() : "input" + std::to_string(i), onnxDataType(type.getElementType()),
                      SmallVector<int64_t>(type.getShape())});
  }
  std::vector<std::string> files;
  if (fs::is_directory(path)) {
    std::error_code code;
    for (fs::directory_iterator entry(path, code), end; entry != end && !code; entry.increment(code))
      if (StringRef(entry->path()).ends_with(".npz"))
        files.push_back(entry->path());
    if (code)
      return fail("samples '{0}': {1}", path, code.message());
    llvm::sort(files);
    if (files.empty())
      return fail("samples '{0}': the folder holds no .npz file", path);
  } else {
    files.push_back(path.str());
  }
  std::vector<Sample> samples;
  for (const std::string &file : files)
    if (llvm::Error error = readFile(file, inputs, samples))
      return std::move(error);
  if (samples.empty())
    return fail("samples '{0}': there are none", path);
  return samples;
}
