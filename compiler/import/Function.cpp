// Calls of functions: the body takes the node's place.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Importer.h"
#include "compiler/import/Types.h"
#include "onnx/defs/function.h"
#include "onnx/defs/schema.h"

using namespace mlir;
using namespace brisk;

static const ::onnx::OpSchema *schemaOf(StringRef op, int64_t opset, StringRef domain) {
  return ::onnx::OpSchemaRegistry::Schema(op.str(), static_cast<int>(opset), domain.str());
}

bool Importer::canExpand(const Node &node) {
  if (functions.contains(functionKey(node.domain, node.proto.op_type(), node.proto.overload())))
    return true;
  const ::onnx::OpSchema *schema = schemaOf(node.proto.op_type(), node.opset, node.domain);
  return schema && (schema->HasFunction() || schema->HasContextDependentFunction());
}

std::optional<LogicalResult> Importer::expand(Node &node) {
  const ::onnx::NodeProto &proto = node.proto;
  auto local = functions.find(functionKey(node.domain, proto.op_type(), proto.overload()));
  if (local != functions.end())
    return importFunction(node, *local->second, nullptr, model.proto);

  const ::onnx::OpSchema *schema = schemaOf(proto.op_type(), node.opset, node.domain);
  if (!schema)
    return std::nullopt;
  int opset = static_cast<int>(node.opset);
  try {
    // Bodies of schemas live as long as the process.
    if (const ::onnx::FunctionProto *body = schema->GetFunction(opset))
      return importFunction(node, *body, schema, nullptr);
    std::vector<int> versions = schema->context_dependent_function_opset_versions();
    if (llvm::none_of(versions, [&](int version) { return version <= opset; }))
      return std::nullopt;
    // The builder sees the node with the caller's attributes in place of references to them.
    ::onnx::NodeProto resolved = proto;
    resolved.clear_attribute();
    for (auto &[name, attribute] : node.attributes) {
      *resolved.add_attribute() = *attribute.proto;
      resolved.mutable_attribute()->rbegin()->set_name(name.str());
    }
    std::vector<::onnx::TypeProto> types;
    for (Value operand : node.operands)
      types.push_back(typeProtoOf(operand.getType()));
    ::onnx::FunctionBodyBuildContextImpl buildContext(resolved, types);
    auto body = std::make_shared<::onnx::FunctionProto>();
    if (!schema->BuildContextDependentFunction(buildContext, *body, opset))
      return std::nullopt;
    return importFunction(node, *body, schema, body);
  } catch (const std::exception &error) {
    return invalid(node, std::string("its function body cannot be built: ") + error.what());
  }
}

LogicalResult Importer::importFunction(Node &node, const ::onnx::FunctionProto &body, const ::onnx::OpSchema *schema,
                                       std::shared_ptr<const void> owner) {
  if (functionDepth >= Limits::functionDepth)
    return invalid(node, "is nested deeper than " + std::to_string(Limits::functionDepth) + " function calls");
  if (node.proto.input_size() > body.input_size() || node.proto.output_size() > body.output_size())
    return invalid(node, "has more inputs or outputs than the function that it calls");

  // Attributes: the node's, then the defaults of the function or of the schema.
  llvm::StringMap<NodeAttribute> attributes;
  for (auto &[name, attribute] : node.attributes)
    attributes[name] = attribute;
  for (const auto &attribute : body.attribute_proto())
    attributes.try_emplace(attribute.name(), NodeAttribute{&attribute, &node.scope});
  if (schema)
    for (const auto &[name, attribute] : schema->attributes())
      if (!attribute.default_value.name().empty())
        attributes.try_emplace(name, NodeAttribute{&attribute.default_value, &node.scope});

  llvm::StringMap<int64_t> imports;
  for (const auto &import : body.opset_import())
    imports[canonicalDomain(import.domain())] = import.version();
  for (const auto &import : opsets)
    imports.try_emplace(import.getKey(), import.getValue());

  Scope scope;
  // A body that libonnx built around the node's subgraph may use the names that the subgraph sees.
  bool hasGraph = llvm::any_of(node.attributes, [](auto &entry) { return entry.second.proto->has_g(); });
  scope.parent = schema && hasGraph ? &node.scope : nullptr;
  scope.block = builder.getInsertionBlock();
  scope.opsets = &imports;
  scope.attributes = &attributes;
  scope.prefix = StringRef(node.name).take_back(1000).str() + "/";
  scope.caller = node.loc;
  scope.owner = owner;
  for (const auto &[i, input] : llvm::enumerate(body.input()))
    scope.values[input] = i < node.operands.size() ? node.operands[i] : none();

  size_t before = problems.size();
  ++functionDepth;
  importNodes(body.node(), scope);
  --functionDepth;
  for (auto [output, name] : llvm::zip(node.proto.output(), body.output())) {
    if (output.empty())
      continue;
    std::optional<Value> value = lookup(name, scope);
    if (!value)
      return invalid(node, "calls a function whose output '" + name + "' no node makes");
    node.scope.values[output] = *value;
  }
  return success(problems.size() == before);
}
