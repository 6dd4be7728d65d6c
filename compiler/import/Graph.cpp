// Graphs: names, scopes and subgraphs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Importer.h"

#include "compiler/import/Check.h"
#include "compiler/import/Types.h"
#include "dialects/onnx/ops/Constant.h"

using namespace mlir;
using namespace brisk;

Value Importer::none() {
  if (!noneValue) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&function.getBody().front());
    noneValue = onnx::NoneOp::create(builder, function.getLoc(), builder.getNoneType());
  }
  return noneValue;
}

Value Importer::constant(ElementsAttr value, StringRef name, Scope &scope) {
  OpBuilder::InsertionGuard guard(builder);
  if (scope.lastConstant)
    builder.setInsertionPointAfter(scope.lastConstant);
  else
    builder.setInsertionPointToStart(scope.block);
  auto op = onnx::ConstantOp::create(builder, NameLoc::get(builder.getStringAttr(printable(name))), value);
  scope.lastConstant = op;
  return op;
}

std::optional<Value> Importer::lookup(StringRef name, Scope &first) {
  for (Scope *scope = &first; scope; scope = scope->parent) {
    auto value = scope->values.find(name);
    if (value != scope->values.end())
      return value->second;
    llvm::Expected<ElementsAttr> attr = ElementsAttr();
    if (auto tensor = scope->tensors.find(name); tensor != scope->tensors.end())
      attr = weights.convert(*tensor->second, scope->owner);
    else if (auto sparse = scope->sparseTensors.find(name); sparse != scope->sparseTensors.end())
      attr = weights.convert(*sparse->second, scope->owner);
    else
      continue;
    // A bad initializer is told once.
    if (!attr)
      (void)problem(ImportProblem::Kind::Invalid, "initializer '" + name.str() + "' " + llvm::toString(attr.takeError()));
    return scope->values[name] = attr ? constant(*attr, name, *scope) : Value();
  }
  return std::nullopt;
}

void Importer::importNodes(const google::protobuf::RepeatedPtrField<::onnx::NodeProto> &nodes, Scope &scope) {
  for (const auto &[index, proto] : llvm::enumerate(nodes)) {
    if (stopped)
      return;
    importNode(proto, index, scope);
  }
}

void Importer::importNode(const ::onnx::NodeProto &proto, size_t index, Scope &scope) {
  if (++nodeCount > Limits::nodes) {
    stopped = true;
    (void)problem(ImportProblem::Kind::Invalid,
                  "has more than " + std::to_string(Limits::nodes) + " nodes once its functions are expanded");
    return;
  }
  std::string name = proto.name().empty() ? proto.op_type() + "_" + std::to_string(index) : proto.name();
  name = scope.prefix + name;
  StringAttr label = builder.getStringAttr(printable(name, 1000));
  Location loc = scope.caller ? NameLoc::get(label, *scope.caller) : NameLoc::get(label);
  Node node{proto, scope, canonicalDomain(proto.domain()).str(), 0, name, loc, {}, {}};

  auto opset = scope.opsets->find(node.domain);
  if (opset != scope.opsets->end())
    node.opset = opset->second;

  for (const auto &attribute : proto.attribute()) {
    if (attribute.ref_attr_name().empty()) {
      node.attributes.push_back({attribute.name(), {&attribute, &scope}});
      continue;
    }
    // A reference to an attribute that the caller leaves out leaves this one out, too.
    if (!scope.attributes) {
      (void)invalid(node, "refers to the attribute '" + attribute.ref_attr_name() + "' outside of a function");
      return abandon(node);
    }
    if (auto found = scope.attributes->find(attribute.ref_attr_name()); found != scope.attributes->end())
      node.attributes.push_back({attribute.name(), found->second});
  }

  bool complete = true;
  for (const std::string &input : proto.input()) {
    if (input.empty()) {
      node.operands.push_back(none());
      continue;
    }
    std::optional<Value> value = lookup(input, scope);
    if (!value) {
      (void)invalid(node, "uses the value '" + input + "', which no node before it makes");
      return abandon(node);
    }
    node.operands.push_back(*value);
    complete &= static_cast<bool>(*value);
  }
  if (complete && succeeded(importOp(node)))
    return;
  if (!complete) {
    // The trouble lies before this node; but an op that nothing knows is told here.
    if (!findOp(node.domain, proto.op_type()) && !canExpand(node))
      (void)unsupported(node, "no such op is supported");
    survey(node);
  }
  abandon(node);
}

