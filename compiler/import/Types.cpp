// ONNX types and dims as MLIR's, and back.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Types.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace brisk;
using Proto = ::onnx::TensorProto;

Type brisk::elementTypeOf(int32_t dataType, MLIRContext *context) {
  Builder b(context);
  auto integer = [&](unsigned width, bool isSigned) -> Type {
    return isSigned ? b.getIntegerType(width) : b.getIntegerType(width, /*isSigned=*/false);
  };
  switch (dataType) {
  case Proto::BOOL: return b.getI1Type();
  case Proto::INT2: return integer(2, true);
  case Proto::UINT2: return integer(2, false);
  case Proto::INT4: return integer(4, true);
  case Proto::UINT4: return integer(4, false);
  case Proto::INT8: return integer(8, true);
  case Proto::UINT8: return integer(8, false);
  case Proto::INT16: return integer(16, true);
  case Proto::UINT16: return integer(16, false);
  case Proto::INT32: return integer(32, true);
  case Proto::UINT32: return integer(32, false);
  case Proto::INT64: return integer(64, true);
  case Proto::UINT64: return integer(64, false);
  case Proto::FLOAT16: return b.getF16Type();
  case Proto::BFLOAT16: return b.getBF16Type();
  case Proto::FLOAT: return b.getF32Type();
  case Proto::DOUBLE: return b.getF64Type();
  case Proto::COMPLEX64: return ComplexType::get(b.getF32Type());
  case Proto::COMPLEX128: return ComplexType::get(b.getF64Type());
  case Proto::FLOAT8E4M3FN: return Float8E4M3FNType::get(context);
  case Proto::FLOAT8E4M3FNUZ: return Float8E4M3FNUZType::get(context);
  case Proto::FLOAT8E5M2: return Float8E5M2Type::get(context);
  case Proto::FLOAT8E5M2FNUZ: return Float8E5M2FNUZType::get(context);
  case Proto::FLOAT8E8M0: return Float8E8M0FNUType::get(context);
  case Proto::FLOAT6E2M3: return Float6E2M3FNType::get(context);
  case Proto::FLOAT6E3M2: return Float6E3M2FNType::get(context);
  case Proto::FLOAT4E2M1: return Float4E2M1FNType::get(context);
  default: return nullptr;
  }
}

int32_t brisk::dataTypeOf(Type element) {
  for (int32_t dataType = Proto::DataType_MIN; dataType <= Proto::DataType_MAX; ++dataType)
    if (elementTypeOf(dataType, element.getContext()) == element)
      return dataType;
  return Proto::UNDEFINED;
}

std::string brisk::dataTypeName(int32_t dataType) {
  if (!Proto::DataType_IsValid(dataType))
    return std::to_string(dataType);
  return StringRef(Proto::DataType_Name(static_cast<Proto::DataType>(dataType))).lower();
}

unsigned brisk::fileBits(Type element) {
  if (element.isInteger(1))
    return 8;
  if (auto complex = dyn_cast<ComplexType>(element))
    return 2 * complex.getElementType().getIntOrFloatBitWidth();
  return element.getIntOrFloatBitWidth();
}

StringRef brisk::kindName(const ::onnx::TypeProto &type) {
  switch (type.value_case()) {
  case ::onnx::TypeProto::kTensorType: return "tensor";
  case ::onnx::TypeProto::kSparseTensorType: return "sparse tensor";
  case ::onnx::TypeProto::kSequenceType: return "sequence";
  case ::onnx::TypeProto::kMapType: return "map";
  case ::onnx::TypeProto::kOptionalType: return "optional";
  case ::onnx::TypeProto::kOpaqueType: return "opaque";
  default: return "untyped value";
  }
}

::onnx::TypeProto brisk::typeProtoOf(Type type) {
  ::onnx::TypeProto proto;
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return proto;
  proto.mutable_tensor_type()->set_elem_type(dataTypeOf(tensor.getElementType()));
  auto *shape = proto.mutable_tensor_type()->mutable_shape();
  for (const Dim &dim : dimsOf(tensor)) {
    if (std::optional<int64_t> size = dim.constant())
      shape->add_dim()->set_dim_value(*size);
    else
      shape->add_dim()->set_dim_param(dim.str());
  }
  return proto;
}
