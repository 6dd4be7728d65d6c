// Tensors of a model file as attributes.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Weights.h"

#include "compiler/import/Model.h"
#include "compiler/import/Types.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace brisk;
using llvm::Expected;
using Proto = ::onnx::TensorProto;

/// A file of weights, mapped read-only for as long as an attribute refers to it.
struct Weights::File {
  std::unique_ptr<llvm::sys::fs::mapped_file_region> region;
  ArrayRef<char> bytes() const {
    return region ? ArrayRef<char>(region->const_data(), region->size()) : ArrayRef<char>();
  }
};

Expected<int64_t> brisk::elementCount(ArrayRef<int64_t> dims) {
  if (dims.size() > static_cast<size_t>(Limits::rank))
    return modelError("has rank {0}, above the limit of {1}", dims.size(), Limits::rank);
  int64_t count = 1;
  for (int64_t dim : dims) {
    if (dim < 0)
      return modelError("has the negative dim {0}", dim);
    // Zero must not hide an overflow: other code multiplies in another order.
    if (llvm::MulOverflow(count, std::max<int64_t>(dim, 1), count) || count > (int64_t(1) << 56))
      return modelError("has more elements than fit into memory: dims {0}", llvm::join(llvm::map_range(dims, [](int64_t d) { return std::to_string(d); }), "x"));
  }
  return llvm::is_contained(dims, 0) ? 0 : count;
}

Expected<RankedTensorType> Weights::typeOf(const Proto &tensor) {
  if (tensor.data_type() == Proto::STRING)
    return modelError("is a tensor of strings, which are not supported");
  Type element = elementTypeOf(tensor.data_type(), context);
  if (!element)
    return modelError("has the unknown data type {0}", tensor.data_type());
  if (tensor.has_segment())
    return modelError("is split into segments, which are not supported");
  SmallVector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
  if (Expected<int64_t> count = elementCount(dims); !count)
    return count.takeError();
  return RankedTensorType::get(dims, element);
}

//===--- data fields --------------------------------------------------------===//

namespace {

/// Low bytes of each value of a data field, `width` a value.
template <typename List> bool gather(const List &list, uint64_t values, unsigned width, std::vector<char> &bytes) {
  if (static_cast<uint64_t>(list.size()) != values)
    return false;
  bytes.resize(values * width);
  char *to = bytes.data();
  for (auto value : list) {
    static_assert(llvm::endianness::native == llvm::endianness::little);
    memcpy(to, &value, width);
    to += width;
  }
  return true;
}

/// Elements of 2, 4 or 6 bits, lowest bits first, one to a byte.
std::vector<char> unpack(ArrayRef<char> packed, int64_t count, unsigned bits) {
  std::vector<char> bytes(count);
  for (int64_t i = 0; i < count; ++i) {
    uint64_t at = static_cast<uint64_t>(i) * bits;
    unsigned word = static_cast<uint8_t>(packed[at / 8]);
    if (at % 8 + bits > 8)
      word |= static_cast<unsigned>(static_cast<uint8_t>(packed[at / 8 + 1])) << 8;
    bytes[i] = static_cast<char>((word >> (at % 8)) & ((1u << bits) - 1));
  }
  return bytes;
}

/// One element repeated?
bool isSplat(ArrayRef<char> bytes, size_t width) {
  return bytes.size() > width && memcmp(bytes.data(), bytes.data() + width, bytes.size() - width) == 0;
}

} // namespace

