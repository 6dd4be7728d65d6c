// Numpy arrays as the runtime's tensors, and back.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "python/Arrays.h"

#include <cstring>
#include <type_traits>

using namespace brisk::python;

static_assert(std::is_same_v<npy_intp, int64_t>, "dims of arrays are passed on as they are");

namespace {

/// numpy's own type of a brisk_dtype, or the name that ml_dtypes gives it.
struct Kind {
  int typeNumber = -1;
  const char *extension = nullptr;
};

const Kind &kindOf(int32_t dtype) {
  static const Kind none;
  static const Kind kinds[] = {
      none,
      {NPY_FLOAT32},
      {NPY_UINT8},
      {NPY_INT8},
      {NPY_UINT16},
      {NPY_INT16},
      {NPY_INT32},
      {NPY_INT64},
      {NPY_OBJECT},
      {NPY_BOOL},
      {NPY_FLOAT16},
      {NPY_FLOAT64},
      {NPY_UINT32},
      {NPY_UINT64},
      {NPY_COMPLEX64},
      {NPY_COMPLEX128},
      {-1, "bfloat16"},
      {-1, "float8_e4m3fn"},
      {-1, "float8_e4m3fnuz"},
      {-1, "float8_e5m2"},
      {-1, "float8_e5m2fnuz"},
      {-1, "uint4"},
      {-1, "int4"},
      {-1, "float4_e2m1fn"},
      {-1, "float8_e8m0fnu"},
      {-1, "uint2"},
      {-1, "int2"},
      {-1, "float6_e2m3fn"},
      {-1, "float6_e3m2fn"},
  };
  return dtype > 0 && dtype < int32_t(std::size(kinds)) ? kinds[dtype] : none;
}

constexpr int32_t lastDtype = BRISK_FLOAT6E3M2;

/// Types of ml_dtypes get their numbers when that package is imported.
PyArray_Descr *extensions[lastDtype + 1];

/// The brisk_dtype of one of numpy's type numbers; 0 if there is none, -1 with a Python error.
int32_t dtypeOf(int typeNumber) {
  switch (typeNumber) {
  case NPY_LONGLONG:
    return BRISK_INT64;
  case NPY_ULONGLONG:
    return BRISK_UINT64;
  case NPY_UNICODE:
  case NPY_STRING:
  case NPY_VSTRING:
    return BRISK_STRING;
  default:
    break;
  }
  for (int32_t dtype = 1; dtype <= lastDtype; ++dtype) {
    if (kindOf(dtype).typeNumber == typeNumber)
      return dtype;
    if (!kindOf(dtype).extension || !PyTypeNum_ISUSERDEF(typeNumber))
      continue;
    PyArray_Descr *descr = descrOf(dtype);
    if (!descr)
      return -1;
    Py_DECREF(descr);
    if (descr->type_num == typeNumber)
      return dtype;
  }
  return BRISK_UNDEFINED;
}

bool isSigned(int32_t dtype) { return dtype == BRISK_INT4 || dtype == BRISK_INT2; }

void packBits(const uint8_t *from, size_t count, int32_t bits, std::vector<uint8_t> &to) {
  to.assign((count * size_t(bits) + 7) / 8, 0);
  const unsigned mask = (1u << bits) - 1;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = i * size_t(bits);
    const unsigned code = (from[i] & mask) << at % 8;
    to[at / 8] |= uint8_t(code);
    if (code >> 8)
      to[at / 8 + 1] |= uint8_t(code >> 8);
  }
}

void unpackBits(const uint8_t *from, size_t count, int32_t dtype, uint8_t *to) {
  const int32_t bits = brisk_dtype_bits(dtype);
  const unsigned mask = (1u << bits) - 1, sign = isSigned(dtype) ? 1u << (bits - 1) : 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = i * size_t(bits);
    unsigned code = from[at / 8];
    if (at % 8 + size_t(bits) > 8)
      code |= unsigned(from[at / 8 + 1]) << 8;
    code = code >> at % 8 & mask;
    to[i] = uint8_t((code ^ sign) - sign);
  }
}

