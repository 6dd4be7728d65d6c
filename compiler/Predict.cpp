// What --predict prints.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Predict.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace brisk;
namespace json = llvm::json;

std::vector<std::string> brisk::openInputs(ModuleOp module) {
  std::vector<std::string> found;
  auto inputs = module->getAttrOfType<ArrayAttr>("brisk.inputs");
  for (Attribute entry : inputs ? inputs.getValue() : ArrayRef<Attribute>()) {
    auto fields = cast<DictionaryAttr>(entry);
    std::string open;
    auto dims = fields.getAs<DenseI64ArrayAttr>("dims").asArrayRef();
    auto symbols = fields.getAs<ArrayAttr>("symbols");
    for (auto [dim, symbol] : llvm::zip(dims, symbols))
      if (dim < 0)
        open += (open.empty() ? "" : ", ") + cast<StringAttr>(symbol).getValue().str();
    if (!open.empty())
      found.push_back("input '" + fields.getAs<StringAttr>("name").getValue().str() + "' has open dims " + open);
  }
  return found;
}

json::Value brisk::jsonOf(const PredictedModel &predicted) {
  const cost::Prediction &prediction = predicted.prediction;
  json::Array kernels, unknown(prediction.open);
  for (const cost::KernelPrediction &kernel : prediction.kernels) {
    SmallVector<StringRef> nodes;
    StringRef(kernel.nodes).split(nodes, '+', -1, false);
    json::Object work;
    cost::eachCount(kernel.work, [&](StringRef name, double value) {
      if (value != 0)
        work[name] = value;
    });
    kernels.push_back(json::Object{{"nodes", json::Array(nodes)},
                                   {"op", kernel.op},
                                   {"class", kernel.kind},
                                   {"index", kernel.index},
                                   {"calls", kernel.calls},
                                   {"us", kernel.us},
                                   {"overhead_us", kernel.overheadUs},
                                   {"share", prediction.totalUs > 0 ? kernel.us / prediction.totalUs : 0},
                                   {"flops", kernel.flops},
                                   {"bytes", kernel.bytes},
                                   {"work", std::move(work)},
                                   {"measured", kernel.measured},
                                   {"key", kernel.key}});
  }
  return json::Object{{"model", predicted.model},
                      {"machine", predicted.machine},
                      {"isa", predicted.isa},
                      {"total_us", prediction.totalUs},
                      {"run_us", prediction.runUs},
                      {"host_us", prediction.hostUs},
                      {"unknown", std::move(unknown)},
                      {"kernels", std::move(kernels)}};
}

std::string brisk::tableOf(const PredictedModel &predicted) {
  const cost::Prediction &prediction = predicted.prediction;
  std::string text;
  llvm::raw_string_ostream out(text);
  out << predicted.model << " on " << predicted.machine << " (" << predicted.isa << "), predicted\n";
  out << "      us  share  class           op        nodes\n";
  auto row = [&](double us, StringRef kind, StringRef op, StringRef nodes) {
    out << llvm::format("%8.1f %5.1f%%  ", us, prediction.totalUs > 0 ? 100 * us / prediction.totalUs : 0.0)
        << llvm::left_justify(kind, 14) << "  " << llvm::left_justify(op, 8) << "  " << nodes << "\n";
  };
  for (const cost::KernelPrediction &kernel : prediction.kernels)
    row(kernel.us, kernel.kind, kernel.op, kernel.nodes);
  if (prediction.hostUs > 0)
    row(prediction.hostUs, "overhead", "host", "between kernels");
  row(prediction.runUs, "overhead", "run", "once a run");
  out << llvm::format("%8.1f  total of %zu kernels\n", prediction.totalUs, prediction.kernels.size());
  for (const std::string &what : prediction.open)
    out << "not known: " << what << "\n";
  return text;
}

/// Back from jsonOf(), as far as predictVariant() looks.
static llvm::Expected<PredictedModel> fromJson(StringRef text) {
  auto value = json::parse(text);
  if (!value)
    return value.takeError();
  PredictedModel result;
  json::Path::Root root("prediction");
  json::ObjectMapper mapper(*value, root);
  const json::Array *kernels = value->getAsObject() ? value->getAsObject()->getArray("kernels") : nullptr;
  bool whole = kernels && mapper && mapper.map("model", result.model) && mapper.map("machine", result.machine) &&
               mapper.map("isa", result.isa) && mapper.map("total_us", result.prediction.totalUs) &&
               mapper.map("run_us", result.prediction.runUs) && mapper.map("host_us", result.prediction.hostUs) &&
               mapper.map("unknown", result.prediction.open);
  for (size_t i = 0; whole && i < kernels->size(); ++i) {
    cost::KernelPrediction &kernel = result.prediction.kernels.emplace_back();
    json::ObjectMapper row((*kernels)[i], root);
    std::vector<std::string> nodes;
    whole = row && row.map("nodes", nodes) && row.map("op", kernel.op) && row.map("class", kernel.kind) &&
            row.map("index", kernel.index) && row.map("calls", kernel.calls) && row.map("us", kernel.us) &&
            row.map("overhead_us", kernel.overheadUs) && row.map("flops", kernel.flops) &&
            row.map("bytes", kernel.bytes) && row.map("key", kernel.key);
    kernel.nodes = llvm::join(nodes, "+");
    const json::Object *work = whole ? (*kernels)[i].getAsObject()->getObject("work") : nullptr;
    cost::eachCount(kernel.work, [&](StringRef name, double &count) {
      count = work ? work->getNumber(name).value_or(0) : 0;
    });
  }
  if (!whole)
    return llvm::createStringError("expects a prediction as --predict=json prints it");
  return result;
}

bool brisk::predictVariant(const std::string &variant, const std::string &base,
                           const std::map<int64_t, double> &measuredUs, double totalUs, std::string &report,
                           std::string &message) {
  auto changed = fromJson(variant), known = fromJson(base);
  for (auto *parsed : {&changed, &known})
    if (!*parsed && message.empty())
      message = llvm::toString(parsed->takeError());
    else
      llvm::consumeError(parsed->takeError());
  if (!message.empty())
    return false;
  changed->prediction = cost::predictVariant(changed->prediction, known->prediction, measuredUs, totalUs);
  report = llvm::formatv("{0}", jsonOf(*changed)).str();
  return true;
}

Status brisk::predict(const ModelSource &model, const Options &options, bool json, std::string &report,
                      const DiagnosticSink &sink) {
  PredictedModel predicted;
  Status status = predictModel(model, options, predicted, sink);
  if (status == Status::Done)
    report = json ? llvm::formatv("{0:2}\n", jsonOf(predicted)).str() : tableOf(predicted);
  return status;
}