Expected<ElementsAttr> Weights::convert(const Proto &tensor, std::shared_ptr<const void> owner) {
  Expected<RankedTensorType> type = typeOf(tensor);
  if (!type)
    return type.takeError();
  uint64_t count = type->getNumElements();
  unsigned bits = fileBits(type->getElementType());
  uint64_t needed = (count * bits + 7) / 8;

  if (tensor.data_location() == Proto::EXTERNAL) {
    std::shared_ptr<const void> file;
    Expected<ArrayRef<char>> bytes = external(tensor, needed, file);
    if (!bytes)
      return bytes.takeError();
    return build(*type, tensor.name(), *bytes, std::move(file));
  }
  if (tensor.has_raw_data() && (count == 0 || !tensor.raw_data().empty())) {
    const std::string &raw = tensor.raw_data();
    if (raw.size() != needed)
      return modelError("holds {0} bytes of data, but its shape needs {1}", raw.size(), needed);
    return build(*type, tensor.name(), ArrayRef<char>(raw.data(), raw.size()), std::move(owner));
  }
  auto bytes = std::make_shared<std::vector<char>>();
  bool fits = false;
  switch (tensor.data_type()) {
  case Proto::FLOAT:
  case Proto::COMPLEX64:
    fits = gather(tensor.float_data(), needed / 4, 4, *bytes);
    break;
  case Proto::DOUBLE:
  case Proto::COMPLEX128:
    fits = gather(tensor.double_data(), needed / 8, 8, *bytes);
    break;
  case Proto::INT64:
    fits = gather(tensor.int64_data(), count, 8, *bytes);
    break;
  case Proto::UINT32:
  case Proto::UINT64:
    fits = gather(tensor.uint64_data(), count, bits / 8, *bytes);
    break;
  default: { // Everything else is in int32_data; elements of less than a byte are packed into bytes first.
    unsigned width = std::max(1u, bits / 8);
    fits = gather(tensor.int32_data(), needed / width, width, *bytes);
  }
  }
  if (!fits)
    return modelError("holds another number of values than its shape needs");
  ArrayRef<char> view(*bytes);
  return build(*type, tensor.name(), view, std::move(bytes));
}

