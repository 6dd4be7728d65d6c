// brisk._runtime: opened artifacts that run, without the compiler.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define BRISK_IMPORTS_NUMPY
#include "python/Arrays.h"

#include <algorithm>
#include <new>

using namespace brisk::python;

namespace {

PyObject *raise(brisk_status status, const char *message) {
  PyObject *type = PyExc_RuntimeError;
  if (status == BRISK_ERROR_ARGUMENT || status == BRISK_ERROR_INPUT || status == BRISK_ERROR_OUTPUT)
    type = PyExc_ValueError;
  else if (status == BRISK_ERROR_FILE)
    type = PyExc_OSError;
  else if (status == BRISK_ERROR_MEMORY)
    type = PyExc_MemoryError;
  PyErr_SetString(type, message);
  return nullptr;
}

/// One context and what a call needs beside it: nothing of this is allocated again in later calls.
struct Run {
  brisk_context *context = nullptr;
  std::vector<brisk_tensor> inputs, outputs;
  std::vector<Held> held;
  std::vector<std::vector<uint8_t>> packed;
  std::vector<Ref> arrays;

  ~Run() {
    brisk_context_destroy(context);
  }
  void release() {
    for (Held &one : held)
      one.object.reset();
    for (Ref &array : arrays)
      array.reset();
  }
};

struct Model {
  brisk_model *model = nullptr;
  int32_t threads = 1;
  bool pin = false;
  std::string isa;
  std::vector<Value> inputs, outputs;
  /// Contexts that no thread is running now. Guarded by the GIL.
  std::vector<std::unique_ptr<Run>> idle;

  ~Model() {
    idle.clear();
    brisk_model_close(model);
  }

  std::unique_ptr<Run> makeRun(int32_t profileEvents = 0) {
    auto run = std::make_unique<Run>();
    brisk_options options = {threads, pin, isa.empty() ? nullptr : isa.c_str(), profileEvents, 0};
    if (brisk_status status = brisk_context_create(model, &options, &run->context)) {
      raise(status, brisk_error_message());
      return nullptr;
    }
    run->inputs.resize(inputs.size());
    run->held.resize(inputs.size());
    run->outputs.resize(outputs.size());
    run->packed.resize(outputs.size());
    run->arrays.resize(outputs.size());
    return run;
  }

  PyObject *names(const std::vector<Value> &values) const {
    PyObject *list = PyList_New(Py_ssize_t(values.size()));
    for (size_t i = 0; list && i < values.size(); ++i) {
      Py_INCREF(values[i].name.get());
      PyList_SET_ITEM(list, Py_ssize_t(i), values[i].name.get());
    }
    return list;
  }

  bool failNames(PyObject *given) const {
    for (const Value &value : inputs)
      if (!PyDict_GetItemWithError(given, value.name.get())) {
        if (!PyErr_Occurred())
          PyErr_Format(PyExc_ValueError, "missing input '%U'", value.name.get());
        return false;
      }
    PyObject *key, *object;
    for (Py_ssize_t at = 0; PyDict_Next(given, &at, &key, &object);)
      if (std::none_of(inputs.begin(), inputs.end(),
                       [&](const Value &value) { return PyObject_RichCompareBool(value.name.get(), key, Py_EQ) == 1; })) {
        Ref list(names(inputs));
        if (list)
          PyErr_Format(PyExc_ValueError, "unknown input %R: the model's inputs are %R", key, list.get());
        return false;
      }
    return false;
  }

  bool bindInputs(Run &run, PyObject *given) const {
    const size_t count = inputs.size();
    if (PyDict_Check(given)) {
      for (size_t i = 0; i < count; ++i) {
        PyObject *object = PyDict_GetItemWithError(given, inputs[i].name.get());
        if (!object)
          return failNames(given);
        if (!bindInput(inputs[i], object, run.inputs[i], run.held[i]))
          return false;
      }
      return size_t(PyDict_GET_SIZE(given)) == count || failNames(given);
    }
    if (!PyList_Check(given) && !PyTuple_Check(given)) {
      PyErr_Format(PyExc_TypeError, "expects a dict of arrays by input name, or a list of them, but got %s",
                   Py_TYPE(given)->tp_name);
      return false;
    }
    const auto size = size_t(PySequence_Fast_GET_SIZE(given));
    if (size != count) {
      Ref list(names(inputs));
      if (list)
        PyErr_Format(PyExc_ValueError, "expects %zu inputs, but got %zu: the model's inputs are %R", count, size,
                     list.get());
      return false;
    }
    // Bound inputs keep references, so that other threads may change the list meanwhile.
    for (size_t i = 0; i < count && i < size_t(PySequence_Fast_GET_SIZE(given)); ++i)
      if (!bindInput(inputs[i], PySequence_Fast_GET_ITEM(given, Py_ssize_t(i)), run.inputs[i], run.held[i]))
        return false;
    return true;
  }

