// What --predict prints.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Predict.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/xxhash.h"

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

json::Value brisk::predictionJson(StringRef model, StringRef machine, StringRef isa,
                                  const cost::Prediction &prediction) {
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
                                   {"key", llvm::utohexstr(llvm::xxh3_64bits(kernel.key), true)}});
  }
  return json::Object{{"model", model},
                      {"machine", machine},
                      {"isa", isa},
                      {"total_us", prediction.totalUs},
                      {"run_us", prediction.runUs},
                      {"host_us", prediction.hostUs},
                      {"unknown", std::move(unknown)},
                      {"kernels", std::move(kernels)}};
}

std::string brisk::predictionTable(StringRef model, StringRef machine, StringRef isa,
                                   const cost::Prediction &prediction) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << model << " on " << machine << " (" << isa << "), predicted\n";
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
