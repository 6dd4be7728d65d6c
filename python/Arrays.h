// Between Python's arrays and the runtime's tensors.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PYTHON_ARRAYS_H
#define BRISK_PYTHON_ARRAYS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL brisk_numpy
#ifndef BRISK_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include "runtime/runtime.h"
#include <memory>
#include <string>
#include <vector>

namespace brisk::python {

struct Release {
  void operator()(PyObject *object) const { Py_DECREF(object); }
};
/// An owned reference.
using Ref = std::unique_ptr<PyObject, Release>;

/// An input or output of a model, with what Python needs to know of it.
struct Value {
  Ref name;
  const brisk_value *facts = nullptr;
  Ref descr; ///< its numpy dtype
  int typeNumber = 0;
  bool packed = false; ///< more than one element a byte in the runtime, one a byte in numpy
  bool closed = false; ///< no open dim
};

/// What a run keeps alive of one input.
struct Held {
  Ref object;
  std::vector<uint8_t> bytes;
  std::vector<const char *> strings;
};

/// Fills `value` from the model's table; false with a Python error.
bool describe(Value &value, const brisk_value *facts);

/// Points `tensor` at the memory of `object`, or at a copy kept in `held`, if its layout or kind asks for one.
/// Accepts numpy arrays, whatever has __dlpack__ on the host, and what numpy makes arrays of. dtype and dims are
/// those of the object: the runtime compares them with the model's.
bool bindInput(const Value &value, PyObject *object, brisk_tensor &tensor, Held &held);

/// The array that a closed output is written to, with `tensor` pointing at its memory; null with a Python error.
PyObject *closedOutput(const Value &value, brisk_tensor &tensor, std::vector<uint8_t> &packed);
/// Called after the run for outputs of more than one element a byte.
void unpack(const Value &value, const std::vector<uint8_t> &packed, PyObject *array);
/// A new array with the contents of an open output, which the context owns.
PyObject *openOutput(const Value &value, const brisk_tensor &tensor);

/// Points `tensor` at the memory of an object with __dlpack__ (DLPack.cpp).
bool bindDLPack(const Value &value, PyObject *object, brisk_tensor &tensor, Held &held);

/// The numpy dtype of a brisk_dtype: a new reference, null with a Python error.
PyArray_Descr *descrOf(int32_t dtype);

} // namespace brisk::python
#endif