Type Importer::declaredType(const ::onnx::ValueInfoProto &info) {
  if (!info.type().has_tensor_type() || !info.type().tensor_type().has_shape())
    return nullptr;
  Type element = elementTypeOf(info.type().tensor_type().elem_type(), context);
  if (!element || info.type().tensor_type().shape().dim_size() > Limits::rank)
    return nullptr;
  // Names of dims mean nothing outside the main graph's inputs.
  Dims dims;
  for (const auto &dim : info.type().tensor_type().shape().dim())
    dims.push_back(dim.has_dim_value() && dim.dim_value() >= 0 ? Dim(dim.dim_value())
                                                               : Dim::symbol("?h" + std::to_string(openDims++)));
  return makeTensorType(element, dims);
}

Value Importer::placeholder(const ::onnx::ValueInfoProto &info, Location loc) {
  Type type = declaredType(info);
  return type ? UnrealizedConversionCastOp::create(builder, loc, type, ValueRange()).getResult(0) : Value();
}

void Importer::abandon(Node &node) {
  for (const std::string &output : node.proto.output()) {
    if (output.empty() || node.scope.values.contains(output))
      continue;
    auto declared = node.scope.declared.find(output);
    node.scope.values[output] =
        declared == node.scope.declared.end() ? Value() : placeholder(*declared->second, node.loc);
  }
}

void Importer::enterGraph(const ::onnx::GraphProto &graph, Scope &scope) {
  for (const auto &tensor : graph.initializer())
    scope.tensors[tensor.name()] = &tensor;
  for (const auto &tensor : graph.sparse_initializer())
    scope.sparseTensors[tensor.values().name()] = &tensor;
  for (const auto &info : graph.value_info())
    scope.declared[info.name()] = &info;
  for (const auto &info : graph.output())
    scope.declared.try_emplace(info.name(), &info);
}

void Importer::survey(Node &node) {
  for (auto &[name, attribute] : node.attributes) {
    if (!attribute.proto->has_g())
      continue;
    const ::onnx::GraphProto &graph = attribute.proto->g();
    OpBuilder::InsertionGuard guard(builder);
    Region scratch;
    builder.createBlock(&scratch);
    Scope scope = innerScope(node, *attribute.scope);
    scope.block = &scratch.front();
    enterGraph(graph, scope);
    for (const auto &input : graph.input())
      scope.values[input.name()] = placeholder(input, node.loc);
    importNodes(graph.node(), scope);
    scratch.dropAllReferences();
    // What is known of these values must not be taken for later ones at the same address.
    shapes.invalidate();
  }
}

Importer::Scope Importer::innerScope(const Node &node, Scope &parent) {
  Scope scope;
  scope.parent = &parent;
  scope.opsets = parent.opsets;
  scope.attributes = parent.attributes;
  scope.prefix = parent.prefix;
  scope.caller = parent.caller;
  scope.owner = parent.owner;
  return scope;
}

LogicalResult Importer::importBody(Node &node, const ::onnx::GraphProto &graph, Scope &parent, Operation *op,
                                   unsigned index) {
  OpBuilder::InsertionGuard guard(builder);
  Scope scope = innerScope(node, parent);
  scope.block = builder.createBlock(&op->getRegion(index));
  enterGraph(graph, scope);
  for (const auto &input : graph.input()) {
    Type type = declaredType(input);
    scope.values[input.name()] =
        scope.block->addArgument(type ? type : builder.getNoneType(), NameLoc::get(builder.getStringAttr(printable(input.name()))));
  }
  if (auto types = dyn_cast<RegionArgumentsInterface>(op); types && failed(types.inferRegionArguments(index, shapes)))
    return unsupported(node, takeMessage());
  for (auto [input, argument] : llvm::zip(graph.input(), scope.block->getArguments()))
    if (!isa<RankedTensorType>(argument.getType()))
      return unsupported(node, "the type of input '" + input.name() + "' of its subgraph is not known");

  size_t before = problems.size();
  importNodes(graph.node(), scope);
  SmallVector<Value> results;
  for (const auto &output : graph.output()) {
    std::optional<Value> value = lookup(output.name(), scope);
    if (!value)
      return invalid(node, "has a subgraph whose output '" + output.name() + "' no node makes");
    if (!*value)
      return failure();
    if (!isPresent(*value))
      return invalid(node, "has a subgraph whose output '" + output.name() + "' is left out");
    results.push_back(*value);
  }
  onnx::YieldOp::create(builder, node.loc, results);
  return success(problems.size() == before);
}
