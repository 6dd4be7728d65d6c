// An ONNX file read, counted and checked, before anything is made of it.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Model.h"

#include "onnx/checker.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

using namespace brisk;
using namespace llvm;

//===--- reading ------------------------------------------------------------===//

Expected<Model> brisk::parseModel(StringRef bytes, StringRef folder) {
  if (bytes.empty())
    return modelError("is empty");
  if (bytes.size() > INT32_MAX)
    return modelError("is larger than 2 GiB, which no protobuf message can be: move the weights to external data");
  google::protobuf::LogSilencer silencer;
  auto proto = std::make_shared<::onnx::ModelProto>();
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(100);
  if (!proto->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    return modelError("is not an ONNX model: the protobuf does not parse");
  return Model{std::move(proto), folder.str()};
}

Expected<Model> brisk::readModel(StringRef path) {
  // A folder or a device must not be waited for.
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(path, status))
    return modelError("cannot be read: {0}", code.message());
  if (status.type() != sys::fs::file_type::regular_file)
    return modelError("cannot be read: it is not a file");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return modelError("cannot be read: {0}", buffer.getError().message());
  StringRef folder = sys::path::parent_path(path);
  return parseModel((*buffer)->getBuffer(), folder.empty() ? "." : folder);
}

//===--- limits -------------------------------------------------------------===//

std::string brisk::functionKey(StringRef domain, StringRef name, StringRef overload) {
  return (canonicalDomain(domain) + "::" + name + (overload.empty() ? "" : "::") + overload).str();
}

namespace {

/// Counts nodes as they are after expansion: a call counts as the body that it calls.
class Counter {
public:
  explicit Counter(const ::onnx::ModelProto &model) : model(model) {
    for (const auto &function : model.functions())
      functions.try_emplace(functionKey(function.domain(), function.name(), function.overload()), &function);
  }

  Error run() {
    Expected<uint64_t> total = graph(model.graph(), 0);
    if (!total)
      return total.takeError();
    // Functions that nobody calls are checked all the same: libonnx walks them.
    for (const auto &function : model.functions())
      if (Expected<uint64_t> count = body(function, 0); !count)
        return count.takeError();
    if (initializers > Limits::initializers)
      return modelError("has more than {0} initializers", Limits::initializers);
    return Error::success();
  }

private:
  Expected<uint64_t> nodes(const google::protobuf::RepeatedPtrField<::onnx::NodeProto> &list, int depth) {
    uint64_t total = 0;
    for (const auto &node : list) {
      if (node.attribute_size() > Limits::attributes || node.input_size() > Limits::values ||
          node.output_size() > Limits::values)
        return modelError("{0}: {1}: has too many attributes, inputs or outputs", node.name(), node.op_type());
      uint64_t count = 1;
      auto called = functions.find(functionKey(node.domain(), node.op_type(), node.overload()));
      if (called != functions.end()) {
        Expected<uint64_t> inner = body(*called->second, depth + 1);
        if (!inner)
          return inner.takeError();
        count = SaturatingAdd<uint64_t>(count, *inner);
      }
      for (const auto &attribute : node.attribute()) {
        auto add = [&](const ::onnx::GraphProto &subgraph) -> Error {
          Expected<uint64_t> inner = graph(subgraph, depth);
          if (!inner)
            return inner.takeError();
          count = SaturatingAdd<uint64_t>(count, *inner);
          return Error::success();
        };
        if (attribute.has_g())
          if (Error error = add(attribute.g()))
            return error;
        for (const auto &subgraph : attribute.graphs())
          if (Error error = add(subgraph))
            return error;
      }
      total = SaturatingAdd(total, count);
      if (total > Limits::nodes)
        return modelError("has more than {0} nodes once its functions are expanded", Limits::nodes);
    }
    return total;
  }

  Expected<uint64_t> graph(const ::onnx::GraphProto &graph, int depth) {
    initializers += graph.initializer_size() + graph.sparse_initializer_size();
    return nodes(graph.node(), depth);
  }

  Expected<uint64_t> body(const ::onnx::FunctionProto &function, int depth) {
    if (depth > Limits::functionDepth)
      return modelError("function '{0}' is nested deeper than {1} calls", function.name(), Limits::functionDepth);
    auto [known, inserted] = counts.try_emplace(&function, std::nullopt);
    if (!inserted) {
      if (known->second)
        return *known->second;
      return modelError("function '{0}' calls itself", function.name());
    }
    Expected<uint64_t> count = nodes(function.node(), depth);
    if (count)
      counts[&function] = *count;
    return count;
  }

