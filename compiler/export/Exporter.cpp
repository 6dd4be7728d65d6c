// A module of the onnx dialect as an ONNX file.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/export/Exporter.h"

#include "compiler/import/Types.h"
#include "dialects/interfaces/ShapeContext.h"
#include "mlir/IR/Matchers.h"
#include "onnx/defs/schema.h"
#include "targets/common/Tools.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

using namespace mlir;
using namespace brisk;

//===--- names --------------------------------------------------------------===//

std::string Exporter::unique(llvm::StringSet<> &taken, StringRef stem) {
  std::string name = stem.empty() ? "value" : stem.str();
  for (unsigned suffix = 1; !taken.insert(name).second; ++suffix)
    name = (stem.empty() ? "value" : stem.str()) + "_" + std::to_string(suffix);
  return name;
}

/// The ONNX name that a location carries.
static StringRef labelOf(Location loc) {
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    loc = call.getCallee();
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().getValue();
  return "";
}

std::string Exporter::nodeName(Operation *op) {
  StringRef label = labelOf(op->getLoc());
  return unique(nodeNames, label.empty() ? StringRef(operatorOf(op).second) : label);
}

std::string Exporter::nameOf(Value value) {
  if (!isPresent(value))
    return "";
  std::string &name = names[value];
  if (!name.empty())
    return name;
  StringRef label = labelOf(value.getLoc());
  std::string stem = label.str();
  if (auto result = dyn_cast<OpResult>(value)) {
    if (stem.empty())
      stem = operatorOf(result.getOwner()).second;
    // A weight keeps its name; a node's results are told apart from the node.
    if (!result.getOwner()->hasTrait<OpTrait::ConstantLike>())
      stem += "_output_" + std::to_string(result.getResultNumber());
  }
  return name = unique(valueNames, stem);
}

void Exporter::describe(::onnx::ValueInfoProto &info, StringRef name, Type type) {
  info.set_name(name.str());
  *info.mutable_type() = typeProtoOf(type);
}

//===--- nodes --------------------------------------------------------------===//

void Exporter::exportConstant(Operation *op, ElementsAttr value, ::onnx::GraphProto &graph) {
  ::onnx::TensorProto &tensor = *graph.add_initializer();
  tensor.set_name(nameOf(op->getResult(0)));
  if (depth == 1)
    weights.push_back({&tensor, value});
  else
    fillTensor(tensor, value, fileBytes(value));
}

LogicalResult Exporter::exportAttribute(Operation *op, NamedAttribute attribute, ::onnx::NodeProto &node) {
  using Proto = ::onnx::AttributeProto;
  Proto proto;
  proto.set_name(attribute.getName().str());
  Attribute value = attribute.getValue();
  if (auto number = dyn_cast<IntegerAttr>(value)) {
    proto.set_type(Proto::INT);
    proto.set_i(number.getValue().getSExtValue());
  } else if (auto number = dyn_cast<FloatAttr>(value)) {
    proto.set_type(Proto::FLOAT);
    proto.set_f(static_cast<float>(number.getValueAsDouble()));
  } else if (auto text = dyn_cast<StringAttr>(value)) {
    proto.set_type(Proto::STRING);
    proto.set_s(text.str());
  } else if (auto list = dyn_cast<DenseI64ArrayAttr>(value)) {
    proto.set_type(Proto::INTS);
    for (int64_t element : list.asArrayRef())
      proto.add_ints(element);
  } else if (auto list = dyn_cast<DenseF32ArrayAttr>(value)) {
    proto.set_type(Proto::FLOATS);
    for (float element : list.asArrayRef())
      proto.add_floats(element);
  } else if (auto tensor = dyn_cast<ElementsAttr>(value)) {
    proto.set_type(Proto::TENSOR);
    fillTensor(*proto.mutable_t(), tensor, fileBytes(tensor));
  } else if (auto list = dyn_cast<ArrayAttr>(value); list && llvm::all_of(list, llvm::IsaPred<StringAttr>)) {
    proto.set_type(Proto::STRINGS);
    for (auto element : list.getAsRange<StringAttr>())
      proto.add_strings(element.str());
  } else {
    return op->emitError() << "attribute '" << attribute.getName().getValue() << "' has no form in ONNX";
  }
  *node.add_attribute() = std::move(proto);
  return success();
}