  bool makeOutputs(Run &run) const {
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].closed && outputs[i].facts->dtype != BRISK_STRING) {
        run.arrays[i].reset(closedOutput(outputs[i], run.outputs[i], run.packed[i]));
        if (!run.arrays[i])
          return false;
      } else {
        run.outputs[i] = brisk_tensor{};
      }
    }
    return true;
  }

  PyObject *takeOutputs(Run &run) const {
    Ref result(PyDict_New());
    if (!result)
      return nullptr;
    for (size_t i = 0; i < outputs.size(); ++i) {
      Ref &array = run.arrays[i];
      if (!array)
        array.reset(openOutput(outputs[i], run.outputs[i]));
      else if (outputs[i].packed)
        unpack(outputs[i], run.packed[i], array.get());
      if (!array || PyDict_SetItem(result.get(), outputs[i].name.get(), array.get()))
        return nullptr;
      array.reset();
    }
    return result.release();
  }

  PyObject *call(Run &run, PyObject *given) const {
    if (!bindInputs(run, given) || !makeOutputs(run))
      return nullptr;
    brisk_status status;
    Py_BEGIN_ALLOW_THREADS;
    status = brisk_run(run.context, run.inputs.data(), int32_t(run.inputs.size()), run.outputs.data(),
                       int32_t(run.outputs.size()));
    Py_END_ALLOW_THREADS;
    return status ? raise(status, brisk_context_message(run.context)) : takeOutputs(run);
  }
};

struct Session {
  PyObject_HEAD Model *model;
};

Model *modelOf(PyObject *self) {
  Model *model = reinterpret_cast<Session *>(self)->model;
  if (!model)
    PyErr_SetString(PyExc_RuntimeError, "the model is not open");
  return model;
}

int init(PyObject *self, PyObject *args, PyObject *keywords) {
  static const char *names[] = {"path", "threads", "isa", "pin_threads", nullptr};
  PyObject *path = nullptr;
  int threads = 1, pin = 0;
  const char *isa = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "O&|izp", const_cast<char **>(names), PyUnicode_FSConverter, &path,
                                   &threads, &isa, &pin))
    return -1;
  Ref keep(path);
  auto model = std::make_unique<Model>();
  model->threads = threads;
  model->pin = pin;
  model->isa = isa ? isa : "";
  brisk_status status;
  Py_BEGIN_ALLOW_THREADS;
  status = brisk_model_open(PyBytes_AS_STRING(path), &model->model);
  Py_END_ALLOW_THREADS;
  if (status) {
    raise(status, brisk_error_message());
    return -1;
  }
  model->inputs.resize(size_t(brisk_model_num_inputs(model->model)));
  model->outputs.resize(size_t(brisk_model_num_outputs(model->model)));
  for (size_t i = 0; i < model->inputs.size(); ++i)
    if (!describe(model->inputs[i], brisk_model_input(model->model, int32_t(i))))
      return -1;
  for (size_t i = 0; i < model->outputs.size(); ++i)
    if (!describe(model->outputs[i], brisk_model_output(model->model, int32_t(i))))
      return -1;
  std::unique_ptr<Run> run = model->makeRun();
  if (!run)
    return -1;
  model->idle.push_back(std::move(run));
  auto *session = reinterpret_cast<Session *>(self);
  delete session->model;
  session->model = model.release();
  return 0;
}

void dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  delete reinterpret_cast<Session *>(self)->model;
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject *run(PyObject *self, PyObject *given) {
  Model *model = modelOf(self);
  if (!model)
    return nullptr;
  std::unique_ptr<Run> run;
  if (model->idle.empty()) {
    run = model->makeRun();
    if (!run)
      return nullptr;
  } else {
    run = std::move(model->idle.back());
    model->idle.pop_back();
  }
  PyObject *result = model->call(*run, given);
  run->release();
  model->idle.push_back(std::move(run));
  return result;
}

/// ([(kernel, thread, start_ns, duration_ns)]) of `runs` runs after one that is not counted; also as a file.
PyObject *profile(PyObject *self, PyObject *args) {
  PyObject *given, *path = Py_None;
  int runs;
  Model *model = modelOf(self);
  if (!model || !PyArg_ParseTuple(args, "OiO", &given, &runs, &path))
    return nullptr;
  const int64_t kernels = brisk_model_num_kernels(model->model) + 1;
  const int64_t events = std::clamp<int64_t>(kernels * runs, 1 << 10, 1 << 22);
  std::unique_ptr<Run> run = model->makeRun(int32_t(events));
  for (int i = 0; i <= runs; ++i) {
    if (!run)
      return nullptr;
    if (i == 1)
      brisk_profile_clear(run->context);
    Ref outputs(model->call(*run, given));
    run->release();
    if (!outputs)
      return nullptr;
  }
  if (path != Py_None) {
    PyObject *bytes = nullptr;
    if (!PyUnicode_FSConverter(path, &bytes))
      return nullptr;
    Ref keep(bytes);
    if (brisk_status status = brisk_profile_write(run->context, PyBytes_AS_STRING(bytes)))
      return raise(status, brisk_error_message());
  }
  std::vector<brisk_event> kept(brisk_profile_events(run->context, nullptr, 0));
  brisk_profile_events(run->context, kept.data(), kept.size());
  Ref list(PyList_New(Py_ssize_t(kept.size())));
  for (size_t i = 0; list && i < kept.size(); ++i) {
    PyObject *event = Py_BuildValue("iiKK", kept[i].kernel, kept[i].thread, (unsigned long long)kept[i].start_ns,
                                    (unsigned long long)kept[i].duration_ns);
    if (!event)
      return nullptr;
    PyList_SET_ITEM(list.get(), Py_ssize_t(i), event);
  }
  return list.release();
}

