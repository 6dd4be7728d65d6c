// Constants as ONNX tensors.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/export/Exporter.h"
#include "compiler/import/Types.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace brisk;

namespace {

/// Elements of one byte each, packed `bits` to each, lowest first.
std::string pack(ArrayRef<char> elements, unsigned bits) {
  std::string packed((elements.size() * bits + 7) / 8, '\0');
  for (size_t i = 0; i < elements.size(); ++i) {
    unsigned value = static_cast<uint8_t>(elements[i]) & ((1u << bits) - 1);
    size_t at = i * bits;
    packed[at / 8] |= static_cast<char>(value << (at % 8));
    if (at % 8 + bits > 8)
      packed[at / 8 + 1] |= static_cast<char>(value >> (8 - at % 8));
  }
  return packed;
}

} // namespace

std::string brisk::fileBytes(ElementsAttr value) {
  auto type = cast<RankedTensorType>(value.getShapedType());
  size_t count = type.getNumElements();
  std::string bytes;
  if (type.getElementType().isInteger(1)) {
    for (bool element : cast<DenseElementsAttr>(value).getValues<bool>())
      bytes.push_back(element ? 1 : 0);
    return bytes;
  }
  unsigned bits = fileBits(type.getElementType());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    ArrayRef<char> data = resource.getRawHandle().getBlob()->getData();
    bytes.assign(data.begin(), data.end());
  } else {
    auto dense = cast<DenseElementsAttr>(value);
    ArrayRef<char> data = dense.getRawData();
    bytes.reserve(count * data.size() / (dense.isSplat() ? 1 : std::max<size_t>(count, 1)));
    for (size_t i = 0, copies = dense.isSplat() ? count : 1; i < copies; ++i)
      bytes.append(data.begin(), data.end());
  }
  return bits < 8 ? pack(bytes, bits) : bytes;
}

void brisk::fillTensor(::onnx::TensorProto &tensor, ElementsAttr value, std::string bytes) {
  auto type = cast<RankedTensorType>(value.getShapedType());
  tensor.set_data_type(dataTypeOf(type.getElementType()));
  for (int64_t dim : type.getShape())
    tensor.add_dims(dim);
  tensor.set_raw_data(std::move(bytes));
}
