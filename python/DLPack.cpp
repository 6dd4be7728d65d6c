// Inputs given as DLPack tensors: read where they are if dense, else copied.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "python/Arrays.h"

using namespace brisk::python;

namespace {

// The stable part of dlpack.h (https://dmlc.github.io/dlpack/latest/c_api.html).
struct DLDevice {
  int32_t type, id;
};
struct DLDataType {
  uint8_t code, bits;
  uint16_t lanes;
};
struct DLTensor {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  int64_t *strides; // in elements; null = dense
  uint64_t byteOffset;
};
struct DLManagedTensor {
  DLTensor tensor;
  void *context;
  void (*deleter)(DLManagedTensor *self);
};

enum DeviceType { CPU = 1, CUDAHost = 3 };

int32_t dtypeOf(DLDataType type) {
  static const struct {
    uint8_t code, bits;
    int32_t dtype;
  } table[] = {
      {0, 8, BRISK_INT8},      {0, 16, BRISK_INT16},        {0, 32, BRISK_INT32},        {0, 64, BRISK_INT64},
      {1, 8, BRISK_UINT8},     {1, 16, BRISK_UINT16},       {1, 32, BRISK_UINT32},       {1, 64, BRISK_UINT64},
      {2, 16, BRISK_FLOAT16},  {2, 32, BRISK_FLOAT32},      {2, 64, BRISK_FLOAT64},      {4, 16, BRISK_BFLOAT16},
      {5, 64, BRISK_COMPLEX64}, {5, 128, BRISK_COMPLEX128}, {6, 8, BRISK_BOOL},          {10, 8, BRISK_FLOAT8E4M3FN},
      {11, 8, BRISK_FLOAT8E4M3FNUZ}, {12, 8, BRISK_FLOAT8E5M2}, {13, 8, BRISK_FLOAT8E5M2FNUZ}, {14, 8, BRISK_FLOAT8E8M0},
  };
  for (const auto &entry : table)
    if (type.lanes == 1 && entry.code == type.code && entry.bits == type.bits)
      return entry.dtype;
  return BRISK_UNDEFINED;
}

bool isDense(const DLTensor &tensor) {
  if (!tensor.strides)
    return true;
  int64_t expected = 1;
  for (int32_t axis = tensor.ndim; axis-- > 0;) {
    if (tensor.shape[axis] == 0)
      return true;
    if (tensor.shape[axis] != 1 && tensor.strides[axis] != expected)
      return false;
    expected *= tensor.shape[axis];
  }
  return true;
}

/// A dense copy, as an array of plain bytes of that size.
PyObject *denseCopy(const DLTensor &tensor, char *data) {
  const int size = tensor.dtype.bits / 8;
  Ref text(PyUnicode_FromFormat("V%d", size));
  PyArray_Descr *descr = nullptr;
  if (!text || !PyArray_DescrConverter(text.get(), &descr))
    return nullptr;
  std::vector<npy_intp> strides(tensor.strides, tensor.strides + tensor.ndim);
  for (npy_intp &stride : strides)
    stride *= size;
  Ref view(PyArray_NewFromDescr(&PyArray_Type, descr, tensor.ndim, tensor.shape, strides.data(), data, 0, nullptr));
  return view ? PyArray_NewCopy(reinterpret_cast<PyArrayObject *>(view.get()), NPY_CORDER) : nullptr;
}

} // namespace

bool brisk::python::bindDLPack(const Value &value, PyObject *object, brisk_tensor &tensor, Held &held) {
  Ref device(PyObject_CallMethod(object, "__dlpack_device__", nullptr));
  if (!device)
    return false;
  int type = 0, id = 0;
  if (!PyArg_ParseTuple(device.get(), "ii", &type, &id))
    return false;
  if (type != CPU && type != CUDAHost) {
    PyErr_Format(PyExc_ValueError, "input '%U' expects a tensor in host memory, but got one on DLPack device (%d, %d)",
                 value.name.get(), type, id);
    return false;
  }
  // The capsule is kept, not consumed: when it goes, after the run, it gives the tensor back.
  held.object.reset(PyObject_CallMethod(object, "__dlpack__", nullptr));
  if (!held.object)
    return false;
  auto *managed = static_cast<DLManagedTensor *>(PyCapsule_GetPointer(held.object.get(), "dltensor"));
  if (!managed)
    return false;
  const DLTensor &given = managed->tensor;
  tensor.dtype = dtypeOf(given.dtype);
  if (!tensor.dtype) {
    PyErr_Format(PyExc_TypeError, "input '%U' expects dtype %S, but got DLPack type (code %d, %d bits, %d lanes)",
                 value.name.get(), value.descr.get(), given.dtype.code, given.dtype.bits, given.dtype.lanes);
    return false;
  }
  char *data = static_cast<char *>(given.data) + given.byteOffset;
  tensor.rank = given.ndim;
  tensor.dims = given.shape;
  tensor.data = data;
  const auto align = uintptr_t(given.dtype.bits / 8);
  if (isDense(given) && (!data || uintptr_t(data) % align == 0))
    return true;
  PyObject *copy = denseCopy(given, data);
  if (!copy)
    return false;
  held.object.reset(copy);
  tensor.dims = PyArray_DIMS(reinterpret_cast<PyArrayObject *>(copy));
  tensor.data = PyArray_DATA(reinterpret_cast<PyArrayObject *>(copy));
  return true;
}