LogicalResult Exporter::exportNode(Operation *op, ::onnx::GraphProto &graph) {
  ::onnx::NodeProto node;
  auto [domain, type] = operatorOf(op);
  node.set_op_type(type);
  node.set_domain(domain);
  node.set_name(nodeName(op));
  size_t count = op->getNumOperands();
  while (count > 0 && !isPresent(op->getOperand(count - 1)))
    --count;
  for (Value operand : op->getOperands().take_front(count))
    node.add_input(nameOf(operand));

  const ::onnx::OpSchema *schema = schemaOf(op);
  auto optional = [&](size_t i) {
    return schema && i < schema->outputs().size() &&
           schema->outputs()[i].GetOption() == ::onnx::OpSchema::Optional;
  };
  // Results that nothing reads are left out where ONNX allows it: some cost a runtime its time.
  count = op->getNumResults();
  while (count > 1 && op->getResult(count - 1).use_empty() && optional(count - 1))
    --count;
  for (auto [i, result] : llvm::enumerate(op->getResults().take_front(count)))
    node.add_output(result.use_empty() && optional(i) && i > 0 ? "" : nameOf(result));

  for (NamedAttribute attribute : op->getAttrs())
    if (!isImplied(op, attribute, schema) && failed(exportAttribute(op, attribute, node)))
      return failure();
  if (op->getNumRegions() > 0) {
    // Region i is the i-th graph attribute of the schema, names in descending order, as at import.
    SmallVector<std::string> labels;
    if (schema)
      for (const auto &[name, attribute] : schema->attributes())
        if (attribute.type == ::onnx::AttributeProto::GRAPH)
          labels.push_back(name);
    llvm::sort(labels, std::greater<>());
    if (labels.size() < op->getNumRegions())
      return op->emitError("has subgraphs that have no form in ONNX");
    for (auto [region, label] : llvm::zip(op->getRegions(), labels)) {
      ::onnx::AttributeProto &attribute = *node.add_attribute();
      attribute.set_name(label);
      attribute.set_type(::onnx::AttributeProto::GRAPH);
      attribute.mutable_g()->set_name(node.name() + "_" + label);
      if (failed(exportRegion(region, *attribute.mutable_g())))
        return failure();
    }
  }
  *graph.add_node() = std::move(node);
  return success();
}

LogicalResult Exporter::exportRegion(Region &region, ::onnx::GraphProto &graph) {
  Block &block = region.front();
  for (BlockArgument argument : block.getArguments())
    describe(*graph.add_input(), nameOf(argument), argument.getType());
  return exportBlock(block, graph, block.getTerminator()->getOperands());
}

LogicalResult Exporter::exportBlock(Block &block, ::onnx::GraphProto &graph, ValueRange results) {
  ++depth;
  for (Operation &op : block.without_terminator()) {
    ElementsAttr value;
    if (matchPattern(&op, m_Constant(&value))) {
      exportConstant(&op, value, graph);
      continue;
    }
    if (op.getNumResults() > 0 && isa<NoneType>(op.getResult(0).getType()))
      continue;
    if (failed(exportNode(&op, graph)))
      return failure();
  }
  // An output is made by a node of its graph, once: anything else goes through a node that copies it.
  llvm::StringSet<> made;
  if (depth > 1)
    for (Value result : results) {
      std::string name = nameOf(result);
      Operation *def = result.getDefiningOp();
      bool own = def && def->getBlock() == &block && !def->hasTrait<OpTrait::ConstantLike>();
      if (!own || !made.insert(name).second) {
        std::string copy = unique(valueNames, name + "_copy");
        ::onnx::NodeProto &node = *graph.add_node();
        node.set_op_type("Identity");
        node.set_name(unique(nodeNames, copy));
        node.add_input(name);
        node.add_output(copy);
        name = copy;
      }
      describe(*graph.add_output(), name, result.getType());
    }
  --depth;
  return success();
}

//===--- the model ----------------------------------------------------------===//

void Exporter::metadata(::onnx::ModelProto &model) {
  auto text = [&](StringRef name) {
    auto attribute = module->getAttrOfType<StringAttr>(name);
    return attribute ? attribute.getValue().str() : std::string();
  };
  model.set_producer_name(options.producer);
  model.set_producer_version(options.producerVersion);
  model.set_domain(text("onnx.domain"));
  if (auto version = module->getAttrOfType<IntegerAttr>("onnx.model_version"))
    model.set_model_version(version.getInt());
  model.mutable_graph()->set_name(text("onnx.graph").empty() ? "main" : text("onnx.graph"));
  if (auto properties = module->getAttrOfType<DictionaryAttr>("onnx.metadata"))
    for (NamedAttribute entry : properties)
      if (auto value = dyn_cast<StringAttr>(entry.getValue())) {
        auto *property = model.add_metadata_props();
        property->set_key(entry.getName().str());
        property->set_value(value.str());
      }
  for (auto &[domain, version] : opsets) {
    auto *entry = model.add_opset_import();
    entry->set_domain(domain);
    entry->set_version(version);
  }
  // The oldest file format that may name this opset.
  int64_t opset = opsets[""];
  model.set_ir_version(opset <= 22 ? 10 : opset == 23 ? 11 : opset == 24 ? 12 : opset <= 27 ? 13 : 14);
}