Expected<ElementsAttr> Weights::build(RankedTensorType type, StringRef name, ArrayRef<char> bytes,
                                      std::shared_ptr<const void> owner) {
  Type element = type.getElementType();
  unsigned bits = fileBits(element);
  int64_t count = type.getNumElements();
  if (element.isInteger(1)) {
    SmallVector<bool> values(llvm::map_range(bytes, [](char byte) { return byte != 0; }));
    bool splat = !values.empty() && llvm::all_equal(values);
    return DenseElementsAttr::get(type, splat ? ArrayRef<bool>(values).take_front(1) : ArrayRef<bool>(values));
  }
  std::vector<char> unpacked;
  if (bits < 8) {
    unpacked = unpack(bytes, count, bits);
    bytes = unpacked;
    bits = 8;
  }
  size_t width = bits / 8;
  if (count == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  if (isSplat(bytes, width))
    bytes = bytes.take_front(width);
  if (bytes.size() <= kSmall || !unpacked.empty())
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  size_t align = std::min<size_t>(isa<ComplexType>(element) ? width / 2 : width, 8);
  StringRef key = name.empty() ? "constant" : name;
  if (reinterpret_cast<uintptr_t>(bytes.data()) % align != 0)
    return DenseResourceElementsAttr::get(type, key, HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, align, false));
  AsmResourceBlob blob(bytes, align, [owner = std::move(owner)](void *, size_t, size_t) {}, /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(type, key, std::move(blob));
}

//===--- external data ------------------------------------------------------===//

Expected<std::shared_ptr<Weights::File>> Weights::open(StringRef location) {
  namespace fs = llvm::sys::fs;
  namespace path = llvm::sys::path;
  auto known = files.find(location);
  if (known != files.end())
    return known->second;
  if (folder.empty())
    return modelError("is external data in '{0}', but a model in memory has no folder", location);
  if (location.empty() || location.contains('\0') || path::is_absolute(location) ||
      llvm::is_contained(llvm::make_range(path::begin(location), path::end(location)), ".."))
    return modelError("is external data in '{0}', which is outside the model's folder", location);
  SmallString<256> joined(folder), real, root;
  path::append(joined, location);
  if (std::error_code code = fs::real_path(joined, real))
    return modelError("is external data in '{0}', which cannot be read: {1}", location, code.message());
  if (std::error_code code = fs::real_path(folder, root))
    return modelError("lies in the folder '{0}', which cannot be read: {1}", folder, code.message());
  // A symbolic link may lead anywhere.
  if (!root.ends_with("/"))
    root += '/';
  if (!real.str().starts_with(root))
    return modelError("is external data in '{0}', which leads outside the model's folder", location);
  fs::file_status status;
  if (fs::status(real, status) || status.type() != fs::file_type::regular_file)
    return modelError("is external data in '{0}', which is not a file", location);
  Expected<fs::file_t> handle = fs::openNativeFileForRead(real);
  if (!handle)
    return modelError("is external data in '{0}', which cannot be read: {1}", location,
                      llvm::toString(handle.takeError()));
  auto file = std::make_shared<File>();
  std::error_code code;
  if (status.getSize() > 0)
    file->region = std::make_unique<fs::mapped_file_region>(*handle, fs::mapped_file_region::readonly, status.getSize(),
                                                            0, code);
  fs::closeFile(*handle);
  if (code)
    return modelError("is external data in '{0}', which cannot be read: {1}", location, code.message());
  return files[location] = file;
}

Expected<ArrayRef<char>> Weights::external(const Proto &tensor, uint64_t needed, std::shared_ptr<const void> &owner) {
  StringRef location;
  uint64_t offset = 0, length = needed;
  for (const auto &entry : tensor.external_data()) {
    StringRef value = entry.value();
    if (entry.key() == "location")
      location = value;
    else if (entry.key() == "offset" && value.getAsInteger(10, offset))
      return modelError("has external data at the offset '{0}', which is not a number", value);
    else if (entry.key() == "length" && value.getAsInteger(10, length))
      return modelError("has external data of length '{0}', which is not a number", value);
  }
  if (length != needed)
    return modelError("has {0} bytes of external data, but its shape needs {1}", length, needed);
  Expected<std::shared_ptr<File>> file = open(location);
  if (!file)
    return file.takeError();
  ArrayRef<char> bytes = (*file)->bytes();
  if (offset > bytes.size() || needed > bytes.size() - offset)
    return modelError("needs {0} bytes at offset {1} of '{2}', which has {3}", needed, offset, location, bytes.size());
  owner = *file;
  return bytes.slice(offset, needed);
}

//===--- sparse tensors -----------------------------------------------------===//

Expected<ElementsAttr> Weights::convert(const ::onnx::SparseTensorProto &tensor, std::shared_ptr<const void> owner) {
  SmallVector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
  Expected<int64_t> count = elementCount(dims);
  if (!count)
    return count.takeError();
  if (static_cast<uint64_t>(*count) > Limits::denseElements)
    return modelError("is a sparse tensor of {0} elements, above the limit of {1}", *count, Limits::denseElements);
  Expected<ElementsAttr> values = convert(tensor.values(), owner), indices = convert(tensor.indices(), owner);
  if (!values) {
    llvm::consumeError(indices.takeError());
    return values.takeError();
  }
  if (!indices)
    return indices.takeError();
  auto valueType = cast<RankedTensorType>(values->getShapedType());
  auto indexType = cast<RankedTensorType>(indices->getShapedType());
  unsigned bits = fileBits(valueType.getElementType());
  int64_t given = valueType.getRank() == 1 ? valueType.getDimSize(0) : -1;
  bool flat = indexType.getRank() == 1;
  bool matching = given >= 0 && bits >= 8 && !valueType.getElementType().isInteger(1) &&
                  indexType.getElementType().isInteger(64) &&
                  (flat ? indexType.getDimSize(0) == given
                        : indexType.getRank() == 2 && indexType.getDimSize(0) == given &&
                              indexType.getDimSize(1) == static_cast<int64_t>(dims.size()));
  if (!matching)
    return modelError("is a sparse tensor whose values and indices do not match");
  auto rawBytes = [](ElementsAttr attr) -> std::vector<char> {
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
      ArrayRef<char> data = resource.getRawHandle().getBlob()->getData();
      return std::vector<char>(data.begin(), data.end());
    }
    auto dense = cast<DenseElementsAttr>(attr);
    ArrayRef<char> data = dense.getRawData();
    std::vector<char> bytes;
    for (int64_t i = 0, n = dense.isSplat() ? attr.getNumElements() : 1; i < n; ++i)
      bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
  };
  size_t width = bits / 8;
  std::vector<char> from = rawBytes(*values), at = rawBytes(*indices);
  auto bytes = std::make_shared<std::vector<char>>(static_cast<size_t>(*count) * width);
  for (int64_t i = 0; i < given; ++i) {
    int64_t position = 0;
    for (size_t axis = 0, n = flat ? 1 : dims.size(); axis < n; ++axis) {
      int64_t index;
      memcpy(&index, at.data() + (i * n + axis) * 8, 8);
      int64_t bound = flat ? *count : dims[axis];
      if (index < 0 || index >= bound)
        return modelError("is a sparse tensor with the index {0} out of range", index);
      position = flat ? index : position * dims[axis] + index;
    }
    memcpy(bytes->data() + position * width, from.data() + i * width, width);
  }
  ArrayRef<char> view(*bytes);
  return build(RankedTensorType::get(dims, valueType.getElementType()), tensor.values().name(), view, std::move(bytes));
}
