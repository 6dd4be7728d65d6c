// The compiler as a library: used by briskc and by the Python bindings alike.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_COMPILER_H
#define BRISK_COMPILER_COMPILER_H

#include "compiler/Options.h"
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace brisk {

/// Exit statuses of briskc, and what compile() returns.
enum class Status {
  Done = 0,
  ModelError = 1, ///< the model or a file is at fault
  Usage = 2,      ///< an option is wrong
  Budget = 3      ///< a latency budget or accuracy floor cannot be met
};

/// A model: a path, or the bytes of an ONNX file with the folder its external data lies in.
struct ModelSource {
  std::string path;
  std::string bytes;  ///< read instead of the path if not empty
  std::string folder; ///< where the external data of `bytes` may lie; none is allowed if empty
  std::string name;   ///< of the model; derived from the path if empty
};

/// Receives diagnostics, one line each, without a newline: severity is "error", "warning" or "remark". What compression
/// decided comes as "report", a table of lines.
using DiagnosticSink = std::function<void(const std::string &severity, const std::string &message)>;

/// Compiles `model` and writes the artifact to `output`. Nothing is left at `output` unless Status::Done.
Status compile(const ModelSource &model, const std::string &output, const Options &options, const DiagnosticSink &sink);

/// Finds everything that keeps `model` from being compiled, without compiling it: Status::ModelError if there is
/// anything. `report` is a table, or JSON (compiler/import/Check.h).
Status check(const ModelSource &model, const Options &options, bool json, std::string &report,
             const DiagnosticSink &sink);

/// Predicts the latency of `model` on options.machine (the machine at hand if it names none), kernel by kernel.
/// Status::ModelError where inputs have open dims that options.shape does not fix. `report` is a table, or JSON
/// (compiler/Predict.h).
Status predict(const ModelSource &model, const Options &options, bool json, std::string &report,
               const DiagnosticSink &sink);

/// Predicts a variant of a model from measurements of its base: `variant` and `base` are what predict() reports as JSON,
/// `measuredUs` the microseconds of the base's kernels by index, `totalUs` of a whole run (0: unknown). False and a
/// message where a text is no prediction.
bool predictVariant(const std::string &variant, const std::string &base, const std::map<int64_t, double> &measuredUs,
                    double totalUs, std::string &report, std::string &message);

/// Factors on the times of classes of kernels that take predictions to what a few whole models took elsewhere: for each
/// model its predicted microseconds by class, and the measured ones (passes/cost/Fit.h).
std::map<std::string, double> adaptedScales(const std::vector<std::pair<std::map<std::string, double>, double>> &models);

/// Measures the machine at hand (options.measurements empty), or adapts options.machine to whole models that were
/// measured elsewhere (a file, see compiler/Calibrate.h), and writes the machine file `output`. `report` says how far
/// predictions are from the measurements. Progress goes to the sink as "progress".
Status calibrateMachine(const std::string &output, const std::string &measurements, const Options &options,
                        std::string &report, const DiagnosticSink &sink);

/// Name and one-line help of the pipeline's stages, in order.
std::vector<std::pair<std::string, std::string>> stages();

/// "brisk 0.1.0 (LLVM 22.1.8)".
std::string versionText();

} // namespace brisk
#endif