  const ::onnx::ModelProto &model;
  StringMap<const ::onnx::FunctionProto *> functions;
  llvm::DenseMap<const ::onnx::FunctionProto *, std::optional<uint64_t>> counts;
  uint64_t initializers = 0;
};

/// Schemas of libonnx, and one that allows everything for ops it does not know: those are reported as unsupported later.
class LenientRegistry : public ::onnx::ISchemaRegistry {
public:
  LenientRegistry() : anything("Anything", __FILE__, __LINE__) {
    using Schema = ::onnx::OpSchema;
    anything.SinceVersion(1)
        .Input(0, "inputs", "", "T", Schema::Variadic, /*is_homogeneous=*/false, /*min_arity=*/0)
        .Output(0, "outputs", "", "T", Schema::Variadic, /*is_homogeneous=*/false, /*min_arity=*/0)
        .TypeConstraint("T", Schema::all_tensor_types_ir4(), "")
        .AllowUncheckedAttributes();
    anything.Finalize();
  }
  const ::onnx::OpSchema *GetSchema(const std::string &key, int version, const std::string &domain) const override {
    const ::onnx::OpSchema *schema = ::onnx::OpSchemaRegistry::Schema(key, version, domain);
    return schema ? schema : &anything;
  }

private:
  ::onnx::OpSchema anything;
};

/// The first line of what libonnx says, without its prefixes.
std::string firstLine(StringRef text) {
  text = text.ltrim("\n ");
  auto [line, rest] = text.split('\n');
  std::string message = line.rtrim(" .").str();
  // "==> Context: Bad node spec for node. Name: X OpType: Y"
  StringRef context = rest.split("Name: ").second.split('\n').first;
  return context.empty() ? message : message + " (node " + context.rtrim().str() + ")";
}

} // namespace

Error brisk::checkLimits(const ::onnx::ModelProto &model) { return Counter(model).run(); }

Error brisk::checkModel(const Model &model) {
  const ::onnx::ModelProto &proto = *model.proto;
  if (!proto.has_ir_version() || proto.ir_version() <= 0)
    return modelError("is not an ONNX model: it has no IR version");
  if (proto.ir_version() > ::onnx::Version::IR_VERSION)
    return modelError("has IR version {0}, but Brisk knows versions up to {1}", proto.ir_version(),
                      static_cast<int>(::onnx::Version::IR_VERSION));
  if (!proto.has_graph())
    return modelError("is not an ONNX model: it has no graph");
  std::unordered_map<std::string, int> opsets;
  for (const auto &import : proto.opset_import()) {
    if (import.version() < 1 || import.version() > INT32_MAX)
      return modelError("imports opset {0} of domain '{1}', which cannot be", import.version(), import.domain());
    opsets[import.domain()] = static_cast<int>(import.version());
    if (canonicalDomain(import.domain()).empty())
      opsets[""] = opsets["ai.onnx"] = static_cast<int>(import.version());
  }
  if (opsets.empty()) {
    if (proto.ir_version() >= 3)
      return modelError("imports no opset");
    opsets[""] = 1;
  }
  if (auto version = opsets.find(""); version != opsets.end() &&
                                      version->second > ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance()
                                                            .Map().at("").second)
    return modelError("imports opset {0}, but Brisk knows opsets up to {1}", version->second,
                      ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map().at("").second);
  static const LenientRegistry registry;
  // libonnx throws whatever its own code met: more than its ValidationError.
  try {
    ::onnx::checker::CheckerContext context;
    context.set_ir_version(static_cast<int>(proto.ir_version()));
    context.set_opset_imports(opsets);
    context.set_schema_registry(&registry);
    context.set_model_dir(model.folder);
    // An input of unknown rank is our own business: --shape may give it one.
    context.set_is_main_graph(false);
    ::onnx::checker::LexicalScopeContext scope;
    ::onnx::checker::check_graph(proto.graph(), context, scope);
    if (proto.functions_size() > 0)
      ::onnx::checker::check_model_local_functions(proto, context, scope);
  } catch (const std::exception &error) {
    return modelError("{0}", firstLine(error.what()));
  }
  return Error::success();
}
