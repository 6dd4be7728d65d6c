// Nodes: upgraded, turned into ops, typed and verified.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Importer.h"
#include "compiler/import/Types.h"
#include "mlir/IR/Verifier.h"
#include "onnx/defs/schema.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace brisk;

//===--- what the dialect says about an op -----------------------------------===//

std::optional<RegisteredOperationName> Importer::findOp(StringRef domain, StringRef op) {
  std::optional<StringRef> prefix = llvm::StringSwitch<std::optional<StringRef>>(domain)
                                        .Case("", "onnx.")
                                        .Case("ai.onnx.ml", "onnx.ml.")
                                        .Case("com.microsoft", "onnx.ms.")
                                        .Case("ai.onnx.preview", "onnx.preview.")
                                        .Case("ai.onnx.preview.training", "onnx.training.")
                                        .Default(std::nullopt);
  if (!prefix)
    return std::nullopt;
  return RegisteredOperationName::lookup((*prefix + op).str(), context);
}

namespace {

/// Numbers of operands, results and regions from 2 on, from the traits that state them.
template <unsigned... N>
void countFixed(RegisteredOperationName name, unsigned &operands, unsigned &results, unsigned &regions,
                std::integer_sequence<unsigned, N...>) {
  ((operands = name.hasTrait<OpTrait::NOperands<N + 2>::template Impl>() ? N + 2 : operands), ...);
  ((results = name.hasTrait<OpTrait::NResults<N + 2>::template Impl>() ? N + 2 : results), ...);
  ((regions = name.hasTrait<OpTrait::NRegions<N + 2>::template Impl>() ? N + 2 : regions), ...);
}

template <unsigned... N>
void countAtLeast(RegisteredOperationName name, std::optional<unsigned> &operands, std::optional<unsigned> &results,
                  std::integer_sequence<unsigned, N...>) {
  ((operands = name.hasTrait<OpTrait::AtLeastNOperands<N + 1>::template Impl>() ? N + 1 : operands), ...);
  ((results = name.hasTrait<OpTrait::AtLeastNResults<N + 1>::template Impl>() ? N + 1 : results), ...);
}

} // namespace

const Importer::Arity &Importer::arity(RegisteredOperationName name) {
  auto [found, inserted] = arities.try_emplace(name);
  Arity &arity = found->second;
  if (!inserted)
    return arity;
  using Counts = std::make_integer_sequence<unsigned, 24>;
  countFixed(name, arity.operands, arity.results, arity.regions, Counts());
  if (name.hasTrait<OpTrait::OneOperand>())
    arity.operands = 1;
  if (name.hasTrait<OpTrait::OneResult>())
    arity.results = 1;
  if (name.hasTrait<OpTrait::OneRegion>())
    arity.regions = 1;
  std::optional<unsigned> operands, results;
  if (name.hasTrait<OpTrait::VariadicOperands>())
    operands = 0;
  if (name.hasTrait<OpTrait::VariadicResults>())
    results = 0;
  countAtLeast(name, operands, results, Counts());
  arity.variadicOperands = operands.has_value();
  arity.variadicResults = results.has_value();
  arity.operands = operands.value_or(arity.operands);
  arity.results = results.value_or(arity.results);
  return arity;
}

//===--- attributes ----------------------------------------------------------===//