LogicalResult Exporter::run(::onnx::ModelProto &model) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main)
    return module.emitError("has no function @main");
  if (failed(chooseOpsets()))
    return failure();
  metadata(model);
  ::onnx::GraphProto &graph = *model.mutable_graph();
  Block &block = main.getBody().front();
  Operation *terminator = block.getTerminator();
  auto label = [](StringAttr name, StringRef kind, unsigned i) {
    return name ? name.getValue().str() : (kind + Twine(i)).str();
  };
  for (BlockArgument argument : block.getArguments()) {
    unsigned i = argument.getArgNumber();
    std::string name = label(main.getArgAttrOfType<StringAttr>(i, "onnx.name"), "input", i);
    names[argument] = unique(valueNames, name);
    describe(*graph.add_input(), name, argument.getType());
  }
  // Outputs have their names before anything else takes one.
  SmallVector<std::pair<Value, std::string>> copies;
  for (auto [i, result] : llvm::enumerate(terminator->getOperands())) {
    std::string name = label(main.getResultAttrOfType<StringAttr>(i, "onnx.name"), "output", i);
    describe(*graph.add_output(), name, result.getType());
    Operation *def = result.getDefiningOp();
    valueNames.insert(name);
    if (def && !def->hasTrait<OpTrait::ConstantLike>() && names.try_emplace(result, name).second)
      continue;
    copies.push_back({result, name});
  }
  if (failed(exportBlock(block, graph, terminator->getOperands())))
    return failure();
  for (auto &[value, name] : copies) {
    ::onnx::NodeProto &node = *graph.add_node();
    node.set_op_type("Identity");
    node.set_name(unique(nodeNames, name));
    node.add_input(nameOf(value));
    node.add_output(name);
  }
  return success();
}

LogicalResult brisk::exportModel(ModuleOp module, StringRef path, const ExportOptions &options) {
  ::onnx::ModelProto model;
  Exporter exporter(module, options);
  if (failed(exporter.run(model)))
    return failure();
  uint64_t total = 0;
  for (auto &[tensor, value] : exporter.weights) {
    auto type = cast<RankedTensorType>(value.getShapedType());
    total += llvm::divideCeil(type.getNumElements() * fileBits(type.getElementType()), 8);
  }
  auto fail = [&](StringRef file, std::error_code code) {
    return module.emitError() << file << ": " << code.message();
  };
  bool external = total > options.maxInternalBytes;
  std::string dataPath = (path + ".data").str();
  auto discard = [&] {
    if (external)
      (void)llvm::sys::fs::remove(dataPath);
  };
  if (external) {
    std::error_code code;
    llvm::raw_fd_ostream data(dataPath, code);
    if (code)
      return fail(dataPath, code);
    for (auto &[tensor, value] : exporter.weights) {
      std::string bytes = fileBytes(value);
      fillTensor(*tensor, value, bytes.size() < 1024 ? bytes : "");
      if (bytes.size() < 1024)
        continue;
      // Aligned to a page, so that a reader may map it.
      data.write_zeros(llvm::alignTo(data.tell(), 4096) - data.tell());
      tensor->clear_raw_data();
      tensor->set_data_location(::onnx::TensorProto::EXTERNAL);
      for (auto [key, text] : {std::pair("location", llvm::sys::path::filename(dataPath).str()),
                               std::pair("offset", std::to_string(data.tell())),
                               std::pair("length", std::to_string(bytes.size()))}) {
        auto *entry = tensor->add_external_data();
        entry->set_key(key);
        entry->set_value(text);
      }
      data << bytes;
    }
    data.close();
    if (data.has_error()) {
      code = data.error();
      data.clear_error();
      discard();
      return fail(dataPath, code);
    }
  } else {
    for (auto &[tensor, value] : exporter.weights)
      fillTensor(*tensor, value, fileBytes(value));
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!model.SerializeToCodedStream(&coded)) {
      discard();
      return module.emitError("is too large for one protobuf message");
    }
  }
  if (llvm::Error error = writeFile(path, bytes)) {
    discard();
    return module.emitError() << llvm::toString(std::move(error));
  }
  return success();
}