/// Points at UTF-8 forms of the elements of an array of strings.
bool bindStrings(const Value &value, brisk_tensor &tensor, Held &held) {
  PyObject *objects = PyArray_FromAny(held.object.get(), PyArray_DescrFromType(NPY_OBJECT), 0, 0,
                                      NPY_ARRAY_CARRAY_RO | NPY_ARRAY_FORCECAST, nullptr);
  if (!objects)
    return false;
  held.object.reset(objects);
  auto *array = reinterpret_cast<PyArrayObject *>(objects);
  auto **elements = static_cast<PyObject **>(PyArray_DATA(array));
  held.strings.clear();
  for (npy_intp i = 0, n = PyArray_SIZE(array); i < n; ++i) {
    if (!elements[i] || !PyUnicode_Check(elements[i])) {
      PyErr_Format(PyExc_TypeError, "input '%U' expects strings, but an element is of type %s", value.name.get(),
                   elements[i] ? Py_TYPE(elements[i])->tp_name : "None");
      return false;
    }
    const char *text = PyUnicode_AsUTF8(elements[i]);
    if (!text)
      return false;
    held.strings.push_back(text);
  }
  tensor.data = held.strings.data();
  return true;
}

/// A value that is no array: of the model's dtype if that keeps its kind, else of its own.
PyObject *toArray(const Value &value, PyObject *object) {
  Ref array(PyArray_FromAny(object, nullptr, 0, 0, NPY_ARRAY_CARRAY_RO, nullptr));
  if (!array)
    return nullptr;
  auto *descr = reinterpret_cast<PyArray_Descr *>(value.descr.get());
  auto *source = reinterpret_cast<PyArrayObject *>(array.get());
  if (PyArray_TYPE(source) == value.typeNumber || !PyArray_CanCastArrayTo(source, descr, NPY_SAME_KIND_CASTING))
    return array.release();
  Py_INCREF(descr);
  return PyArray_FromArray(source, descr, NPY_ARRAY_CARRAY_RO | NPY_ARRAY_FORCECAST);
}

PyObject *newArray(const Value &value, int32_t rank, const int64_t *dims) {
  Py_INCREF(value.descr.get());
  return PyArray_NewFromDescr(&PyArray_Type, reinterpret_cast<PyArray_Descr *>(value.descr.get()), rank, dims, nullptr,
                              nullptr, 0, nullptr);
}

} // namespace

PyArray_Descr *brisk::python::descrOf(int32_t dtype) {
  const Kind &kind = kindOf(dtype);
  if (kind.typeNumber >= 0)
    return PyArray_DescrFromType(kind.typeNumber);
  if (!kind.extension) {
    PyErr_Format(PyExc_TypeError, "no numpy dtype for the element type %s", brisk_dtype_name(dtype));
    return nullptr;
  }
  PyArray_Descr *&known = extensions[dtype];
  if (!known) {
    Ref package(PyImport_ImportModule("ml_dtypes"));
    Ref type(package ? PyObject_GetAttrString(package.get(), kind.extension) : nullptr);
    if (!type || !PyArray_DescrConverter(type.get(), &known))
      return nullptr;
  }
  Py_INCREF(known);
  return known;
}

bool brisk::python::describe(Value &value, const brisk_value *facts) {
  value.facts = facts;
  value.name.reset(PyUnicode_InternFromString(facts->name));
  value.descr.reset(reinterpret_cast<PyObject *>(descrOf(facts->dtype)));
  if (!value.name || !value.descr)
    return false;
  value.typeNumber = reinterpret_cast<PyArray_Descr *>(value.descr.get())->type_num;
  value.packed = brisk_dtype_bits(facts->dtype) < 8;
  value.closed = brisk_tensor_bytes(facts->dtype, facts->rank, facts->dims) != UINT64_MAX;
  return true;
}