llvm::Expected<Attribute> Importer::convertAttribute(const ::onnx::AttributeProto &attribute, Scope &scope) {
  using Proto = ::onnx::AttributeProto;
  Proto::AttributeType type = attribute.type();
  if (type == Proto::UNDEFINED) {
    // Files older than IR version 2 leave the type to be seen from the field in use.
    type = attribute.has_f()             ? Proto::FLOAT
           : attribute.has_i()           ? Proto::INT
           : attribute.has_s()           ? Proto::STRING
           : attribute.has_t()           ? Proto::TENSOR
           : attribute.has_g()           ? Proto::GRAPH
           : attribute.floats_size() > 0 ? Proto::FLOATS
           : attribute.ints_size() > 0   ? Proto::INTS
           : attribute.strings_size() > 0 ? Proto::STRINGS
                                         : Proto::UNDEFINED;
  }
  switch (type) {
  case Proto::FLOAT:
    return builder.getF32FloatAttr(attribute.f());
  case Proto::INT:
    return builder.getI64IntegerAttr(attribute.i());
  case Proto::STRING:
    return builder.getStringAttr(attribute.s());
  case Proto::FLOATS:
    return builder.getDenseF32ArrayAttr(ArrayRef<float>(attribute.floats().data(), attribute.floats_size()));
  case Proto::INTS:
    return builder.getDenseI64ArrayAttr(SmallVector<int64_t>(attribute.ints().begin(), attribute.ints().end()));
  case Proto::STRINGS: {
    SmallVector<Attribute> strings;
    for (const std::string &text : attribute.strings())
      strings.push_back(builder.getStringAttr(text));
    return builder.getArrayAttr(strings);
  }
  case Proto::TENSOR: {
    llvm::Expected<ElementsAttr> value = weights.convert(attribute.t(), scope.owner);
    if (!value)
      return value.takeError();
    return Attribute(*value);
  }
  case Proto::SPARSE_TENSOR: {
    llvm::Expected<ElementsAttr> value = weights.convert(attribute.sparse_tensor(), scope.owner);
    if (!value)
      return value.takeError();
    return Attribute(*value);
  }
  default:
    return modelError("is of the unsupported kind {0}", StringRef(Proto::AttributeType_Name(type)).lower());
  }
}

//===--- nodes ---------------------------------------------------------------===//

LogicalResult Importer::importOp(Node &node) {
  std::optional<RegisteredOperationName> name = findOp(node.domain, node.proto.op_type());
  if (!name) {
    if (std::optional<LogicalResult> expanded = expand(node))
      return *expanded;
    survey(node);
    return unsupported(node, "no such op is supported");
  }
  if (node.opset == 0)
    return invalid(node, "its domain '" + node.domain + "' is in no opset import");

  ImportedNode imported{node.proto.op_type(),
                        node.domain,
                        node.opset,
                        node.operands,
                        {},
                        static_cast<unsigned>(node.proto.output_size()),
                        node.loc,
                        builder,
                        [&](ElementsAttr value) { return constant(value, node.name, node.scope); },
                        [&] { return none(); }};
  for (auto &[label, attribute] : node.attributes) {
    if (attribute.proto->has_g())
      continue;
    llvm::Expected<Attribute> value = convertAttribute(*attribute.proto, *attribute.scope);
    if (!value)
      return unsupported(node, "attribute '" + label.str() + "' " + llvm::toString(value.takeError()));
    imported.attributes.set(label, *value);
  }

  // Each renaming asks the new op again; the cap is for rules that go in circles.
  for (int step = 0; step < 8; ++step) {
    auto *upgrade = name->getInterface<UpgradeInterface>();
    if (!upgrade)
      break;
    Block *block = builder.getInsertionBlock();
    Operation *before = block->empty() ? nullptr : &block->back();
    if (failed(upgrade->upgrade(imported)))
      return unsupported(node, takeMessage());
    // What the rule put in front has no types yet.
    for (Operation &op : llvm::make_range(before ? std::next(before->getIterator()) : block->begin(), block->end()))
      if (isa<InferShapesInterface>(op) && llvm::is_contained(op.getResultTypes(), builder.getNoneType()) &&
          failed(inferNew(node, &op)))
        return failure();
    std::optional<RegisteredOperationName> next = findOp(imported.domain, imported.opType);
    if (next == name)
      break;
    if (!next)
      return unsupported(node, "is an older form of " + imported.opType + ", which is not supported");
    name = next;
  }

  const Arity &counts = arity(*name);
  if (imported.operands.size() > counts.operands && !counts.variadicOperands)
    return unsupported(node, llvm::formatv("has {0} inputs, but {1} takes {2}", imported.operands.size(),
                                           imported.opType, counts.operands));
  while (imported.operands.size() < counts.operands)
    imported.operands.push_back(none());
  unsigned results = counts.results;
  if (counts.variadicResults)
    results = std::max(results, imported.numResults);
  if (imported.numResults > results)
    return unsupported(node,
                       llvm::formatv("has {0} outputs, but {1} gives {2}", imported.numResults, imported.opType, results));
  for (NamedAttribute attribute : imported.attributes)
    if (!llvm::is_contained(name->getAttributeNames(), attribute.getName()))
      return unsupported(node, "attribute '" + attribute.getName().str() + "' is not supported");
  auto complain = [&] { return emitError(node.loc); };
  if (failed(name->verifyInherentAttrs(imported.attributes, complain)))
    return invalid(node, takeMessage());

  OperationState state(node.loc, *name);
  state.addOperands(imported.operands);
  state.addTypes(SmallVector<Type>(results, builder.getNoneType()));
  state.addAttributes(imported.attributes);
  for (unsigned i = 0; i < counts.regions; ++i)
    state.addRegion();
  Operation *op = builder.create(state);
  if (failed(importRegions(node, op)) || failed(inferNew(node, op))) {
    op->dropAllReferences();
    op->erase();
    shapes.invalidate();
    return failure();
  }
  // An upgrade may have given up the last outputs: a use of one is then a use of nothing.
  for (auto [output, result] : llvm::zip(node.proto.output(), op->getResults().take_front(imported.numResults)))
    if (!output.empty())
      node.scope.values[output] = result;
  return success();
}

