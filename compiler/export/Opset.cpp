// Which opset says what the dialect says.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/export/Exporter.h"
#include "compiler/import/Types.h"
#include "dialects/interfaces/ShapeContext.h"
#include "onnx/defs/schema.h"

using namespace mlir;
using namespace brisk;

namespace {

// Below 21 forms differ from those of the dialect in ways that no signature shows.
constexpr int64_t kLowestOpset = 21;

struct Domain {
  const char *prefix, *name;
  int64_t lowest;
};
// The longest prefix that fits counts.
const Domain kDomains[] = {
    {"onnx.ml.", "ai.onnx.ml", 4},
    {"onnx.ms.", "com.microsoft", 1},
    {"onnx.preview.", "ai.onnx.preview", 1},
    {"onnx.training.", "ai.onnx.preview.training", 1},
    {"onnx.", "", kLowestOpset},
};

const Domain *domainOf(Operation *op) {
  for (const Domain &domain : kDomains)
    if (op->getName().getStringRef().starts_with(domain.prefix))
      return &domain;
  return nullptr;
}

bool allows(const ::onnx::OpSchema::FormalParameter &parameter, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return true;
  std::string text = "tensor(" + dataTypeName(dataTypeOf(tensor.getElementType())) + ")";
  for (const std::string *allowed : parameter.GetTypes())
    if (*allowed == text)
      return true;
  return false;
}

} // namespace

std::pair<std::string, std::string> brisk::operatorOf(Operation *op) {
  const Domain *domain = domainOf(op);
  if (!domain)
    return {"?", op->getName().getStringRef().str()};
  return {domain->name, op->getName().getStringRef().drop_front(strlen(domain->prefix)).str()};
}

bool brisk::isImplied(Operation *op, NamedAttribute attribute, const ::onnx::OpSchema *schema) {
  std::string name = attribute.getName().str();
  if (!schema || schema->attributes().contains(name))
    return false;
  auto [domain, type] = operatorOf(op);
  const ::onnx::OpSchema *newest = ::onnx::OpSchemaRegistry::Schema(type, domain);
  if (!newest || !newest->attributes().contains(name))
    return false;
  const ::onnx::AttributeProto &value = newest->attributes().at(name).default_value;
  if (auto number = dyn_cast<IntegerAttr>(attribute.getValue()))
    return value.has_i() && value.i() == number.getInt();
  if (auto number = dyn_cast<FloatAttr>(attribute.getValue()))
    return value.has_f() && value.f() == number.getValueAsDouble();
  if (auto text = dyn_cast<StringAttr>(attribute.getValue()))
    return value.has_s() && value.s() == text.getValue();
  return false;
}

std::string Exporter::mismatch(Operation *op, const ::onnx::OpSchema *schema) {
  if (!schema)
    return "no such operator";
  const auto &inputs = schema->inputs();
  bool open = !inputs.empty() && inputs.back().GetOption() == ::onnx::OpSchema::Variadic;
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    if (!isPresent(operand))
      continue;
    if (i >= inputs.size() && !open)
      return "no input " + std::to_string(i);
    const auto &parameter = inputs[std::min(i, inputs.size() - 1)];
    if (!allows(parameter, operand.getType()))
      return "its input " + parameter.GetName() + " has another type";
  }
  for (NamedAttribute attribute : op->getAttrs())
    if (!schema->attributes().contains(attribute.getName().str()) && !isImplied(op, attribute, schema))
      return "no attribute '" + attribute.getName().str() + "'";
  for (auto [i, result] : llvm::enumerate(op->getResults()))
    if (!schema->outputs().empty() &&
        !allows(schema->outputs()[std::min(i, schema->outputs().size() - 1)], result.getType()))
      return "its output has another type";
  return "";
}

LogicalResult Exporter::chooseOpsets() {
  auto versions = ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
  std::map<std::string, SmallVector<Operation *>> ops;
  bool failed = false;
  module.lookupSymbol<func::FuncOp>("main").walk([&](Operation *op) {
    if (op->hasTrait<OpTrait::IsTerminator>() || isa<func::FuncOp>(op) || op->getResultTypes().empty() ||
        isa<NoneType>(op->getResult(0).getType()) || op->hasTrait<OpTrait::ConstantLike>())
      return;
    if (!domainOf(op)) {
      op->emitError("has no form in ONNX");
      failed = true;
      return;
    }
    ops[domainOf(op)->name].push_back(op);
  });
  ops[""]; // ours are named in every file
  for (auto &[domain, list] : ops) {
    const Domain &known = *llvm::find_if(kDomains, [&, name = domain](const Domain &entry) { return name == entry.name; });
    auto range = versions.find(domain);
    int64_t version = known.lowest, newest = range == versions.end() ? known.lowest : range->second.second;
    opsets[domain] = version;
    if (range == versions.end() || domain == "com.microsoft")
      continue;
    Operation *culprit = nullptr;
    std::string why;
    for (; version <= newest; ++version) {
      culprit = nullptr;
      for (Operation *op : list) {
        why = mismatch(op, ::onnx::OpSchemaRegistry::Schema(operatorOf(op).second, static_cast<int>(version), domain));
        culprit = why.empty() ? nullptr : op;
        if (culprit)
          break;
      }
      if (!culprit)
        break;
    }
    opsets[domain] = version;
    if (culprit) {
      culprit->emitError() << operatorOf(culprit).second << " of this form is in no opset from " << known.lowest << " to "
                           << newest << ": " << why;
      failed = true;
    }
  }
  return failure(failed);
}

const ::onnx::OpSchema *Exporter::schemaOf(Operation *op) {
  auto [domain, type] = operatorOf(op);
  return ::onnx::OpSchemaRegistry::Schema(type, static_cast<int>(opsets[domain]), domain);
}