/// (name, dtype, (dims: int, str if the model names it, None)) of each.
PyObject *table(const std::vector<Value> &values) {
  Ref list(PyList_New(0));
  for (const Value &value : values) {
    const brisk_value &facts = *value.facts;
    Ref dims(PyTuple_New(facts.rank));
    if (!list || !dims)
      return nullptr;
    for (int32_t axis = 0; axis < facts.rank; ++axis) {
      const char *symbol = facts.symbols ? facts.symbols[axis] : nullptr;
      PyObject *dim = facts.dims[axis] >= 0 ? PyLong_FromLongLong(facts.dims[axis])
                                            : Py_BuildValue("z", symbol);
      if (!dim)
        return nullptr;
      PyTuple_SET_ITEM(dims.get(), axis, dim);
    }
    Ref entry(PyTuple_Pack(3, value.name.get(), value.descr.get(), dims.get()));
    if (!entry || PyList_Append(list.get(), entry.get()))
      return nullptr;
  }
  return list.release();
}

PyObject *facts(PyObject *self, PyObject *) {
  Model *model = modelOf(self);
  if (!model)
    return nullptr;
  brisk_model *opened = model->model;
  Ref inputs(table(model->inputs)), outputs(inputs ? table(model->outputs) : nullptr);
  Ref kernels(PyList_New(0)), variants(PyList_New(0));
  if (!outputs || !kernels || !variants)
    return nullptr;
  for (int32_t i = 0; i < brisk_model_num_kernels(opened); ++i) {
    const brisk_kernel *kernel = brisk_model_kernel(opened, i);
    Ref entry(Py_BuildValue("ss", kernel->name, kernel->op));
    if (!entry || PyList_Append(kernels.get(), entry.get()))
      return nullptr;
  }
  for (int32_t i = 0; i < brisk_model_num_variants(opened); ++i) {
    Ref entry(PyUnicode_FromString(brisk_isa_name(brisk_model_variant(opened, i))));
    if (!entry || PyList_Append(variants.get(), entry.get()))
      return nullptr;
  }
  const bool idle = !model->idle.empty();
  return Py_BuildValue("{sssOsOsKsssOsOsssi}", "name", brisk_model_name(opened), "inputs", inputs.get(), "outputs",
                       outputs.get(), "arena_size", (unsigned long long)brisk_model_arena_size(opened), "manifest",
                       brisk_model_manifest(opened), "kernels", kernels.get(), "variants", variants.get(), "isa",
                       brisk_isa_name(idle ? brisk_context_isa(model->idle[0]->context) : brisk_model_isa(opened)),
                       "threads", idle ? brisk_context_threads(model->idle[0]->context) : model->threads);
}

PyMethodDef methods[] = {
    {"run", run, METH_O,
     "run(inputs, /)\n--\n\n"
     "Runs the model once and returns its outputs as a dict of numpy arrays, by name, in the model's order.\n\n"
     "inputs: a dict by input name, or a list in the model's order, of numpy arrays, DLPack tensors in host\n"
     "memory (torch tensors, for one), or what numpy makes arrays of. dtype, rank and dims must be those of\n"
     "`self.inputs`; dims that the model leaves open may be anything, the same for the same symbol. Dense\n"
     "row-major arrays are read where they are, others are copied first. Outputs are new arrays.\n\n"
     "The GIL is released meanwhile. Threads may call this at the same time: each gets a context (working\n"
     "memory and worker threads) of its own, which is kept for later calls.\n\n"
     "Raises ValueError for a missing, extra or wrong input (named, with both dtypes and shapes), TypeError for\n"
     "one that is no array, RuntimeError if the model fails while running (an index out of bounds)."},
    {"_profile", profile, METH_VARARGS, nullptr},
    {"_facts", facts, METH_NOARGS, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_init, reinterpret_cast<void *>(init)},
    {Py_tp_dealloc, reinterpret_cast<void *>(dealloc)},
    {Py_tp_new, reinterpret_cast<void *>(PyType_GenericNew)},
    {Py_tp_methods, methods},
    {Py_tp_doc, const_cast<char *>("Session(path, threads=1, isa=None, pin_threads=False)\n--\n\nAn opened artifact.")},
    {0, nullptr},
};

PyType_Spec spec = {"brisk._runtime.Session", sizeof(Session), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_runtime", "Running artifacts; use it through the package brisk.",
                          -1, nullptr, nullptr, nullptr, nullptr, nullptr};

} // namespace

PyMODINIT_FUNC PyInit__runtime() {
  import_array();
  Ref module(PyModule_Create(&definition));
  Ref type(PyType_FromSpec(&spec));
  if (!module || !type || PyModule_AddObjectRef(module.get(), "Session", type.get()))
    return nullptr;
  return module.release();
}