LogicalResult Importer::inferNew(Node &node, Operation *op) {
  // Result types are placeholders: a complaint about them means that all before was in order.
  if (failed(op->getName().verifyInvariants(op))) {
    std::string message = takeMessage();
    if (!StringRef(message).starts_with("result #"))
      return invalid(node, message);
  }
  auto infer = dyn_cast<InferShapesInterface>(op);
  if (!infer || !isa<DecomposeInterface>(op))
    return unsupported(node, llvm::formatv("its form at opset {0} is not supported", node.opset));
  if (failed(infer.inferShapes(shapes)))
    return unsupported(node, takeMessage());
  if (shapes.takeInvalidDims())
    return invalid(node, "its output has a dim that is negative, beyond 64 bits or too complex");
  for (Value result : op->getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type)
      return unsupported(node, "the type of its output is not known");
    // The sizes that later stages multiply must not overflow.
    SmallVector<int64_t> dims;
    for (int64_t dim : type.getShape())
      dims.push_back(ShapedType::isDynamic(dim) ? 1 : dim);
    if (llvm::Expected<int64_t> count = elementCount(dims); !count)
      return invalid(node, "its output " + llvm::toString(count.takeError()));
  }
  if (failed(op->getName().verifyInvariants(op)) || failed(op->getName().verifyRegionInvariants(op)))
    return invalid(node, takeMessage());
  return success();
}

LogicalResult Importer::importRegions(Node &node, Operation *op) {
  // Region i belongs to the i-th graph attribute of the schema, names in descending order
  // (then_branch, else_branch); without a schema those of the node count.
  SmallVector<std::string> names;
  if (const ::onnx::OpSchema *schema =
          ::onnx::OpSchemaRegistry::Schema(node.proto.op_type(), static_cast<int>(node.opset), node.domain)) {
    for (const auto &[name, attribute] : schema->attributes())
      if (attribute.type == ::onnx::AttributeProto::GRAPH)
        names.push_back(name);
  } else {
    for (auto &[name, attribute] : node.attributes)
      if (attribute.proto->has_g())
        names.push_back(name.str());
  }
  llvm::sort(names, std::greater<>());

  for (auto &[name, attribute] : node.attributes) {
    if (!attribute.proto->has_g())
      continue;
    size_t index = llvm::find(names, name) - names.begin();
    if (index >= op->getNumRegions())
      return unsupported(node, "attribute '" + name.str() + "' is not supported");
    if (failed(importBody(node, attribute.proto->g(), *attribute.scope, op, index)))
      return failure();
  }
  return success();
}