bool brisk::python::bindInput(const Value &value, PyObject *object, brisk_tensor &tensor, Held &held) {
  if (PyArray_Check(object)) {
    Py_INCREF(object);
    held.object.reset(object);
  } else if (PyObject_HasAttrString(object, "__dlpack__")) {
    return bindDLPack(value, object, tensor, held);
  } else {
    held.object.reset(toArray(value, object));
    if (!held.object)
      return false;
  }
  auto *array = reinterpret_cast<PyArrayObject *>(held.object.get());
  const int number = PyArray_TYPE(array);
  tensor.dtype = number == value.typeNumber ? value.facts->dtype : dtypeOf(number);
  // Strings have no memory to compare by: the model has to expect them.
  if (tensor.dtype <= 0 || (tensor.dtype == BRISK_STRING && value.facts->dtype != BRISK_STRING)) {
    if (!PyErr_Occurred())
      PyErr_Format(PyExc_TypeError, "input '%U' expects dtype %S, but got %S", value.name.get(), value.descr.get(),
                   PyArray_DESCR(array));
    return false;
  }
  if (!PyArray_ISCARRAY_RO(array)) {
    array = reinterpret_cast<PyArrayObject *>(
        PyArray_CheckFromAny(held.object.get(), nullptr, 0, 0, NPY_ARRAY_CARRAY_RO | NPY_ARRAY_NOTSWAPPED, nullptr));
    if (!array)
      return false;
    held.object.reset(reinterpret_cast<PyObject *>(array));
  }
  tensor.rank = PyArray_NDIM(array);
  tensor.dims = PyArray_DIMS(array);
  tensor.data = PyArray_DATA(array);
  if (tensor.dtype == BRISK_STRING)
    return bindStrings(value, tensor, held);
  if (const int32_t bits = brisk_dtype_bits(tensor.dtype); bits < 8) {
    packBits(static_cast<const uint8_t *>(tensor.data), size_t(PyArray_SIZE(array)), bits, held.bytes);
    tensor.data = held.bytes.data();
  }
  return true;
}

PyObject *brisk::python::closedOutput(const Value &value, brisk_tensor &tensor, std::vector<uint8_t> &packed) {
  const brisk_value &facts = *value.facts;
  PyObject *array = newArray(value, facts.rank, facts.dims);
  if (!array)
    return nullptr;
  // Not stated: the runtime knows them, and a stated one would only be compared.
  tensor.dtype = BRISK_UNDEFINED;
  tensor.dims = nullptr;
  tensor.data = PyArray_DATA(reinterpret_cast<PyArrayObject *>(array));
  tensor.capacity = 0;
  if (value.packed) {
    packed.resize(brisk_tensor_bytes(facts.dtype, facts.rank, facts.dims));
    tensor.data = packed.data();
  }
  return array;
}

void brisk::python::unpack(const Value &value, const std::vector<uint8_t> &packed, PyObject *object) {
  auto *array = reinterpret_cast<PyArrayObject *>(object);
  unpackBits(packed.data(), size_t(PyArray_SIZE(array)), value.facts->dtype,
             static_cast<uint8_t *>(PyArray_DATA(array)));
}

PyObject *brisk::python::openOutput(const Value &value, const brisk_tensor &tensor) {
  PyObject *object = newArray(value, tensor.rank, tensor.dims);
  if (!object)
    return nullptr;
  auto *array = reinterpret_cast<PyArrayObject *>(object);
  if (tensor.dtype == BRISK_STRING) {
    auto **to = static_cast<PyObject **>(PyArray_DATA(array));
    auto *from = static_cast<const char *const *>(tensor.data);
    for (npy_intp i = 0, n = PyArray_SIZE(array); i < n; ++i) {
      PyObject *text = PyUnicode_DecodeUTF8(from[i], Py_ssize_t(std::strlen(from[i])), "replace");
      if (!text) {
        Py_DECREF(object);
        return nullptr;
      }
      Py_XSETREF(to[i], text);
    }
  } else if (value.packed) {
    unpackBits(static_cast<const uint8_t *>(tensor.data), size_t(PyArray_SIZE(array)), tensor.dtype,
               static_cast<uint8_t *>(PyArray_DATA(array)));
  } else if (PyArray_NBYTES(array)) {
    std::memcpy(PyArray_DATA(array), tensor.data, size_t(PyArray_NBYTES(array)));
  }
  return object;
}
