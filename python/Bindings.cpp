// brisk._brisk: the compiler for Python. The package around it gives users their functions.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compiler.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace py = pybind11;
using namespace brisk;

namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

[[noreturn]] void wrongType(const std::string &name, const char *expected, py::handle value) {
  throw py::type_error("option '" + name + "' expects " + expected + ", but got " +
                       py::str(py::type::of(value).attr("__name__")).cast<std::string>());
}

[[maybe_unused]] void assign(const std::string &name, bool &to, py::handle value) {
  if (!py::isinstance<py::bool_>(value))
    wrongType(name, "a bool", value);
  to = value.cast<bool>();
}

[[maybe_unused]] void assign(const std::string &name, int &to, py::handle value) {
  if (!py::isinstance<py::int_>(value) || py::isinstance<py::bool_>(value))
    wrongType(name, "an int", value);
  to = value.cast<int>();
}

[[maybe_unused]] void assign(const std::string &name, std::string &to, py::handle value) {
  if (!py::isinstance<py::str>(value))
    wrongType(name, "a str", value);
  to = value.cast<std::string>();
}

[[maybe_unused]] void assign(const std::string &name, std::vector<std::string> &to, py::handle value) {
  if (!py::isinstance<py::list>(value) && !py::isinstance<py::tuple>(value))
    wrongType(name, "a list of str", value);
  for (py::handle entry : value)
    assign(name, to.emplace_back(), entry);
}

Options readOptions(const py::dict &given) {
  Options options;
  for (auto [key, value] : given) {
    std::string keyword = key.cast<std::string>();
#define BRISK_OPTION(type, name, flag, initial, group, meta, help)                                                     \
  if (keyword == #name) {                                                                                              \
    assign(keyword, options.name, value);                                                                              \
    continue;                                                                                                          \
  }
#include "compiler/Options.def"
    throw py::type_error("unknown option '" + keyword + "'");
  }
  return options;
}

/// (name, type, default, group, value name, help) of each option.
py::list describeOptions() {
  py::list list;
#define BRISK_OPTION(type, name, flag, initial, group, meta, help)                                                     \
  list.append(py::make_tuple(#name, #type, py::cast(Options().name), group, meta, help));
#include "compiler/Options.def"
  return list;
}

py::tuple compileModel(const ModelSource &model, const std::string &output, const py::dict &given) {
  Options options = readOptions(given);
  Lines lines;
  Status status;
  {
    py::gil_scoped_release release;
    status = compile(model, output, options, [&](const std::string &severity, const std::string &message) {
      lines.emplace_back(severity, message);
    });
  }
  return py::make_tuple(static_cast<int>(status), lines);
}

using Reporter = Status (*)(const ModelSource &, const Options &, bool, std::string &, const DiagnosticSink &);

/// (status, report as JSON, diagnostics).
template <Reporter reporter> py::tuple report(const ModelSource &model, const py::dict &given) {
  Options options = readOptions(given);
  Lines lines;
  std::string report;
  Status status;
  {
    py::gil_scoped_release release;
    status = reporter(model, options, true, report, [&](const std::string &severity, const std::string &message) {
      lines.emplace_back(severity, message);
    });
  }
  return py::make_tuple(static_cast<int>(status), report, lines);
}

py::tuple calibrate(const std::string &output, const std::string &measurements, const py::dict &given) {
  Options options = readOptions(given);
  Lines lines;
  std::string text;
  Status status;
  {
    py::gil_scoped_release release;
    status = calibrateMachine(output, measurements, options, text,
                              [&](const std::string &severity, const std::string &message) {
                                lines.emplace_back(severity, message);
                              });
  }
  return py::make_tuple(static_cast<int>(status), text, lines);
}

std::string variantOf(const std::string &variant, const std::string &base, const std::map<int64_t, double> &measuredUs,
                      double totalUs) {
  std::string text, message;
  if (!predictVariant(variant, base, measuredUs, totalUs, text, message))
    throw py::value_error(message);
  return text;
}

ModelSource fromBytes(const py::bytes &bytes, const std::string &name, const std::string &folder) {
  ModelSource source;
  source.bytes = std::string(bytes);
  source.name = name;
  source.folder = folder;
  return source;
}

ModelSource fromPath(const std::string &path) {
  ModelSource source;
  source.path = path;
  return source;
}

} // namespace

PYBIND11_MODULE(_brisk, module) {
  module.doc() = "The compiler; use it through the package brisk.";
  py::class_<ModelSource>(module, "ModelSource", "A model: a file, or the bytes of one.")
      .def_static("from_path", &fromPath, py::arg("path"))
      .def_static("from_bytes", &fromBytes, py::arg("bytes"), py::arg("name"), py::arg("folder") = "");
  module.def("compile", &compileModel, py::arg("model"), py::arg("output"), py::arg("options"),
             "Writes the artifact and returns (status, [(severity, message)]).");
  module.def("check", &report<&check>, py::arg("model"), py::arg("options"),
             "Returns (status, report as JSON, [(severity, message)]).");
  module.def("predict", &report<&predict>, py::arg("model"), py::arg("options"),
             "Returns (status, report as JSON, [(severity, message)]).");
  module.def("predict_variant", &variantOf, py::arg("variant"), py::arg("base"), py::arg("measured_us"),
             py::arg("total_us"), "Predictions are JSON, as predict() returns them.");
  module.def("adapted_scales", &adaptedScales, py::arg("models"),
             "[(predicted microseconds by class, measured)] to factors by class.");
  module.def("calibrate_machine", &calibrate, py::arg("output"), py::arg("measurements"), py::arg("options"),
             "Returns (status, errors of predictions in words, [(severity, message)]).");
  module.def("options", &describeOptions, "(name, type, default, group, value name, help) of each option.");
  module.def("stages", &stages, "(name, help) of each stage of the pipeline.");
  module.def("version", &versionText);
}
